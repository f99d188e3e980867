package cgroup

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"steady/runtime"
)

func TestEnginesForWhichNoCgroupsCanBeMade(t *testing.T) {
	for why, c := range map[string]struct {
		engine runtime.Cgroups
		says   string
	}{
		"another machine":       {runtime.Cgroups{Driver: "cgroupfs", Version: 1}, "not on this machine"},
		"systemd keeps them":    {runtime.Cgroups{Driver: "systemd", Version: 2, Process: 1}, `driver of the container engine is "systemd"`},
		"no driver":             {runtime.Cgroups{Driver: "none", Version: 2, Process: 1}, `"none"`},
		"a user's":              {runtime.Cgroups{Driver: "cgroupfs", Version: 2, Process: 1, Rootless: true}, "without root"},
		"a process that is not": {runtime.Cgroups{Driver: "cgroupfs", Version: 1, Process: 1 << 30}, "namespace"},
	} {
		tasks, err := Open(t.TempDir(), c.engine)
		if tasks != nil || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v", why, tasks, err)
		}
	}
}

func TestTheMachineOfThisProcessIsTheSame(t *testing.T) {
	tasks, err := OfMachine(t.TempDir())
	if err != nil || len(tasks.hierarchies) == 0 {
		t.Skipf("no cgroups: %v", err)
	}
	if err := tasks.reachesSame(os.Getpid()); err != nil {
		t.Error(err)
	}
}

func TestAnEngineInAContainerHasOtherRoots(t *testing.T) {
	here := mounted("35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")
	inside := mounted("95 91 0:32 /docker/f00 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")
	if err := sameRoots(here, inside); err == nil || !strings.Contains(err.Error(), "/docker/f00") {
		t.Errorf("it is taken for the same: %v", err)
	}
	if err := sameRoots(inside, inside); err != nil {
		t.Error(err)
	}
}

func TestHierarchiesOfAMachine(t *testing.T) {
	got := mounted(`22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:11 master:3 - cgroup cgroup rw,memory
36 31 0:33 /a\040b /mnt/with\040blank rw - cgroup none rw,cpu,cpuacct
37 31 0:33 / /elsewhere rw - cgroup none rw,cpu,cpuacct
38 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
broken
`)
	want := []hierarchy{
		{"/sys/fs/cgroup/memory", "0:32", "/", false, []string{"rw", "memory"}},
		{"/mnt/with blank", "0:33", "/a b", false, []string{"rw", "cpu", "cpuacct"}},
		{"/sys/fs/cgroup/systemd", "0:37", "/", false, []string{"rw", "xattr", "name=systemd"}},
		{"/sys/fs/cgroup/unified", "0:38", "/", true, []string{"rw", "nsdelegate"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func FuzzMounted(f *testing.F) {
	f.Add("35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n")
	f.Add("36 31 0:33 / /mnt/with\\040blank\\ rw - cgroup2 none\n - cgroup x y")
	f.Fuzz(func(t *testing.T, text string) {
		for _, h := range mounted(text) {
			if h.dir == "" || h.device == "" {
				t.Errorf("%+v of %q", h, text)
			}
		}
	})
}
