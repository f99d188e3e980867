package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"steady/model"
	"steady/rollout"
	"steady/state"
)

// BenchmarkLook looks at a service after one of its tasks has changed: a steady one, and
// one in the middle of a roll-out, with the stopped tasks of an earlier one on record.
func BenchmarkLook(b *testing.B) {
	for _, n := range []int{100, 1000, 5000} {
		for _, rolling := range []bool{false, true} {
			name := fmt.Sprintf("steady/%d", n)
			if rolling {
				name = fmt.Sprintf("rolling/%d", n)
			}
			b.Run(name, func(b *testing.B) { look(b, n, rolling) })
		}
	}
}

func look(b *testing.B, n int, rolling bool) {
	store, err := state.Open(state.NewMemory())
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	scheduler := newScheduler(store, Settings{Settle: time.Second, Retention: time.Hour}, slog.New(slog.DiscardHandler))
	undo := errors.New("undo")
	err = store.Update(context.Background(), func(tx *state.Tx) error {
		changed := populate(tx, n, rolling, now)
		scheduler.step(tx, serviceID{"default", "web"}, now).take()
		b.ReportAllocs()
		for b.Loop() {
			t := *changed
			t.Version++
			tx.PutTask(&t)
			scheduler.step(tx, serviceID{"default", "web"}, now).take()
		}
		return undo
	})
	if err != undo {
		b.Fatal(err)
	}
}

// populate makes a service of n tasks on 100 container instances, and returns a task.
func populate(tx *state.Tx, n int, rolling bool, now time.Time) (one *model.Task) {
	for i := range 100 {
		tx.PutInstance(&model.Instance{ID: model.NewID(), Cluster: "default", Status: model.Active, AgentConnected: true, CPU: 1 << 20, Memory: 1 << 20, Slot: i})
	}
	var instances []string
	for i := range tx.Instances() {
		instances = append(instances, i.ID)
	}
	define(tx, 1, 0, 64)
	define(tx, 2, 0, 64)
	begin := now.Add(-time.Hour)
	s := &model.Service{Name: "web", Cluster: "default", Status: model.Active, DesiredCount: n, MinimumHealthyPercent: 100, MaximumPercent: 150,
		CircuitBreaker: model.CircuitBreaker{Enable: true, Rollback: true}}
	s = rollout.Begin(s, model.TaskDefinitionRef{Family: "web", Revision: 1}, rollout.Names{Deployment: "ecs-svc/1"}, begin)
	s.Deployments[0].Rollout = model.Completed
	if rolling {
		s = rollout.Begin(s, model.TaskDefinitionRef{Family: "web", Revision: 2}, rollout.Names{Deployment: "ecs-svc/2"}, begin)
	}
	tx.PutService(s)
	for i := range 2 * n {
		t := &model.Task{ID: model.NewID(), Cluster: "default", Service: "web", Deployment: "ecs-svc/1", TaskDefinition: model.TaskDefinitionRef{Family: "web", Revision: 1},
			Desired: model.Running, Last: model.Running, CreatedAt: begin, StartedAt: begin, Instance: instances[i%len(instances)],
			Containers: []model.Container{{Name: "app", Essential: true}}}
		switch {
		case i >= n:
			t.Deployment, t.Desired, t.Last, t.StopCode = "ecs-svc/0", model.Stopped, model.Stopped, model.ServiceSchedulerInitiated
		case rolling && i%2 == 0:
			t.Deployment, t.StartedAt = "ecs-svc/2", now.Add(-time.Millisecond) // has not settled
		}
		if tx.PutTask(t); i < n {
			one = t
		}
	}
	return one
}
