package placement

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// Shares tells from which capacity providers more tasks are to come, one for each, when
// so many of each are there already. "Base requirements are satisfied first before
// weight distribution"; then each task goes where the provider's share of its weight is
// the smallest. AWS does not say how it rounds.
func Shares(strategy []types.CapacityProviderStrategyItem, have map[string]int, count int) []string {
	there := make(map[string]int, len(strategy))
	for _, item := range strategy {
		there[deref(item.CapacityProvider)] = have[deref(item.CapacityProvider)]
	}
	var shares []string
	for len(shares) < count {
		next, ok := nextShare(strategy, there)
		if !ok {
			break
		}
		there[next]++
		shares = append(shares, next)
	}
	return shares
}

func nextShare(strategy []types.CapacityProviderStrategyItem, there map[string]int) (provider string, ok bool) {
	for _, item := range strategy {
		if name := deref(item.CapacityProvider); there[name] < int(item.Base) {
			return name, true
		}
	}
	var least float64
	for _, item := range strategy {
		if item.Weight <= 0 {
			continue // "capacity providers with a weight of 0 can't be used to place tasks"
		}
		name := deref(item.CapacityProvider)
		filled := float64(there[name]-int(item.Base)+1) / float64(item.Weight)
		if !ok || filled < least {
			provider, least, ok = name, filled, true
		}
	}
	return provider, ok
}

// PlaceBy is Place by a capacity provider strategy, when so many tasks of each provider
// are there already: each copy finds its place on the instances of its provider, or
// none. The tasks of Fargate's providers run on any instance.
func PlaceBy(strategy []types.CapacityProviderStrategyItem, have map[string]int, req Request, candidates []*Candidate) Result {
	if len(strategy) == 0 {
		return Place(req, candidates)
	}
	shares := Shares(strategy, have, req.Count)
	all := Result{Missing: req.Count - len(shares)}
	counts := map[string]int{}
	for _, provider := range shares {
		counts[provider]++
	}
	for _, item := range strategy {
		provider := deref(item.CapacityProvider)
		one := req
		if one.Count = counts[provider]; one.Count == 0 {
			continue
		}
		r := Place(one, of(provider, candidates))
		for range r.Bindings {
			all.Providers = append(all.Providers, provider)
		}
		all.Bindings = append(all.Bindings, r.Bindings...)
		if r.Missing == 0 {
			continue
		}
		all.Missing += r.Missing
		all.Refusals = append(all.Refusals, r.Refusals...)
		if len(r.Refusals) > 0 {
			all.Closest = r.Closest
		} else {
			all.Empty = append(all.Empty, provider)
		}
	}
	return all
}

// of are the instances of a capacity provider.
func of(provider string, candidates []*Candidate) []*Candidate {
	if model.OnFargate(provider) {
		return candidates
	}
	var own []*Candidate
	for _, c := range candidates {
		if c.Instance.CapacityProvider() == provider {
			own = append(own, c)
		}
	}
	return own
}
