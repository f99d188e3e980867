package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrBusy says that a cgroup still has processes.
var ErrBusy = errors.New("it still has processes")

func (t *Tasks) record(instance, task string) error {
	dir := filepath.Join(t.records, instance)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, task), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Instances are the container instances with tasks for which a cgroup was made.
func (t *Tasks) Instances() ([]string, error) { return names(t.records) }

// Of is the tasks of a container instance for which a cgroup was made, and whose record was
// not removed.
func (t *Tasks) Of(instance string) ([]string, error) {
	return names(filepath.Join(t.records, instance))
}

func names(dir string) ([]string, error) {
	found, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []string
	for _, f := range found {
		all = append(all, f.Name())
	}
	return all, nil
}

// Clear removes the cgroup of a task that is over from all hierarchies, the engine having
// made it in those too that bound nothing, and leaves the record. A missing one succeeds;
// one that has processes gives ErrBusy.
func (t *Tasks) Clear(task string) error {
	for _, h := range t.hierarchies {
		if err := t.clear(filepath.Join(h.dir, root, task)); err != nil {
			return fmt.Errorf("remove the cgroup of task %s: %w", task, err)
		}
	}
	return nil
}

// clear removes what is in a cgroup first: what is left of a container that has ended.
func (t *Tasks) clear(dir string) error {
	inside, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range inside {
		if !d.IsDir() {
			continue
		}
		if err := t.clear(filepath.Join(dir, d.Name())); err != nil {
			return err
		}
	}
	err = t.kernel.rmdir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("%s: %w", dir, ErrBusy)
	}
	return err
}

// Remove removes the cgroup of a task of a container instance and the record of it: nothing
// is made in it any more.
func (t *Tasks) Remove(instance, task string) error {
	if err := t.Clear(task); err != nil {
		return err
	}
	err := os.Remove(filepath.Join(t.records, instance, task))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the record of the cgroup of task %s: %w", task, err)
	}
	return nil
}
