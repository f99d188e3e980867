package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"steady/runtime"
)

// usable tells what of the engine forbids to make cgroups for it.
func usable(e runtime.Cgroups) error {
	switch {
	case e.Rootless:
		return errors.New("the container engine runs without root, in cgroups that are not steady's to divide")
	case e.Driver != "cgroupfs":
		return fmt.Errorf("the cgroup driver of the container engine is %q: only with cgroupfs can steady make cgroups (dockerd --exec-opt native.cgroupdriver=cgroupfs)", e.Driver)
	case e.Process == 0:
		return errors.New("the container engine is not on this machine, or in a container of its own")
	}
	return nil
}

// reachesSame tells whether the engine, of which a process is given, reaches the same
// cgroups as this process under the same paths.
func (t *Tasks) reachesSame(process int) error {
	if same, err := sameNamespace(process); err != nil {
		return err
	} else if !same {
		return errors.New("steady runs in another cgroup namespace than the container engine: run it outside of containers, or with --cgroupns host")
	}
	mounts, err := os.ReadFile("/proc/" + strconv.Itoa(process) + "/mountinfo")
	if err != nil {
		return fmt.Errorf("look for the cgroup hierarchies of the container engine: %w", err)
	}
	return sameRoots(t.hierarchies, mounted(string(mounts)))
}

// sameRoots tells whether the hierarchies of an engine begin where these do.
func sameRoots(own, engine []hierarchy) error {
	roots := map[string]string{}
	for _, h := range engine {
		roots[h.device] = h.root
	}
	for _, h := range own {
		if of, ok := roots[h.device]; ok && of != h.root {
			return fmt.Errorf("%s is the cgroup %s here, and %s to the container engine: run steady beside it", h.dir, h.root, of)
		}
	}
	return nil
}

// sameNamespace tells whether this process and another are in one cgroup namespace.
func sameNamespace(process int) (bool, error) {
	own, err := os.Readlink("/proc/self/ns/cgroup")
	if errors.Is(err, fs.ErrNotExist) { // Linux before 4.6 has one only
		return true, nil
	}
	other, otherErr := os.Readlink("/proc/" + strconv.Itoa(process) + "/ns/cgroup")
	if err := errors.Join(err, otherErr); err != nil {
		return false, fmt.Errorf("look whether the container engine is in the same cgroup namespace: %w", err)
	}
	return own == other, nil
}
