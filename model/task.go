package model

import (
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// TaskStatus is a state of a task's life, in the order in which a task passes
// through them (ECS developer guide, "task lifecycle").
type TaskStatus string

const (
	Provisioning   TaskStatus = "PROVISIONING"
	Pending        TaskStatus = "PENDING"
	Activating     TaskStatus = "ACTIVATING"
	Running        TaskStatus = "RUNNING"
	Deactivating   TaskStatus = "DEACTIVATING"
	Stopping       TaskStatus = "STOPPING"
	Deprovisioning TaskStatus = "DEPROVISIONING"
	Stopped        TaskStatus = "STOPPED"
)

// StopCode says who or what ended a task.
type StopCode string

const (
	TaskFailedToStart         StopCode = "TaskFailedToStart"
	EssentialContainerExited  StopCode = "EssentialContainerExited"
	UserInitiated             StopCode = "UserInitiated"
	ServiceSchedulerInitiated StopCode = "ServiceSchedulerInitiated"
	TerminationNotice         StopCode = "TerminationNotice"
)

// HealthStatus is what health checks say of a container or a task.
type HealthStatus string

const (
	HealthUnknown HealthStatus = "UNKNOWN"
	Healthy       HealthStatus = "HEALTHY"
	Unhealthy     HealthStatus = "UNHEALTHY"
)

// Task is one run of a task definition on one container instance. It is bound to
// its instance once and never moves; a replacement is a new task.
type Task struct {
	ID             string // 32 hexadecimal digits
	Cluster        string
	TaskDefinition TaskDefinitionRef
	Instance       string // id of the container instance
	Service        string // name of the service, empty for a task of its own
	Deployment     string // id of the service's deployment, "ecs-svc/…"
	Group          string
	StartedBy      string
	LaunchType     types.LaunchType
	// CapacityProvider is the one that the strategy chose, empty without a strategy.
	CapacityProvider string
	// PlatformVersion of a task on Fargate.
	PlatformVersion string

	// Desired is the decision, RUNNING or STOPPED. Last is the observation.
	Desired TaskStatus
	Last    TaskStatus
	Health  HealthStatus

	// What placement holds for the task until it is STOPPED.
	CPU       int // CPU units
	Memory    int // MiB
	HostPorts []HostPort

	CreatedAt          time.Time
	ConnectivityAt     time.Time
	PullStartedAt      time.Time
	PullStoppedAt      time.Time
	StartedAt          time.Time
	StoppingAt         time.Time
	ExecutionStoppedAt time.Time
	StoppedAt          time.Time
	// HealthyAt is when the health checks of the task first passed.
	HealthyAt time.Time

	StopCode      StopCode
	StoppedReason string

	Containers []Container
	// Attachments are the network interfaces of the task's own: none but in network
	// mode awsvpc.
	Attachments []Attachment
	// ProtectedUntil is when task scale-in protection ends; zero is none.
	ProtectedUntil time.Time
	Overrides      types.TaskOverride
	Tags           []Tag
	Version        int64 // rises with each change of the record that ECS would tell
	// EnableExecuteCommand as the caller asked; carried only.
	EnableExecuteCommand bool
	// ClientToken of the RunTask call that made the task, and RequestDigest of that
	// call's parameters: the same call again finds its tasks.
	ClientToken   string
	RequestDigest string
}

// OnFargate tells whether the task runs on Fargate, through a capacity provider or not.
func (t *Task) OnFargate() bool { return t.LaunchType == types.LaunchTypeFargate }

// HostPort is a port of the instance that a task holds.
type HostPort struct {
	Port     int
	Protocol string // tcp or udp
}

// Container is the observed state of one container of a task.
type Container struct {
	ID        string // UUID in the container's ARN
	Name      string
	Essential bool
	Checked   bool // has a health check in its definition
	Image     string
	Digest    string // sha256:… of the image, once known
	RuntimeID string
	Last      TaskStatus // PENDING, RUNNING or STOPPED
	Exit      Exit
	Reason    string
	Health    HealthStatus
	Bindings  []Binding
	// RestartCount is how often its restart policy had it started again. ECS tells it in
	// the task metadata and in Container Insights, not in DescribeTasks.
	RestartCount int
	// Address and MAC are where the container was reached in its network, as observed:
	// kept when it has stopped, so that it can be told who once had them.
	Address string
	MAC     string
}

// CannotStartContainer is the ECS agent's name for why a container that was made, or could
// have been, was not started.
const CannotStartContainer = "CannotStartContainerError"

// Started tells whether the container ever ran. The exit code alone does not: the ECS
// agent gives one to a container whose dependencies could not be met.
func (c Container) Started() bool {
	return c.Last == Running || c.Exit.Known && (c.RestartCount > 0 || !strings.HasPrefix(c.Reason, CannotStartContainer+": "))
}

// Exit is a container's exit code, where there is one: a container that never
// started has none.
type Exit struct {
	Known bool
	Code  int
}

// Binding is a published port, as observed, or a range of them: then the ports are 0.
type Binding struct {
	BindIP        string
	ContainerPort int
	HostPort      int
	Protocol      string
	// Of a range; the ports above are 0 then.
	ContainerPortRange string
	HostPortRange      string
}

// Override returns what the caller that ran the task has overridden of a container.
func (t *Task) Override(container string) (types.ContainerOverride, bool) {
	for _, o := range t.Overrides.ContainerOverrides {
		if o.Name != nil && *o.Name == container {
			return o, true
		}
	}
	return types.ContainerOverride{}, false
}

// ContainerOverrides has an entry for each container of the task, as ECS shows them,
// with what was overridden.
func (t *Task) ContainerOverrides() []types.ContainerOverride {
	all := append([]types.ContainerOverride{}, t.Overrides.ContainerOverrides...)
	for _, c := range t.Containers {
		if _, ok := t.Override(c.Name); !ok {
			all = append(all, types.ContainerOverride{Name: &c.Name})
		}
	}
	return all
}

// Sizes are what a container was given: the override where there is one, else what its
// definition says; nil where neither says anything.
type Sizes struct {
	CPU               *int32 // CPU units
	Memory            *int32 // MiB, the hard limit
	MemoryReservation *int32 // MiB, the soft one
}

// Sizes returns what a container of the task, which is of the revision d, was given.
func (t *Task) Sizes(d *TaskDefinition, container string) Sizes {
	c, ok := d.Container(container)
	if !ok {
		return Sizes{}
	}
	s := Sizes{&c.Cpu, c.Memory, c.MemoryReservation}
	o, _ := t.Override(container)
	if o.Cpu != nil {
		s.CPU = o.Cpu
	}
	if o.Memory != nil {
		s.Memory = o.Memory
	}
	if o.MemoryReservation != nil {
		s.MemoryReservation = o.MemoryReservation
	}
	return s
}

// Bounds returns the task-level limits of the task, which is of the revision d, in CPU
// units and MiB; 0 is none.
func (t *Task) Bounds(d *TaskDefinition) (cpu, memory int) {
	cpu, memory = d.CPU, d.Memory
	if n, err := strconv.Atoi(aws.ToString(t.Overrides.Cpu)); err == nil {
		cpu = n
	}
	if n, err := strconv.Atoi(aws.ToString(t.Overrides.Memory)); err == nil {
		memory = n
	}
	return cpu, memory
}

// StopDecided tells whether somebody decided that the task shall end.
func (t *Task) StopDecided() bool { return t.Desired == Stopped }

// Live tells whether the task still holds its instance's resources: until its
// last container has been seen to be gone.
func (t *Task) Live() bool { return t.Last != Stopped }

// Checked tells whether an essential container of the task has a health check.
func (t *Task) Checked() bool {
	for _, c := range t.Containers {
		if c.Essential && c.Checked {
			return true
		}
	}
	return false
}

// Protected tells whether scale-in protection holds at a moment.
func (t *Task) Protected(now time.Time) bool { return now.Before(t.ProtectedUntil) }

// Coming tells whether the task is on its way to RUNNING, and wanted: what ECS counts as
// pending.
func (t *Task) Coming() bool {
	switch t.Last {
	case Provisioning, Pending, Activating:
		return !t.StopDecided()
	}
	return false
}

// Ran tells whether the task was ever seen RUNNING.
func (t *Task) Ran() bool { return !t.StartedAt.IsZero() }

// Observation is what an agent saw of a task: the whole of it, each time, so that
// it is safe to repeat.
type Observation struct {
	Task string
	// Status of the task as a whole: PENDING while containers are prepared,
	// RUNNING once all of them have started, STOPPING once they are being
	// stopped, STOPPED when the last one is gone.
	Status             TaskStatus
	PullStartedAt      time.Time
	PullStoppedAt      time.Time
	ExecutionStoppedAt time.Time // when an essential container ended
	Containers         []Container
	// Attachments are the task's network interfaces that were seen.
	Attachments []Attachment
	// Failed is why the task ended where that is none of its containers' doing: the
	// network of its own could not be made, or was lost.
	Failed string
}
