package agent_test

import (
	"context"
	"testing"
	"testing/synctest"

	"steady/model"
	"steady/runtime"
	"steady/runtime/sim"
)

// starting calls begins for each container, just before it starts.
type starting struct {
	runtime.Runtime
	begins  func(id string)
	created []runtime.Spec
}

func (s *starting) Start(ctx context.Context, id string) error {
	s.begins(id)
	return s.Runtime.Start(ctx, id)
}

func (s *starting) Create(ctx context.Context, spec runtime.Spec) (string, error) {
	s.created = append(s.created, spec)
	return s.Runtime.Create(ctx, spec)
}

// A container that asks about itself as soon as it runs is known.
func TestContainersAreKnownBeforeTheyRun(t *testing.T) {
	rt := &starting{Runtime: sim.New(sim.Options{})}
	inBubble(t, rt, func(w *world) {
		var known []string
		rt.begins = func(id string) {
			task, d, ok := w.agent.Task(w.containers()[0].Labels["dev.steady.task"])
			if !ok || d.Family != "web" || task.Containers[0].RuntimeID != id {
				t.Errorf("container %s starts, and known is %+v", id, task)
			}
			known = append(known, id)
		}
		w.endpoints.Environment = func(t *model.Task, _ *model.TaskDefinition, container string, own []string) []string {
			return append([]string{"SELF=" + t.ID + "/" + container}, own...)
		}
		w.start()
		id := w.assign()
		synctest.Wait()
		w.is(id, model.Running, "", "")
		if len(known) != 1 || !w.agent.Settled() {
			t.Errorf("%d containers were started", len(known))
		}
		if env := rt.created[0].Env; env[0] != "SELF="+id+"/app" {
			t.Errorf("its environment is %q", env)
		}
		w.stop()
		w.start() // a new process
		if task, _, ok := w.agent.Task(id); !ok || task.Containers[0].RuntimeID != known[0] {
			t.Errorf("after a restart known is %+v", task)
		}
		w.end(id)
		synctest.Wait()
		if _, _, ok := w.agent.Task(id); ok && w.task(id).Last == model.Stopped {
			t.Error("a task that is over is known")
		}
	})
}

// Whoever has the address of a task's own interface is that task; its network is made to
// lead to the endpoints before it is there.
func TestTasksAreKnownByTheirAddress(t *testing.T) {
	inBubble(t, sim.New(sim.Options{}), func(w *world) {
		w.owning(container("app", ""))
		reached := 0
		w.endpoints.Reach = func(context.Context) { reached++ }
		w.start()
		id := w.assign()
		synctest.Wait()
		address := w.task(id).Attachments[0].Address
		if task, _, ok := w.agent.TaskAt(address); !ok || task.ID != id || reached != 1 {
			t.Errorf("at %q is %+v, the network was reached %d times", address, task, reached)
		}
		for _, other := range []string{"", "192.0.2.1"} {
			if _, _, ok := w.agent.TaskAt(other); ok {
				t.Errorf("somebody is at %q", other)
			}
		}
	})
}
