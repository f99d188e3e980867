package agent

import (
	"context"
	"log/slog"
	"testing"

	"steady/model"
	"steady/runtime"
	"steady/runtime/sim"
)

// heedless carries out what it is asked even when the asker has gone, as Docker does.
type heedless struct{ *sim.Runtime }

func (r heedless) Remove(ctx context.Context, id string) error {
	return r.Runtime.Remove(context.WithoutCancel(ctx), id)
}

// The runners end with the agent, so that in the end no task has one: that does not make
// orphans of their containers.
func TestAnAgentThatEndsFindsNoOrphans(t *testing.T) {
	rt := heedless{sim.New(sim.Options{})}
	a := New(Config{Runtime: rt, Instance: &model.Instance{ID: "i"}, Installation: "test", Log: slog.New(slog.DiscardHandler)})
	if _, err := rt.Create(t.Context(), runtime.Spec{Name: "c", Image: "sim", Labels: a.mark()}); err != nil {
		t.Fatal(err)
	}
	found, err := a.list(t.Context())
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	a.removeOrphans(ctx, nil, nil, found)
	if left, err := a.list(t.Context()); err != nil || len(left) != 1 {
		t.Errorf("%d containers are left (%v)", len(left), err)
	}
}
