package agent

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"steady/fleet"
	"steady/runtime"
)

const (
	// sweepEvery is how often containers are looked for that no task owns.
	sweepEvery = 30 * time.Second
	// secondSweep is when an agent that has started looks again: its predecessor may
	// have been killed while the runtime was making a container.
	secondSweep = 2 * time.Second
	// tidyAfter is how long after a task's end its containers are seen to: whatever
	// replaces it goes first, and many may end at once.
	tidyAfter = time.Second / 2
)

// list finds all containers of the instance.
func (a *Agent) list(ctx context.Context) ([]runtime.Container, error) {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	return a.Runtime.List(ctx, a.mark())
}

// sweepSoon asks for a sweep, as when a task has ended or after an outage of the engine.
func (a *Agent) sweepSoon() {
	select {
	case a.dirty <- struct{}{}:
	default:
	}
}

// keepClean removes the containers that no task owns, those among found first, until ctx
// ends: what is left of tasks that have ended, but for the newest, and what the engine
// made after it had been asked by an agent that was killed, or that had given up.
func (a *Agent) keepClean(ctx context.Context, session *fleet.Session, found []runtime.Container) {
	a.removeOrphans(ctx, session, nil, found)
	next := time.NewTimer(secondSweep)
	defer next.Stop()
	for {
		select {
		case <-next.C:
		case <-a.dirty:
			pause(ctx, tidyAfter)
			select {
			case <-a.dirty: // what ended meanwhile is seen to as well
			default:
			}
		case <-ctx.Done():
			return
		}
		a.sweep(ctx, session)
		next.Reset(sweepEvery)
	}
}

// sweep looks for containers that nobody else will remove.
func (a *Agent) sweep(ctx context.Context, session *fleet.Session) {
	before := a.running()
	found, err := a.list(ctx)
	if err != nil {
		if ctx.Err() == nil {
			a.Log.Warn("look for containers whose task is over, trying again later", "error", err)
		}
		return
	}
	a.removeOrphans(ctx, session, before, found)
	a.removeVolumes(ctx, before)
	a.removeRouterFiles(ctx, before)
	a.removeCgroups(ctx, before, found)
}

// running is the tasks that have a runner.
func (a *Agent) running() map[string]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	tasks := map[string]bool{}
	for id := range a.runners {
		tasks[id] = true
	}
	return tasks
}

// removeOrphans removes containers whose task is not to run here any more, but for those
// that are kept. Those whose task had a runner before they were found are that one's.
// What cannot be removed is found again by the next sweep.
func (a *Agent) removeOrphans(ctx context.Context, session *fleet.Session, before map[string]bool, found []runtime.Container) {
	now := a.running()
	if ctx.Err() != nil {
		return // the runners end with ctx, but their tasks go on
	}
	orphans := slices.DeleteFunc(slices.Clone(found), func(c runtime.Container) bool {
		task := c.Labels[labelTask]
		return before[task] || now[task]
	})
	over := surplus(orphans, a.KeepStopped, session.Remembers)
	a.lines.collect(ctx, exited(orphans))
	removeAll(ctx, a.Runtime, a.Log, a.lines, over)
}

// exited picks the containers that have ended.
func exited(containers []runtime.Container) []runtime.Container {
	return slices.DeleteFunc(slices.Clone(containers), func(c runtime.Container) bool { return c.State != runtime.Exited })
}

// surplus picks the containers to remove, of those whose task is not to run any more: all
// but the ones that have ended of the newest tasks of each group, as many as keep says,
// as long as the task is remembered.
func surplus(orphans []runtime.Container, keep int, remembers func(task string) bool) []runtime.Container {
	groups := map[string]map[string]time.Time{} // when each task ended, by group and task
	for _, c := range orphans {
		task, group := c.Labels[labelTask], c.Labels[labelGroup]
		if c.State != runtime.Exited || holdsOnly(c) || !remembers(task) {
			continue
		}
		if groups[group] == nil {
			groups[group] = map[string]time.Time{}
		}
		if ended := groups[group][task]; ended.Before(c.FinishedAt) {
			groups[group][task] = c.FinishedAt
		}
	}
	kept := map[string]bool{}
	for _, ended := range groups {
		newest := slices.SortedFunc(maps.Keys(ended), func(x, y string) int {
			return cmp.Or(ended[y].Compare(ended[x]), cmp.Compare(x, y))
		})
		for _, task := range newest[:min(keep, len(newest))] {
			kept[task] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(orphans), func(c runtime.Container) bool {
		return c.State == runtime.Exited && !holdsOnly(c) && kept[c.Labels[labelTask]]
	})
}

// removeAll stops and removes containers, all at once, but for those whose last lines
// are not kept yet: they are found again by the next sweep.
func removeAll(ctx context.Context, rt runtime.Runtime, log *slog.Logger, lines *lastLines, containers []runtime.Container) {
	lines.collect(ctx, containers)
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, c := range containers {
		log := log.With("container", c.Name, "task", c.Labels[labelTask])
		wg.Go(func() {
			stopOrphan(ctx, rt, log, c)
			if lines.over(ctx, c.ID) && removeOrphan(ctx, rt, log, c) {
				lines.forget(ctx, c.ID)
			}
		})
	}
}

func stopOrphan(ctx context.Context, rt runtime.Runtime, log *slog.Logger, c runtime.Container) {
	if c.State != runtime.Running {
		return
	}
	log.Info("stopping a container whose task is over")
	err := limited(ctx, defaultStopWait+stopAllowance, "stopped", func(ctx context.Context) error {
		return rt.Stop(ctx, c.ID, defaultStopWait)
	})
	if err != nil && !is(err, runtime.NotFound) && ctx.Err() == nil {
		log.Warn("stop an orphaned container", "error", err)
	}
}

func removeOrphan(ctx context.Context, rt runtime.Runtime, log *slog.Logger, c runtime.Container) (removed bool) {
	log.Debug("removing a container whose task is over")
	err := limited(ctx, removeLimit, "removed", func(ctx context.Context) error { return rt.Remove(ctx, c.ID) })
	if err != nil && ctx.Err() == nil {
		log.Warn("remove a container whose task is over, trying again later", "error", err)
	}
	return err == nil
}
