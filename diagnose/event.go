package diagnose

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

var (
	// ofDeployment finds the deployment that an event speaks of.
	ofDeployment = regexp.MustCompile(`\(deployment (ecs-svc/[^)\s]+)\)`)
	// placeFailed finds the reason in an event about a task that did not come to be.
	placeFailed = regexp.MustCompile(`(?:unable to place a task\. (?:Reason: |The reason for failure is )|failed to launch a task with \(error )(.+)`)
	// gaveUp finds the task in the event that says that a check found it unhealthy.
	gaveUp = regexp.MustCompile(`\(task ([^)\s]+)\).* (?:failed container health checks|is unhealthy in \()`)
)

// explainEvents looks at what the service itself said since the deployment began.
func (c *evidenced) explainEvents() {
	for _, ev := range c.events {
		text := aws.ToString(ev.Message)
		if other := ofDeployment.FindStringSubmatch(text); other != nil && c.Deployment != "" && other[1] != c.Deployment {
			continue // told of another deployment
		}
		if gaveUp.MatchString(text) {
			continue // explainHealth has counted it
		}
		if started := placeFailed.FindStringSubmatch(text); started != nil && c.addPlaceError(ev, started[1]) {
			continue
		}
		if s, w, ok := catalogue.Find(catalogue.Event, text); ok && s.Kind != catalogue.Benign {
			c.addEvent(s, ev, w)
		}
	}
}

// addPlaceError looks for a task's own start error in an event: today the reason of
// "was unable to place a task" often is one.
func (c *evidenced) addPlaceError(ev types.ServiceEvent, reason string) bool {
	s, w, ok := tells(reason)
	if !ok {
		return false
	}
	// Where stopped tasks tell the same, the event only repeats it.
	if !slices.ContainsFunc(c.drafts, func(d *draft) bool { return d.sig.ID == s.ID && d.tasks > 0 }) {
		c.addEvent(s, ev, w)
	}
	return true
}

func (c *evidenced) addEvent(s catalogue.Signature, ev types.ServiceEvent, w catalogue.Words) {
	if s.Placement && c.placed() {
		return // all that is desired has found a place since
	}
	at := aws.ToTime(ev.CreatedAt)
	d := c.draft(s, "", w, strongEvent)
	if len(d.proofs) == 0 && s.Placement {
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

// explainRollout looks at what the deployment says of itself.
func (c *evidenced) explainRollout() {
	say := func(at *time.Time, subject string, reason *string) {
		s, w, ok := catalogue.Find(catalogue.Rollout, aws.ToString(reason))
		if !ok || c.told(s.ID) {
			return
		}
		d := c.draft(s, "", w, strongEvent)
		d.proofs = append(d.proofs, Proof{At: aws.ToTime(at), Subject: subject, Text: *reason})
	}
	if r := c.Rollout; r != nil {
		say(r.UpdatedAt, "service deployment", r.StatusReason)
	}
	say(c.deployment.UpdatedAt, "deployment "+c.Deployment, c.deployment.RolloutStateReason)
}

// explainAnswers looks at what the API answered to somebody.
func (c *evidenced) explainAnswers() {
	for _, text := range c.Answers {
		s, w, ok := catalogue.Find(catalogue.API, text)
		if !ok {
			continue
		}
		if d := c.draft(s, "", w, strongEvent); len(d.proofs) < proofsShown {
			d.proofs = append(d.proofs, Proof{Subject: "API", Text: text})
		}
	}
}

// told tells whether a signature was found already.
func (c *evidenced) told(id string) bool {
	for _, d := range c.drafts {
		if d.sig.ID == id {
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
	draft := c.draft(catalogue.Get("E19"), "", nil, strongEvent)
	if len(draft.proofs) == 0 {
		draft.proofs = append(draft.proofs, Proof{At: aws.ToTime(d.UpdatedAt), Subject: "service configuration", Text: h.Reason})
	}
}
