package agent_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"steady/agent"
	"steady/model"
	"steady/state"
)

// endsUncollected has a task of web's deployment end, and the agent after it, before its
// lines are kept.
func (w *world) endsUncollected() (id, runtimeID string) {
	w.t.Helper()
	w.logs.groups["/shop"] = true
	w.define(logging(container("app", "log=a err=b log=c exit=1 after=1s")))
	w.serve("web", model.Active)
	w.logs.refuse(true)
	w.start()
	id = w.assignOf("web", "ecs-svc/1")
	w.after(5 * time.Second)
	w.is(id, model.Stopped, model.EssentialContainerExited, "Essential container in task exited")
	w.has(1)
	w.stop()
	w.logs.refuse(false)
	return id, w.task(id).Containers[0].RuntimeID
}

// collected states what the log has of a container, and what it says of where that is from.
func (w *world) collected(container, lines string, about map[string]string) {
	w.t.Helper()
	if got := w.logs.of("/shop " + container); got != lines {
		w.t.Errorf("kept is %q, want %q", got, lines)
	}
	for name, want := range about {
		if got := w.logs.about()[name]; got != want {
			w.t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// A former run of Steady has told the end of the task, but did not come to its last lines.
func TestTheLastLinesAreCollectedByTheNextRun(t *testing.T) {
	for _, c := range []struct {
		name  string
		keep  int // stopped containers of the service
		left  int // of them in the end
		while func(w *world, id string)
		about map[string]string
	}{
		{name: "of a container that stays", keep: 1, left: 1, about: map[string]string{
			"Attributes.ECS.Service": "web", "Attributes.ECS.Deployment": "ecs-svc/1", "Attributes.ECS.Container": "app",
		}},
		{name: "of a container that goes", about: map[string]string{"Attributes.ECS.Deployment": "ecs-svc/1"}},
		{
			name: "of a task that is forgotten", keep: 1,
			while: func(w *world, id string) { w.update(func(tx *state.Tx) { tx.DeleteTask(id) }) },
			about: map[string]string{"Attributes.ECS.Service": "web", "Attributes.ECS.Cluster": "default", "Attributes.ECS.TaskDefinition": "web:2"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, newEngine(), func(w *world) {
				w.keep = c.keep
				id, container := w.endsUncollected()
				w.collected(container, "", nil)
				if c.while != nil {
					c.while(w, id)
				}
				w.start()
				w.after(3 * time.Second)
				w.collected(container, "a|b|c", c.about)
				w.has(c.left)
				w.stop()
				w.start()
				w.after(3 * time.Second)
				w.collected(container, "a|b|c", nil) // and not twice
				if gone := w.logs.gone(); len(gone) != 1-c.left {
					t.Errorf("%v are forgotten", gone)
				}
			})
		})
	}
}

// A container without a record of its definition has its lines where those are that have
// no log configuration: nobody knows better.
func TestTheLastLinesOfAnUnknownTaskDefinition(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		id, container := w.endsUncollected()
		w.update(func(tx *state.Tx) { tx.DeleteTask(id); tx.DeleteTaskDefinition(w.definition.Ref()) })
		w.start()
		w.after(3 * time.Second)
		w.collected(container, "", nil)
		if got := w.logs.of("/steady/default web/app/" + id); got != "a|b|c" {
			t.Errorf("kept is %q", got)
		}
		w.has(0)
	})
}

// While the archive takes nothing, the containers that wait for it keep nobody from
// seeing to the others.
func TestContainersWhoseLinesAreNotKeptHoldUpNothing(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		_, uncollected := w.endsUncollected()
		w.logs.refuse(true)
		w.start()
		w.after(5 * time.Second)
		w.has(1) // its lines may be taken yet
		w.define(container("app", "start-fail='no such file'"))
		w.assign()
		w.after(time.Second)
		w.has(1) // this one could not start, and is away
		w.logs.refuse(false)
		w.after(time.Minute)
		w.collected(uncollected, "a|b|c", nil)
		w.has(0)
	})
}

// What the containers of an instance wrote that is gone is kept too, before they go.
func TestTheLastLinesOfStrays(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		_, container := w.endsUncollected()
		ctx, end := context.WithTimeout(context.Background(), 3*time.Minute)
		defer end()
		agent.RemoveStrays(ctx, agent.Strays{Runtime: w.runtime, Fleet: w.fleet, Output: w.logs, Installation: installation, Log: slog.New(slog.DiscardHandler)})
		if ctx.Err() != nil {
			t.Error("it has not come to an end")
		}
		w.collected(container, "a|b|c", map[string]string{"Attributes.ECS.ContainerInstance": w.instance.ID})
		w.has(0)
	})
}
