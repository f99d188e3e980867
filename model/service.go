package model

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Service keeps a number of tasks of a task definition running and rolls out new
// revisions. ACTIVE, DRAINING while its last tasks stop, then INACTIVE.
type Service struct {
	Name      string
	Cluster   string
	Status    Status
	CreatedAt time.Time
	// InactiveAt is when the service became INACTIVE.
	InactiveAt time.Time

	// Daemon is the scheduling strategy DAEMON: one task on each container instance
	// that meets the constraints. DesiredCount then is their number, as last seen.
	Daemon                bool
	DesiredCount          int
	MinimumHealthyPercent int
	MaximumPercent        int
	CircuitBreaker        CircuitBreaker
	EarlySuccess          EarlySuccess
	// GracePeriod is how long after its start a task's health is not looked at
	// (healthCheckGracePeriodSeconds).
	GracePeriod time.Duration
	LaunchType  types.LaunchType

	// Deployments, newest first: the first is PRIMARY, the rest are ACTIVE until
	// their last task is gone, and are then dropped.
	Deployments []Deployment
	// Completed is the last revision whose deployment completed: where the circuit
	// breaker rolls back to. Empty before the first completion.
	Completed Revision
	// CompletedImages are its resolved images: a roll back runs the same ones.
	CompletedImages []Image
	// Events, newest first; at most EventsKept.
	Events []ServiceEvent
	// Placement is the last refusal to place a task of the service, zero when the
	// last attempt succeeded.
	Placement PlacementRefusal
	// SteadyAt is when the service was last said to have reached a steady state;
	// zero when it is not in one.
	SteadyAt time.Time

	PlacementConstraints []types.PlacementConstraint
	PlacementStrategy    []types.PlacementStrategy
	// Spec carries what the engine does not reason about (tags flags, …) in the API's
	// own type; members with a field above are not set in it. Its network configuration,
	// capacity provider strategy and platform version are those of the PRIMARY deployment,
	// and of the next one unless they are changed.
	Spec types.Service
	Tags []Tag
	// ClientToken of the CreateService call that made it.
	ClientToken string
}

// EventsKept is how many events DescribeServices shows (ECS developer guide:
// "the 100 most recent").
const EventsKept = 100

// CircuitBreaker is the deployment circuit breaker of a service.
type CircuitBreaker struct {
	Enable   bool
	Rollback bool
	// KeepFailures is resetOnHealthyTask false: a task that becomes healthy does
	// not make failures before it forgotten.
	KeepFailures bool
	// Threshold says how many failures trip it.
	Threshold Threshold
}

// Threshold is the thresholdConfiguration of a circuit breaker. An empty Type is
// BOUNDED_PERCENT with 50.
type Threshold struct {
	Type  types.ThresholdType
	Value int
}

// EarlySuccess is when a deployment counts as successful before all of its tasks
// run (earlySuccessCriteria).
type EarlySuccess struct {
	Enable         bool
	HealthyPercent int
	// Deferred completes the deployment before older tasks are stopped.
	Deferred bool
}

// Revision is a service revision: an immutable snapshot of what a deployment rolls
// out.
type Revision struct {
	ID             string // 19 digits
	TaskDefinition TaskDefinitionRef
	// Network is the network configuration of its tasks, nil where the task definition's
	// network mode takes none.
	Network *types.NetworkConfiguration
	// Capacity is what its tasks run on.
	Capacity Capacity
}

// Capacity is what the tasks of a service revision run on, beside its launch type, which
// no revision changes.
type Capacity struct {
	// Strategy is the capacity provider strategy; empty: the launch type stands alone.
	Strategy []types.CapacityProviderStrategyItem
	// Platform is the version of Fargate's platform, empty on container instances.
	Platform string
}

// Image is the image that a container of a deployment runs, resolved once for all
// of its tasks (versionConsistency).
type Image struct {
	Container string
	Digest    string // sha256:…
}

// ServiceEvent is one message of a service's event list.
type ServiceEvent struct {
	ID      string // UUID
	At      time.Time
	Message string
}

// PlacementRefusal says since when and why tasks of a service have no place.
type PlacementRefusal struct {
	At      time.Time
	Message string // as the service event words it
	// Instance is the id of the container instance that came closest, and Reason why
	// it refused, such as RESOURCE:CPU. Empty where there was no instance to ask.
	Instance string
	Reason   string
	// Configuration tells that it is not for want of room, but for an error in what is
	// to be placed.
	Configuration bool
}

// Refused tells whether the last attempt to place a task failed.
func (r PlacementRefusal) Refused() bool { return !r.At.IsZero() }

// DeploymentStatus is the place of a deployment in its service.
type DeploymentStatus string

const (
	Primary          DeploymentStatus = "PRIMARY" // the newest
	ActiveDeployment DeploymentStatus = "ACTIVE"  // being replaced
)

// RolloutState is how far a deployment has come.
type RolloutState string

const (
	InProgress RolloutState = "IN_PROGRESS"
	Completed  RolloutState = "COMPLETED"
	Failed     RolloutState = "FAILED"
)

// Deployment is the roll-out of one task definition revision by a service.
type Deployment struct {
	ID             string // "ecs-svc/" and 19 digits
	Status         DeploymentStatus
	TaskDefinition TaskDefinitionRef
	// Revision is the id of the service revision that is rolled out, and
	// ServiceDeployment that of the record of this roll-out, which a roll back
	// shares with the deployment that failed.
	Revision          string
	ServiceDeployment string
	// Network is the network configuration of the deployment's tasks, and Capacity what
	// they run on.
	Network  *types.NetworkConfiguration
	Capacity Capacity
	// Images are the resolved images, once known.
	Images    []Image
	CreatedAt time.Time
	UpdatedAt time.Time
	Rollout   RolloutState
	Reason    string
	// Rollback is the id of the failed deployment that this one rolls back from.
	Rollback string
	// RanAt is when a task of the deployment was first seen RUNNING.
	RanAt time.Time
	// Backoff is how starts of tasks that never reach RUNNING are slowed down.
	Backoff Backoff
	// ImpairedAt is when it was last said that tasks cannot be started consistently.
	ImpairedAt time.Time
	// Forgotten is what tasks whose records have been removed had told.
	Forgotten Forgotten
}

// Forgotten sums up the removed task records of a deployment, so that what is
// derived from tasks does not change when an old record goes.
type Forgotten struct {
	HealthyAt time.Time // when the last of them became healthy
	FailedAt  time.Time // when the last of them failed
	Failures  int       // how many of them failed after HealthyAt
	Late      int       // how many of Failures never ran, though a task of the deployment had before
	NeverRan  int       // how many of them ended without having been RUNNING, since Backoff.Since
}

// Backoff is the state of a deployment's throttle. Rounds only grow, until a task
// reaches RUNNING: neither the end of old records nor another desired count undoes
// them.
type Backoff struct {
	Since  time.Time // when a task was last seen to reach RUNNING
	Width  int       // the most tasks that were to be started at once since then
	Rounds int       // how often all of them failed
}

// Primary returns the service's newest deployment.
func (s *Service) Primary() *Deployment {
	if len(s.Deployments) == 0 {
		return nil
	}
	return &s.Deployments[0]
}

// Deployment returns the deployment of that id, or nil.
func (s *Service) Deployment(id string) *Deployment {
	for i := range s.Deployments {
		if s.Deployments[i].ID == id {
			return &s.Deployments[i]
		}
	}
	return nil
}
