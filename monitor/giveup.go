package monitor

import (
	"fmt"
	"time"

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
		return f.fellBack(at, s, *p, findings)
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
			revision(p), tasks(findings[0].Starts))}
}

// willNotHeal tells that two tasks, or two starts of tasks that never were, have failed of
// a cause that stays: "a deterministic signature seen on two different tasks".
func willNotHeal(findings []diagnose.Finding) bool {
	return len(findings) > 0 && findings[0].Deterministic && findings[0].Starts >= 2
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
