package agent_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
	"steady/runtime/sim"
	"steady/state"
)

// sharing makes the next revision's containers share their processes and IPC.
func (w *world) sharing() {
	w.t.Helper()
	w.definition.Spec.PidMode, w.definition.Spec.IpcMode = types.PidModeTask, types.IpcModeTask
	w.update(func(tx *state.Tx) { tx.PutTaskDefinition(w.definition) })
}

// holders are the containers that hold what a task shares.
func (w *world) holders() (all []runtime.Container) {
	w.t.Helper()
	for _, c := range w.containers() {
		if c.Labels["com.amazonaws.ecs.container-name"] == "~internal~ecs~pause-namespace" {
			all = append(all, c)
		}
	}
	return all
}

func TestTheHolderOfNamespacesLivesAsLongAsItsTask(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		w.keep = 3
		w.sharing()
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.is(id, model.Running, "", "")
		before := w.holders()
		w.stop()
		w.start()
		w.after(time.Minute)
		if now := w.holders(); len(before) != 1 || len(now) != 1 || now[0].ID != before[0].ID || now[0].State != runtime.Running {
			t.Fatalf("the holders were %+v, and are %+v after a restart of the agent", before, now)
		}
		w.end(id)
		w.after(time.Minute)
		w.is(id, model.Stopped, model.UserInitiated, "Task stopped by user")
		if all := w.holders(); len(all) != 0 {
			t.Errorf("the task is over and its holder is left: %+v", all)
		}
	})
}

func TestAHolderThatAFormerAgentWasMakingIsTakenOver(t *testing.T) {
	inBubble(t, &twice{Runtime: sim.New(sim.Options{})}, func(w *world) {
		w.sharing()
		id := w.assign()
		w.start()
		w.after(time.Second)
		task, all := w.task(id), w.holders()
		if task.Last != model.Running || len(all) != 1 || all[0].State != runtime.Running {
			t.Fatalf("the task is %s (%s); the holders are %+v", task.Last, task.StoppedReason, all)
		}
	})
}

// A holder that could not be removed in time is never kept for a look at it.
func TestAHolderIsNotKept(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.keep = 3
		w.sharing()
		w.start()
		id := w.assign()
		w.after(time.Second)
		e.fail("Remove", true)
		w.end(id)
		w.after(10 * time.Minute)
		w.is(id, model.Stopped, model.UserInitiated, "Task stopped by user")
		e.fail("Remove", false)
		w.after(time.Minute)
		if all := w.holders(); len(all) != 0 {
			t.Errorf("the task is over and its holder is left: %+v", all)
		}
	})
}
