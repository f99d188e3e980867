package agent_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"steady/agent"
	"steady/model"
	"steady/runtime"
	"steady/runtime/sim"
	"steady/state"
)

// crash lets so many tasks of a service come and end, a minute apart, oldest first.
func (w *world) crash(service string, n int) (ids []string) {
	w.t.Helper()
	for range n {
		ids = append(ids, w.assignOf(service, "ecs-svc/1"))
		w.after(time.Minute)
	}
	return ids
}

// keeps states whose containers there are, in any order.
func (w *world) keeps(tasks ...string) {
	w.t.Helper()
	var got []string
	for _, c := range w.containers() {
		got = append(got, c.Labels["dev.steady.task"])
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(tasks))
	if !slices.Equal(got, want) {
		w.t.Fatalf("there are containers of the tasks %v, want %v", got, want)
	}
}

func (w *world) serve(service string, status model.Status) {
	w.t.Helper()
	w.update(func(tx *state.Tx) {
		tx.PutService(&model.Service{Name: service, Cluster: model.DefaultCluster, Status: status, Deployments: []model.Deployment{{ID: "ecs-svc/1"}}})
	})
}

func TestTheNewestStoppedContainersOfEachServiceAreKept(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		w.keep = 2
		w.define(container("app", "exit=1 after=1s"))
		w.serve("web", model.Active)
		w.serve("other", model.Active)
		w.start()
		other := w.crash("other", 1)
		web := w.crash("web", 4)
		w.keeps(other[0], web[2], web[3])
		alone := []string{w.assign(), w.assign(), w.assign()}
		w.after(time.Minute)
		if n := len(w.containers()); n != 5 {
			t.Errorf("there are %d containers, want those of two tasks of web, of one of other, and of two of the family", n)
		}

		// An agent that comes later knows them by their labels.
		w.stop()
		w.start()
		w.after(time.Minute)
		if n := len(w.containers()); n != 5 {
			t.Errorf("after a restart there are %d containers", n)
		}
		web = append(web, w.crash("web", 1)...)

		// They go with the record of their task, and with their service.
		w.update(func(tx *state.Tx) {
			for _, id := range alone {
				tx.DeleteTask(id)
			}
		})
		w.after(time.Second)
		w.keeps(other[0], web[3], web[4])
		w.serve("web", model.Draining)
		w.after(time.Second)
		w.keeps(other[0])
		if n := len(w.logs.gone()); n != 8 {
			t.Errorf("the logs were told that %d containers are gone, want 8", n)
		}
	})
}

// What never ran has nothing to look at.
func TestContainersThatDidNotStartAreNotKept(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		w.keep = 2
		w.define(container("app", "start-fail='no such file'"))
		w.start()
		w.assign()
		w.after(time.Second)
		w.has(0)
	})
}

// Whoever deregisters an instance and loses the server before the agent has stopped its
// containers leaves them to nobody.
func TestContainersOfAnInstanceThatIsGoneAreRemoved(t *testing.T) {
	inBubble(t, sim.New(sim.Options{}), func(w *world) {
		mine := w.create("ecs-web-1-app-mine", w.mark())
		w.create("ecs-web-1-app-gone", map[string]string{agent.LabelInstallation: installation, agent.LabelInstance: "gone"})
		stranger := w.create("ecs-web-1-app-stranger", map[string]string{agent.LabelInstallation: "another", agent.LabelInstance: "gone"})
		agent.RemoveStrays(context.Background(), agent.Strays{Runtime: w.runtime, Fleet: w.fleet, Output: w.logs, Installation: installation, Instances: []string{w.instance.ID}, Log: slog.New(slog.DiscardHandler)})
		all, err := w.runtime.List(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, c := range all {
			left = append(left, c.ID)
			if c.State != runtime.Running {
				t.Errorf("container %s is %s", c.Name, c.State)
			}
		}
		slices.Sort(left)
		if want := slices.Sorted(slices.Values([]string{mine, stranger})); !slices.Equal(left, want) {
			t.Errorf("the containers %v are left, want %v", left, want)
		}
	})
}
