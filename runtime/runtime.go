// Package runtime is the seam between the agent and what really runs containers.
// It knows images and containers; it never knows what a task or a service is.
//
// Contract of Runtime, checked against every implementation by runtimetest:
//
//   - A container's life is Create, Start, (its process ends or Stop), Remove.
//     Container ids are the runtime's own and unique.
//   - Every call may be repeated: Start of a running container, Stop of a stopped
//     one and Remove of a missing one succeed. Create with a name that exists
//     fails with an *Error whose Kind is Exists.
//   - What Create made survives a crash of the caller; List finds it again by its
//     labels.
//   - Events may lose or repeat what happened (never invent): a reader re-inspects
//     when the stream tells it to (Event.Resync) and now and then besides. A change
//     of health is an event too.
//   - Every method is safe for concurrent use and ends when its context does.
package runtime

import (
	"context"
	"encoding/json"
	"iter"
	"time"
)

// Runtime runs containers.
type Runtime interface {
	// Info describes the machine and the runtime.
	Info(ctx context.Context) (Info, error)
	// Pull makes the image available and tells which one it is. An image that cannot
	// be pulled but is present under that very name is used as it is. With a digest,
	// as a Pull of the same image returned it here or on another machine, it makes
	// exactly that image available, whatever the name stands for by now. The registry
	// is asked with the credentials, if one is given. It fails with an *Error named
	// CannotPullContainerError.
	Pull(ctx context.Context, image, digest string, with ...Credentials) (Pulled, error)
	// Create makes a container of an image that is here and returns its id. Fails
	// with an *Error named CannotCreateContainerError.
	Create(ctx context.Context, spec Spec) (id string, err error)
	// Start starts it. Fails with an *Error named CannotStartContainerError.
	Start(ctx context.Context, id string) error
	// Stop sends the image's stop signal (SIGTERM where it has none), waits up to
	// grace, then kills, and returns when the process is gone. Fails with an
	// *Error named CannotStopContainerError.
	Stop(ctx context.Context, id string, grace time.Duration) error
	// Remove removes a container and its anonymous volumes, killing it if it runs.
	// Volumes that have a name stay.
	Remove(ctx context.Context, id string) error
	// Inspect tells what is known of one container. A missing one gives an *Error
	// of Kind NotFound.
	Inspect(ctx context.Context, id string) (Container, error)
	// List tells of all containers, running or not, that carry all these labels.
	List(ctx context.Context, labels map[string]string) ([]Container, error)
	// Events delivers what happens to containers that carry these labels, until
	// ctx ends; then the channel is closed. After a gap (a lost connection to the
	// engine) the first event has Resync set.
	Events(ctx context.Context, labels map[string]string) <-chan Event
	// Tail returns the last lines that a container wrote to stdout and stderr, at
	// most n, oldest first.
	Tail(ctx context.Context, id string, n int) ([]Line, error)
	// Output yields what a container that has been started wrote and writes, each line
	// once, in the order in which the runtime keeps the lines: those that it still has
	// from the moment since on (inclusive; zero is from the first), then the others as
	// they come. It ends when the container has ended and all of its output is told. An
	// engine that goes away is waited for. An error is the last thing that it yields:
	// a missing container gives an *Error of Kind NotFound, and the end of ctx its
	// error.
	//
	// What a container writes never waits for a reader: the runtime keeps a bounded
	// amount, and says with Line.Lost when a reader was too slow for it.
	Output(ctx context.Context, id string, since time.Time) iter.Seq2[Line, error]
	// Stats measures what a running container uses. One that does not run, or is not
	// there, gives an *Error of Kind NotFound.
	Stats(ctx context.Context, id string) (Stats, error)
	Volumes
	Networks
}

// Info describes a machine and its runtime.
type Info struct {
	Name    string // "DockerVersion: 20.10.24"
	CPUs    int
	Memory  int64  // bytes
	OSType  string // linux
	CPUArch string // x86_64 or arm64
	// APIVersion is that of the engine's API that is spoken, "1.41".
	APIVersion    string
	LogDrivers    []string // that Spec.Log can name
	VolumeDrivers []string // that Volume can name
	Security      []string // what Spec.Process can rely on: "apparmor", "selinux", "seccomp"
	Cgroups       Cgroups
}

// Cgroups is how an engine bounds what containers use; one that runs no processes has none.
type Cgroups struct {
	Driver   string // "cgroupfs" or "systemd"; empty where there are none
	Version  int    // 1 or 2
	Rootless bool   // only those of a user can be reached
	// Process is one of this machine that is in the engine's namespaces, the engine itself
	// or what listens for it; 0 where none is seen.
	Process int
}

// Pulled is an image that Pull made available.
type Pulled struct {
	// Digest is "sha256:…": of the repository where there is one, else of the
	// image's configuration.
	Digest string
	// Ref names that very image in Spec.Image, also when its tag moves on.
	Ref string
	// Platform is the one that the image is for, "linux/amd64" or "linux/arm64"; empty
	// where the image does not say.
	Platform string
	// ID is the runtime's own for the image.
	ID string
	// Fetched says that a registry was asked and gave the image, and New that it was not
	// on this machine before, under any name.
	Fetched, New bool
}

// Spec is what Create makes.
type Spec struct {
	Name       string // unique name of the container
	Image      string
	Entrypoint []string // nil: the image's own
	Command    []string // nil: the image's own
	Env        []string // "NAME=value"
	WorkingDir string
	User       string
	Labels     map[string]string
	// CPUShares is the relative weight; at least 2 (ECS: "0, null and 1 are
	// passed to Docker as 2").
	CPUShares int64
	// CPUs is the hard limit, in 1/1024 of a processor; 0 is none.
	CPUs int64
	// Memory is the hard limit and MemoryReservation the soft one, in bytes; 0 is
	// none.
	Memory            int64
	MemoryReservation int64
	// Cgroup is the path of the cgroup in which that of the container is made; empty
	// leaves it to the runtime.
	Cgroup string
	Ports  []Port
	// HealthCheck is run in the container while it runs. Without one the container
	// has none: what its image says of health checks is not followed.
	HealthCheck *HealthCheck
	// StopSignal takes the place of the image's; empty leaves it.
	StopSignal string
	Network    Network
	Namespaces Namespaces
	Files      Files
	Process    Process
	Log        Log
}

// Port is a port to publish. HostPort 0 asks for a dynamic one.
type Port struct {
	ContainerPort int
	HostPort      int
	Protocol      string // tcp or udp
	// Count publishes so many ports from these on, in a row on both sides; 0 is one.
	// Inspect tells of each by itself.
	Count int
}

// HealthCheck is a command that tells whether a container does its work.
type HealthCheck struct {
	// Test is "CMD" and the command's words, or "CMD-SHELL" and a command line. It
	// passes with exit code 0.
	Test     []string
	Interval time.Duration // between two checks
	Timeout  time.Duration // after which a check has failed
	Retries  int           // so many failures in a row make the container Unhealthy
	// StartPeriod is how long after the start failures do not count; a check that
	// passes ends it.
	StartPeriod time.Duration
}

// Health is what the health checks of a running container say.
type Health string

const (
	NoHealthCheck Health = "" // or not running
	Starting      Health = "starting"
	Healthy       Health = "healthy"
	Unhealthy     Health = "unhealthy"
)

// State is what a container does.
type State string

const (
	Created State = "created"
	Running State = "running"
	Exited  State = "exited"
)

// Container is what the runtime knows of a container.
type Container struct {
	ID         string
	Name       string
	Image      string
	ImageID    string // "sha256:…", the runtime's own
	Labels     map[string]string
	Mounts     []Mount // with Source, of a volume too where the runtime says where it is
	State      State
	ExitCode   int // of an Exited container
	OOMKilled  bool
	Error      string // why it did not start, in the runtime's words
	CreatedAt  time.Time
	StartedAt  time.Time
	FinishedAt time.Time
	Ports      []Port // published ones, with their real host ports; only while it runs
	// Address (IPv4) and MAC are where it is in its own network, empty where it has none;
	// only while it runs.
	Address string
	MAC     string
	Health  Health // only while it runs
	// HealthOutput is the end of what the last health check wrote, at most
	// HealthOutputBytes; HealthExitCode is that check's exit code.
	HealthOutput   string
	HealthExitCode int
}

// HealthOutputBytes bounds Container.HealthOutput.
const HealthOutputBytes = 1024

// Event says that something happened to a container: look at it again.
type Event struct {
	ID     string // container id, empty with Resync
	Resync bool   // events may have been lost: look at all containers again
}

// Line is one line of a container's output, or a part of a long one.
type Line struct {
	At     time.Time // when the runtime read it; never falls within one stream but when the clock is set back
	Stderr bool
	Text   string // without its newline; of Output byte for byte, of Tail valid UTF-8
	// Partial says that the line goes on in the next one of the same stream. Only
	// Output gives parts, none longer than PartBytes.
	Partial bool
	// Lost is about how many lines before this one the runtime has not kept, because
	// they were written faster than they were read. Only Output tells.
	Lost int
}

// PartBytes bounds the text of a line that Output yields.
const PartBytes = 64 << 10

// Stats is what a container uses. All but Memory counts up from its start.
type Stats struct {
	At         time.Time     // when it was measured
	CPU        time.Duration // CPU time, over all processors
	Memory     int64         // bytes in use now, without what the kernel only caches
	Rx, Tx     Traffic       // over all its network interfaces
	BlockRead  int64         // bytes
	BlockWrite int64         // bytes
	// Raw is the sample in the runtime's own words, a JSON document in the form of the
	// Docker Engine's.
	Raw json.RawMessage
}

// Traffic is what has gone through a network interface in one direction.
type Traffic struct{ Bytes, Packets, Errors, Dropped int64 }

// Kind classifies an Error for the caller's next step.
type Kind int

const (
	Other Kind = iota
	NotFound
	Exists
	// Unavailable says that the engine did not answer: whether the call was carried
	// out is not known, and says nothing about the container. Try again later.
	Unavailable
)

// Error is a failure of a runtime call in the words of the ECS agent: Name is one
// of its error names (CannotPullContainerError, …), Detail what the runtime said.
type Error struct {
	Kind   Kind
	Name   string
	Detail string
}

// Error is "Name: Detail", the form of a container's reason in the ECS API.
func (e *Error) Error() string { return e.Name + ": " + e.Detail }
