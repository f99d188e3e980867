package explanation

import (
	"slices"

	"steady/diagnose"
)

// Rewrite applies a function to every text of a diagnosis that comes from outside or
// holds something that does: names, proofs, causes, steps. Ids of findings and pages
// of documentation stay.
func Rewrite(s diagnose.Subject, d diagnose.Diagnosis, f func(string) string) (diagnose.Subject, diagnose.Diagnosis) {
	for _, p := range []*string{&s.Name, &s.Cluster, &s.Deployment, &s.Revision, &s.State, &d.Outlook.Waiting} {
		*p = f(*p)
	}
	d.Findings, d.Benign = rewritten(d.Findings, f), rewritten(d.Benign, f)
	d.Notes, d.Lacking = each(d.Notes, f), f(d.Lacking)
	if h := d.Outlook.Hopeless; h != nil {
		d.Outlook.Hopeless = &diagnose.Hopeless{ID: h.ID, Reason: f(h.Reason), Remedy: each(h.Remedy, f)}
	}
	if d.Room != nil {
		r := *d.Room
		r.Instances = slices.Clone(r.Instances)
		for i := range r.Instances {
			r.Instances[i].Instance, r.Instances[i].Detail = f(r.Instances[i].Instance), f(r.Instances[i].Detail)
		}
		d.Room = &r
	}
	return s, d
}

func rewritten(all []diagnose.Finding, f func(string) string) []diagnose.Finding {
	all = slices.Clone(all)
	for i := range all {
		x := &all[i]
		x.Cause, x.Remedy, x.Unread = f(x.Cause), each(x.Remedy, f), f(x.Unread)
		x.Evidence, x.Clues, x.Either = slices.Clone(x.Evidence), slices.Clone(x.Clues), slices.Clone(x.Either)
		for j := range x.Evidence {
			x.Evidence[j].Subject, x.Evidence[j].Text = f(x.Evidence[j].Subject), f(x.Evidence[j].Text)
		}
		for j := range x.Clues {
			x.Clues[j].Line = f(x.Clues[j].Line)
		}
		for j := range x.Either {
			x.Either[j].Cause, x.Either[j].Look = f(x.Either[j].Cause), f(x.Either[j].Look)
		}
	}
	return all
}

func each(all []string, f func(string) string) []string {
	out := slices.Clone(all)
	for i := range out {
		out[i] = f(out[i])
	}
	return out
}
