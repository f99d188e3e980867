package target

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"steady/events/bus"
)

// killAfter is how long a command that is to end is given to do so by itself.
const killAfter = 2 * time.Second

// maxOutput is how much of what a command prints is kept: the end of it.
const maxOutput = 4 << 10

// command is a program that the operator allowed. It runs once at a time.
type command struct {
	path    string
	timeout time.Duration
	log     *slog.Logger
	turn    chan struct{}
}

func newCommand(path string, timeout time.Duration, log *slog.Logger) *command {
	return &command{path: path, timeout: timeout, log: log, turn: make(chan struct{}, 1)}
}

// run gives the program the payload on its standard input. Exit code 0 is success. The
// program and all that it started in its process group are gone when run returns.
func (c *command) run(ctx context.Context, d bus.Delivery) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	output := &tail{}
	cmd := exec.CommandContext(limited, c.path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(d.Payload), output, output
	cmd.Env = environment(d)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = killAfter
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return &bus.Failure{Code: "COMMAND_NOT_STARTED", Message: fmt.Sprintf("start %s: %v", c.path, err)}
	}
	ended := make(chan struct{})
	go killLate(limited, cmd.Process.Pid, ended)
	err := cmd.Wait()
	close(ended)
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left behind
	c.log.Info("an event's command ended", "rule", d.Rule, "target", d.Target, "event", d.EventID, "command", c.path,
		"exitCode", cmd.ProcessState.ExitCode(), "took", time.Since(start).Round(time.Millisecond), "output", output.String())
	return c.result(ctx, limited, cmd, err)
}

// killLate kills a process group that does not end although it is to.
func killLate(ctx context.Context, group int, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	select {
	case <-ended:
	case <-time.After(killAfter):
		syscall.Kill(-group, syscall.SIGKILL)
	}
}

func (c *command) result(ctx, limited context.Context, cmd *exec.Cmd, err error) error {
	switch {
	case cmd.ProcessState.Success() && (err == nil || errors.Is(err, exec.ErrWaitDelay)):
		return nil // who keeps its output open has been killed
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return &bus.Failure{Code: "COMMAND_TIMEOUT", Message: fmt.Sprintf("the command did not end within %v", c.timeout)}
	case cmd.ProcessState.Exited():
		code := cmd.ProcessState.ExitCode()
		return &bus.Failure{Code: fmt.Sprintf("EXIT_%d", code), Message: fmt.Sprintf("the command ended with exit code %d", code)}
	}
	return &bus.Failure{Code: "COMMAND_KILLED", Message: fmt.Sprintf("the command was ended by a signal: %v", err)}
}

// environment is all that a command is given of Steady's own: where programs and the
// home directory are.
func environment(d bus.Delivery) []string {
	env := []string{"STEADY_EVENT_ID=" + d.EventID, "STEADY_RULE=" + d.Rule, "STEADY_TARGET=" + d.Target,
		fmt.Sprintf("STEADY_ATTEMPT=%d", d.Attempts+1)}
	for _, name := range []string{"PATH", "HOME", "TZ", "LANG"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	end []byte
	cut bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, p...)
	if over := len(t.end) - maxOutput; over > 0 {
		t.end, t.cut = append(t.end[:0], t.end[over:]...), true
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cut {
		return "…" + string(t.end)
	}
	return string(t.end)
}
