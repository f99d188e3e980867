package diagnose

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// exitSaid finds an exit code in what somebody pasted, as consoles and engines write it.
var exitSaid = regexp.MustCompile(`(?i)\bexit(?:ed)?(?: with)?(?: (?:code|status))?[:=]?\s*\(?(\d{1,3})\b`)

// explainSaid looks for signatures in texts of which nobody knows where they stood:
// in any place. An exit code counts only where nothing says more, and what a program
// writes while it goes on only where there is nothing else.
func (c *evidenced) explainSaid() {
	checked := c.tellsOfChecks()
	for _, said := range c.Said {
		if s, w, ok := findAnywhere(said.Text); ok && (s.ID != "D18" || checked) && s.Kind != catalogue.Benign {
			c.addSaid(s, w, said, strongReason)
		}
	}
	if c.told("D18") { // says what of the check fails
		c.drafts = slices.DeleteFunc(c.drafts, func(d *draft) bool { return d.said && d.sig.ID == "D01" })
	}
	if c.explained() {
		return
	}
	for _, said := range c.Said {
		if m := exitSaid.FindStringSubmatch(said.Text); m != nil {
			c.addExitSaid(m[1], said)
		}
	}
	if c.explained() {
		return
	}
	for _, said := range c.Said {
		if s, w, ok := catalogue.Find(catalogue.Hint, said.Text); ok {
			c.addSaid(s, w, said, strongNothing)
		}
	}
}

// findAnywhere leaves out what proves nothing by itself.
func findAnywhere(text string) (catalogue.Signature, catalogue.Words, bool) {
	if started := placeFailed.FindStringSubmatch(text); started != nil {
		if s, w, ok := tells(started[1]); ok {
			return s, w, true
		}
	}
	for _, p := range catalogue.Places {
		if p == catalogue.Hint {
			continue
		}
		if s, w, ok := catalogue.Find(p, text); ok {
			return s, w, true
		}
	}
	return catalogue.Signature{}, nil, false
}

func (c *evidenced) addSaid(s catalogue.Signature, w catalogue.Words, said Said, strength int) *draft {
	d := c.draft(s, "", w, strength)
	d.said = true
	if len(d.proofs) < proofsShown {
		d.proofs = append(d.proofs, Proof{At: said.At, Subject: said.Subject, Text: said.Text})
	}
	return d
}

// ofCheck finds what only a health check is told with.
var ofCheck = regexp.MustCompile(`(?i)\bhealth ?-?checks?\b|\bunhealthy\b`)

// tellsOfChecks tells whether anything at hand is about health checks: a program that
// was not found is one of a check's only then.
func (c *evidenced) tellsOfChecks() bool {
	return slices.ContainsFunc(c.Said, func(s Said) bool { return ofCheck.MatchString(s.Text) }) ||
		slices.ContainsFunc(c.drafts, func(d *draft) bool { return d.sig.ID[0] == 'D' })
}

// saidLines are the texts as if a container had written them.
func (c *evidenced) saidLines() []Line {
	var all []Line
	for _, said := range c.Said {
		all = append(all, Line{At: said.At, Text: said.Text})
	}
	return all
}

func (c *evidenced) addExitSaid(digits string, said Said) {
	code, err := strconv.Atoi(digits)
	if err != nil || code > 255 {
		return
	}
	for _, s := range catalogue.At(catalogue.Exit) {
		if s.StopCode == "" && (len(s.Exit) == 0 || slices.Contains(s.Exit, int32(code))) {
			c.addSaid(s, catalogue.Words{"code": digits}, said, strongExit).addClue(c.saidLines())
			return
		}
	}
}

// explained tells whether a cause was found, and not only symptoms.
func (c *evidenced) explained() bool {
	return slices.ContainsFunc(c.drafts, func(d *draft) bool { return d.sig.Confidence != Symptom })
}

// byStopCode names the entries for benign stops whose text does not tell them.
var byStopCode = map[types.TaskStopCode]string{
	types.TaskStopCodeUserInitiated: "T6", types.TaskStopCodeSpotInterruption: "T10",
	types.TaskStopCodeTerminationNotice: "T7", stopCodeInfrastructureHealth: "T9",
}

// benign tells of the tasks whose end is no failure.
func benign(e Evidence) []Finding {
	c := &evidenced{Evidence: Evidence{TaskDefinition: e.TaskDefinition}}
	add := func(s catalogue.Signature, tasks int, at time.Time, subject, text string) {
		d := c.draft(s, "", nil, strongReason)
		d.tasks += tasks
		if len(d.proofs) < proofsShown {
			d.proofs = append(d.proofs, Proof{At: at, Subject: subject, Text: text})
		}
	}
	for _, t := range e.StoppedTasks {
		if e.Deployment != "" && t.StartedBy != nil && *t.StartedBy != e.Deployment {
			continue
		}
		if c.jobDone(t) {
			add(catalogue.Get("T12"), 1, endOf(t), "task "+taskID(t), exitText(t, c.culprit(t)))
			continue
		}
		if !Benign(t) {
			continue
		}
		s, _, ok := catalogue.Find(catalogue.Reason, aws.ToString(t.StoppedReason))
		if !ok || s.Kind != catalogue.Benign {
			s = catalogue.Get(byStopCode[t.StopCode])
		}
		add(s, 1, endOf(t), "task "+taskID(t), aws.ToString(t.StoppedReason))
	}
	for _, said := range e.Said {
		if s, _, ok := findAnywhere(said.Text); ok && s.Kind == catalogue.Benign {
			add(s, 0, said.At, said.Subject, said.Text)
		}
	}
	slices.SortStableFunc(c.drafts, func(a, b *draft) int { return cmp.Compare(b.tasks, a.tasks) })
	return c.findings()
}
