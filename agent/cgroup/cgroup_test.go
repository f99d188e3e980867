package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// files are what the kernel lays out in a new cgroup of a hierarchy.
var files = map[string][]string{
	"cpu,cpuacct": {"cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.shares"},
	"memory":      {"memory.limit_in_bytes", "memory.use_hierarchy"},
	"pids":        {"pids.max"},
	"unified":     {"cgroup.subtree_control"},
}

// machine is a directory that looks like the cgroup hierarchies of one.
type machine struct {
	*testing.T
	dir string
	*Tasks
}

// mountinfo is what a machine would say of these hierarchies below a directory.
func mountinfo(dir string, hierarchies ...string) string {
	var b strings.Builder
	for i, h := range hierarchies {
		system := "cgroup cgroup rw," + h
		if h == "unified" {
			system = "cgroup2 cgroup2 rw,nsdelegate"
		}
		b.WriteString("3" + string(rune('0'+i)) + " 25 0:3" + string(rune('0'+i)) + " / " + dir + "/" + h + " rw,relatime shared:9 - " + system + "\n")
	}
	return b.String()
}

func newMachine(t *testing.T, hierarchies ...string) *machine {
	t.Helper()
	m := &machine{T: t, dir: t.TempDir()}
	m.Tasks = &Tasks{records: filepath.Join(m.dir, "records"), hierarchies: mounted(mountinfo(m.dir, hierarchies...)), kernel: kernel{m.make, m.remove}}
	for _, h := range hierarchies {
		if err := m.make(filepath.Join(m.dir, h)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// make makes a cgroup as the kernel would: in version 2 with the files of the controllers
// that the one above passes on.
func (m *machine) make(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	relative, err := filepath.Rel(m.dir, dir)
	if err != nil {
		return err
	}
	hierarchy, _, _ := strings.Cut(relative, "/")
	all := files[hierarchy]
	if passed, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "cgroup.subtree_control")); err == nil && strings.Contains(string(passed), "cpu") {
		all = slices.Concat(all, []string{"cpu.max", "cpu.weight", "memory.max"})
	}
	for _, f := range all {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a cgroup as the kernel would: never one with cgroups or processes in it.
func (m *machine) remove(dir string) error {
	inside, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, d := range inside {
		if d.IsDir() || d.Name() == "busy" {
			return &fs.PathError{Op: "rmdir", Path: dir, Err: syscall.EBUSY}
		}
	}
	return os.RemoveAll(dir)
}

// says is what a file of a cgroup has.
func (m *machine) says(file, want string) {
	m.Helper()
	if got, err := os.ReadFile(filepath.Join(m.dir, file)); err != nil || string(got) != want {
		m.Errorf("%s is %q (%v), want %q", file, got, err, want)
	}
}

func (m *machine) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// left are the cgroups of tasks in all hierarchies.
func (m *machine) left() []string {
	m.Helper()
	all, err := filepath.Glob(m.dir + "/*/ecs/*")
	m.must(err)
	return slices.DeleteFunc(all, func(name string) bool {
		s, err := os.Stat(name)
		return err != nil || !s.IsDir()
	})
}

func TestVersion1BoundsInTheHierarchiesOfTheControllers(t *testing.T) {
	m := newMachine(t, "cpu,cpuacct", "memory", "pids", "unified")
	for range 2 { // again, as after a restart
		m.must(m.Make("i", "t1", Limits{CPU: 512, Memory: 64 << 20}))
		m.must(m.Make("i", "t2", Limits{Shares: 30}))
	}
	if !m.TellsAll() {
		t.Error("what is told to all containers of a task is taken for one's own")
	}
	m.says("cpu,cpuacct/ecs/t1/cpu.cfs_period_us", "100000")
	m.says("cpu,cpuacct/ecs/t1/cpu.cfs_quota_us", "50000")
	m.says("cpu,cpuacct/ecs/t1/cpu.shares", "")
	m.says("memory/ecs/t1/memory.limit_in_bytes", "67108864")
	m.says("memory/ecs/t1/memory.use_hierarchy", "1")
	m.says("cpu,cpuacct/ecs/t2/cpu.shares", "30")
	if all := m.left(); len(all) != 3 {
		t.Errorf("there are %v", all)
	}
}

func TestVersion2PassesItsControllersOn(t *testing.T) {
	m := newMachine(t, "unified")
	m.unified = true
	for range 2 {
		m.must(m.Make("i", "t1", Limits{CPU: 256, Memory: 1 << 30}))
		m.must(m.Make("i", "t2", Limits{Shares: 1024}))
	}
	if m.TellsAll() {
		t.Error("one container that is out of memory is taken for all of its task")
	}
	m.says("unified/cgroup.subtree_control", "+cpu +memory")
	m.says("unified/ecs/cgroup.subtree_control", "+cpu +memory")
	m.says("unified/ecs/t1/cpu.max", "25000 100000")
	m.says("unified/ecs/t1/memory.max", "1073741824")
	m.says("unified/ecs/t1/cgroup.subtree_control", "") // the engine's to say
	m.says("unified/ecs/t2/cpu.weight", "39")
	m.says("unified/ecs/t2/memory.max", "")
}

func TestAControllerThatIsMissingIsAnError(t *testing.T) {
	m := newMachine(t, "cpu,cpuacct", "unified")
	if err := m.Make("i", "t1", Limits{CPU: 256, Memory: 1 << 30}); err == nil || !strings.Contains(err.Error(), "memory of task t1") {
		t.Errorf("there is no memory controller, and Make said %v", err)
	}
	m = newMachine(t, "unified")
	m.unified = true
	m.must(os.Remove(filepath.Join(m.dir, "unified/cgroup.subtree_control")))
	if err := m.Make("i", "t1", Limits{CPU: 256}); err == nil {
		t.Error("there are no controllers, and Make succeeded")
	}
}

func TestRemoveLeavesNothingInAnyHierarchy(t *testing.T) {
	m := newMachine(t, "cpu,cpuacct", "memory", "pids", "unified")
	m.must(m.Make("i", "t1", Limits{CPU: 512, Memory: 64 << 20}))
	m.must(m.Make("i", "t2", Limits{CPU: 512, Memory: 64 << 20}))
	for _, dir := range []string{"pids/ecs", "pids/ecs/t1", "pids/ecs/t1/container", "memory/ecs/t1/container"} { // the engine's
		m.must(m.make(filepath.Join(m.dir, dir)))
	}
	if tasks, err := m.Of("i"); err != nil || !slices.Equal(tasks, []string{"t1", "t2"}) {
		t.Errorf("the record has %v (%v)", tasks, err)
	}
	m.must(m.Clear("t1"))
	if all := m.left(); len(all) != 2 || !strings.HasSuffix(all[0], "t2") || !strings.HasSuffix(all[1], "t2") {
		t.Errorf("left are %v", all)
	}
	if tasks, _ := m.Of("i"); len(tasks) != 2 {
		t.Errorf("the record was to stay: %v", tasks)
	}
	for range 2 {
		m.must(m.Remove("i", "t1"))
		m.must(m.Remove("i", "t2"))
	}
	if tasks, err := m.Of("i"); err != nil || len(tasks) > 0 || len(m.left()) > 0 {
		t.Errorf("left are %v, on record %v (%v)", m.left(), tasks, err)
	}
}

func TestACgroupWithProcessesStays(t *testing.T) {
	m := newMachine(t, "cpu,cpuacct", "memory")
	m.must(m.Make("i", "t1", Limits{CPU: 512, Memory: 64 << 20}))
	container := filepath.Join(m.dir, "memory/ecs/t1/container")
	m.must(m.make(container))
	m.must(os.WriteFile(filepath.Join(container, "busy"), nil, 0o644))
	if err := m.Remove("i", "t1"); !errors.Is(err, ErrBusy) {
		t.Errorf("Remove said %v", err)
	}
	if tasks, _ := m.Of("i"); len(tasks) != 1 {
		t.Error("the record is gone and the cgroup is not")
	}
	m.must(os.Remove(filepath.Join(container, "busy")))
	m.must(m.Remove("i", "t1"))
}

// A stranger's task is not on record, so that nobody asks for its removal.
func TestOnlyWhatWasMadeIsOnRecord(t *testing.T) {
	m := newMachine(t, "cpu,cpuacct", "memory")
	m.must(m.make(filepath.Join(m.dir, "memory/ecs")))
	m.must(m.make(filepath.Join(m.dir, "memory/ecs/strange")))
	m.must(m.Make("i", "t1", Limits{CPU: 512}))
	instances, err := m.Instances()
	if err != nil || !slices.Equal(instances, []string{"i"}) {
		t.Errorf("on record are %v (%v)", instances, err)
	}
	if tasks, err := m.Of("i"); err != nil || !slices.Equal(tasks, []string{"t1"}) {
		t.Errorf("on record are %v (%v)", tasks, err)
	}
	m.must(m.Remove("i", "t1"))
	if all := m.left(); len(all) != 1 {
		t.Errorf("left are %v", all)
	}
}

// The kernel of this machine takes what is written, where cgroups can be made.
func TestThisMachine(t *testing.T) {
	m, err := OfMachine(t.TempDir())
	if err != nil || len(m.hierarchies) == 0 {
		t.Skipf("no cgroups: %v", err)
	}
	m.unified = !slices.ContainsFunc(m.hierarchies, func(h hierarchy) bool { return h.has(memory, false) })
	task := fmt.Sprintf("steady-test-of-cgroups-%d", os.Getpid()) // others may run the same test
	err = m.Make("i", task, Limits{CPU: 1536, Memory: 64 << 20})
	t.Cleanup(func() {
		if err := m.Remove("i", task); err != nil {
			t.Error(err)
		}
	})
	for _, cannot := range []error{fs.ErrPermission, syscall.EROFS, syscall.EBUSY, fs.ErrNotExist} { // no root; a container's cgroups
		if errors.Is(err, cannot) {
			t.Skip(err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"memory.limit_in_bytes": "67108864", "memory.max": "67108864", "cpu.cfs_quota_us": "150000", "cpu.max": "150000 100000"}
	seen := 0
	for _, h := range m.hierarchies {
		for file, value := range want {
			if got, err := os.ReadFile(filepath.Join(h.dir, Parent(task), file)); err == nil && h.unified == m.unified {
				seen++
				if strings.TrimSpace(string(got)) != value {
					t.Errorf("%s is %q, want %s", file, got, value)
				}
			}
		}
	}
	if seen != 2 {
		t.Errorf("%d limits were found, want 2", seen)
	}
}
