package model

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// ServiceRevision is the record of a revision of a service: what its tasks are, as
// it was when the deployment began.
type ServiceRevision struct {
	Revision
	Cluster    string
	Service    string
	CreatedAt  time.Time
	LaunchType types.LaunchType
	// Images as the first task of a deployment of the revision resolved them.
	Images []Image
}

// ServiceDeployment is the record of one roll-out of a service, its roll back
// included.
type ServiceDeployment struct {
	ID           string // 21 characters
	Cluster      string
	Service      string
	Deployment   string   // id of the deployment, "ecs-svc/…"
	Target       string   // id of the service revision to roll out
	Sources      []string // ids of the service revisions to replace
	Status       types.ServiceDeploymentStatus
	StatusReason string
	CreatedAt    time.Time
	StartedAt    time.Time
	UpdatedAt    time.Time
	FinishedAt   time.Time // when it succeeded, or was rolled back
	StoppedAt    time.Time
	// Rollback is about the roll back; its At is zero where there is none.
	Rollback Rollback
	// Desired is the service's desired count, and Failures and Threshold what the
	// circuit breaker had counted and allowed, when the deployment ended.
	Failures  int
	Threshold int
	Breaker   CircuitBreaker
	// Configuration is the deployment configuration that it ran under.
	Configuration types.DeploymentConfiguration
}

// Rollback tells of a deployment's roll back.
type Rollback struct {
	At       time.Time
	Reason   string
	Revision string // id of the service revision that came back
	// Deployment is the id of the deployment that brings it back, "ecs-svc/…".
	Deployment string
}

// Ended tells whether the status is final.
func (d *ServiceDeployment) Ended() bool {
	switch d.Status {
	case types.ServiceDeploymentStatusSuccessful, types.ServiceDeploymentStatusStopped,
		types.ServiceDeploymentStatusRollbackSuccessful, types.ServiceDeploymentStatusRollbackFailed:
		return true
	}
	return false
}
