package diagnose

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// explainEvents looks at what the service itself said since the deployment began.
func (c *evidenced) explainEvents() {
	for _, ev := range c.events {
		text := aws.ToString(ev.Message)
		if other := ofDeployment.FindStringSubmatch(text); other != nil && c.Deployment != "" && other[1] != c.Deployment {
			continue // told of another deployment
		}
		if failedCheck.MatchString(text) {
			continue // explainHealth has counted it
		}
		if started := placeFailed.FindStringSubmatch(text); started != nil && c.addPlaceError(ev, started[1]) {
			continue
		}
		for _, s := range events {
			if v, ok := match(s, text); ok {
				c.addEvent(s, ev, v)
				break
			}
		}
	}
}

// addPlaceError looks for a task's own start error in an event: today the reason of
// "was unable to place a task" often is one.
func (c *evidenced) addPlaceError(ev types.ServiceEvent, reason string) bool {
	for _, s := range reasons {
		if v, ok := match(s, reason); ok {
			c.addEvent(s, ev, v)
			return true
		}
	}
	return false
}

func (c *evidenced) addEvent(s signature, ev types.ServiceEvent, v vars) {
	if s.placement && c.placed() {
		return // all that is desired has found a place since
	}
	at := aws.ToTime(ev.CreatedAt)
	d := c.draft(s, "", v.expand(s.cause), strongEvent)
	if len(d.proofs) == 0 && s.placement {
		// The newest event of its kind decides. The same message is not repeated
		// for hours, so that a later start does not prove that all is well.
		d.stale = c.startedAfter(at)
	}
	if len(d.proofs) < proofsShown {
		d.proofs = append(d.proofs, Proof{At: at, Subject: "service event", Text: aws.ToString(ev.Message)})
	}
}

// placed tells whether the deployment has all the tasks that it wants.
func (c *evidenced) placed() bool {
	d := c.deployment
	return d.Id != nil && d.DesiredCount > 0 && d.RunningCount+d.PendingCount >= d.DesiredCount
}

func (c *evidenced) startedAfter(at time.Time) bool {
	for _, ev := range c.events {
		if aws.ToTime(ev.CreatedAt).After(at) && strings.Contains(aws.ToString(ev.Message), " has started ") {
			return true
		}
	}
	return false
}

// explainDeadlock computes whether the percentages allow the deployment any step,
// since ECS says so late and only once.
func (c *evidenced) explainDeadlock() {
	d := c.deployment
	if d.RolloutState != types.DeploymentRolloutStateInProgress || d.RunningCount+d.PendingCount > 0 || len(c.tasks) > 0 {
		return
	}
	p, ok := newProspect(Situation{Service: c.Service})
	if !ok || aws.ToString(p.primary.Id) != aws.ToString(d.Id) {
		return
	}
	h := p.percentages()
	if h == nil {
		return
	}
	draft := c.draft(percentages, "", percentages.cause, strongEvent)
	if len(draft.proofs) == 0 {
		draft.proofs = append(draft.proofs, Proof{At: aws.ToTime(d.UpdatedAt), Subject: "service configuration", Text: h.Reason})
	}
}
