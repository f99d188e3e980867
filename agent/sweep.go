package agent

import (
	"context"
	"sync"
	"time"

	"steady/runtime"
)

const (
	// sweepEvery is how often containers are looked for that no task owns.
	sweepEvery = 30 * time.Second
	// secondSweep is when an agent that has started looks again: its predecessor may
	// have been killed while the runtime was making a container.
	secondSweep = 2 * time.Second
)

// list finds all containers of the instance.
func (a *Agent) list(ctx context.Context) ([]runtime.Container, error) {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	return a.Runtime.List(ctx, a.mark())
}

// sweepSoon asks for a sweep, as after an outage of the engine.
func (a *Agent) sweepSoon() {
	select {
	case a.dirty <- struct{}{}:
	default:
	}
}

// keepClean removes orphans, those among found first, until ctx ends. Besides what a
// former run left there are containers that the engine made after it had been asked by
// an agent that was killed, or that had given up.
func (a *Agent) keepClean(ctx context.Context, found []runtime.Container) {
	a.removeOrphans(ctx, nil, found)
	next := time.NewTimer(secondSweep)
	defer next.Stop()
	for {
		select {
		case <-next.C:
		case <-a.dirty:
		case <-ctx.Done():
			return
		}
		a.sweep(ctx)
		next.Reset(sweepEvery)
	}
}

// sweep looks for containers that nobody else will remove.
func (a *Agent) sweep(ctx context.Context) {
	before := a.running()
	found, err := a.list(ctx)
	if err != nil && ctx.Err() == nil {
		a.Log.Warn("look for containers whose task is over, trying again later", "error", err)
	}
	a.removeOrphans(ctx, before, found)
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

// removeOrphans removes containers whose task is not to run here any more. Those whose
// task had a runner before they were found are that one's to remove. What cannot be
// removed is found again by the next sweep.
func (a *Agent) removeOrphans(ctx context.Context, before map[string]bool, found []runtime.Container) {
	now := a.running()
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, c := range found {
		if task := c.Labels[labelTask]; !before[task] && !now[task] {
			wg.Go(func() { a.removeOrphan(ctx, c) })
		}
	}
}

func (a *Agent) removeOrphan(ctx context.Context, c runtime.Container) {
	log := a.Log.With("container", c.Name, "task", c.Labels[labelTask])
	log.Info("removing a container whose task is over")
	err := limited(ctx, defaultStopWait+stopAllowance, "stopped", func(ctx context.Context) error {
		return a.Runtime.Stop(ctx, c.ID, defaultStopWait)
	})
	if err != nil && !is(err, runtime.NotFound) && ctx.Err() == nil {
		log.Warn("stop an orphaned container", "error", err)
	}
	err = limited(ctx, removeLimit, "removed", func(ctx context.Context) error {
		return a.Runtime.Remove(ctx, c.ID)
	})
	if err != nil && ctx.Err() == nil {
		log.Warn("remove an orphaned container, trying again later", "error", err)
	}
}
