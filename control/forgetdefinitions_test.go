package control

import (
	"context"
	"strings"
	"testing"
	"time"

	"steady/model"
	"steady/state"
)

// Revisions that are to be deleted go once nothing is of them any more.
func TestDefinitionsGoWhenNothingIsOfThem(t *testing.T) {
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ref := func(revision int) model.TaskDefinitionRef {
		return model.TaskDefinitionRef{Family: "web", Revision: revision}
	}
	update := func(change func(*state.Tx)) string {
		var left []string
		err := store.Update(context.Background(), func(tx *state.Tx) error {
			change(tx)
			forgetBefore(tx, time.Time{}, time.Second)
			left = nil
			for d := range tx.Revisions("web") {
				left = append(left, d.Ref().String())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(left, " ")
	}
	left := update(func(tx *state.Tx) {
		for revision := 1; revision <= 5; revision++ {
			status := model.DeleteInProgress
			if revision == 5 {
				status = model.Inactive
			}
			tx.PutTaskDefinition(&model.TaskDefinition{Family: "web", Revision: revision, Status: status})
		}
		tx.PutTask(&model.Task{ID: "a", Cluster: "default", TaskDefinition: ref(1), Desired: model.Running, Last: model.Running})
		tx.PutService(&model.Service{
			Name: "web", Cluster: "default", Status: model.Active, Completed: model.Revision{TaskDefinition: ref(3)},
			Deployments: []model.Deployment{{ID: "ecs-svc/1", Status: model.Primary, TaskDefinition: ref(2)}},
		})
	})
	if left != "web:1 web:2 web:3 web:5" {
		t.Errorf("left with a task of 1, a deployment of 2, 3 to roll back to: %s", left)
	}
	left = update(func(tx *state.Tx) {
		tx.DeleteTask("a")
		tx.DeleteService("default", "web")
	})
	if left != "web:5" {
		t.Errorf("left with neither: %s", left)
	}
}
