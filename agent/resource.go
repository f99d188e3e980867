package agent

import (
	"context"
	"errors"
	"slices"

	"steady/agent/supply"
	"steady/model"
	"steady/runtime"
)

// resource is something that a task needs before its containers are created and gives
// back after the last of them has ended. The ECS agent makes a task's resources while
// its images are pulled.
//
// Both may be repeated: after a restart of the agent the resources of a task that runs
// are made again, which must find what is there.
type resource struct {
	name string
	// make ends with its context, which ends when the task is to stop.
	make     func(ctx context.Context) error
	giveBack func(ctx context.Context) error
}

// provide makes the resources, in order. One that cannot be had ends the task, unless it
// runs already: then it is tried again.
func (r *runner) provide(ctx, wanted context.Context) (done bool) {
	if len(r.resources) == 0 {
		r.provided = ready
		return true
	}
	runs := slices.ContainsFunc(r.parts, func(p part) bool { return p.progress == running })
	r.busy = true
	r.aside(func() func() {
		err := r.makeAll(wanted)
		for retry := backoff(0); runs && err != nil && wanted.Err() == nil; err = r.makeAll(wanted) {
			r.log.Warn("make the resources of a task that runs, trying again", "error", err)
			pause(wanted, retry.next())
		}
		return func() {
			r.busy = false
			switch {
			case err == nil:
				r.provided = ready
			case ctx.Err() == nil:
				r.provided = refused
				if !r.shallStop() {
					r.log.Warn("a task's resources cannot be had", "error", err)
					r.report.Failed = cut(reasonOf(err))
				}
			}
		}
	})
	return false
}

// reasonOf is why a task's resources could not be had: "ResourceInitializationError: …",
// unless ECS has other words for the failure, or a name of its own.
func reasonOf(err error) string {
	var whole stopReason
	if errors.As(err, &whole) {
		return whole.Error()
	}
	var supplied supply.Reason
	if errors.As(err, &supplied) {
		return supplied.Error()
	}
	var named *runtime.Error
	if errors.As(err, &named) {
		return named.Error()
	}
	return (&runtime.Error{Name: "ResourceInitializationError", Detail: err.Error()}).Error()
}

// resources are those of a task. What it is to wait for in turn, it asks for here.
func (a *Agent) resources(t *model.Task, d *model.TaskDefinition) []resource {
	var all []resource
	if a.Cgroups != nil {
		all = append(all, a.cgroupResource(t, d))
	}
	if len(t.HostPorts) > 0 {
		all = append(all, a.ports.of(t))
	}
	if sharesNamespaces(d) {
		all = append(all, a.namespaceResource(t, d))
	}
	if len(d.Spec.Volumes) > 0 {
		all = append(all, resource{
			name: "volumes",
			make: func(ctx context.Context) error { return a.volumes(ctx, t, d) },
			// They go once no container holds them: that is the sweep's to see to.
			giveBack: func(context.Context) error { return nil },
		})
	}
	return all
}

// makeAll makes the resources. An engine that does not answer is waited for.
func (r *runner) makeAll(ctx context.Context) error {
	for _, x := range r.resources {
		var retry backoff
		err := x.make(ctx)
		for ; is(err, runtime.Unavailable) && ctx.Err() == nil; err = x.make(ctx) {
			r.log.Warn("the container engine does not answer, trying again", "resource", x.name, "error", err)
			r.agent.lost(ctx, r.session)
			pause(ctx, retry.next())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// giveBack gives the resources back, in reverse order, what was not made too. What
// cannot be given back is tried again; the end of the task does not wait for it for ever.
func (r *runner) giveBack(ctx context.Context) (done bool) {
	if len(r.resources) == 0 {
		r.provided = returned
		return true
	}
	r.busy = true
	if r.own != nil {
		r.own.leaving = true
	}
	r.aside(func() func() {
		limit, cancel := context.WithTimeout(ctx, removeLimit)
		defer cancel()
		for _, x := range slices.Backward(r.resources) {
			var retry backoff
			for err := x.giveBack(limit); err != nil && limit.Err() == nil; err = x.giveBack(limit) {
				r.log.Warn("give a resource of a task back, trying again", "resource", x.name, "error", err)
				pause(limit, retry.next())
			}
		}
		return func() {
			r.busy = false
			if ctx.Err() == nil {
				r.provided = returned
			}
		}
	})
	return false
}

// aside does something beside the runner and hands back what to note.
func (r *runner) aside(do func() (note func())) {
	r.beside.Go(func() { r.done <- do() })
}
