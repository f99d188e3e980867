package rollout

import (
	"slices"
	"time"

	"steady/model"
)

// Names names what a new deployment needs named. All are unique.
type Names struct {
	Deployment        string // "ecs-svc/…"
	Revision          string // id of the service revision
	ServiceDeployment string // id of the service deployment
}

// NewNames makes names at random.
func NewNames() Names {
	return Names{model.NewDeploymentID(), model.NewRevisionID(), model.NewServiceDeploymentID()}
}

// Begin starts a deployment of a new service revision: it becomes PRIMARY, and the
// one that was PRIMARY becomes ACTIVE, to be replaced. "A newer UpdateService
// supersedes the running deployment."
func Begin(s *model.Service, ref model.TaskDefinitionRef, n Names, now time.Time) *model.Service {
	return begin(s, model.Deployment{
		ID: n.Deployment, TaskDefinition: ref, Revision: n.Revision, ServiceDeployment: n.ServiceDeployment,
		Network: s.Spec.NetworkConfiguration, Capacity: capacity(s),
		Reason: "ECS deployment " + n.Deployment + " in progress.",
	}, now)
}

// beginRollback starts a deployment of the last completed revision, as a part of
// the service deployment that failed.
func beginRollback(s *model.Service, failed model.Deployment, id, reason string, now time.Time) *model.Service {
	return begin(s, model.Deployment{
		ID: id, TaskDefinition: s.Completed.TaskDefinition, Revision: s.Completed.ID,
		ServiceDeployment: failed.ServiceDeployment, Rollback: failed.ID, Reason: reason,
		Images: s.CompletedImages, Network: s.Completed.Network, Capacity: s.Completed.Capacity,
	}, now)
}

func begin(s *model.Service, d model.Deployment, now time.Time) *model.Service {
	n := *s
	n.Deployments = slices.Clone(n.Deployments)
	for i := range n.Deployments {
		n.Deployments[i].Status = model.ActiveDeployment
	}
	d.Status, d.Rollout = model.Primary, model.InProgress
	d.CreatedAt, d.UpdatedAt = now, now
	n.Deployments = append([]model.Deployment{d}, n.Deployments...)
	n.Spec.NetworkConfiguration = d.Network
	n.Spec.CapacityProviderStrategy = d.Capacity.Strategy
	n.Spec.PlatformVersion = nil
	if d.Capacity.Platform != "" {
		n.Spec.PlatformVersion = &d.Capacity.Platform
	}
	n.Placement = model.PlacementRefusal{}
	return &n
}

// capacity is what a service's next revision is to run on.
func capacity(s *model.Service) model.Capacity {
	c := model.Capacity{Strategy: s.Spec.CapacityProviderStrategy}
	if v := s.Spec.PlatformVersion; v != nil {
		c.Platform = *v
	}
	return c
}
