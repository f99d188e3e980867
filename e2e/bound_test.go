package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// attributes are the names of those of a container instance.
func (s *server) attributes(instance string) (names []string) {
	s.t.Helper()
	described := aws[struct {
		ContainerInstances []struct{ Attributes []struct{ Name string } }
	}](s, "ecs", "describe-container-instances", "--container-instances", instance)
	for _, i := range described.ContainerInstances {
		for _, a := range i.Attributes {
			names = append(names, a.Name)
		}
	}
	return names
}

// boundsTasks tells whether the agent makes a cgroup for each task.
func (s *server) boundsTasks() bool {
	s.t.Helper()
	all := aws[struct{ ContainerInstanceArns []string }](s, "ecs", "list-container-instances").ContainerInstanceArns
	return slices.Contains(s.attributes(all[0]), boundsTasks)
}

// cgroupOf is the directories of a task's cgroup, in all hierarchies.
func cgroupOf(arn string) (dirs []string) {
	for _, pattern := range []string{"/sys/fs/cgroup/ecs/", "/sys/fs/cgroup/*/ecs/"} {
		found, _ := filepath.Glob(pattern + idOf(arn))
		dirs = append(dirs, found...)
	}
	return dirs
}

// limit is what a cgroup says of a limit, in the file of either version.
func limit(arn string, files ...string) (is string) {
	for _, dir := range cgroupOf(arn) {
		for _, f := range files {
			if b, err := os.ReadFile(filepath.Join(dir, f)); err == nil {
				is, _, _ = strings.Cut(strings.TrimSpace(string(b)), " ")
			}
		}
	}
	return is
}

func cgroupGoes(t *testing.T, arn string) {
	t.Helper()
	eventually(t, func() string {
		if left := cgroupOf(arn); len(left) > 0 {
			return fmt.Sprintf("the task is over, and %v are left", left)
		}
		return ""
	})
}

// stranger makes a cgroup beside those of the tasks, in one hierarchy.
func stranger(t *testing.T, beside string) (dir string) {
	t.Helper()
	dir = filepath.Join(filepath.Dir(cgroupOf(beside)[0]), fmt.Sprintf("steady-e2e-stranger-%d", os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	return dir
}

// The cgroup of a task lives as long as the task, whatever becomes of the agent.
func TestCgroupsOfTasksOutliveTheAgent(t *testing.T) {
	t.Parallel()
	s := up(t)
	if !s.boundsTasks() {
		t.Skip("this machine makes no cgroups for tasks")
	}
	c := s.caller(t)
	run := func(family string) string {
		arn := s.runJSON(fmt.Sprintf(`{"family": %q, "cpu": "512", "memory": "64", "containerDefinitions": [%s]}`, family,
			strings.ReplaceAll(box("app", idle, ""), "$SHELL", needShell(t))))
		c.reach(arn, "RUNNING")
		return arn
	}
	bounded := func(arn string) {
		t.Helper()
		if cpu, memory := limit(arn, "cpu.cfs_quota_us", "cpu.max"), limit(arn, "memory.limit_in_bytes", "memory.max"); cpu != "50000" || memory != "67108864" {
			t.Errorf("the cgroup of %s is bounded by %s µs in 100 ms and %s bytes", arn, cpu, memory)
		}
	}
	stays, ends := run("stays"), run("ends")
	bounded(stays)
	bounded(ends)
	strange := stranger(t, stays)
	ending := c.task(ends)
	s.kill()
	c.killContainer(ending)
	s.start()
	c = s.caller(t)
	c.reach(ends, "STOPPED")
	cgroupGoes(t, ends)
	c.reach(stays, "RUNNING")
	bounded(stays)
	c.stop(stays)
	c.reach(stays, "STOPPED")
	cgroupGoes(t, stays)

	last := run("last")
	bounded(last)
	s.kill()
	s.down()
	if left := cgroupOf(last); len(left) > 0 {
		t.Errorf("down has left %v", left)
	}
	if _, err := os.Stat(strange); err != nil {
		t.Errorf("a stranger's cgroup is gone: %v", err)
	}
}

// Where the engine is on another machine, that is said, and each container is bounded.
func TestAnEngineElsewhereHasNoCgroupsOfTasks(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "steady")
	script := fmt.Sprintf("#!/bin/sh\nDOCKER_HOST=tcp://%s exec %s \"$@\"\n", overTCP(t), binary)
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, engine: engine, dataDir: t.TempDir(), stderr: new(lockedBuffer), program: program}
	t.Cleanup(func() {
		s.stop()
		if out, err := exec.Command(binary, "down", "--data-dir", s.dataDir).CombinedOutput(); err != nil {
			t.Errorf("down: %v: %s", err, out)
		}
	})
	s.start()
	const says = "the cpu and memory of a task bound each of its containers here, not their sum"
	if n := strings.Count(s.stderr.String(), says); n != 1 {
		t.Errorf("that tasks are not bounded is said %d times: %s", n, s.stderr)
	}
	if s.boundsTasks() {
		t.Error("the instance has the attribute " + boundsTasks)
	}
	c := s.caller(t)
	arn := s.runJSON(fmt.Sprintf(`{"family": "far", "cpu": "512", "memory": "64", "containerDefinitions": [{"name": "app", "image": %q, "command": ["sleep", "600"]}]}`, needShell(t)))
	task := c.reach(arn, "RUNNING")
	if h := c.inspect(task, "app").HostConfig; h.CgroupParent != "" || h.Memory != 64<<20 || h.NanoCPUs != 5e8 {
		t.Errorf("the container is in %q, with %d bytes and %d billionths of a processor", h.CgroupParent, h.Memory, h.NanoCPUs)
	}
	if dirs := cgroupOf(arn); len(dirs) > 0 {
		t.Errorf("the task has %v", dirs)
	}
}

// overTCP leads to the engine's socket from an address of this machine.
func overTCP(t *testing.T) (address string) {
	t.Helper()
	socket, ok := strings.CutPrefix(engine.DaemonHost(), "unix://")
	if !ok {
		t.Skip("the engine is not at a socket")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		l.Close()
	})
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go lead(ctx, from, socket)
		}
	}()
	return l.Addr().String()
}

// lead passes on what is said in both directions.
func lead(ctx context.Context, from net.Conn, socket string) {
	defer from.Close()
	to, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer to.Close()
	defer context.AfterFunc(ctx, func() { from.Close() })()
	go func() {
		io.Copy(to, from)
		to.(*net.UnixConn).CloseWrite()
	}()
	io.Copy(from, to)
}
