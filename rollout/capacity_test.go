package rollout

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// A roll back is to the revision, and so to the capacity that it ran on as well.
func TestARollbackReturnsToTheCapacity(t *testing.T) {
	w := serve(t, 3, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true, Rollback: true}
	w.steady(1).on("big", "1.3.0", 2).steady(2).on("small", "1.4.0", 3)
	d := w.service.Primary()
	if c := d.Capacity; *c.Strategy[0].CapacityProvider != "small" || c.Platform != "1.4.0" {
		t.Fatalf("the new deployment runs on %+v", c)
	}
	w.crash(3)
	p := w.service.Primary()
	if p.Rollback == "" {
		t.Fatalf("there is no roll back: %+v", p)
	}
	for what, c := range map[string]model.Capacity{"deployment": p.Capacity, "service": capacity(w.service)} {
		if *c.Strategy[0].CapacityProvider != "big" || c.Platform != "1.3.0" {
			t.Errorf("the %s's capacity is %+v", what, c)
		}
	}
}

// on deploys a revision on another capacity.
func (w *world) on(provider, platform string, revision int) *world {
	s := *w.service
	s.Spec.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: &provider, Weight: 1}}
	s.Spec.PlatformVersion = aws.String(platform)
	w.service = &s
	return w.deploy(revision)
}
