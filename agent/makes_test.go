package agent_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"steady/model"
	"steady/runtime"
	"steady/runtime/sim"
)

// twice is a runtime to which a former agent had sent the same Create a moment before
// it was killed: the container comes to be, and later shows, without an answer to
// anybody.
type twice struct {
	*sim.Runtime
	shows time.Time // before, List does not tell of any container
}

func (r *twice) Create(ctx context.Context, spec runtime.Spec) (string, error) {
	r.shows = time.Now().Add(300 * time.Millisecond)
	if _, err := r.Runtime.Create(ctx, spec); err != nil {
		return "", err
	}
	return r.Runtime.Create(ctx, spec) // the agent's own
}

func (r *twice) List(ctx context.Context, labels map[string]string) ([]runtime.Container, error) {
	if time.Now().Before(r.shows) {
		return nil, nil
	}
	return r.Runtime.List(ctx, labels)
}

func TestAContainerThatAFormerAgentWasMakingIsTakenOver(t *testing.T) {
	inBubble(t, &twice{Runtime: sim.New(sim.Options{})}, func(w *world) {
		id := w.assign()
		w.start()
		w.after(time.Second)
		task, all := w.task(id), w.containers()
		if task.Last != model.Running || len(all) != 1 || all[0].State != runtime.Running || task.Containers[0].RuntimeID != all[0].ID {
			t.Fatalf("the task is %s (%s) in container %q; the containers are %+v", task.Last, task.StoppedReason, task.Containers[0].RuntimeID, all)
		}
	})
}

func TestANameThatAStrangerHasFailsTheTask(t *testing.T) {
	inBubble(t, sim.New(sim.Options{}), func(w *world) {
		id := w.assign()
		stranger := w.create("ecs-web-1-app-"+id, map[string]string{"dev.steady.task": id})
		w.start()
		w.after(time.Minute)
		task := w.task(id)
		if task.Last != model.Stopped || task.StopCode != model.TaskFailedToStart {
			t.Errorf("the task is %s, stopCode %q, %q", task.Last, task.StopCode, task.StoppedReason)
		}
		if c, err := w.runtime.Inspect(t.Context(), stranger); err != nil || c.State != runtime.Running {
			t.Errorf("the stranger's container is %+v (%v): it was to be let alone", c, err)
		}
	})
}

// create makes and starts a container past the agent.
func (w *world) create(name string, labels map[string]string) (id string) {
	w.t.Helper()
	id, err := w.runtime.Create(w.t.Context(), runtime.Spec{Name: name, Image: "sim", Labels: labels})
	if err == nil {
		err = w.runtime.Start(w.t.Context(), id)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func TestAContainerThatComesLateWithoutATaskIsRemoved(t *testing.T) {
	inBubble(t, sim.New(sim.Options{}), func(w *world) {
		id := w.assign()
		w.start()
		w.after(100 * time.Millisecond)
		labels := w.mark()
		maps.Copy(labels, map[string]string{"dev.steady.task": model.NewID(), "com.amazonaws.ecs.container-name": "app"})
		w.create("ecs-web-1-app-late", labels)
		w.after(5 * time.Second)
		all := w.containers()
		if len(all) != 1 || all[0].ID != w.task(id).Containers[0].RuntimeID {
			t.Fatalf("soon after the start there are %+v", all)
		}
		w.create("ecs-web-1-app-later", labels)
		w.after(2 * time.Minute)
		if all := w.containers(); len(all) != 1 || w.task(id).Last != model.Running {
			t.Fatalf("later there are %+v; the task is %s", all, w.task(id).Last)
		}
	})
}

func TestAnAgentThatStopsLeavesNoContainerInTheMaking(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		e.createTakes = time.Second
		w.assign()
		w.start()
		w.after(100 * time.Millisecond)
		w.stop()
		then := len(w.containers())
		w.after(time.Minute)
		if now := len(w.containers()); now != then {
			t.Errorf("the runtime had %d containers when the agent had stopped, and later %d", then, now)
		}
	})
}
