// Package docker runs containers on a Docker Engine, through its API and from
// Docker 20.10 (API 1.41) up.
// It never touches a container that its caller did not name by id or by label.
package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// connectLimit bounds the first question to the engine, so that a socket on which
// nobody answers does not hang the start of the program.
const connectLimit = 10 * time.Second

// Runtime is a Docker Engine. It is safe for concurrent use.
type Runtime struct {
	engine   *client.Client
	pulls    flights
	rows     rows
	starts   turns
	options  Options
	patience time.Duration   // registryPatience, but in tests
	pauses   []time.Duration // pullPauses, but in tests
	networks sync.Mutex      // held while one is looked for and made
}

var _ runtime.Runtime = (*Runtime)(nil)

// Options say how images are pulled.
type Options struct {
	Behavior PullBehavior // empty is PullDefault
	// Pulled tells whether a former task had an image of that name pulled; nil: none had.
	Pulled func(name string) bool
	// Logins is the directory of the docker CLI's config.json, whose logins are used for
	// the registries; empty: none are.
	Logins string
}

// New connects to the engine at DOCKER_HOST, else at the default socket, and agrees
// on an API version. The error is one line that says what to do.
func New(ctx context.Context, o Options) (*Runtime, error) {
	host := os.Getenv(client.EnvOverrideHost)
	if host == "" {
		host = client.DefaultDockerHost
	}
	// The client has no time limit of its own: a stop lasts as long as its grace.
	engine, err := client.New(client.FromEnv)
	if err != nil {
		return nil, fmt.Errorf("use the Docker Engine at %s: %w: check DOCKER_HOST, or use --runtime sim", host, err)
	}
	limited, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	if _, err := engine.Ping(limited, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		engine.Close()
		return nil, connectError(host, err)
	}
	return &Runtime{engine: engine, starts: startTurns(), options: o, patience: registryPatience, pauses: pullPauses}, nil
}

// connectError says why no engine answers, and what to do about it.
func connectError(host string, err error) error {
	var dial *net.OpError
	switch {
	case errors.Is(err, os.ErrPermission) || strings.Contains(err.Error(), "permission denied"):
		return fmt.Errorf("the Docker Engine at %s refuses this user: run as root or join the docker group (usermod -aG docker $USER), or use --runtime sim", host)
	case errors.As(err, &dial) && dial.Op == "dial", errors.Is(err, context.DeadlineExceeded),
		strings.HasPrefix(err.Error(), "Cannot connect to the Docker daemon"): // the client's text for a refused connection
		return fmt.Errorf("no Docker Engine answers at %s: install it (apt-get install docker.io) and start it (dockerd), or use --runtime sim", host)
	}
	return fmt.Errorf("the Docker Engine at %s does not answer as one should: %w: check DOCKER_HOST, or use --runtime sim", host, err)
}

// Close gives the idle connections back. Calls in progress go on.
func (r *Runtime) Close() error { return r.engine.Close() }

// Info asks the engine about its machine.
func (r *Runtime) Info(ctx context.Context) (runtime.Info, error) {
	res, err := r.engine.Info(ctx, client.InfoOptions{})
	if err != nil {
		return runtime.Info{}, fmt.Errorf("ask the Docker Engine at %s about its machine: %w", r.engine.DaemonHost(), err)
	}
	return runtime.Info{
		Name:    "DockerVersion: " + res.Info.ServerVersion,
		CPUs:    res.Info.NCPU,
		Memory:  res.Info.MemTotal,
		OSType:  res.Info.OSType,
		CPUArch: cpuArch(res.Info.Architecture),

		APIVersion:    r.engine.ClientVersion(),
		LogDrivers:    res.Info.Plugins.Log,
		VolumeDrivers: res.Info.Plugins.Volume,
		Security:      security(res.Info.SecurityOptions),
		Cgroups:       cgroups(res.Info, process(r.engine.DaemonHost())),
	}, nil
}

// cgroups is how the engine bounds containers. One with API 1.40 knows of version 1 only.
func cgroups(i system.Info, process int) runtime.Cgroups {
	c := runtime.Cgroups{
		Driver: i.CgroupDriver, Version: 1, Process: process,
		Rootless: slices.Contains(security(i.SecurityOptions), "rootless"),
	}
	if strings.TrimPrefix(i.CgroupVersion, "v") == "2" {
		c.Version = 2
	}
	return c
}

// security reads the engine's "name=apparmor,profile=default".
func security(options []string) []string {
	var names []string
	for _, o := range options {
		name, _, _ := strings.Cut(o, ",")
		names = append(names, strings.TrimPrefix(name, "name="))
	}
	return names
}

// cpuArch is the ECS name of what uname calls the machine.
func cpuArch(uname string) string {
	switch uname {
	case "aarch64":
		return "arm64"
	case "amd64":
		return "x86_64"
	}
	return uname
}

// failure words an engine's error as the ECS agent does: its own name for what could
// not be done, then the daemon's text ("Error response from daemon: …"). A call that
// its context ended keeps the context's error, for errors.Is.
func failure(name, id string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %s: %w", name, id, err)
	}
	e := &runtime.Error{Name: name, Detail: err.Error()}
	switch {
	case errdefs.IsNotFound(err):
		e.Kind = runtime.NotFound
	case unanswered(err):
		e.Kind = runtime.Unavailable
	}
	return e
}

// unanswered tells whether the engine could not be reached, or went away before it
// answered.
func unanswered(err error) bool {
	return client.IsErrConnectionFailed(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
