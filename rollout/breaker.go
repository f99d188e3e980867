package rollout

import (
	"iter"
	"time"

	"steady/model"
)

// noteRan notes when the first task of the primary deployment was RUNNING: records do not
// tell it for ever.
func (d *decision) noteRan() {
	p := d.service.Primary()
	if p == nil || !p.RanAt.IsZero() {
		return
	}
	if first := firstRan(p, d.Live, d.Ended); !first.IsZero() {
		d.edit().Primary().RanAt = first
	}
}

// firstRan is when a task of a deployment was first RUNNING, zero if none was.
func firstRan(d *model.Deployment, live, ended []*model.Task) time.Time {
	if !d.RanAt.IsZero() {
		return d.RanAt
	}
	var first time.Time
	for _, tasks := range [][]*model.Task{live, ended} {
		for _, t := range tasks {
			if t.Deployment == d.ID && t.Ran() && (first.IsZero() || t.StartedAt.Before(first)) {
				first = t.StartedAt
			}
		}
	}
	return first
}

// BreakerFailures is what the circuit breaker counts of a deployment's tasks, which are
// among those given. It has two stages: while no task of the deployment has been
// RUNNING it counts "tasks that fail before RUNNING"; from then on failed health checks,
// and no failed starts any more. Tasks that did run and ended by themselves before they
// were healthy count in both, which Amazon leaves open.
func BreakerFailures(s *model.Service, d *model.Deployment, tasks iter.Seq[*model.Task], settle time.Duration, now time.Time) int {
	live, ended := split(tasks)
	return failures(s, d, live, ended, settle, now).counted()
}

// tripCircuitBreaker fails the primary deployment when too many of its tasks have
// failed. "With rollback it creates a new primary deployment of the last completed
// revision; with none, it stalls." A roll back that fails is not rolled back again.
func (d *decision) tripCircuitBreaker() {
	p := d.service.Primary()
	if p == nil || p.Rollout != model.InProgress || !d.service.CircuitBreaker.Enable {
		return
	}
	if d.failures(p).counted() < Threshold(d.service.CircuitBreaker, d.service.DesiredCount) {
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

// failures is what has failed of a deployment.
func (d *decision) failures(x *model.Deployment) account {
	return failures(d.service, x, d.Live, d.Ended, d.Settle, d.Now)
}

// tasksOf yields the tasks of a deployment that are on record, live ones first.
func (d *decision) tasksOf(deployment string) iter.Seq[*model.Task] {
	return func(yield func(*model.Task) bool) {
		for _, tasks := range [][]*model.Task{d.Live, d.Ended} {
			for _, t := range tasks {
				if t.Deployment == deployment && !yield(t) {
					return
				}
			}
		}
	}
}
