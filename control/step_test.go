package control

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// TestTwoRefusalsAreSaidOnce: while the new revision lacks CPU, an unhealthy task of
// the old one is to be replaced and lacks memory. Looking again, with nothing changed,
// must change nothing: each write of a service makes the loop look at it again.
func TestTwoRefusalsAreSaidOnce(t *testing.T) {
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	settings := Settings{Settle: time.Second, Retention: time.Hour}
	scheduler := newScheduler(store, settings, slog.New(slog.DiscardHandler))
	err = store.Update(context.Background(), func(tx *state.Tx) error {
		tx.PutInstance(&model.Instance{ID: "i", Cluster: "default", Status: model.Active, AgentConnected: true, CPU: 1024, Memory: 1024})
		define(tx, 1, 0, 1000)   // what runs leaves no memory for another
		define(tx, 2, 2000, 100) // and there never is as much CPU
		old := &model.Task{
			ID: "a", Cluster: "default", Service: "web", Instance: "i", Deployment: "ecs-svc/1",
			TaskDefinition: model.TaskDefinitionRef{Family: "web", Revision: 1}, Memory: 1000,
			Desired: model.Running, Last: model.Running, StartedAt: now.Add(-time.Hour), Health: model.Unhealthy,
			Containers: []model.Container{{Name: "app", Essential: true, Checked: true, Health: model.Unhealthy}},
		}
		tx.PutTask(old)
		tx.PutService(&model.Service{
			Name: "web", Cluster: "default", Status: model.Active, DesiredCount: 1, MinimumHealthyPercent: 100, MaximumPercent: 300,
			Deployments: []model.Deployment{
				{ID: "ecs-svc/2", Status: model.Primary, Rollout: model.InProgress, CreatedAt: now.Add(-time.Minute), TaskDefinition: model.TaskDefinitionRef{Family: "web", Revision: 2}},
				{ID: "ecs-svc/1", Status: model.ActiveDeployment, Rollout: model.Completed, CreatedAt: now.Add(-time.Hour), TaskDefinition: old.TaskDefinition},
			},
		})
		step := scheduler.step(tx, serviceID{"default", "web"}, now)
		step.take()
		once, _ := tx.Service("default", "web")
		if len(once.Events) != 1 || !once.Placement.Refused() {
			t.Errorf("the first look says %+v", once.Events)
		}
		step.take()
		if twice, _ := tx.Service("default", "web"); twice != once {
			t.Errorf("the second look says %+v", twice.Events)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func define(tx *state.Tx, revision int, cpu, memory int32) {
	tx.PutTaskDefinition(&model.TaskDefinition{Family: "web", Revision: revision, Status: model.Active, Spec: types.TaskDefinition{
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("app"), Image: aws.String("sim"), Cpu: cpu, Memory: aws.Int32(memory),
			VersionConsistency: types.VersionConsistencyDisabled,
		}},
	}})
}
