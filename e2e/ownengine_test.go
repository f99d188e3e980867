package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// ownEngine is a Docker Engine of one test, which may kill it. The engine, its containerd
// and its containers are in namespaces of their own for processes, mounts and networks:
// nothing of it meets the machine's engine, and all of it ends with their first process.
type ownEngine struct {
	t       *testing.T
	dir     string    // of all its files; its path is short, for sockets
	first   int       // the first process of the namespaces
	flags   []string  // with which it was started last
	dockerd *exec.Cmd // its parent, which waits for it
	api     *client.Client
	log     *lockedBuffer
}

// newEngine starts an engine with these flags, and takes it away when the test ends.
func newEngine(t *testing.T, flags ...string) *ownEngine {
	t.Helper()
	for _, program := range []string{"dockerd", "containerd", "unshare", "nsenter"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("an engine of the test's own needs %s: %v", program, err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("only root may start an engine")
	}
	dir, err := os.MkdirTemp("", "steady-engine-")
	if err != nil {
		t.Fatal(err)
	}
	e := &ownEngine{t: t, dir: dir, log: new(lockedBuffer)}
	t.Cleanup(e.cleanUp)
	e.startContainerd()
	if e.api, err = client.New(client.WithHost("unix://" + e.path("docker.sock"))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.api.Close() })
	e.start(flags...)
	pack := exec.Command(binary, "sample-image", image)
	pack.Env = append(os.Environ(), "DOCKER_HOST="+e.api.DaemonHost())
	if out, err := pack.CombinedOutput(); err != nil {
		t.Fatalf("pack the sample application: %v: %s", err, out)
	}
	return e
}

func (e *ownEngine) path(name string) string { return filepath.Join(e.dir, name) }

// groups is the cgroup of its containers, under the root of each controller.
func (e *ownEngine) groups() string { return filepath.Base(e.dir) }

const containerdConfig = `version = 2
root = %q
state = %q
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = %q
`

// startContainerd makes the namespaces and starts a containerd in them: the containers are
// its, and outlive the engine.
func (e *ownEngine) startContainerd() {
	e.t.Helper()
	e.write("engine.json", "{}") // in place of the machine's
	e.write("containerd.toml", fmt.Sprintf(containerdConfig, e.path("containerd"), e.path("state"), e.path("containerd.sock")))
	// Its shims have their sockets under /run/containerd, whatever it is told.
	script := "mkdir -p /run/containerd && mount -t tmpfs none /run/containerd && { containerd --config " + e.path("containerd.toml") + " & wait; }"
	holder := exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script)
	holder.Stdout, holder.Stderr = e.log, e.log
	holder.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // whatever ends the tests
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // it is this thread's death that counts
		started <- holder.Start()
		holder.Wait()
		close(ended)
	}()
	if err := <-started; err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() {
		if e.first == 0 || syscall.Kill(e.first, syscall.SIGKILL) != nil {
			holder.Process.Kill()
		}
		<-ended // as soon as nothing is left in the namespaces
		if e.dockerd != nil {
			e.dockerd.Wait()
		}
	})
	eventually(e.t, func() string {
		e.first = child(holder.Process.Pid)
		if _, err := os.Stat(e.path("containerd.sock")); err != nil || e.first == 0 {
			return fmt.Sprintf("containerd does not start: %v: %s", err, e.log)
		}
		return ""
	})
}

// child is the first child of a process, 0 while it has none.
func child(pid int) (first int) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	fmt.Sscan(string(b), &first)
	return first
}

func (e *ownEngine) write(name, text string) {
	e.t.Helper()
	if err := os.WriteFile(e.path(name), []byte(text), 0o600); err != nil {
		e.t.Fatal(err)
	}
}

// start starts the engine and waits until it answers.
func (e *ownEngine) start(flags ...string) {
	e.t.Helper()
	e.flags = flags
	os.Remove(e.path("pid")) // a killed one leaves it
	args := []string{"--target", strconv.Itoa(e.first), "--net", "--mount", "--pid",
		"dockerd", "--config-file", e.path("engine.json"), "--data-root", e.path("data"), "--exec-root", e.path("exec"), "--pidfile", e.path("pid"),
		"--host", e.api.DaemonHost(), "--containerd", e.path("containerd.sock"), "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/" + e.groups()}
	e.dockerd = exec.Command("nsenter", append(args, flags...)...)
	e.dockerd.Stdout, e.dockerd.Stderr = e.log, e.log
	e.dockerd.WaitDelay = 10 * time.Second // for processes of its that live on and hold its output
	if err := e.dockerd.Start(); err != nil {
		e.t.Fatal(err)
	}
	eventually(e.t, func() string {
		if _, err := e.api.Ping(context.Background(), client.PingOptions{NegotiateAPIVersion: true}); err != nil {
			return fmt.Sprintf("the test's own engine does not answer: %v: %s", err, e.log)
		}
		return ""
	})
}

// end ends the engine alone. A test that fails before it is back has it back to clean up:
// what Steady made for its containers outlives the namespaces.
func (e *ownEngine) end(signal syscall.Signal) {
	e.t.Helper()
	e.t.Cleanup(func() {
		if e.dockerd.ProcessState != nil {
			e.start(e.flags...)
		}
	})
	if err := syscall.Kill(child(e.dockerd.Process.Pid), signal); err != nil {
		e.t.Fatal(err)
	}
	e.dockerd.Wait()
}

// kill kills the processes of a container, with no help from the engine.
func (e *ownEngine) kill(container string) {
	e.t.Helper()
	killed := 0
	filepath.WalkDir("/sys/fs/cgroup", func(dir string, d fs.DirEntry, err error) error { // in that of its task, or of none
		if err != nil || !d.IsDir() || d.Name() != container {
			return nil
		}
		b, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		for pid := range strings.FieldsSeq(string(b)) {
			if n, err := strconv.Atoi(pid); err == nil && syscall.Kill(n, syscall.SIGKILL) == nil {
				killed++
			}
		}
		return nil
	})
	if killed == 0 {
		e.t.Fatalf("container %s has no process", container)
	}
}

// cgroups is the directories of the cgroup of its containers, one for each controller.
func (e *ownEngine) cgroups() []string {
	all, _ := filepath.Glob("/sys/fs/cgroup/*/" + e.groups())
	return append(all, "/sys/fs/cgroup/"+e.groups())
}

// cleanUp removes what the namespaces' processes leave, which have all ended.
func (e *ownEngine) cleanUp() {
	if e.t.Failed() {
		e.t.Logf("the log of the test's own engine:\n%s", e.log)
	}
	for _, group := range e.cgroups() {
		var dirs []string
		filepath.WalkDir(group, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, name)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) {
			eventually(e.t, func() string { // the kernel may count a process that has just ended
				if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return fmt.Sprintf("remove the cgroup of a container: %v", err)
				}
				return ""
			})
		}
	}
	if err := os.RemoveAll(e.dir); err != nil {
		e.t.Error(err)
	}
}
