// Package explanation puts a diagnosis into words for people and into JSON for
// programs.
// It never judges: it says what the diagnosis says, in its order.
package explanation

import (
	"fmt"
	"io"
	"strings"
	"time"

	"steady/diagnose"
	"steady/terminal"
)

// Text writes the diagnosis of a subject: how it stands, then one paragraph with the
// cause, its proof and its remedy, then the lesser findings and what is not known.
func Text(w io.Writer, s diagnose.Subject, d diagnose.Diagnosis) error {
	t := &text{}
	t.line("%s", headline(s))
	t.line("")
	t.line("%s", paragraph(s, d))
	main, also := parted(d)
	if main != nil {
		t.whole(*main)
	} else if h := d.Outlook.Hopeless; h != nil {
		t.steps(h.Remedy)
	} else if len(d.Benign) > 0 {
		t.proof(d.Benign[0])
	}
	t.outlook(d)
	t.room(d.Room)
	t.lesser(also)
	for i, n := range d.Notes {
		if i == 0 {
			t.line("")
		}
		t.line("Note: %s", n)
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// text is a page in the making. What comes from outside is made safe to show: it
// must not move the cursor or change the terminal.
type text struct{ strings.Builder }

func (t *text) line(format string, args ...any) {
	t.WriteString(terminal.Line(fmt.Sprintf(format, args...)))
	t.WriteByte('\n')
}

// headline is "service web in cluster default, deployment ecs-svc/2 of web:7: …".
func headline(s diagnose.Subject) string {
	head := string(s.Kind) + " " + s.Name
	switch s.Kind {
	case diagnose.ADeployment:
		head = "service " + s.Name
	case diagnose.SomeTexts:
		head = "what was saved or pasted"
	}
	if s.Cluster != "" {
		head += " in cluster " + s.Cluster
	}
	if s.Deployment != "" {
		head += ", deployment " + s.Deployment
	}
	if s.Revision != "" {
		head += " of " + s.Revision
	}
	if s.State != "" {
		head += ": " + s.State
	}
	return head
}

// paragraph is the answer in short. It is never empty.
func paragraph(s diagnose.Subject, d diagnose.Diagnosis) string {
	if f, ok := first(d); ok {
		text := sentence(f)
		if h := d.Outlook.Hopeless; h != nil && f.Foreseen {
			text += " The service cannot converge, because " + h.Reason + "."
		}
		return text
	}
	if h := d.Outlook.Hopeless; h != nil {
		return "The service cannot converge, because " + h.Reason + "."
	}
	switch {
	case d.Lacking != "":
		return strings.TrimSpace(symptoms(d) + " The cause is not known: " + strings.TrimSuffix(d.Lacking, ".") + ".")
	case len(d.Findings) > 0:
		return d.Findings[0].Cause + " Nothing tells why: no reason, log or event that is known."
	case len(d.Benign) > 0 && s.Kind != diagnose.AService && s.Kind != diagnose.ADeployment:
		return "Nothing failed. " + d.Benign[0].Cause
	case d.Outlook.Waiting != "":
		return "Nothing failed. The service is waiting for " + d.Outlook.Waiting + "."
	case s.Kind == diagnose.SomeTexts:
		return "Nothing here tells of a failure that is known."
	}
	return "Nothing wrong was found."
}

// symptoms is the first of them, where there are no causes.
func symptoms(d diagnose.Diagnosis) string {
	if main, _ := parted(d); main != nil {
		return main.Cause
	}
	return ""
}

// parted is the finding that is told in whole, nil if there is none, and the others. What
// is told of tasks that were stopped on purpose explains nothing that a service is short of.
func parted(d diagnose.Diagnosis) (main *diagnose.Finding, also []diagnose.Finding) {
	switch {
	case len(d.Findings) == 0:
		return nil, nil
	case d.Findings[0].OnPurpose && (d.Lacking != "" || d.Outlook.Hopeless != nil):
		return nil, d.Findings
	}
	return &d.Findings[0], d.Findings[1:]
}

// first is the finding that explains; symptoms do not.
func first(d diagnose.Diagnosis) (diagnose.Finding, bool) {
	main, _ := parted(d)
	if main == nil || main.Confidence == diagnose.Symptom {
		return diagnose.Finding{}, false
	}
	return *main, true
}

// sentence tells a cause, how often it was seen and how sure it is.
func sentence(f diagnose.Finding) string {
	text := said(f)
	switch {
	case len(f.Either) > 0:
		text += " The evidence does not tell which of its causes it is; they are named below."
	case f.Confidence == diagnose.Certain:
		text += " That is certain."
	case f.Confidence == diagnose.Likely:
		text += " That is the likely cause."
	default:
		text += " That is possible, and not proved."
	}
	if f.Deterministic {
		text += " Trying again will not help."
	}
	return text
}

// said tells a cause and how many tasks it is about.
func said(f diagnose.Finding) string {
	switch {
	case f.OnPurpose:
		return counted(f.Tasks) + " stopped on purpose, and not well: " + f.Cause
	case f.Tasks > 0:
		return counted(f.Tasks) + " failed: " + f.Cause
	}
	return f.Cause
}

func counted(n int) string {
	if n == 1 {
		return "1 task"
	}
	return fmt.Sprintf("%d tasks", n)
}

// whole tells all of a finding.
func (t *text) whole(f diagnose.Finding) {
	t.proof(f)
	if len(f.Either) > 0 {
		t.line("")
		t.line("It is one of these:")
		for _, p := range f.Either {
			t.line("  - %s", p.Cause)
			t.line("    Look: %s", p.Look)
		}
	}
	for i, c := range f.Clues {
		if i == 0 {
			t.line("")
		}
		t.line("The log points at this: %s", c.Cause)
		t.line("    %s", c.Line)
		t.line("    %s", c.Step)
	}
	t.steps(f.Remedy)
	t.line("")
	if f.Page != "" {
		t.line("More on %s: %s", f.ID, f.Page)
	} else {
		t.line("Finding %s", f.ID)
	}
}

func (t *text) proof(f diagnose.Finding) {
	if len(f.Evidence) == 0 {
		return
	}
	t.line("")
	t.line("Proof:")
	subject := ""
	for _, p := range f.Evidence {
		if p.Log && p.Subject != subject {
			t.line("  %s:", p.Subject)
		}
		subject = p.Subject
		switch {
		case p.Log:
			t.line("    %s", p.Text)
		case p.Text == "":
			t.line("  %s%s", at(p.At), p.Subject)
		default:
			t.line("  %s%s: %s", at(p.At), p.Subject, p.Text)
		}
	}
}

// at is a time in front of what happened then, in UTC like all times of AWS.
func at(when time.Time) string {
	if when.IsZero() {
		return ""
	}
	return when.UTC().Format("2006-01-02 15:04:05Z") + "  "
}

func (t *text) steps(remedy []string) {
	if len(remedy) == 0 {
		return
	}
	t.line("")
	t.line("What to do:")
	for i, r := range remedy {
		t.line("  %d. %s", i+1, r)
	}
}

// outlook tells whether more time would help, where the paragraph has not.
func (t *text) outlook(d diagnose.Diagnosis) {
	h := d.Outlook.Hopeless
	if _, explained := first(d); h == nil || !explained || d.Findings[0].Foreseen || d.Findings[0].ID == h.ID {
		return
	}
	t.line("")
	t.line("More time will not help: the service cannot converge, because %s.", h.Reason)
	for _, r := range h.Remedy {
		if !contains(d.Findings[0].Remedy, r) {
			t.line("  - %s", r)
		}
	}
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}

// instancesShown is how many instances a page lists.
const instancesShown = 10

// room tells what the cluster can still take, where that is less than what is wanted.
func (t *text) room(r *diagnose.Room) {
	if r == nil || r.Tasks >= r.Wanted {
		return
	}
	t.line("")
	switch {
	case r.Wanted == 1:
		t.line("Room: the missing task does not fit the cluster as it is now.")
	case r.Tasks == 0:
		t.line("Room: none of the %d missing tasks fits the cluster as it is now.", r.Wanted)
	case r.Tasks == 1:
		t.line("Room: 1 of the %d missing tasks fits the cluster as it is now.", r.Wanted)
	default:
		t.line("Room: %d of the %d missing tasks fit the cluster as it is now.", r.Tasks, r.Wanted)
	}
	for i, x := range r.Instances {
		if i == instancesShown {
			t.line("  … and %d more", len(r.Instances)-i)
			return
		}
		t.line("  %s  %s: %s", x.Instance, x.Reason, x.Detail)
	}
}

// lesser names the other findings, a line and its first proof each.
func (t *text) lesser(also []diagnose.Finding) {
	if len(also) == 0 {
		return
	}
	t.line("")
	t.line("Also:")
	for _, f := range also {
		switch {
		case f.Confidence == diagnose.Symptom:
			t.line("  %-4s %s (a symptom)", f.ID, f.Cause)
		default:
			t.line("  %-4s %s (%s)", f.ID, said(f), f.Confidence)
		}
		if len(f.Evidence) > 0 {
			p := f.Evidence[0]
			t.line("       %s%s: %s", at(p.At), p.Subject, p.Text)
		}
	}
}
