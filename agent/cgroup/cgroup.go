// Package cgroup bounds what the containers of a task use together: it makes the cgroup
// /ecs/TASK, in which the container engine makes those of the task's containers. It never
// removes a cgroup that has processes, nor one that it has no record of having made.
//
// It speaks to the kernel's files itself, in both versions of cgroups, and to an engine
// with the driver cgroupfs only: where systemd keeps the cgroups, it alone may make any.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"steady/runtime"
)

// root is where the cgroups of tasks are in each hierarchy. It stays, since other agents
// have it in common, as it does with the ECS agent.
const root = "/ecs"

// Parent is the path of a task's cgroup, as the engine is told it.
func Parent(task string) string { return path.Join(root, task) }

// Tasks are the cgroups of the tasks of an installation.
type Tasks struct {
	records     string // a directory for each container instance, with an empty file for each task
	hierarchies []hierarchy
	unified     bool // limits are those of version 2
	kernel      kernel
}

// kernel makes and removes cgroups. A test has one that lays their files out.
type kernel struct{ mkdir, rmdir func(dir string) error }

var linux = kernel{
	mkdir: func(dir string) error { return os.Mkdir(dir, 0o755) },
	rmdir: os.Remove,
}

// Open tells whether cgroups can be made here that the engine uses, by making one, and why
// not. Of those that it makes it keeps a record in a directory of its own.
func Open(records string, engine runtime.Cgroups) (*Tasks, error) {
	if err := usable(engine); err != nil {
		return nil, err
	}
	t, err := OfMachine(records)
	if err != nil {
		return nil, err
	}
	t.unified = engine.Version == 2
	if err := t.reachesSame(engine.Process); err != nil {
		return nil, err
	}
	probe := fmt.Sprintf("probe-%d", os.Getpid())
	err = t.Make("probe", probe, Limits{CPU: 1024, Memory: 1 << 30})
	if removed := t.Remove("probe", probe); err == nil {
		err = removed
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// OfMachine is for removing what is left.
func OfMachine(records string) (*Tasks, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // not a Linux: there are no cgroups
		return nil, fmt.Errorf("look for the cgroup hierarchies of this machine: %w", err)
	}
	return &Tasks{records: records, hierarchies: mounted(string(mounts)), kernel: linux}, nil
}

// TellsAll: version 1 tells all cgroups below the one that is out of memory, version 2 the
// one whose process is killed.
func (t *Tasks) TellsAll() bool { return !t.unified }

// Make makes the cgroup of a task of a container instance, and sets its limits. That may
// be repeated.
func (t *Tasks) Make(instance, task string, l Limits) error {
	if err := t.record(instance, task); err != nil {
		return fmt.Errorf("note that a cgroup is made for task %s: %w", task, err)
	}
	missing := map[string]bool{}
	settings := l.settings(t.unified)
	for _, s := range settings {
		missing[s.controller] = true
	}
	for _, h := range t.hierarchies {
		in := slices.DeleteFunc(slices.Clone(settings), func(s setting) bool { return !h.has(s.controller, t.unified) })
		if len(in) == 0 {
			continue
		}
		if err := t.makeIn(h, task, in); err != nil {
			return err
		}
		for _, s := range in {
			delete(missing, s.controller)
		}
	}
	for controller := range missing {
		return fmt.Errorf("bound the %s of task %s: no cgroup hierarchy of this machine has that controller", controller, task)
	}
	return nil
}

// makeIn makes the cgroup in one hierarchy.
func (t *Tasks) makeIn(h hierarchy, task string, settings []setting) error {
	parent := filepath.Join(h.dir, root)
	dir := filepath.Join(parent, task)
	if err := t.passOn(h.dir); err != nil {
		return err
	}
	if err := t.makeOne(parent); err != nil {
		return err
	}
	if err := t.passOn(parent); err != nil {
		return err
	}
	if err := t.makeOne(dir); err != nil {
		return err
	}
	for _, s := range settings {
		err := write(filepath.Join(dir, s.file), s.value)
		if err != nil && !(s.optional && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("bound the %s of task %s: %w", s.controller, task, err)
		}
	}
	return nil
}

func (t *Tasks) makeOne(dir string) error {
	if err := t.kernel.mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a cgroup: %w", err)
	}
	return nil
}

// passOn gives the controllers to what is in a cgroup, which version 2 asks for.
func (t *Tasks) passOn(dir string) error {
	if !t.unified {
		return nil
	}
	file := filepath.Join(dir, "cgroup.subtree_control")
	has, err := os.ReadFile(file)
	if err == nil && slices.Contains(strings.Fields(string(has)), cpu) && slices.Contains(strings.Fields(string(has)), memory) {
		return nil
	}
	if err == nil {
		err = write(file, "+"+cpu+" +"+memory)
	}
	if err != nil {
		return fmt.Errorf("pass the controllers cpu and memory on to the cgroups in %s: %w", dir, err)
	}
	return nil
}

// write writes a value into a file that the kernel has made.
func write(file, value string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}
