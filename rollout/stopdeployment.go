package rollout

import (
	"fmt"
	"slices"
	"time"

	"steady/model"
)

// reasonStopRequested marks a deployment that a user stopped. The text is ours.
const reasonStopRequested = "ECS deployment stopped: a stop of the service deployment was requested."

// StopDeployment fails the deployment that is in progress and begins a roll back of
// it to the last completed revision, as the deployment newID: "you can use this even
// if you didn't configure the service deployment for the rollback option". With
// nothing to roll back to, the deployment stalls. It returns the service itself when
// nothing is in progress that could be stopped; a roll back could not.
func StopDeployment(s *model.Service, newID string, now time.Time) *model.Service {
	p := s.Primary()
	if s.Status != model.Active || p == nil || p.Rollout != model.InProgress || p.Rollback != "" {
		return s
	}
	n := *s
	n.Deployments = slices.Clone(n.Deployments)
	p = n.Primary()
	p.Rollout, p.Reason, p.UpdatedAt = model.Failed, reasonStopRequested, now
	addEvent(&n, now, fmt.Sprintf("(service %s) (deployment %s) deployment failed: a stop of the service deployment was requested.", n.Name, p.ID))
	if n.Completed.TaskDefinition.Family == "" {
		return &n
	}
	addEvent(&n, now, fmt.Sprintf("(service %s) rolling back to deployment %s.", n.Name, newID))
	return beginRollback(&n, *p, newID, "ECS deployment stopped: rolling back to deploymentId "+newID+".", now)
}
