package agent_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent"
	"steady/agent/cgroup"
	"steady/model"
	"steady/runtime"
	"steady/state"
)

// cgroups are those of a machine, in memory.
type cgroups struct {
	mu     sync.Mutex
	there  map[string]cgroup.Limits // by task
	record map[string]string        // the container instance, by task
	fails  error                    // to make one
	busy   map[string]bool

	tellsAll bool
}

func newCgroups() *cgroups {
	return &cgroups{there: map[string]cgroup.Limits{}, record: map[string]string{}, busy: map[string]bool{}}
}

func (g *cgroups) Make(instance, task string, l cgroup.Limits) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.record[task] = instance
	if g.fails == nil {
		g.there[task] = l
	}
	return g.fails
}

func (g *cgroups) Clear(task string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy[task] {
		return cgroup.ErrBusy
	}
	delete(g.there, task)
	return nil
}

func (g *cgroups) Remove(instance, task string) error {
	if err := g.Clear(task); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.record[task] == instance {
		delete(g.record, task)
	}
	return nil
}

func (g *cgroups) Instances() ([]string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Compact(slices.Sorted(maps.Values(g.record))), nil
}

func (g *cgroups) Of(instance string) (tasks []string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for task, of := range g.record {
		if of == instance {
			tasks = append(tasks, task)
		}
	}
	return tasks, nil
}

func (g *cgroups) TellsAll() bool { return g.tellsAll }

// has tells whether a task has a cgroup, and whether one is on record.
func (g *cgroups) has(task string) (there, recorded bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, there = g.there[task]
	_, recorded = g.record[task]
	return there, recorded
}

// placed notes where the runtime is told to make containers, and what was there then.
type placed struct {
	*engine
	groups *cgroups
	mu     sync.Mutex
	in     map[string]bool // whether it was made before, by the path
}

func (r *placed) Create(ctx context.Context, spec runtime.Spec) (string, error) {
	r.mu.Lock()
	there, _ := r.groups.has(spec.Labels["dev.steady.task"])
	r.in[spec.Cgroup] = there
	r.mu.Unlock()
	return r.engine.Create(ctx, spec)
}

func TestAllContainersOfATaskAreMadeInItsCgroup(t *testing.T) {
	groups := newCgroups()
	rt := &placed{engine: newEngine(), groups: groups, in: map[string]bool{}}
	inBubble(t, rt, func(w *world) {
		w.cgroups, w.mode = groups, types.NetworkModeAwsvpc
		w.define(container("app", ""), container("side", ""))
		w.definition.CPU, w.definition.Memory = 256, 128
		w.definition.Spec.PidMode = types.PidModeTask
		w.update(func(tx *state.Tx) { tx.PutTaskDefinition(w.definition) })
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.is(id, model.Running, "", "")
		w.has(4) // with those that hold the network and the processes
		if len(rt.in) != 1 || !rt.in["/ecs/"+id] {
			t.Errorf("containers were made in %v", rt.in)
		}
		if l := groups.there[id]; l != (cgroup.Limits{CPU: 256, Memory: 128 << 20}) {
			t.Errorf("the limits are %+v", l)
		}
		w.end(id)
		w.after(10 * time.Second)
		w.is(id, model.Stopped, model.UserInitiated, "Task stopped by user")
		w.after(time.Minute)
		if there, recorded := groups.has(id); there || recorded {
			t.Errorf("the task is over: its cgroup is there %v, on record %v", there, recorded)
		}
	})
}

func TestWithoutCgroupsTheRuntimeChooses(t *testing.T) {
	rt := &placed{engine: newEngine(), groups: newCgroups(), in: map[string]bool{}}
	inBubble(t, rt, func(w *world) {
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.is(id, model.Running, "", "")
		if _, ok := rt.in[""]; !ok || len(rt.in) != 1 {
			t.Errorf("containers were made in %v", rt.in)
		}
	})
}

func TestATaskWithoutItsCgroupDoesNotStart(t *testing.T) {
	groups := newCgroups()
	groups.fails = errors.New("no space left on device")
	inBubble(t, newEngine(), func(w *world) {
		w.cgroups = groups
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.is(id, model.Stopped, model.TaskFailedToStart, "CgroupError: Agent could not create task's platform resources")
		w.has(0)
	})
}

// oom is an engine that calls all that has ended out of memory.
type oom struct{ *engine }

func (o oom) Inspect(ctx context.Context, id string) (runtime.Container, error) {
	c, err := o.engine.Inspect(ctx, id)
	c.OOMKilled = c.State == runtime.Exited
	return c, err
}

// A process of a container may be killed without its first one, which ends by itself then.
func TestWhatTheEngineSaysOfMemoryIsBelievedWhereItIsOfOneContainer(t *testing.T) {
	for tellsAll, want := range map[bool]string{false: "OutOfMemoryError: Container killed due to memory usage", true: ""} {
		groups := newCgroups()
		groups.tellsAll = tellsAll
		inBubble(t, oom{newEngine()}, func(w *world) {
			w.cgroups = groups
			w.define(container("app", "exit=1 after=1s"), container("side", ""))
			w.start()
			id := w.assign()
			w.after(5 * time.Second)
			if got := w.task(id).Containers[0].Reason; got != want {
				t.Errorf("the kernel tells all containers %v: the reason is %q, want %q", tellsAll, got, want)
			}
		})
	}
}

// A kept container may be started by hand, in a cgroup that the engine makes anew.
func TestTheRecordOfACgroupStaysWithTheContainers(t *testing.T) {
	groups := newCgroups()
	inBubble(t, newEngine(), func(w *world) {
		w.cgroups, w.keep = groups, 1
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.end(id)
		w.after(2 * time.Minute)
		if there, recorded := groups.has(id); there || !recorded {
			t.Errorf("its container is kept: the cgroup is there %v, on record %v", there, recorded)
		}
		next := w.assign()
		w.after(time.Second)
		w.end(next)
		w.after(2 * time.Minute)
		if there, recorded := groups.has(id); there || recorded {
			t.Errorf("its container is gone: the cgroup is there %v, on record %v", there, recorded)
		}
	})
}

// An agent that was killed leaves cgroups to the next one, which finds those of tasks that
// run and removes the others of its own instance.
func TestCgroupsOfAFormerAgent(t *testing.T) {
	groups := newCgroups()
	inBubble(t, newEngine(), func(w *world) {
		w.cgroups = groups
		w.start()
		runs := w.assign()
		w.after(time.Second)
		w.stop()
		over, others := model.NewID(), model.NewID()
		groups.Make(w.instance.ID, over, cgroup.Limits{})
		groups.Make("another", others, cgroup.Limits{})
		groups.busy[over] = true
		w.start()
		w.after(time.Minute)
		if there, recorded := groups.has(over); !there || !recorded {
			t.Error("a cgroup with processes was removed")
		}
		groups.mu.Lock()
		groups.busy[over] = false
		groups.mu.Unlock()
		w.after(time.Minute)
		for task, want := range map[string]bool{runs: true, over: false, others: true} {
			if there, recorded := groups.has(task); there != want || recorded != want {
				t.Errorf("the cgroup of %s is there %v, on record %v, want %v", task, there, recorded, want)
			}
		}
		agent.RemoveStrays(context.Background(), agent.Strays{Runtime: w.runtime, Fleet: w.fleet, Output: w.logs, Installation: installation, Instances: []string{w.instance.ID}, Cgroups: groups, Log: slog.New(slog.DiscardHandler)})
		if there, recorded := groups.has(others); there || recorded {
			t.Error("the instance is gone, and its task's cgroup is left")
		}
		if there, _ := groups.has(runs); !there {
			t.Error("the cgroup of a task that runs was removed")
		}
	})
}
