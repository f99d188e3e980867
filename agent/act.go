package agent

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/model"
	"steady/runtime"
)

// interruptible is a context that also ends when the task shall stop: for a pull,
// which may take long.
func (r *runner) interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancel = cancel
	if r.stopNow {
		cancel()
	}
	return ctx, cancel
}

// pull makes a container's image available. Once that is done for all of them the
// digests are told: they are what the other tasks of the deployment shall run.
func (r *runner) pull(ctx context.Context, p *part) {
	ictx, cancel := r.interruptible(ctx)
	defer cancel()
	if r.report.PullStartedAt.IsZero() {
		r.report.PullStartedAt = time.Now()
	}
	err := limited(ictx, pullLimit, "pulled", func(ctx context.Context) error {
		image, err := r.agent.Runtime.Pull(ctx, aws.ToString(p.definition.Image), r.digest(p.observed.Name))
		p.observed.Digest, p.image = image.Digest, image.Ref
		return err
	})
	if r.unavailable(ctx, err) {
		return
	}
	if err != nil {
		r.fail(ictx, p, err)
		return
	}
	r.report.PullStoppedAt = time.Now()
	p.progress = present
	if resolved(r.seen()) {
		r.tell(ctx, status(r.seen(), r.stopping))
	}
}

// create is not interrupted, not even by the end of the agent: a container that was
// made but not told of would stay.
func (r *runner) create(running context.Context, p *part) {
	ctx, cancel := outlive(running, madeWithin)
	defer cancel()
	spec := r.agent.spec(r.current(), r.definition, p.definition, p.image)
	var id string
	err := limited(ctx, createLimit, "created", func(ctx context.Context) (err error) {
		if err := r.agent.volumes(ctx, r.current(), r.definition); err != nil {
			return err
		}
		id, err = r.agent.Runtime.Create(ctx, spec)
		if is(err, runtime.Exists) {
			id, err = r.madeBefore(ctx, spec, err)
		}
		return err
	})
	if r.unavailable(running, err) {
		return
	}
	if err != nil {
		r.fail(ctx, p, err)
		return
	}
	p.id = id
	p.observed.RuntimeID = id
	p.progress = created
	r.agent.know(id, r)
}

// madeWithin is how long an agent that ends waits for a container that it asked for, and
// how long such a container may take to show to the next agent.
const madeWithin = 10 * time.Second

// madeBefore finds the container that a former run of the agent had asked for when it
// was killed: the runtime goes on making it, and shows it once it is made. A name that
// somebody else has taken stays the failure that it is.
func (r *runner) madeBefore(ctx context.Context, spec runtime.Spec, exists error) (id string, err error) {
	for until := time.Now().Add(madeWithin); time.Now().Before(until) && ctx.Err() == nil; pause(ctx, 100*time.Millisecond) {
		found, err := r.agent.Runtime.List(ctx, spec.Labels)
		if err == nil && len(found) == 1 {
			return found[0].ID, nil
		}
	}
	return "", exists
}

// start is not interrupted: a start under way cannot be taken back. One that took too
// long may succeed still, so the container is stopped.
func (r *runner) start(ctx context.Context, p *part) {
	err := r.openLog(ctx, p)
	if err == nil {
		err = limited(ctx, startLimit, "started", func(ctx context.Context) error {
			return r.agent.Runtime.Start(ctx, p.id)
		})
	}
	if r.unavailable(ctx, err) {
		return
	}
	if timedOut(err) {
		r.stop(ctx, p)
	}
	if err != nil {
		r.fail(ctx, p, err)
		return
	}
	r.retry = 0
	p.progress = running
	p.observed.Last = model.Running
	r.blind = !r.look(ctx, p)
}

// fail ends a container that could not be started, with the runtime's reason. A
// step that was interrupted is no failure.
func (r *runner) fail(ctx context.Context, p *part, err error) {
	if ctx.Err() != nil {
		return
	}
	r.log.Warn("a container did not start", "container", p.observed.Name, "error", err)
	p.progress = stopped
	p.observed.Last = model.Stopped
	p.observed.Reason = cut(err.Error())
	if !r.report.PullStartedAt.IsZero() && r.report.PullStoppedAt.IsZero() {
		r.report.PullStoppedAt = time.Now()
	}
}

// stopAll stops the containers that still run, and waits until they are gone.
func (r *runner) stopAll(ctx context.Context) {
	r.stopping = true
	r.tell(ctx, model.Stopping)
	var wg sync.WaitGroup
	for i := range r.parts {
		if p := &r.parts[i]; p.progress == running {
			wg.Go(func() { r.stop(ctx, p) })
		}
	}
	wg.Wait()
	r.inspect(ctx)
	if what, _ := next(r.seen(), true); what == stopAll {
		r.rest(ctx) // the runtime would not stop it: try again
		return
	}
	r.retry = 0
}

// stop stops one container. That it took too long is told as the container's reason;
// it is not STOPPED until it has been seen to be.
func (r *runner) stop(ctx context.Context, p *part) {
	grace := stopTimeout(p.definition)
	err := limited(ctx, grace+stopAllowance, "stopped", func(ctx context.Context) error {
		return r.agent.Runtime.Stop(ctx, p.id, grace)
	})
	if err == nil || is(err, runtime.NotFound) || ctx.Err() != nil {
		return
	}
	r.log.Warn("stop a container", "container", p.observed.Name, "error", err)
	if timedOut(err) {
		p.observed.Reason = cut(err.Error())
	}
}

// finish reports the end of the task. Only once their end and their last words are on
// record are its containers removed, or kept for a while: that is the sweep's to see to.
// What has not been seen to end is removed at once, since it might come to run yet.
func (r *runner) finish(ctx context.Context) {
	for i := range r.parts {
		r.parts[i].progress = stopped
		r.parts[i].observed.Last = model.Stopped
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
	for ctx.Err() == nil {
		err := limited(ctx, removeLimit, "removed", func(ctx context.Context) error {
			return r.agent.Runtime.Remove(ctx, p.id)
		})
		if err == nil {
			r.retry = 0
			return
		}
		if ctx.Err() == nil {
			r.log.Warn("remove a stopped container, trying again", "container", p.observed.Name, "error", err)
			r.rest(ctx)
		}
	}
}
