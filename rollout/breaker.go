package rollout

import "steady/model"

// tripCircuitBreaker fails the primary deployment when too many of its tasks have
// failed. "With rollback it creates a new primary deployment of the last completed
// revision; with none, it stalls." A roll back that fails is not rolled back again.
func (d *decision) tripCircuitBreaker() {
	p := d.service.Primary()
	if p == nil || p.Rollout != model.InProgress || !d.service.CircuitBreaker.Enable {
		return
	}
	if n, _ := failures(d.service, p, d.tasksOf(p.ID), d.Settle, d.Now); n < Threshold(d.service.CircuitBreaker, d.service.DesiredCount) {
		return
	}
	s := d.edit()
	p = s.Primary()
	p.Rollout = model.Failed
	p.Reason = "ECS deployment circuit breaker: tasks failed to start."
	p.UpdatedAt = d.Now
	d.say("(service %s) (deployment %s) deployment failed: tasks failed to start.", s.Name, p.ID)
	if s.CircuitBreaker.Rollback && s.Completed.TaskDefinition.Family != "" && p.Rollback == "" {
		d.rollBack(*p)
	}
}

// rollBack begins a deployment of the last completed revision.
func (d *decision) rollBack(failed model.Deployment) {
	id := d.NewDeploymentID()
	reason := "ECS deployment circuit breaker: rolling back to deploymentId " + id + "."
	d.service = beginRollback(d.service, failed, id, reason, d.Now)
	d.say("(service %s) rolling back to deployment %s.", d.service.Name, id)
	d.sort()
}

func (d *decision) tasksOf(deployment string) []*model.Task {
	var mine []*model.Task
	for _, list := range [][]*model.Task{d.Live, d.Ended} {
		for _, t := range list {
			if t.Deployment == deployment {
				mine = append(mine, t)
			}
		}
	}
	return mine
}
