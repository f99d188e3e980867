package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// commandLine is the AWS CLI, loaded once: each call is a process of its own that is
// forked from it. Where Python cannot load it, the command aws is run.
type commandLine struct {
	server *server
	socket string // empty: the command
}

func (s *server) startCLI(t *testing.T) *commandLine {
	t.Helper()
	dir, err := os.MkdirTemp("", "cli") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	python := exec.Command("python3", "testdata/cli.py", socket)
	python.Env = s.environment()
	stdout, err := python.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := python.Start(); err != nil {
		t.Logf("the command aws is run: %v", err)
		return &commandLine{server: s}
	}
	t.Cleanup(func() {
		python.Process.Kill()
		python.Wait()
	})
	if said, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || said != "ready\n" {
		t.Logf("the command aws is run, since Python has no module awscli: %q, %v", said, err)
		return &commandLine{server: s}
	}
	return &commandLine{server: s, socket: socket}
}

// call is one command; an error is in the words of the API, where they are.
func (l *commandLine) call(args []string) (string, error) {
	if !slices.Contains(args, "--output") {
		args = append(args, "--output", "text")
	}
	if l.socket == "" {
		out, err := l.server.tryAWS(args...)
		if err != nil {
			err = apiError(err.Error())
		}
		return strings.TrimSpace(out), err
	}
	c, err := net.Dial("unix", l.socket)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := json.NewEncoder(c).Encode(append([]string{"--endpoint-url", l.server.url}, args...)); err != nil {
		return "", err
	}
	var said struct {
		Code           int
		Stdout, Stderr string
	}
	if err := json.NewDecoder(c).Decode(&said); err != nil {
		return "", fmt.Errorf("aws %s: %w", strings.Join(args, " "), err)
	}
	if said.Code != 0 {
		return "", apiError(said.Stderr)
	}
	return strings.TrimSpace(said.Stdout), nil
}

var saidByAPI = regexp.MustCompile(`(?s)An error occurred \((\w+)\) when calling the \w+ operation(?: \(.*?\))?: (.*)`)

// apiError is what the CLI said of an error.
func apiError(stderr string) error {
	if m := saidByAPI.FindStringSubmatch(stderr); m != nil {
		return errors.New(m[1] + ": " + strings.TrimSpace(m[2]))
	}
	return errors.New(strings.TrimSpace(stderr))
}

// aws is a command in which placeholders are replaced.
func (r *trial) aws(args []string) (string, error) {
	names := strings.NewReplacer(r.words...)
	for i := range args {
		args[i] = names.Replace(args[i])
	}
	return r.cli.call(args)
}

// seenTask is what describe-tasks tells of a task.
type seenTask struct {
	TaskArn, LastStatus, StopCode, StoppedReason, HealthStatus string
	Containers                                                 []seenContainer
}

type seenContainer struct {
	Name, Reason string
	ExitCode     *int
}

// String is what is observed of a task by default.
func (s seenTask) String() string {
	parts := []string{s.LastStatus}
	if s.StopCode != "" {
		parts = append(parts, s.StopCode, s.StoppedReason)
	}
	slices.SortFunc(s.Containers, func(a, b seenContainer) int { return strings.Compare(a.Name, b.Name) })
	for _, c := range s.Containers {
		if c.ExitCode != nil {
			c.Name += fmt.Sprintf(" %d", *c.ExitCode)
		} else {
			c.Name += " –"
		}
		if c.Reason != "" && c.Reason != s.StoppedReason {
			c.Name += " (" + c.Reason + ")"
		}
		parts = append(parts, c.Name)
	}
	return strings.Join(parts, " · ")
}

// pause is the time between two looks; false: patience is at its end.
func (r *trial) pause() bool {
	time.Sleep(250 * time.Millisecond)
	return time.Since(r.begun) < 2*patience // many are under way
}

// latest is the task as it is seen now: one look serves all trials that wait.
func (r *trial) latest() seenTask {
	r.look.Lock()
	defer r.look.Unlock()
	if r.wanted[r.task] && time.Since(r.lookedAt) < time.Second/4 {
		return r.seen[r.task]
	}
	r.wanted[r.task] = true
	out, err := r.aws(append([]string{"ecs", "describe-tasks", "--output", "json", "--tasks"}, slices.Sorted(maps.Keys(r.wanted))...))
	var described struct{ Tasks []seenTask }
	if err == nil {
		err = json.Unmarshal([]byte(out), &described)
	}
	if err != nil {
		return seenTask{LastStatus: err.Error()}
	}
	for _, task := range described.Tasks {
		r.seen[task.TaskArn] = task
	}
	r.lookedAt = time.Now()
	return r.seen[r.task]
}

// ready waits until the task's container says that it listens to signals.
func (r *trial) ready() error {
	for {
		if _, err := os.Stat(filepath.Join(r.host, r.family)); err == nil {
			return nil
		}
		if !r.pause() {
			return fmt.Errorf("never ready: %s", r.latest())
		}
	}
}

// await looks at the task until it is in a state.
func (r *trial) await(state string) error {
	for {
		task := r.latest()
		switch {
		case task.LastStatus == state, task.HealthStatus == state:
			return nil
		case task.LastStatus == "STOPPED":
			return fmt.Errorf("never %s: %s", state, task)
		}
		if !r.pause() {
			return fmt.Errorf("never %s: %s", state, task)
		}
	}
}
