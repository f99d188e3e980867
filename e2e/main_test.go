// Package e2e tests the promise: the real binary, against a real Docker Engine,
// spoken to by the stock AWS CLI and the AWS SDK. It contains no code but tests.
package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"steady/imagepack"
)

// Built once for all tests by TestMain.
var (
	binary string                                      // the steady binary
	image  = fmt.Sprintf("steady-e2e:%d", os.Getpid()) // the sample application, packed from the binary; another run's stays
	engine *client.Client
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	engine, err = client.New(client.FromEnv)
	if err == nil {
		_, err = engine.Ping(context.Background(), client.PingOptions{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e: no Docker Engine answers; run the tests with `make test`:", err)
		if os.Getenv("CI") != "" {
			return 1
		}
		return 0
	}
	dir, err := os.MkdirTemp("", "steady-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "steady")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "../cmd/steady") // as make build, whose packages are in the cache
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: build steady: %v\n%s", err, out)
		return 1
	}
	if _, err := imagepack.Load(context.Background(), image, binary, []string{"/steady", "sample"}, nil); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: pack the sample application:", err)
		return 1
	}
	defer engine.ImageRemove(context.Background(), image, client.ImageRemoveOptions{Force: true})
	defer func() {
		if name, err := shell(); err == nil {
			engine.ImageRemove(context.Background(), name, client.ImageRemoveOptions{Force: true})
		}
	}()
	// The tests wait for containers most of their time. A flag of the command line wins.
	if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return m.Run()
}

// server is a running `steady up`.
type server struct {
	t       *testing.T
	dataDir string
	flags   []string
	engine  *client.Client
	env     []string // of it and of the commands that speak to it, beside the test's own
	url     string
	process *exec.Cmd
	program string        // instead of the binary
	stderr  *lockedBuffer // of all its starts
}

// up starts a server on a data directory of its own and a free port. When the test
// ends the server is stopped and its containers are removed.
func up(t *testing.T, flags ...string) *server {
	t.Helper()
	return upOn(t, engine, flags...)
}

// upOn is up on an engine.
func upOn(t *testing.T, on *client.Client, flags ...string) *server {
	t.Helper()
	s := &server{t: t, dataDir: t.TempDir(), flags: flags, engine: on, env: []string{"DOCKER_HOST=" + on.DaemonHost()}, stderr: new(lockedBuffer)}
	t.Cleanup(func() {
		if s.process != nil {
			s.stop()
		}
		down := exec.Command(binary, "down", "--data-dir", s.dataDir)
		down.Env = append(os.Environ(), s.env...)
		if out, err := down.CombinedOutput(); err != nil {
			t.Errorf("down: %v: %s", err, out)
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.stderr)
		}
	})
	s.start()
	return s
}

// start runs `steady up` on the server's data directory and waits until it is ready.
func (s *server) start() {
	s.t.Helper()
	args := append([]string{"up", "--listen", "127.0.0.1:0", "--data-dir", s.dataDir, "--settle", "500ms"}, s.flags...)
	s.process = exec.Command(cmp.Or(s.program, binary), args...)
	s.process.Env, s.process.Stderr = append(os.Environ(), s.env...), s.stderr
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url, found := strings.CutPrefix(strings.TrimSpace(line), "ready: ")
	if err != nil || !found {
		s.process.Wait()
		s.t.Fatalf("up said %q (%v) and on stderr: %s", line, err, s.stderr)
	}
	s.url = url
}

// stop ends the server with SIGTERM; its containers go on.
func (s *server) stop() {
	s.t.Helper()
	s.process.Process.Signal(syscall.SIGTERM)
	if err := s.process.Wait(); err != nil {
		s.t.Errorf("up ended with %v: %s", err, s.stderr)
	}
	s.process = nil
}

// kill ends the server with SIGKILL.
func (s *server) kill() {
	s.process.Process.Kill()
	s.process.Wait()
	s.process = nil
}

// environment is what a client of the server needs.
func (s *server) environment() []string {
	return append(append(os.Environ(), "AWS_ENDPOINT_URL="+s.url, "AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any",
		"AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER="), s.env...)
}

// tryAWS runs the AWS CLI and returns what it printed.
func (s *server) tryAWS(args ...string) (stdout string, err error) {
	command := exec.Command("aws", append([]string{"--endpoint-url", s.url, "--output", "json"}, args...)...)
	command.Env = s.environment()
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	if err := command.Run(); err != nil {
		return out.String(), fmt.Errorf("aws %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errOut.String()))
	}
	return out.String(), nil
}

// aws runs the AWS CLI, which must succeed, and decodes its answer into a value of
// the given type.
func aws[T any](s *server, args ...string) T {
	s.t.Helper()
	out, err := s.tryAWS(args...)
	if err != nil {
		s.t.Fatal(err)
	}
	var v T
	if out == "" {
		return v
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		s.t.Fatalf("aws %s printed %q: %v", strings.Join(args, " "), out, err)
	}
	return v
}

// steady runs a command of the binary against the server and returns its exit code.
func (s *server) steady(args ...string) (stdout string, code int) {
	s.t.Helper()
	command := exec.Command(binary, args...)
	command.Env = s.environment()
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	err := command.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		s.t.Fatal(err)
	}
	return out.String() + errOut.String(), command.ProcessState.ExitCode()
}

// installation is the id by which the server's containers are labelled.
func (s *server) installation() string {
	b, err := os.ReadFile(filepath.Join(s.dataDir, "installation"))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// patience is how long a test waits for what must come: far more than it takes, however
// busy the machine. Only a failure waits so long.
const patience = 2 * time.Minute

// eventually waits until f returns "" and fails with what it says otherwise.
func eventually(t *testing.T, f func() string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		problem := f()
		if problem == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %s", patience, problem)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// lockedBuffer is a buffer that a process writes to while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
