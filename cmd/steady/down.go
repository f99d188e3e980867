package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"steady/agent"
	"steady/agent/steer"
	"steady/model"
	"steady/runtime"
	"steady/runtime/docker"
	"steady/state"
	"steady/state/bolt"
)

// downCommand removes an installation's containers.
type downCommand struct {
	DataDir string `help:"Directory that keeps the state." default:"${data_dir}" type:"path"`
}

const (
	// stopGrace is how long down lets a container end by itself.
	stopGrace = 10 * time.Second
	// quietFor is how long no container must have shown for all to be removed, and
	// quietAfterKill how long where the server was killed while it was starting tasks.
	quietFor       = time.Second / 2
	quietAfterKill = 4 * time.Second
)

// Run removes every container and cgroup that belongs to the data directory. The state stays:
// the next up starts what is still desired.
func (c *downCommand) Run(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(c.DataDir, bolt.FileName)); err != nil {
		return fmt.Errorf("%s holds no state of Steady: give the --data-dir of the up that is to be undone", c.DataDir)
	}
	held, err := bolt.Open(c.DataDir) // as long as it is open no up can start containers
	if errors.Is(err, bolt.ErrHeld) {
		return fmt.Errorf("a steady is running on %s: stop it first (SIGTERM), then run down again", c.DataDir)
	}
	if err != nil {
		return err
	}
	quiet := quietAfterKill
	if store, err := state.Open(held); err != nil {
		defer held.Close() // containers can be removed even where the state cannot be read
	} else {
		defer store.Close()
		if !starting(store.Snapshot()) {
			quiet = quietFor
		}
	}
	id, err := installationID(c.DataDir)
	if err != nil {
		return err
	}
	rt, err := docker.New(ctx, docker.Options{})
	if err != nil {
		return err
	}
	if err := steer.Remove(steerTable(id)); err != nil && !errors.Is(err, os.ErrPermission) { // who may not remove one has not made one
		return err
	}
	n, err := removeAll(ctx, rt, id, quiet)
	fmt.Printf("removed %d containers\n", n)
	if err != nil {
		return err
	}
	_, err = rt.RemoveNetworks(ctx, map[string]string{agent.LabelInstallation: id})
	return errors.Join(err, removeCgroups(ctx, c.DataDir))
}

// starting tells whether the state has tasks of which a container may be in the making. A
// server that ends in good order waits for those.
func starting(s *state.Snapshot) bool {
	for t := range s.Tasks() {
		if t.Live() && slices.ContainsFunc(t.Containers, func(c model.Container) bool { return c.RuntimeID == "" }) {
			return true
		}
	}
	return false
}

// removeAll stops and removes all containers of an installation, until none has shown
// for a while: the engine goes on making those that a server asked for before it ended.
func removeAll(ctx context.Context, rt runtime.Runtime, id string, quiet time.Duration) (removed int, err error) {
	for since := time.Now(); time.Since(since) < quiet; {
		containers, err := rt.List(ctx, map[string]string{agent.LabelInstallation: id})
		if err != nil {
			return removed, fmt.Errorf("list the containers: %w", err)
		}
		if len(containers) == 0 {
			time.Sleep(quiet / 10)
			continue
		}
		n, err := removeContainers(ctx, rt, containers)
		removed += n
		if err != nil {
			return removed, err
		}
		since = time.Now()
	}
	return removed, removeVolumes(ctx, rt, id)
}

// removeVolumes removes the volumes that were those of a task. What containers share, and
// outlives their tasks, carries no installation.
func removeVolumes(ctx context.Context, rt runtime.Runtime, id string) error {
	volumes, err := rt.ListVolumes(ctx, map[string]string{agent.LabelInstallation: id})
	if err != nil {
		return fmt.Errorf("list the volumes: %w", err)
	}
	for _, v := range volumes {
		if err := rt.RemoveVolume(ctx, v.Name); err != nil {
			return fmt.Errorf("remove volume %s: %w", v.Name, err)
		}
	}
	return nil
}

// removeContainers stops and removes containers, all at once.
func removeContainers(ctx context.Context, rt runtime.Runtime, containers []runtime.Container) (removed int, err error) {
	var wg sync.WaitGroup
	failed := make([]error, len(containers))
	for i, c := range containers {
		wg.Go(func() {
			rt.Stop(ctx, c.ID, stopGrace) // what does not stop is killed by Remove
			if err := rt.Remove(ctx, c.ID); err != nil {
				failed[i] = fmt.Errorf("remove container %s: %w", c.Name, err)
			}
		})
	}
	wg.Wait()
	for _, err := range failed {
		if err == nil {
			removed++
		}
	}
	return removed, errors.Join(failed...)
}
