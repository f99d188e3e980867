package agent

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"steady/model"
)

// saidWithin is how long a change of a container may wait to be told together with the
// next one, while the runner is busy with the others. The ECS agent tells such a change
// "with the next task change, or after 10 to 30 s".
const saidWithin = 5 * time.Second

// saying is what was told of the task.
type saying struct {
	last model.Observation
	due  time.Time // when a change that waits is told at the latest; zero when none does
}

// say tells what is new of the task. A change of one container waits for what else is
// under way, unless others wait for it to be known: an end, a health, the digests.
func (r *runner) say(ctx context.Context) {
	o := r.observation(cmp.Or(r.own.status(), status(r.seen(), r.stopping)))
	if reflect.DeepEqual(o, r.said.last) {
		r.said.due = time.Time{}
		return
	}
	if o.Status == model.Running && r.said.last.Status != model.Running && r.looking() {
		r.said.due = time.Time{} // what comes of the look is told with it, or the end is
		return
	}
	now := time.Now()
	if r.idle() || r.urgent(o) || !r.said.due.IsZero() && !now.Before(r.said.due) {
		r.tell(ctx, o.Status)
		return
	}
	if r.said.due.IsZero() {
		r.said.due = now.Add(saidWithin)
	}
}

// idle tells whether nothing is under way whose end is another change.
func (r *runner) idle() bool {
	for i := range r.parts {
		if r.parts[i].busy {
			return false
		}
	}
	return true
}

// looking tells whether a container is being looked at: it may have ended.
func (r *runner) looking() bool {
	return slices.ContainsFunc(r.parts, func(p part) bool { return p.sight.looking })
}

// urgent tells whether others wait for what is new.
func (r *runner) urgent(o model.Observation) bool {
	last := r.said.last
	if o.Status != last.Status || !slices.Equal(o.Attachments, last.Attachments) || len(last.Containers) != len(o.Containers) {
		return true
	}
	digests := resolved(r.seen())
	for i, c := range o.Containers {
		was := last.Containers[i]
		if c.Health != was.Health || c.Last == model.Stopped && was.Last != model.Stopped || digests && c.Digest != was.Digest {
			return true
		}
	}
	return false
}

func (r *runner) observation(s model.TaskStatus) model.Observation {
	o := r.report
	o.Status = s
	for _, p := range r.parts {
		o.Containers = append(o.Containers, p.observed)
	}
	return o
}

// tell reports the whole of the task until the report is accepted or ctx ends.
func (r *runner) tell(ctx context.Context, s model.TaskStatus) bool {
	o := r.observation(s)
	for ctx.Err() == nil {
		err := r.session.Report(ctx, o)
		if err == nil {
			r.said = saying{last: o}
			return true
		}
		r.log.Error("report a task", "status", s, "error", err)
		pause(ctx, time.Second)
	}
	return false
}
