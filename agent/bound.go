package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"steady/agent/cgroup"
	"steady/model"
	"steady/runtime"
)

// Cgroups makes a cgroup for each task, in which the runtime makes those of the task's
// containers, and keeps a record of whose it made.
type Cgroups interface {
	// Make makes the cgroup of a task of a container instance and sets its limits. That
	// may be repeated.
	Make(instance, task string, l cgroup.Limits) error
	// Clear removes it where the task is over, and Remove the record of it as well. One
	// that has processes gives cgroup.ErrBusy.
	Clear(task string) error
	Remove(instance, task string) error
	// Instances are those of the record, and Of the tasks of one of them.
	Instances() ([]string, error)
	Of(instance string) ([]string, error)
	// TellsAll says whether the kernel tells all containers of a task that one of them was
	// out of memory.
	TellsAll() bool
}

// errCgroup is the ECS agent's reason why such a task stops.
const errCgroup = stopReason("CgroupError: Agent could not create task's platform resources")

// bounds are the limits of a task's cgroup. With a cpu the task has a hard limit; "if task
// level CPU limits are missing, aggregate container CPU shares when present", else 2.
func bounds(t *model.Task, d *model.TaskDefinition) cgroup.Limits {
	cpu, memory := t.Bounds(d)
	l := cgroup.Limits{CPU: int64(cpu), Memory: int64(memory) << 20}
	if l.CPU > 0 {
		return l
	}
	for _, c := range d.Containers() {
		l.Shares += int64(pick(override(t, *c.Name).Cpu, c.Cpu))
	}
	l.Shares = max(2, l.Shares)
	return l
}

// parent is the cgroup in which those of a task's containers are made; empty leaves it to
// the runtime.
func (a *Agent) parent(t *model.Task) string {
	if a.Cgroups == nil {
		return ""
	}
	return cgroup.Parent(t.ID)
}

// cgroupResource is the task's cgroup. It goes when the engine has removed those of the
// containers, which it does a moment after their end: that is the sweep's to see to.
func (a *Agent) cgroupResource(t *model.Task, d *model.TaskDefinition) resource {
	return resource{
		name: "cgroup",
		make: func(context.Context) error {
			if err := a.Cgroups.Make(a.Instance.ID, t.ID, bounds(t, d)); err != nil {
				return fmt.Errorf("%w: %w", errCgroup, err)
			}
			return nil
		},
		giveBack: func(context.Context) error { return nil },
	}
}

// removeCgroups removes the cgroups of tasks that are not to run here any more. As long as
// there is a container of such a task the record stays: somebody may start it.
func (a *Agent) removeCgroups(ctx context.Context, before map[string]bool, found []runtime.Container) {
	if a.Cgroups == nil {
		return
	}
	held := map[string]bool{}
	for _, c := range found {
		held[c.Labels[labelTask]] = true
	}
	tasks, err := a.Cgroups.Of(a.Instance.ID)
	if err != nil {
		a.Log.Warn("look for cgroups whose task is over, trying again later", "error", err)
	}
	now := a.running()
	if ctx.Err() != nil {
		return // the runners end with ctx, but their tasks go on
	}
	for _, task := range tasks {
		switch {
		case before[task] || now[task]:
			continue
		case held[task]:
			err = a.Cgroups.Clear(task)
		default:
			err = a.Cgroups.Remove(a.Instance.ID, task)
		}
		if err != nil && !(held[task] && errors.Is(err, cgroup.ErrBusy)) {
			a.Log.Warn("remove a cgroup whose task is over, trying again later", "task", task, "error", err)
		}
	}
}

// removeStrayCgroups removes the cgroups of tasks of container instances that are gone.
func removeStrayCgroups(all Cgroups, served map[string]bool, log *slog.Logger) {
	if all == nil {
		return
	}
	instances, err := all.Instances()
	for _, i := range instances {
		if served[i] {
			continue
		}
		tasks, unread := all.Of(i)
		err = errors.Join(err, unread)
		for _, task := range tasks {
			err = errors.Join(err, all.Remove(i, task))
		}
	}
	if err != nil {
		log.Warn("remove cgroups whose container instance is gone, trying again at the next start", "error", err)
	}
}

// killed is the exit code of what SIGKILL ended.
const killed = 128 + 9

// toldOfOthers says whether the engine may call a container of the task out of memory since
// another one was.
func (r *runner) toldOfOthers() bool {
	return r.agent.Cgroups != nil && r.agent.Cgroups.TellsAll() && len(r.parts) > 1
}

// outOfMemory tells whether a container that has ended was killed for want of memory. One
// of which the engine may say so since another was has to have been killed, and not for
// taking longer than its grace to stop.
func outOfMemory(c runtime.Container, toldOfOthers bool, halted time.Time, grace time.Duration) bool {
	if !c.OOMKilled || !toldOfOthers {
		return c.OOMKilled
	}
	outstayed := !halted.IsZero() && c.FinishedAt.Sub(halted) >= grace
	return c.ExitCode == killed && !outstayed
}
