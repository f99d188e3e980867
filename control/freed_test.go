package control

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"steady/model"
	"steady/state"
)

// A task on Fargate may hold the room of another cluster's instance: when it ends, it is a
// service of that cluster that may find a place.
func TestTheRoomOfATaskIsThatOfItsInstancesCluster(t *testing.T) {
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	task := &model.Task{ID: "a", Cluster: "far", Instance: "i", Last: model.Running}
	err = store.Update(context.Background(), func(tx *state.Tx) error {
		tx.PutInstance(&model.Instance{ID: "i", Cluster: "near", Status: model.Active})
		tx.PutTask(task)
		tx.PutService(&model.Service{Name: "web", Cluster: "near", Status: model.Active, Placement: model.PlacementRefusal{At: time.Now()}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s := newScheduler(store, Settings{Settle: time.Second}, slog.New(slog.DiscardHandler))
	ended := *task
	ended.Last = model.Stopped
	s.note(state.Commit{Snapshot: store.Snapshot(), Changes: []state.Change{{Old: task, New: &ended}}})
	if _, due := s.due[serviceID{"near", "web"}]; !due {
		t.Errorf("due are %v", s.due)
	}
}
