package placement

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// strategy of items such as "a base 2 weight 1".
func strategy(text ...string) []types.CapacityProviderStrategyItem {
	var items []types.CapacityProviderStrategyItem
	for _, t := range text {
		var item types.CapacityProviderStrategyItem
		var name string
		if _, err := fmt.Sscanf(t, "%s base %d weight %d", &name, &item.Base, &item.Weight); err != nil {
			panic(err)
		}
		item.CapacityProvider = &name
		items = append(items, item)
	}
	return items
}

func TestShares(t *testing.T) {
	for _, c := range []struct {
		strategy []types.CapacityProviderStrategyItem
		have     map[string]int
		count    int
		want     string
	}{
		{strategy("a base 0 weight 1"), nil, 2, "a a"},
		{strategy("a base 0 weight 0"), nil, 2, ""},
		{strategy("a base 0 weight 1", "b base 0 weight 1"), nil, 4, "a b a b"},
		{strategy("a base 0 weight 1", "b base 0 weight 4"), nil, 10, "b b b a b b b b a b"},
		{strategy("a base 2 weight 0", "b base 0 weight 1"), nil, 4, "a a b b"},
		{strategy("a base 2 weight 1", "b base 0 weight 3"), nil, 6, "a a b b a b"},
		{strategy("a base 2 weight 1", "b base 0 weight 3"), map[string]int{"a": 2, "b": 3}, 1, "a"},
		{strategy("a base 2 weight 0", "b base 0 weight 1"), map[string]int{"b": 5}, 3, "a a b"},
		{strategy("a base 1 weight 0", "b base 0 weight 0"), nil, 3, "a"},
	} {
		if got := strings.Join(Shares(c.strategy, c.have, c.count), " "); got != c.want {
			t.Errorf("%d more of %v with %v: %s, want %s", c.count, c.strategy, c.have, got, c.want)
		}
	}
}

func TestPlaceByCapacityProvider(t *testing.T) {
	instance := func(id, provider string, cpu int) *Candidate {
		return &Candidate{Instance: &model.Instance{
			ID: id, Status: model.Active, AgentConnected: true, CPU: cpu, Memory: 1000,
			Attributes: []model.Attribute{{Name: model.CapacityProviderAttribute, Value: provider}},
		}}
	}
	request := Request{Count: 6, Sizing: Sizing{CPU: 100, Memory: 1}}
	r := PlaceBy(strategy("a base 0 weight 1", "b base 0 weight 1", "c base 0 weight 1"), nil, request,
		[]*Candidate{instance("of-a", "a", 1000), instance("of-b", "b", 100), instance("of-none", "", 1000)})
	got := fmt.Sprint(r.Bindings, r.Providers, r.Missing, r.Refusals, r.Empty)
	if want := "[of-a of-a of-b] [a a b] 3 [{of-b RESOURCE:CPU}] [c]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	r = PlaceBy(strategy("FARGATE_SPOT base 0 weight 1"), nil, request, []*Candidate{instance("of-a", "a", 1000)})
	if len(r.Bindings) != 6 || r.Provider(5) != model.FargateSpot {
		t.Errorf("on Fargate %+v", r)
	}
}
