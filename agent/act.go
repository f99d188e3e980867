package agent

import (
	"context"
	"time"

	"steady/model"
	"steady/runtime"
)

// take begins the actions of a plan, all at once. It tells whether one of them is done
// already, so that there is another plan.
func (r *runner) take(ctx, wanted context.Context, p plan) (done bool) {
	for _, a := range p.actions {
		c := &r.parts[a.which]
		switch a.verb {
		case provide:
			done = r.provide(ctx, wanted) || done
		case pull:
			r.pull(ctx, wanted, c)
		case create:
			r.create(ctx, c)
		case start:
			r.start(ctx, c)
		case abandon:
			r.abandon(c, a.why)
			done = true
		case end:
			r.stopping = true
			r.stop(ctx, c)
		case giveBack:
			done = r.giveBack(ctx) || done
		}
	}
	return done
}

// over tells whether the task is.
func (p plan) over() bool { return len(p.actions) == 1 && p.actions[0].verb == finish }

// act does something to a container beside the runner.
func (r *runner) act(p *part, do func() (note func())) {
	p.busy = true
	r.aside(func() func() {
		note := do()
		return func() {
			p.busy = false
			note()
		}
	})
}

// pull makes a container's image available. Once that is done for all of them the
// digests are told: they are what the other tasks of the deployment shall run.
func (r *runner) pull(ctx, wanted context.Context, p *part) {
	if r.report.PullStartedAt.IsZero() {
		r.report.PullStartedAt = time.Now()
	}
	r.act(p, func() func() {
		var image runtime.Pulled
		err := limited(wanted, pullLimit, "pulled", func(ctx context.Context) (err error) {
			image, err = r.fetch(ctx, p)
			return err
		})
		return func() {
			switch {
			case r.unavailable(ctx, p, err):
			case err != nil:
				r.fail(wanted, p, err)
			default:
				p.observed.Digest, p.image = image.Digest, image.Ref
				r.report.PullStoppedAt = time.Now()
				p.progress = present
			}
		}
	})
}

func (r *runner) create(running context.Context, p *part) {
	spec := r.spec(p)
	r.act(p, func() func() {
		id, err := r.agent.create(running, spec)
		return func() {
			switch {
			case r.unavailable(running, p, err):
			case err != nil:
				r.fail(running, p, err)
			default:
				p.id = id
				p.observed.RuntimeID = id
				p.progress = created
				r.agent.know(id, r)
				r.isMade(p.name, id)
			}
		}
	})
}

// spec is what the runtime is to make of a container of the task.
func (r *runner) spec(p *part) runtime.Spec {
	s := r.agent.spec(r.current(), r.definition, p.definition, p.image)
	holder := ""
	if r.own != nil {
		holder = r.own.heldBy()
	}
	connect(&s, r.definition.Spec.NetworkMode, holder)
	r.furnish(&s, p.definition)
	if tell := r.agent.Endpoints.Environment; tell != nil {
		s.Env = tell(r.current(), r.definition, p.name, s.Env)
	}
	r.route(&s, p.definition)
	return s
}

// start is not interrupted: a start under way cannot be taken back. One that took too
// long may succeed still, so the container is stopped. A container that has ended, and
// has a restart policy, is started again in place.
func (r *runner) start(ctx context.Context, p *part) {
	before, unsure, log := p.started, p.unsure, r.destination(p)
	r.act(p, func() func() {
		var err error
		if !unsure || !r.startedSince(ctx, p.id, before) {
			err = r.startNow(ctx, p, log)
		}
		if timedOut(err) {
			r.halt(ctx, p)
		}
		var c runtime.Container
		var unseen error
		if err == nil { // one that has ended at once is never told to run
			c, unseen = r.inspectNow(ctx, p)
		}
		return func() {
			switch {
			case r.unavailable(ctx, p, err):
				p.unsure = true
			case err != nil:
				r.fail(ctx, p, err)
			default:
				r.hasStarted(p)
				r.saw(ctx, p, c, unseen)
				r.lookAtOthers(ctx, p)
			}
		}
	})
}

func (r *runner) startNow(ctx context.Context, p *part, log destination) error {
	if err := r.openLog(ctx, p.name, log); err != nil {
		return err
	}
	return limited(ctx, startLimit, "started", func(ctx context.Context) error {
		return r.agent.Runtime.Start(ctx, p.id)
	})
}

// startedSince tells whether a start to which the engine did not answer was carried out:
// a container that has ended meanwhile must not be started again for that.
func (r *runner) startedSince(ctx context.Context, id string, before time.Time) bool {
	limit, cancel := context.WithTimeout(ctx, inspectLimit)
	defer cancel()
	c, err := r.agent.Runtime.Inspect(limit, id)
	return err == nil && c.State != runtime.Created && c.StartedAt.After(before)
}

// hasStarted notes that a container runs.
func (r *runner) hasStarted(p *part) {
	if p.progress == ended {
		p.observed.RestartCount++
		r.log.Info("a container was started again", "container", p.name, "exitCode", p.exit.Code, "restarts", p.observed.RestartCount)
	}
	p.run++
	p.unsure = false
	p.retry = 0
	p.progress, p.exit, p.healthy = running, model.Exit{}, false
	p.started = time.Now()
	p.observed.Last = model.Running
}

// fail ends a container that could not be started, with the runtime's reason. A
// step that was interrupted is no failure.
func (r *runner) fail(ctx context.Context, p *part, err error) {
	if ctx.Err() != nil {
		return
	}
	r.log.Warn("a container did not start", "container", p.name, "error", err)
	if p.progress == ended { // it had run before
		r.over(p, p.exit)
	}
	if p.progress == nothing { // it was pulled
		r.report.PullStoppedAt = time.Now()
	}
	p.progress = stopped
	p.observed.Last = model.Stopped
	p.observed.Reason = cut(err.Error())
}

// neverStarted is the exit code that the ECS agent gives a container whose dependencies
// cannot be met: "143 seems the most appropriate".
const neverStarted = 143

// abandon ends a container that can never start.
func (r *runner) abandon(p *part, why string) {
	r.log.Warn("a container can never start", "container", p.name, "reason", why)
	p.progress, p.exit = stopped, model.Exit{Known: true, Code: neverStarted}
	p.observed.Last, p.observed.Exit = model.Stopped, p.exit
	p.observed.Reason = cut((&runtime.Error{Name: model.CannotStartContainer, Detail: why}).Error())
}

// stop stops one container. It is not STOPPED until it has been seen to be: a runtime
// that would not stop it is asked again.
func (r *runner) stop(ctx context.Context, p *part) {
	if p.halted.IsZero() {
		p.halted = time.Now()
	}
	r.act(p, func() func() {
		err := r.halt(ctx, p)
		c, looked := r.inspectNow(ctx, p)
		return func() {
			if timedOut(err) {
				p.observed.Reason = cut(err.Error())
			}
			r.note(ctx, p, c, looked)
			if p.progress == running {
				p.held = time.Now().Add(p.retry.next())
			}
		}
	})
}

// halt asks the runtime to stop a container.
func (r *runner) halt(ctx context.Context, p *part) error {
	grace := stopTimeout(p.definition)
	err := limited(ctx, grace+stopAllowance, "stopped", func(ctx context.Context) error {
		return r.agent.Runtime.Stop(ctx, p.id, grace)
	})
	if err == nil || is(err, runtime.NotFound) || ctx.Err() != nil {
		return nil
	}
	r.log.Warn("stop a container", "container", p.name, "error", err)
	return err
}

// finish reports the end of the task. Only once their end and their last words are on
// record are its containers removed, or kept for a while: that is the sweep's to see to.
// What has not been seen to end is removed at once, since it might come to run yet.
func (r *runner) finish(ctx context.Context) {
	defer r.agent.Images.Release(r.id)
	for i := range r.parts {
		if p := &r.parts[i]; p.progress == ended {
			r.over(p, p.exit)
		} else {
			p.progress, p.observed.Last = stopped, model.Stopped
		}
	}
	if !r.tell(ctx, model.Stopped) {
		return
	}
	for i := range r.parts {
		if p := &r.parts[i]; p.id != "" && !p.observed.Exit.Known {
			r.remove(ctx, p)
		}
	}
}

// remove removes a container of a task that is over, however long the engine needs to
// be ready for that.
func (r *runner) remove(ctx context.Context, p *part) {
	var retry backoff
	for ctx.Err() == nil {
		err := limited(ctx, removeLimit, "removed", func(ctx context.Context) error {
			return r.agent.Runtime.Remove(ctx, p.id)
		})
		if err == nil {
			r.agent.lines.forget(ctx, p.id)
			return
		}
		if ctx.Err() == nil {
			r.log.Warn("remove a stopped container, trying again", "container", p.name, "error", err)
			r.rest(ctx, &retry)
		}
	}
}
