package agent

import (
	"context"
	"errors"

	"steady/model"
	"steady/runtime"
)

// inspect looks at all containers that exist and are not known to have ended, and tells
// whether it could see them all.
func (r *runner) inspect(ctx context.Context) bool {
	all := true
	for i := range r.parts {
		if p := &r.parts[i]; p.id != "" && p.progress != stopped {
			all = r.look(ctx, p) && all
		}
	}
	return all
}

// look observes one container, and tells whether it could. What cannot be seen now is
// left as it was known.
func (r *runner) look(ctx context.Context, p *part) bool {
	limit, cancel := context.WithTimeout(ctx, inspectLimit)
	defer cancel()
	c, err := r.agent.Runtime.Inspect(limit, p.id)
	if is(err, runtime.NotFound) {
		p.progress = stopped
		p.observed.Last = model.Stopped
		p.observed.Reason = reasonVanished
		return true
	}
	if err != nil {
		if is(err, runtime.Unavailable) {
			r.agent.lost(ctx, r.session)
		}
		if ctx.Err() == nil {
			r.log.Warn("look at a container, trying again", "container", p.observed.Name, "error", err)
		}
		return false
	}
	p.observed.RuntimeID = p.id
	switch c.State {
	case runtime.Running:
		r.collect(ctx, p)
		p.progress = running
		p.observed.Last = model.Running
		p.observed.Bindings = bindings(c.Ports, p.definition.PortMappings)
		p.observed.Address, p.observed.MAC = c.Address, c.MAC
		r.examine(p, c)
	case runtime.Exited:
		r.collect(ctx, p)
		r.ended(ctx, p, c)
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
	if p.observed.Health == model.Unhealthy && was != model.Unhealthy {
		r.log.Info("a container's health checks fail", "container", p.observed.Name, "output", c.HealthOutput)
	}
}

// ended notes the end of a container's process, with its last words.
func (r *runner) ended(ctx context.Context, p *part, c runtime.Container) {
	p.progress = stopped
	p.observed.Last = model.Stopped
	p.observed.Exit = model.Exit{Known: true, Code: c.ExitCode}
	if c.OOMKilled {
		p.observed.Reason = "OutOfMemoryError: Container killed due to memory usage"
	}
	if p.essential && r.report.ExecutionStoppedAt.IsZero() {
		r.report.ExecutionStoppedAt = c.FinishedAt
	}
	r.collected(ctx, p)
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
