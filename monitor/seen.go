package monitor

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	// recoveredAfter is how long a service must have all its tasks again to have
	// recovered: in a loop of crashes it has them for a moment again and again.
	recoveredAfter = time.Minute
	// stalledFailures are the tasks that must have failed, with no circuit breaker to end
	// the deployment, for it not to get on.
	stalledFailures = 2
	// stalledAfter is how long a deployment may be without any more tasks that run.
	stalledAfter = 5 * time.Minute
)

// Seen is what is remembered of a service between two looks at it. The zero one has
// never been seen, and makes all of the first look new.
type Seen struct {
	Service types.Service // as it was last

	degraded bool      // it was told to be, and not yet to have recovered
	wholeAt  time.Time // since when it has all its tasks again

	deployment string    // that was the newest
	most       int32     // of its tasks that ran at once
	movedAt    time.Time // since when there were no more
	stalled    bool      // it was told to be
}

// See remembers a service as it stands: what happened to it before is not told.
func See(s types.Service, at time.Time) *Seen {
	m := &Seen{Service: s, degraded: degraded(s)}
	if p := primary(s); p != nil {
		m.follow(*p, at)
	}
	return m
}

// Next tells what happened to the service up to another look, oldest first; now is nil
// once it is gone.
func (m *Seen) Next(now *types.Service, at time.Time) []Happening {
	before := m.Service
	if now == nil || status(*now) != "ACTIVE" {
		if now != nil {
			m.Service = *now
		}
		if status(before) != "ACTIVE" {
			return nil
		}
		return []Happening{{Kind: ServiceDeleted, At: at, Text: "It is being deleted."}}
	}
	m.Service = *now
	all := ofDeployments(before, *now)
	if p := primary(*now); p != nil {
		m.follow(*p, at)
		all = append(all, m.ofCounts(*now, *p, at)...)
		all = append(all, m.ofProgress(*now, *p, at)...)
	}
	return all
}

// follow notes how far a deployment has got.
func (m *Seen) follow(p types.Deployment, at time.Time) {
	if m.deployment != id(&p) {
		m.deployment, m.most, m.movedAt, m.stalled = id(&p), p.RunningCount, at, false
	}
	if p.RunningCount > m.most {
		m.most, m.movedAt = p.RunningCount, at
	}
}

// ofCounts tells whether a service that had arrived lost tasks, or has had them again
// for a while.
func (m *Seen) ofCounts(now types.Service, p types.Deployment, at time.Time) []Happening {
	h := Happening{At: at, Deployment: id(&p), Revision: revision(&p)}
	if degraded(now) {
		m.wholeAt = time.Time{}
		if m.degraded {
			return nil
		}
		m.degraded = true
		h.Kind, h.Text = ServiceDegraded, fmt.Sprintf("%d of %d tasks run.", now.RunningCount, now.DesiredCount)
		return []Happening{h}
	}
	if !m.degraded || p.RolloutState != types.DeploymentRolloutStateCompleted || !arrived(now, p) {
		m.wholeAt = time.Time{}
		return nil
	}
	if m.wholeAt.IsZero() {
		m.wholeAt = at
	}
	if at.Sub(m.wholeAt) < recoveredAfter {
		return nil
	}
	m.degraded, m.wholeAt = false, time.Time{}
	h.Kind, h.Text = ServiceRecovered, fmt.Sprintf("%d of %d tasks run again, for %s.", now.RunningCount, now.DesiredCount, roughly(recoveredAfter))
	return []Happening{h}
}

// ofProgress tells once of a deployment that is under way and does not get on: ECS says
// nothing of it, and tries for ever where no circuit breaker ends it.
func (m *Seen) ofProgress(now types.Service, p types.Deployment, at time.Time) []Happening {
	if m.stalled || p.RolloutState != types.DeploymentRolloutStateInProgress || p.RunningCount >= now.DesiredCount {
		return nil
	}
	text := ""
	switch {
	case !hasBreaker(now) && p.FailedTasks >= stalledFailures:
		text = fmt.Sprintf("%s of %s failed, and %d of %d run: ECS goes on trying, since no circuit breaker ends it.", tasks(int(p.FailedTasks)), revision(&p), p.RunningCount, now.DesiredCount)
	case at.Sub(m.movedAt) >= stalledAfter:
		text = fmt.Sprintf("For %s no more tasks of %s have come to run: %d of %d do, %d are PENDING.", roughly(stalledAfter), revision(&p), p.RunningCount, now.DesiredCount, p.PendingCount)
	default:
		return nil
	}
	m.stalled = true
	return []Happening{{Kind: DeploymentStalled, At: at, Deployment: id(&p), Revision: revision(&p), RollsBack: rollsBack(now, p), Text: text}}
}

func hasBreaker(s types.Service) bool {
	c := s.DeploymentConfiguration
	return c != nil && c.DeploymentCircuitBreaker != nil && c.DeploymentCircuitBreaker.Enable
}

// degraded tells that a service lacks tasks though no deployment is under way.
func degraded(s types.Service) bool {
	p := primary(s)
	return p != nil && p.RolloutState == types.DeploymentRolloutStateCompleted && s.RunningCount < s.DesiredCount
}
