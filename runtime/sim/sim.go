// Package sim runs no containers: it plays what containers would do, for tests and for
// clusters of thousands of instances on one machine.
// It never starts a process, opens a socket or keeps a goroutine for a container.
//
// A container does what the environment variable STEADY_SIM of its specification says:
// words, in any order, with values in single or double quotes where they have blanks.
//
//	start=2s          starting takes so long
//	start-fail[=TEXT] it cannot start: CannotStartContainerError: TEXT
//	create-fail[=TEXT] it cannot be created: CannotCreateContainerError: TEXT
//	pull-fail[=TEXT]  its creation fails with CannotPullContainerError: TEXT, because
//	                  Pull, which sees no environment, has let it pass
//	exit=1            it exits by itself with this code
//	after=5s          when: so long after it started; at once if not given
//	oom               it is killed for using too much memory (exit code 137)
//	graceful          it exits 0 on SIGTERM, not 143
//	stop=3s           it takes so long to exit on SIGTERM
//	ignore-term       it does not exit on SIGTERM, so is killed (exit code 137)
//	healthy=2s        its health check passes from then on, so long after it started
//	unhealthy=5s      its health check fails from then on
//	log=TEXT          it writes this line when it starts; may be repeated
//	err=TEXT          the same, on stderr
//	log-every=1s      it writes its lines again and again, so often
//	cpu=0.5           it uses so many processors
//	memory=64         it uses so many MiB of memory, 4 if not given
//	network=1000      it receives and sends so many bytes a second
//	disk=1000         it reads and writes so many bytes a second
//
// Without a script a container starts at once and runs until it is stopped; where it
// has a health check, the first one passes. An image whose name ends in "pull-fail"
// (before its tag) cannot be pulled.
//
// Time is that of package time, so that all of it works in a testing/synctest bubble.
package sim

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"path"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"steady/runtime"
)

// maxLines is how many lines of output are kept of a container.
const maxLines = 100

// Options say what the simulation is like.
type Options struct {
	CPUs    int    // of the machine; 4 if zero
	Memory  int64  // of the machine, in bytes; 8 GiB if zero
	CPUArch string // x86_64 or arm64; that of this machine if empty

	// InstanceLabel is the label whose value tells on which machine a container is,
	// when one Runtime plays many: host ports are a machine's own, and List and Events
	// with this label cost nothing for the containers of the others. If empty, all
	// containers are on one machine.
	InstanceLabel string
}

// Runtime plays containers. It is safe for concurrent use.
type Runtime struct {
	opts Options

	mu         sync.Mutex
	containers map[string]*container // by id
	names      map[string]bool
	machines   map[string]*machine // by the value of InstanceLabel
	watchers   map[*watcher]bool   // those that watch no machine in particular
	pushes     map[string]int      // how often an image was pushed, by name
	volumes    map[string]runtime.Volume
	networks   map[string]map[string]string // the labels of each, by name
	holders    map[string]int               // how many containers hold a volume, by its name
	// lastAddress is that of the container which started last: all have different ones,
	// also on different machines.
	lastAddress netip.Addr
}

var _ runtime.Runtime = (*Runtime)(nil)

// New makes a simulation without containers.
func New(o Options) *Runtime {
	if o.CPUs == 0 {
		o.CPUs = 4
	}
	if o.Memory == 0 {
		o.Memory = 8 << 30
	}
	if o.CPUArch == "" {
		o.CPUArch = map[string]string{"arm64": "arm64"}[goruntime.GOARCH]
	}
	if o.CPUArch == "" {
		o.CPUArch = "x86_64"
	}
	return &Runtime{opts: o, containers: map[string]*container{}, names: map[string]bool{},
		machines: map[string]*machine{}, watchers: map[*watcher]bool{}, pushes: map[string]int{},
		volumes: map[string]runtime.Volume{}, holders: map[string]int{}, networks: map[string]map[string]string{},
		lastAddress: netip.AddrFrom4([4]byte{10})}
}

// Info is what the options say.
func (r *Runtime) Info(ctx context.Context) (runtime.Info, error) {
	return runtime.Info{Name: "Steady simulation", CPUs: r.opts.CPUs, Memory: r.opts.Memory, OSType: "linux", CPUArch: r.opts.CPUArch,
		APIVersion: "1.41", LogDrivers: strings.Fields("fluentd gelf journald json-file splunk syslog"), VolumeDrivers: []string{"local"}}, ctx.Err()
}

// platform is the one of the machine, which all of its images are for.
func (r *Runtime) platform() string {
	if r.opts.CPUArch == "x86_64" {
		return "linux/amd64"
	}
	return "linux/" + r.opts.CPUArch
}

// Push puts a new image behind a name, as a build or a push to a registry does. What
// was pulled before can still be had by its digest.
func (r *Runtime) Push(image string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pushes[image]++
}

// Pull finds every image, but those whose name ends in "pull-fail". The digest is made
// from the name and the number of times that it was pushed.
func (r *Runtime) Pull(ctx context.Context, image, digest string, _ ...runtime.Credentials) (runtime.Pulled, error) {
	const name = "CannotPullContainerError"
	if err := ctx.Err(); err != nil {
		return runtime.Pulled{}, ended(name, image, err)
	}
	repository := image
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		repository = image[:i]
	}
	if path.Base(repository) == "pull-fail" {
		return runtime.Pulled{}, &runtime.Error{Name: name, Detail: pullDenied(repository)}
	}
	r.mu.Lock()
	newest := r.pushes[image]
	r.mu.Unlock()
	for n := newest; n >= 0; n-- {
		if d := digestOf(image, n); digest == "" || d == digest {
			return runtime.Pulled{Digest: d, Ref: repository + "@" + d, Platform: r.platform()}, nil
		}
	}
	return runtime.Pulled{}, &runtime.Error{Name: name,
		Detail: "Error response from daemon: manifest for " + repository + "@" + digest + " not found: manifest unknown: manifest unknown"}
}

// digestOf is the digest of the nth image that was pushed under a name.
func digestOf(image string, n int) string {
	if n > 0 {
		image += fmt.Sprint("#", n)
	}
	sum := sha256.Sum256([]byte(image))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// pullDenied is what the ECS agent reports of an image that does not exist.
func pullDenied(repository string) string {
	return "The task can’t pull the image. Check whether the image exists. Error response from daemon: pull access denied for " +
		repository + ", repository does not exist or may require 'docker login': denied: requested access to the resource is denied"
}

// Create reads the script and makes a container.
func (r *Runtime) Create(ctx context.Context, spec runtime.Spec) (string, error) {
	const name = "CannotCreateContainerError"
	if err := ctx.Err(); err != nil {
		return "", ended(name, spec.Name, err)
	}
	s, err := scriptOf(spec.Env)
	switch {
	case err != nil:
		return "", &runtime.Error{Name: name, Detail: err.Error()}
	case s.pullFail.is:
		return "", &runtime.Error{Name: "CannotPullContainerError", Detail: s.pullFail.or(pullDenied(spec.Image))}
	case s.createFail.is:
		return "", &runtime.Error{Name: name, Detail: s.createFail.or("Error response from daemon: no space left on device")}
	}
	c := &container{id: newID(), name: spec.Name, image: spec.Image, labels: maps.Clone(spec.Labels),
		ports: append([]runtime.Port(nil), spec.Ports...), mounts: slices.Clone(spec.Files.Mounts), script: s, check: spec.HealthCheck, network: spec.Network.Mode, state: runtime.Created}

	r.mu.Lock()
	defer r.mu.Unlock()
	if spec.Name != "" && r.names[spec.Name] {
		return "", &runtime.Error{Kind: runtime.Exists, Name: name,
			Detail: fmt.Sprintf("Error response from daemon: Conflict. The container name %q is already in use", "/"+spec.Name)}
	}
	r.add(c)
	r.notify(c)
	return c.id, nil
}

func newID() string {
	var b [32]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Start begins the script. As with Docker, two calls that are under way together start the
// container once, even if it has ended when the later one would have been done.
func (r *Runtime) Start(ctx context.Context, id string) error {
	const name = "CannotStartContainerError"
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.find(ctx, name, id)
	if err != nil || c.run != nil {
		return err
	}
	if d := c.script.startTakes; d > 0 {
		before := c.startedAt
		r.mu.Unlock()
		err := pause(ctx, d)
		r.mu.Lock()
		if err != nil {
			return ended(name, id, err)
		}
		if c, err = r.find(ctx, name, id); err != nil || c.run != nil || c.startedAt != before {
			return err
		}
	}
	if f := c.script.startFail; f.is {
		c.err = f.or("Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: simulated: unknown")
		return &runtime.Error{Name: name, Detail: c.err}
	}
	kind, detail := r.joins(c)
	if detail == "" {
		detail = r.machineOf(c).bind(c)
	}
	if c.err = detail; c.err != "" {
		return &runtime.Error{Kind: kind, Name: name, Detail: c.err}
	}
	r.begin(c)
	return nil
}

// Stop plays SIGTERM, waits and plays SIGKILL. As Docker does, it counts grace in whole
// seconds, at least one, and carries on when the caller has gone.
func (r *Runtime) Stop(ctx context.Context, id string, grace time.Duration) error {
	const name = "CannotStopContainerError"
	r.mu.Lock()
	c, err := r.find(ctx, name, id)
	if err != nil || c.run == nil {
		r.mu.Unlock()
		return err
	}
	run := c.run
	r.term(c)
	if c.run == run {
		seconds := max(1, (grace+time.Second-1)/time.Second)
		r.later(c, seconds*time.Second, killed)
	}
	r.mu.Unlock()
	select {
	case <-run.done:
		return nil
	case <-ctx.Done():
		return ended(name, id, ctx.Err())
	}
}

// Remove kills what runs and forgets the container.
func (r *Runtime) Remove(ctx context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.containers[id]
	if !ok {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return ended("CannotRemoveContainerError", id, err)
	}
	r.finish(c, killed)
	r.notify(c)
	r.forget(c)
	return nil
}

// Inspect looks at one container.
func (r *Runtime) Inspect(ctx context.Context, id string) (runtime.Container, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.find(ctx, "CannotInspectContainerError", id)
	if err != nil {
		return runtime.Container{}, err
	}
	return c.describe(), nil
}

// List finds containers by their labels.
func (r *Runtime) List(ctx context.Context, labels map[string]string) ([]runtime.Container, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	among := r.containers
	if value, ok := labels[r.opts.InstanceLabel]; ok && r.opts.InstanceLabel != "" {
		among = nil
		if m := r.machines[value]; m != nil {
			among = m.containers
		}
	}
	var found []runtime.Container
	for _, c := range among {
		if carries(c.labels, labels) {
			found = append(found, c.describe())
		}
	}
	return found, ctx.Err()
}

// Tail returns lines of the script.
func (r *Runtime) Tail(ctx context.Context, id string, n int) ([]runtime.Line, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.find(ctx, "CannotInspectContainerError", id)
	if err != nil {
		return nil, err
	}
	from := max(0, len(c.lines)-max(n, 0))
	return append([]runtime.Line(nil), c.lines[from:]...), nil
}

// find looks a container up for a call that fails under that name.
func (r *Runtime) find(ctx context.Context, name, id string) (*container, error) {
	if err := ctx.Err(); err != nil {
		return nil, ended(name, id, err)
	}
	c, ok := r.containers[id]
	if !ok {
		return nil, &runtime.Error{Kind: runtime.NotFound, Name: name, Detail: "Error response from daemon: No such container: " + id}
	}
	return c, nil
}

// ended is the error of a call that its context ended.
func ended(name, id string, err error) error { return fmt.Errorf("%s: %s: %w", name, id, err) }

// pause waits, or returns the context's error.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
