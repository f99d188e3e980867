package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

const (
	maxDescribedProviders = 100
	providersPage         = 10 // DescribeCapacityProviders' default and maximum
)

// DescribeCapacityProviders shows capacity providers, all of them unless some are named.
func (a *API) DescribeCapacityProviders(_ context.Context, in *ecs.DescribeCapacityProvidersInput) (*ecs.DescribeCapacityProvidersOutput, error) {
	if len(in.CapacityProviders) > maxDescribedProviders {
		return nil, invalid("capacityProviders can not have more than %d elements.", maxDescribedProviders)
	}
	if err := includes(in.Include); err != nil {
		return nil, err
	}
	s := a.store.Snapshot()
	names, failures, err := a.namedProviders(s, in)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, name := range names {
		entries = append(entries, entry{name, name})
	}
	names, next, err := paging{
		operation: "DescribeCapacityProviders", max: in.MaxResults, token: in.NextToken, size: providersPage, most: providersPage,
	}.cut(entries)
	if err != nil {
		return nil, err
	}
	out := &ecs.DescribeCapacityProvidersOutput{CapacityProviders: []types.CapacityProvider{}, Failures: failures, NextToken: next}
	for _, name := range names {
		p, ok := s.CapacityProvider(name)
		if !ok {
			p = &model.CapacityProvider{Name: name, Status: model.Active}
		}
		out.CapacityProviders = append(out.CapacityProviders, *a.showProvider(p, slices.Contains(in.Include, types.CapacityProviderFieldTags)))
	}
	return out, nil
}

// namedProviders are the names of those that a request means, and what it names that is
// not there.
func (a *API) namedProviders(s *state.Snapshot, in *ecs.DescribeCapacityProvidersInput) (names []string, failures []types.Failure, err error) {
	failures = []types.Failure{}
	switch {
	case aws.ToString(in.Cluster) != "":
		c, err := a.cluster(s, in.Cluster)
		if err != nil {
			return nil, nil, err
		}
		names = c.CapacityProviders
	case len(in.CapacityProviders) == 0:
		names = []string{model.Fargate, model.FargateSpot}
		for p := range s.CapacityProviders() {
			if p.Status == model.Active {
				names = append(names, p.Name)
			}
		}
	}
	for _, ref := range in.CapacityProviders {
		name, err := a.providerName(ref)
		if err != nil {
			return nil, nil, err
		}
		if _, ok := s.CapacityProvider(name); !ok && !model.OnFargate(name) {
			failures = append(failures, failure(a.realm.CapacityProviderARN(name)))
		} else if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, failures, nil
}

func (a *API) showProvider(p *model.CapacityProvider, withTags bool) *types.CapacityProvider {
	shown := &types.CapacityProvider{
		CapacityProviderArn: aws.String(a.realm.CapacityProviderARN(p.Name)),
		Name:                aws.String(p.Name),
		Status:              types.CapacityProviderStatus(p.Status),
		UpdateStatus:        p.UpdateStatus,
		UpdateStatusReason:  text(p.UpdateReason),
		Type:                types.CapacityProviderTypeEc2Autoscaling,
		Tags:                []types.Tag{},
	}
	if model.OnFargate(p.Name) {
		shown.Type = types.CapacityProviderType(p.Name)
	} else {
		group := p.Group
		shown.AutoScalingGroupProvider = &group
	}
	if withTags {
		shown.Tags = showTags(p.Tags)
	}
	return shown
}
