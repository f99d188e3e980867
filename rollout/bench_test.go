package rollout

import (
	"fmt"
	"testing"
	"time"

	"steady/model"
)

// BenchmarkDecide decides the next step of a service in the middle of a roll-out:
// half of its tasks are of the new revision, and one has just become healthy.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{100, 1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			v := halfWay(n)
			b.ReportAllocs()
			for b.Loop() {
				Decide(v)
			}
		})
	}
}

func halfWay(n int) View {
	s := &model.Service{Name: "web", Cluster: "default", Status: model.Active, DesiredCount: n, MinimumHealthyPercent: 100, MaximumPercent: 150,
		CircuitBreaker: model.CircuitBreaker{Enable: true, Rollback: true}}
	s = Begin(s, model.TaskDefinitionRef{Family: "web", Revision: 1}, Names{Deployment: "ecs-svc/1"}, start)
	s.Deployments[0].Rollout = model.Completed
	s = Begin(s, model.TaskDefinitionRef{Family: "web", Revision: 2}, Names{Deployment: "ecs-svc/2"}, start)
	v := View{Service: s, Now: start.Add(time.Hour), Settle: time.Second, NewDeploymentID: model.NewDeploymentID,
		Draining: func(string) bool { return false }}
	for i := range n {
		t := &model.Task{ID: fmt.Sprintf("%032d", i), Service: "web", Deployment: "ecs-svc/1", Desired: model.Running, Last: model.Running,
			CreatedAt: start, StartedAt: start, Instance: "i", Containers: []model.Container{{Name: "app", Essential: true}}}
		if i%2 == 0 {
			t.Deployment = "ecs-svc/2"
		}
		v.Live = append(v.Live, t)
	}
	v.Live[0].StartedAt = v.Now.Add(-time.Second)
	return v
}
