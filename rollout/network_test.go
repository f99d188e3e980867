package rollout

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// A roll back is to the revision, and so to its network configuration as well.
func TestARollbackReturnsToTheNetworkConfiguration(t *testing.T) {
	w := serve(t, 3, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true, Rollback: true}
	w.steady(1).in("subnet-a", 2).steady(2).in("subnet-b", 3).crash(3)
	p := w.service.Primary()
	if p.Rollback == "" {
		t.Fatalf("there is no roll back: %+v", p)
	}
	for what, c := range map[string]*types.NetworkConfiguration{
		"deployment": p.Network, "service": w.service.Spec.NetworkConfiguration,
	} {
		if got := c.AwsvpcConfiguration.Subnets[0]; got != "subnet-a" {
			t.Errorf("the %s's subnet is %s", what, got)
		}
	}
}

// in deploys a revision with another subnet.
func (w *world) in(subnet string, revision int) *world {
	s := *w.service
	s.Spec.NetworkConfiguration = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{subnet}}}
	w.service = &s
	return w.deploy(revision)
}
