package control

import (
	"context"
	"testing"
	"time"

	"steady/model"
	"steady/state"
)

// Container instances that left their cluster long enough ago are forgotten.
func TestInactiveInstancesAreForgotten(t *testing.T) {
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	before := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	err = store.Update(context.Background(), func(tx *state.Tx) error {
		tx.PutInstance(&model.Instance{ID: "active", Cluster: "default", Status: model.Active})
		tx.PutInstance(&model.Instance{ID: "just", Cluster: "default", Status: model.Inactive, InactiveAt: before})
		tx.PutInstance(&model.Instance{ID: "long", Cluster: "default", Status: model.Inactive, InactiveAt: before.Add(-time.Second)})
		forgetBefore(tx, before, time.Second)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, stays := range map[string]bool{"active": true, "just": true, "long": false} {
		if _, ok := store.Snapshot().Instance(id); ok != stays {
			t.Errorf("%s is on record: %v, want %v", id, ok, stays)
		}
	}
}
