package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"steady/agent/cgroup"
	"steady/runtime"
	"steady/runtime/docker"
)

// cgroupRecords is the directory with the record of the cgroups that were made.
func cgroupRecords(dataDir string) string { return filepath.Join(dataDir, "cgroups") }

// openCgroups finds out whether tasks can have cgroups. That they cannot is said once.
func (s *server) openCgroups(engine runtime.Cgroups) {
	if _, real := s.runtime.(*docker.Runtime); !real {
		return
	}
	tasks, err := cgroup.Open(cgroupRecords(s.options.DataDir), engine)
	if err != nil {
		s.log.Warn("the cpu and memory of a task bound each of its containers here, not their sum: for that, run steady as root on the machine of a container engine with the cgroup driver cgroupfs", "error", err)
		return
	}
	s.cgroups = tasks
}

// endsWithin is how long the engine may take to have taken the processes of a container
// that is removed out of its cgroup.
const endsWithin = 5 * time.Second

// removeCgroups removes the cgroups of an installation whose containers are removed.
func removeCgroups(ctx context.Context, dataDir string) error {
	all, err := cgroup.OfMachine(cgroupRecords(dataDir))
	if err != nil {
		return err
	}
	instances, err := all.Instances()
	for _, i := range instances {
		tasks, unread := all.Of(i)
		err = errors.Join(err, unread)
		for _, t := range tasks {
			err = errors.Join(err, removeCgroup(ctx, all, i, t))
		}
	}
	return err
}

func removeCgroup(ctx context.Context, all *cgroup.Tasks, instance, task string) error {
	err := all.Remove(instance, task)
	for until := time.Now().Add(endsWithin); errors.Is(err, cgroup.ErrBusy) && time.Now().Before(until) && ctx.Err() == nil; err = all.Remove(instance, task) {
		time.Sleep(endsWithin / 100)
	}
	return err
}
