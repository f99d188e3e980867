package monitor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"steady/diagnose"
	"steady/terminal"
)

// verdict words an ending.
func (w *watch) verdict(now time.Time, e *ending, last view) Verdict {
	v := Verdict{
		Outcome: e.outcome, Cluster: w.Cluster, Service: lastPart(w.Service),
		Deployment: id(&w.follow.mine), Revision: revision(&w.follow.mine),
		Current: e.current, Steady: e.steady, Findings: last.findings, Outlook: last.outlook, Unread: last.unread, Elapsed: now.Sub(w.started),
		detail: e.detail,
	}
	v.Text = strings.Join(terminal.Lines(verdictText(v, e.detail)), "\n")
	return v
}

// verdictText says what happened, whether more time would help, why, and what to
// do, a paragraph each.
func verdictText(v Verdict, detail string) string {
	head := fmt.Sprintf("%s: service %s", strings.ToUpper(string(v.Outcome)), v.Service)
	if v.Outcome == TimedOut {
		head += " after " + roughly(v.Elapsed)
	}
	text := []string{head + ". " + detail}
	why := whyText(telling(v.Findings, v.Outlook), v.Unread)
	if v.Outcome == Superseded || v.Outcome == Inconclusive {
		why = diagnose.Summary(v.Findings) // whether anything failed is not the question
	}
	outlook := sentence(v.Outlook)
	switch {
	case v.Outcome == Succeeded && v.Unread != "":
		return text[0] + "\nWhether tasks of it failed on the way is not known, since " + v.Unread + "."
	case v.Outcome == Succeeded && why != "" && v.Findings[0].Tasks > 0:
		first := v.Findings[0]
		return fmt.Sprintf("%s\nOn the way %s failed: %s", text[0], tasks(first.Tasks), first.Cause)
	case (v.Outcome == Superseded || v.Outcome == Inconclusive) && why != "":
		return text[0] + "\nUntil then: " + why
	case v.Outcome == Succeeded || v.Outcome == Superseded || v.Outcome == Inconclusive || v.Current == "" && why == "":
		return text[0]
	case outlook != "" && why == "":
		return strings.Join(append(append(text, outlook), remedies(v.Findings, v.Outlook)...), "\n")
	case why == "":
		why = "No stopped task and no service event tells the cause."
	}
	if outlook != "" {
		text = append(text, outlook)
	}
	text = append(text, "Why: "+why)
	return strings.Join(append(text, remedies(v.Findings, v.Outlook)...), "\n")
}

// sentence is an outlook as one, empty where nothing holds the service up.
func sentence(o diagnose.Outlook) string {
	switch {
	case o.Hopeless != nil:
		return "It " + o.String() + "."
	case o.Waiting != "":
		return "It is " + o.String() + "."
	}
	return ""
}

// telling leaves out what the service says of places and percentages where the
// outlook says it better.
func telling(findings []diagnose.Finding, o diagnose.Outlook) []diagnose.Finding {
	if o.Hopeless == nil {
		return findings
	}
	return slices.DeleteFunc(slices.Clone(findings), func(f diagnose.Finding) bool { return f.Tasks == 0 })
}

// remedies tells what to do about what makes it hopeless and about the first
// cause.
func remedies(findings []diagnose.Finding, o diagnose.Outlook) []string {
	var steps []string
	if h := o.Hopeless; h != nil {
		steps = append(steps, h.Remedy...)
	}
	for _, f := range telling(findings, o) {
		if f.Confidence != diagnose.Symptom && len(f.Remedy) > 0 {
			steps = append(steps, f.Remedy...)
			break
		}
	}
	if len(steps) == 0 {
		return nil
	}
	out := []string{"What to do:"}
	for i, r := range steps {
		if !slices.Contains(steps[:i], r) {
			out = append(out, "  - "+r)
		}
	}
	return out
}

// roughly words a time span with a resolution of seconds: 45s, 3m20s.
func roughly(d time.Duration) string { return d.Round(time.Second).String() }

// why is the current explanation, a line for each line of it, and a key that
// changes only when the explanation itself does, not with every further task.
func why(v view) (lines []string, key string) {
	findings := telling(v.findings, v.outlook)
	if len(findings) == 0 {
		return nil, ""
	}
	f := findings[0]
	return terminal.Lines(whyText(findings, v.unread)), fmt.Sprint(f.ID, f.Deterministic)
}

var digits = regexp.MustCompile(`\d+`)

// outlookKey changes only when the outlook itself does, not with its numbers.
func outlookKey(o diagnose.Outlook) string { return digits.ReplaceAllString(o.String(), "#") }

// lastPart is what stands behind the last slash: the id or name in an ARN.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
