package agent

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
)

// inspect looks at all containers that exist and are not known to have ended, one after
// the other, and tells whether it could see them all.
func (r *runner) inspect(ctx context.Context) bool {
	all := true
	for i := range r.parts {
		if p := &r.parts[i]; p.id != "" && p.progress != stopped {
			c, err := r.inspectNow(ctx, p)
			all = r.note(ctx, p, c, err) && all
		}
	}
	return all
}

// lookAt looks at a container beside the runner. One that is being started is looked at
// when it has been.
func (r *runner) lookAt(ctx context.Context, p *part) {
	if p.sight.looking {
		p.sight.again = true
		return
	}
	p.sight = sight{looking: true, retry: p.sight.retry}
	run := p.run
	r.aside(func() func() {
		c, err := r.inspectNow(ctx, p)
		return func() {
			again := p.sight.again || run != p.run
			p.sight = sight{retry: p.sight.retry}
			if run == p.run {
				r.saw(ctx, p, c, err)
			}
			if again && p.sight.at.IsZero() && p.progress != stopped {
				r.lookAt(ctx, p)
			}
		}
	})
}

// lookAtOthers looks at the containers that ran when the last one of them was started: the
// task is RUNNING only if they still do, and the engine's word of an end may be late.
func (r *runner) lookAtOthers(ctx context.Context, last *part) {
	if !started(r.seen()) {
		return
	}
	for i := range r.parts {
		if p := &r.parts[i]; p != last && p.progress == running {
			r.lookAt(ctx, p)
		}
	}
}

// saw notes what was seen of a container, and has it looked at again if that was nothing.
func (r *runner) saw(ctx context.Context, p *part, c runtime.Container, err error) {
	if !r.note(ctx, p, c, err) {
		p.sight.at = time.Now().Add(p.sight.retry.next())
		return
	}
	p.sight.retry = 0
}

func (r *runner) inspectNow(ctx context.Context, p *part) (runtime.Container, error) {
	limit, cancel := context.WithTimeout(ctx, inspectLimit)
	defer cancel()
	return r.agent.Runtime.Inspect(limit, p.id)
}

// note notes what was seen of a container, and tells whether anything was. What cannot be
// seen now is left as it was known.
func (r *runner) note(ctx context.Context, p *part, c runtime.Container, err error) bool {
	switch starting := p.busy && p.progress == created; {
	case p.progress == stopped || p.progress == ended || starting:
		return true // from before; what comes of the start will be seen
	case is(err, runtime.NotFound):
		p.progress = stopped
		p.observed.Last = model.Stopped
		p.observed.Reason = reasonVanished
		return true
	case err != nil:
		if is(err, runtime.Unavailable) {
			r.agent.lost(ctx, r.session)
		}
		if ctx.Err() == nil {
			r.log.Warn("look at a container, trying again", "container", p.name, "error", err)
		}
		return false
	}
	p.observed.RuntimeID = p.id
	switch c.State {
	case runtime.Running:
		p.progress = running
		p.started = c.StartedAt
		p.observed.Last = model.Running
		p.observed.Bindings = r.bindings(p, c)
		p.observed.Address, p.observed.MAC = c.Address, c.MAC
		r.collect(ctx, p)
		r.examine(p, c)
	case runtime.Exited:
		p.started = c.StartedAt
		r.collect(ctx, p)
		r.hasEnded(ctx, p, c)
	}
	return true
}

// reasonVanished is the official agent's for a container that somebody removed.
const reasonVanished = "ContainerVanishedError: No container matching saved ID found"

// is tells of which kind a runtime's error is.
func is(err error, kind runtime.Kind) bool {
	var e *runtime.Error
	return errors.As(err, &e) && e.Kind == kind
}

// examine notes what the health checks of a running container say. Before the first
// result, and without a check, that is UNKNOWN.
func (r *runner) examine(p *part, c runtime.Container) {
	was := p.observed.Health
	switch c.Health {
	case runtime.Healthy:
		p.observed.Health = model.Healthy
	case runtime.Unhealthy:
		p.observed.Health = model.Unhealthy
	default:
		p.observed.Health = model.HealthUnknown
	}
	p.healthy = p.observed.Health == model.Healthy
	if p.observed.Health == model.Unhealthy && was != model.Unhealthy {
		r.log.Info("a container's health checks fail", "container", p.observed.Name, "output", c.HealthOutput)
	}
}

// hasEnded notes the end of a container's process. A container with a restart policy may
// be started again, which is not told: it is RUNNING all the while. One that ended while
// no agent was there is not.
func (r *runner) hasEnded(ctx context.Context, p *part, c runtime.Container) {
	p.exit = model.Exit{Known: true, Code: c.ExitCode}
	p.finished = c.FinishedAt
	again := restarts(p.definition.RestartPolicy, c.ExitCode, c.FinishedAt.Sub(c.StartedAt), r.stopping || r.shallStop())
	if p.progress == running && again {
		p.progress = ended
		return
	}
	if outOfMemory(c, r.toldOfOthers(), p.halted, stopTimeout(p.definition)) {
		p.observed.Reason = "OutOfMemoryError: Container killed due to memory usage"
	}
	r.over(p, p.exit)
	r.trail(ctx, p)
}

// over notes that a container has ended for good.
func (r *runner) over(p *part, exit model.Exit) {
	p.progress = stopped
	p.observed.Last, p.observed.Exit = model.Stopped, exit
	if p.essential && r.report.ExecutionStoppedAt.IsZero() {
		r.report.ExecutionStoppedAt = p.finished
	}
	r.warnOfWaiting(p)
}

// warnOfWaiting tells of containers that will wait for ever for one that has ended.
func (r *runner) warnOfWaiting(gone *part) {
	for i := range r.parts {
		p := &r.parts[i]
		if !gone.essential && p.progress < created && slices.Contains(p.needs, model.Dependency{Container: gone.name, Condition: types.ContainerConditionHealthy}) {
			r.log.Warn("a container waits for ever: the one that it depends on being HEALTHY has ended", "container", p.name, "other", gone.name, "exitCode", gone.exit.Code)
		}
	}
}

// reasonBytes is where the official agent cuts a reason.
const reasonBytes = 1024

// cut shortens a reason as the official agent does.
func cut(reason string) string {
	if len(reason) > reasonBytes {
		return reason[:reasonBytes]
	}
	return reason
}
