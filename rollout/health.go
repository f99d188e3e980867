package rollout

import (
	"iter"
	"slices"
	"time"

	"steady/lifecycle"
	"steady/model"
)

// HealthyAt is when a task counts as healthy, if nothing happens to it before: one
// without checks once it "has been in the RUNNING state" for the settling time, one
// with checks when they first passed. Zero where that is not known.
func HealthyAt(t *model.Task, settle time.Duration) time.Time {
	switch {
	case t.Checked():
		return t.HealthyAt
	case !t.Ran():
		return time.Time{}
	}
	return t.StartedAt.Add(settle)
}

// healthy tells whether a wanted task counts as healthy now. One whose agent is not
// connected may have died long ago: it does not.
func (d *decision) healthy(t *model.Task) bool {
	return d.settled(t) && d.watched(t)
}

func (d *decision) watched(t *model.Task) bool { return d.Watched == nil || d.Watched(t.Instance) }

// settled tells whether a task is healthy as far as it was seen last.
func (d *decision) settled(t *model.Task) bool {
	if t.Last != model.Running {
		return false
	}
	if t.Checked() {
		return checksPass(t)
	}
	return !d.Now.Before(HealthyAt(t, d.Settle))
}

// checksPass tells whether all health checks of a task's essential containers pass
// now. A container without a check does not keep its task from being healthy.
func checksPass(t *model.Task) bool {
	return !slices.ContainsFunc(t.Containers, func(c model.Container) bool {
		return c.Essential && c.Checked && c.Health != model.Healthy
	})
}

// failsChecks tells whether a task is to be replaced for its health:
// "healthCheckGracePeriodSeconds ignores unhealthy … container health checks for
// that long after a task has first started".
func (d *decision) failsChecks(t *model.Task) bool {
	return t.Last == model.Running && t.Health == model.Unhealthy && !d.Now.Before(t.StartedAt.Add(d.service.GracePeriod))
}

func (d *decision) countHealthy(tasks []*model.Task) int { return count(tasks, d.healthy) }

// becameHealthy tells whether a task that has ended had been healthy, and when.
func becameHealthy(t *model.Task, settle time.Duration) (time.Time, bool) {
	at := HealthyAt(t, settle)
	return at, !at.IsZero() && !endOfRun(t).Before(at)
}

// endOfRun is when a task stopped doing its work.
func endOfRun(t *model.Task) time.Time {
	if !t.ExecutionStoppedAt.IsZero() {
		return t.ExecutionStoppedAt
	}
	return t.StoppedAt
}

// failed tells whether an ended task counts as a failure of its deployment: it
// failed its health checks, or it ended by itself before it had been healthy. What
// users and the scheduler stop is no failure, nor is the end of a task that had
// served.
func failed(t *model.Task, settle time.Duration) bool {
	switch t.StopCode {
	case model.TaskFailedToStart:
		return true
	case model.EssentialContainerExited:
		_, healthy := becameHealthy(t, settle)
		return !healthy
	case model.ServiceSchedulerInitiated:
		return t.StoppedReason == lifecycle.ReasonUnhealthy
	}
	return false
}

// FailedTasks is a deployment's failedTasks: "the number of consecutively failed
// tasks; reset to 0 when a task becomes healthy". tasks are the service's tasks
// that are on record, live and ended.
func FailedTasks(s *model.Service, d *model.Deployment, tasks iter.Seq[*model.Task], settle time.Duration, now time.Time) int {
	live, ended := split(tasks)
	return failures(s, d, live, ended, settle, now).failed
}

func split(tasks iter.Seq[*model.Task]) (live, ended []*model.Task) {
	for t := range tasks {
		if t.Live() {
			live = append(live, t)
		} else {
			ended = append(ended, t)
		}
	}
	return live, ended
}

// account is what has failed of a deployment.
type account struct {
	failed int
	late   int       // how many of them never ran, though a task of the deployment had before
	last   time.Time // when the last of them failed
}

// counted is what the circuit breaker counts of it.
func (a account) counted() int { return a.failed - a.late }

// failures counts the failed tasks of a deployment since a task of it was last
// healthy, or all of them where resetOnHealthyTask is false. live and ended are the
// service's tasks. Where nothing has failed, as is usual, no live task is looked at.
func failures(s *model.Service, d *model.Deployment, live, ended []*model.Task, settle time.Duration, now time.Time) account {
	var failing []*model.Task
	for _, t := range ended {
		if t.Deployment == d.ID && failed(t, settle) {
			failing = append(failing, t)
		}
	}
	var a account
	if len(failing) == 0 && d.Forgotten.Failures == 0 {
		return a
	}
	var since time.Time
	if !s.CircuitBreaker.KeepFailures {
		since = lastHealthy(d, live, ended, settle, now)
	}
	if f := d.Forgotten; f.FailedAt.After(since) {
		a = account{f.Failures, f.Late, f.FailedAt}
	}
	ran := firstRan(d, live, ended)
	for _, t := range failing {
		if !t.StoppedAt.After(since) {
			continue
		}
		a.failed++
		if late(t, ran) {
			a.late++
		}
		if t.StoppedAt.After(a.last) {
			a.last = t.StoppedAt
		}
	}
	return a
}

// late tells whether a task failed to start after one of its deployment had been RUNNING.
func late(t *model.Task, firstRan time.Time) bool {
	return t.StopCode == model.TaskFailedToStart && !firstRan.IsZero() && t.StoppedAt.After(firstRan)
}

// lastHealthy is when a task of the deployment last became healthy.
func lastHealthy(d *model.Deployment, live, ended []*model.Task, settle time.Duration, now time.Time) time.Time {
	since := d.Forgotten.HealthyAt
	for _, tasks := range [][]*model.Task{live, ended} {
		for _, t := range tasks {
			if at := healthyBy(t, settle, now); t.Deployment == d.ID && at.After(since) {
				since = at
			}
		}
	}
	return since
}

// healthyBy is when a task became healthy, zero if it has not.
func healthyBy(t *model.Task, settle time.Duration, now time.Time) time.Time {
	at := HealthyAt(t, settle)
	end := now
	if over := endOfRun(t); !t.Live() || !over.IsZero() {
		end = over
	}
	if at.IsZero() || end.Before(at) {
		return time.Time{}
	}
	return at
}

// Forget removes an ended task's record from the account: what it told is kept in
// its deployment, so that no count changes when the record goes. It returns the
// service itself where there is nothing to keep.
func Forget(s *model.Service, t *model.Task, settle time.Duration) *model.Service {
	i := slices.IndexFunc(s.Deployments, func(d model.Deployment) bool { return d.ID == t.Deployment })
	if i < 0 {
		return s
	}
	f := s.Deployments[i].Forgotten
	if at, was := becameHealthy(t, settle); was && at.After(f.HealthyAt) {
		f.HealthyAt = at
		if !f.FailedAt.After(at) && !s.CircuitBreaker.KeepFailures {
			f.Failures, f.Late = 0, 0
		}
	}
	if failed(t, settle) && (t.StoppedAt.After(f.HealthyAt) || s.CircuitBreaker.KeepFailures) {
		f.Failures++
		if late(t, s.Deployments[i].RanAt) {
			f.Late++
		}
		if t.StoppedAt.After(f.FailedAt) {
			f.FailedAt = t.StoppedAt
		}
	}
	if at, failed := failedToRun(t, t.StoppedAt); failed && at.After(s.Deployments[i].Backoff.Since) {
		f.NeverRan++
	}
	if f == s.Deployments[i].Forgotten {
		return s
	}
	n := *s
	n.Deployments = slices.Clone(n.Deployments)
	n.Deployments[i].Forgotten = f
	return &n
}

// Unlaunched notes that tasks of a deployment could not be launched, for an error in what
// is to be launched: "a task is considered a failure if the scheduler can't launch it".
// There is no record of them, so they stand where those do that are forgotten.
func Unlaunched(s *model.Service, start Start, now time.Time) *model.Service {
	n := *s
	n.Deployments = slices.Clone(n.Deployments)
	d := n.Deployment(start.Deployment)
	if d == nil {
		return s
	}
	f := &d.Forgotten
	f.Failures += start.Count
	if !d.RanAt.IsZero() {
		f.Late += start.Count
	}
	f.FailedAt = now
	return &n
}

// wakeForHealth asks to look again when time alone will change what a task counts
// as: when one has settled, or its grace period ends.
func (d *decision) wakeForHealth() {
	for _, t := range d.Live {
		if t.Last != model.Running || t.StopDecided() {
			continue
		}
		if at := HealthyAt(t, d.Settle); d.Now.Before(at) {
			d.wakeAt(at)
		}
		if at := t.StartedAt.Add(d.service.GracePeriod); t.Health == model.Unhealthy && d.Now.Before(at) {
			d.wakeAt(at)
		}
	}
}
