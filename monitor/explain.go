package monitor

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
	"steady/terminal"
)

// explain gathers what is new and asks why. At the end it insists a little: the
// evidence is what the verdict is made of.
func (w *watch) explain(ctx context.Context, s *types.Service, last bool) []diagnose.Finding {
	if s == nil {
		return w.last.findings
	}
	was := w.unread
	w.unread = w.gather(ctx, last)
	if was == nil && w.unread != nil && !mayPass(w.unread) {
		w.display.note(time.Now(), w.unreadText())
	}
	until := time.Time{}
	if d := find(*s, w.follow.rollback); d != nil && w.follow.rollback != "" {
		until = aws.ToTime(d.CreatedAt)
	}
	e := w.evidence.Evidence(*s, w.follow.mine, w.follow.since, until)
	e.Live = w.around.Tasks
	findings := diagnose.Explain(e)
	if restsOnTheDead(findings) && w.follow.mine.RunningCount > 0 && w.lookAtLive(ctx) {
		e.Live = w.around.Tasks
		findings = diagnose.Explain(e)
	}
	return findings
}

func (w *watch) gather(ctx context.Context, last bool) error {
	tries := 1
	if last {
		tries = 3
	}
	ctx, cancel := w.inTime(ctx)
	defer cancel()
	var err error
	for range tries {
		if err = w.evidence.Gather(ctx, w.follow.mine); err == nil || ctx.Err() != nil || !mayPass(err) {
			break
		}
		if last && w.wait(ctx, w.pace.fast) != nil {
			break
		}
	}
	return err
}

// restsOnTheDead tells that the first cause is called lasting since tasks ended in the
// same way: one that lives on would prove otherwise.
func restsOnTheDead(findings []diagnose.Finding) bool {
	return willNotHeal(findings) && findings[0].OfProgram()
}

// lookAtLive looks at the tasks that run, unless that was done just now.
func (w *watch) lookAtLive(ctx context.Context) bool {
	a := &w.around
	if now := time.Now(); a.refused || now.Sub(a.tasksAt) < a.still {
		return false
	} else {
		a.tasksAt = now
	}
	ctx, cancel := w.inTime(ctx)
	defer cancel()
	return a.LookAtTasks(ctx) == nil
}

// unreadText says why the findings may lack the cause; empty where they do not.
func (w *watch) unreadText() string {
	if w.unread == nil {
		return ""
	}
	return "the stopped tasks could not be read: " + terminal.Line(rootOf(w.unread).Error())
}

// whyText says why tasks fail, as far as that is known: nothing is said to have left no
// evidence that could not be read.
func whyText(findings []diagnose.Finding, unread string) string {
	if unread == "" || len(findings) > 0 && findings[0].Confidence != diagnose.Symptom {
		return diagnose.Summary(findings)
	}
	symptom := ""
	if len(findings) > 0 {
		symptom = findings[0].Cause + " "
	}
	return symptom + "The cause is not known, since " + unread + "."
}
