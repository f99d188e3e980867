package monitor

import (
	"fmt"
	"strings"
	"time"

	"steady/diagnose"
	"steady/terminal"
)

// Outcome is how a deployment ended.
type Outcome string

const (
	Succeeded  Outcome = "succeeded"   // it is complete, nothing else runs, and that held
	Failed     Outcome = "failed"      // it failed, and nothing took its place
	RolledBack Outcome = "rolled back" // it failed, and an older revision took its place
	TimedOut   Outcome = "timed out"   // it is still under way at the end of the time given
	Superseded Outcome = "superseded"  // a newer deployment took its place
	Stuck      Outcome = "stuck"       // it is under way and cannot converge, whatever ECS tries
	// Inconclusive: contact was lost until the end of the time given. Silence is
	// neither success nor failure.
	Inconclusive Outcome = "inconclusive"
)

// ExitCode is the exit code of a command that ends with this outcome: 0 succeeded,
// 2 failed, 3 rolled back, 4 timed out, 5 superseded, 6 stuck, 7 inconclusive; 1 is for
// everything that is no outcome.
func (o Outcome) ExitCode() int {
	switch o {
	case Succeeded:
		return 0
	case Failed:
		return 2
	case RolledBack:
		return 3
	case TimedOut:
		return 4
	case Superseded:
		return 5
	case Stuck:
		return 6
	case Inconclusive:
		return 7
	}
	return 1
}

// Verdict is what became of the watched deployment.
type Verdict struct {
	Outcome    Outcome
	Cluster    string
	Service    string
	Deployment string // id of the watched deployment, "ecs-svc/…"
	Revision   string // that it rolled out, "family:revision"
	// Current is the revision of the service's newest deployment at the end: of
	// the roll-back, or of the newer deployment. Empty once the service is gone.
	Current string
	// Steady tells that the service has what it wants at the end: after a success
	// always, after a roll-back if that one completed.
	Steady bool
	// Findings are the causes of failed tasks of the watched deployment, the most
	// relevant first. A deployment can succeed in spite of some.
	Findings []diagnose.Finding
	// Unread says why the tasks that failed could not be read, so that Findings may lack
	// the cause; empty where they were.
	Unread string
	// Outlook is why a deployment that timed out or is stuck has not arrived, as far
	// as that could be told.
	Outlook diagnose.Outlook
	Elapsed time.Duration // since the watch began
	// Text says all that in plain words: what happened in the first line, then
	// why, then what to do.
	Text string

	detail string // what happened, a sentence or two of Text
}

// RolledBack is the verdict of a deployment that was rolled back by whoever watched it,
// given that of the roll back. One that has not come to its own end leaves it as it was.
func (v Verdict) RolledBack(then Verdict) Verdict {
	v.Current, v.Steady = then.Current, then.Steady
	v.Elapsed += then.Elapsed
	said := ""
	switch then.Outcome {
	case Succeeded:
		said = fmt.Sprintf("It was rolled back from %s, and the service is steady on %s.", v.Revision, then.Current)
	case Failed, RolledBack:
		said = fmt.Sprintf("It was rolled back from %s, and the roll back to %s failed too: %s", v.Revision, then.Revision, then.detail)
		v.Steady = false
	default:
		v.Text += "\nA roll back was begun, and has not come to an end: " + then.Text
		return v
	}
	_, rest, _ := strings.Cut(v.Text, "\n")
	v.Outcome = RolledBack
	v.Text = fmt.Sprintf("%s: service %s. %s %s", strings.ToUpper(string(RolledBack)), v.Service, said, v.detail)
	if rest != "" {
		v.Text += "\n" + rest
	}
	v.Text = strings.Join(terminal.Lines(v.Text), "\n")
	return v
}
