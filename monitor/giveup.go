package monitor

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
)

// stuckAfter is how long a deployment must have been without hope before the watch
// says that it is stuck: somebody may be at work on what is in its way.
const stuckAfter = 5 * time.Second

// giveUp ends the watch of a deployment that goes on, and from which nothing can come
// any more: it is without hope, or its tasks fail again and again of a cause that
// trying again does not change. ECS itself tries for ever.
func (f *follower) giveUp(at time.Time, s types.Service, findings []diagnose.Finding, o diagnose.Outlook) *ending {
	p := primary(s)
	if o.Hopeless == nil {
		f.hopelessAt = time.Time{}
	} else if f.hopelessAt.IsZero() {
		f.hopelessAt = at
	}
	switch {
	case p == nil || id(p) != id(&f.mine):
		return nil
	case p.RolloutState == types.DeploymentRolloutStateCompleted:
		return f.fellBack(s, *p, findings)
	case p.RolloutState != types.DeploymentRolloutStateInProgress:
		return nil
	case !f.hopelessAt.IsZero() && at.Sub(f.hopelessAt) >= stuckAfter:
		return &ending{outcome: Stuck, current: revision(p),
			detail: fmt.Sprintf("The deployment of %s runs %d of %s, and more will not come.", revision(p), p.RunningCount, tasks(int(s.DesiredCount)))}
	case !willNotHeal(findings):
		f.doomedAt = time.Time{}
		return nil
	case f.doomedAt.IsZero():
		f.doomedAt = at
	}
	if at.Sub(f.doomedAt) < f.breakersTime(s) {
		return nil
	}
	return &ending{outcome: Failed, current: revision(p),
		detail: fmt.Sprintf("The deployment of %s cannot succeed: %s failed of one cause, and trying again does not change it. ECS goes on trying.",
			revision(p), tasks(findings[0].Tasks))}
}

// fellBack ends the watch of a deployment that ECS calls COMPLETED, since its tasks ran
// for a moment, and whose tasks go on failing of a cause that stays. No circuit breaker
// looks at it any more.
func (f *follower) fellBack(s types.Service, p types.Deployment, findings []diagnose.Finding) *ending {
	failed := 0
	if len(findings) > 0 {
		failed = findings[0].Tasks
	}
	if !f.completed {
		f.completed, f.failedBefore = true, failed
	}
	if !willNotHeal(findings) || failed <= f.failedBefore || arrived(s, p) {
		return nil
	}
	return &ending{outcome: Failed, current: revision(&p),
		detail: fmt.Sprintf("ECS called the deployment of %s complete, but it does not hold: %s failed of one cause, and trying again does not change it.",
			revision(&p), tasks(failed))}
}

// The time that a deployment is on trial, of whose tasks some failed as if they always
// would: longer than those lived, by far.
const (
	trialFactor = 3
	shortTrial  = 10 * time.Second
	longTrial   = 2 * time.Minute
)

// onTrial tells that it is too early to call a deployment a success: tasks of it failed
// of a cause that stays, and those that run now have not outlived them clearly.
func (f *follower) onTrial(at time.Time, findings []diagnose.Finding, stopped []types.Task) bool {
	if !willNotHeal(findings) {
		return false
	}
	longest := time.Duration(0)
	for _, t := range stopped {
		if t.StartedAt != nil && !diagnose.Benign(t) {
			ended := aws.ToTime(cmp.Or(t.ExecutionStoppedAt, t.StoppedAt))
			longest = max(longest, ended.Sub(*t.StartedAt))
		}
	}
	return at.Sub(f.arrivedAt) < min(max(trialFactor*longest, shortTrial), longTrial)
}

// untried is the ending of a deployment on trial: none before the time given is over.
func (f *follower) untried(at time.Time, s types.Service, findings []diagnose.Finding) *ending {
	if at.Before(f.deadline) {
		return nil
	}
	r := revision(primary(s))
	return &ending{outcome: TimedOut, current: r,
		detail: fmt.Sprintf("The deployment of %s is complete, but %s of it failed in one way, and those that run have not outlived them clearly.", r, tasks(findings[0].Tasks))}
}

// willNotHeal tells that two tasks have failed of a cause that stays: "a deterministic
// signature seen on two different tasks".
func willNotHeal(findings []diagnose.Finding) bool {
	return len(findings) > 0 && findings[0].Deterministic && findings[0].Tasks >= 2
}

// breakersTime is how long the service's own circuit breaker is given to say the same:
// what it does then is part of the verdict. One that rolls back is waited for.
func (f *follower) breakersTime(s types.Service) time.Duration {
	c := s.DeploymentConfiguration
	switch {
	case c == nil || c.DeploymentCircuitBreaker == nil || !c.DeploymentCircuitBreaker.Enable:
		return 0
	case wantsRollback(s):
		return f.deadline.Sub(f.doomedAt)
	}
	return rollbackGrace
}
