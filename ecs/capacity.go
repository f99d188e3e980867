package ecs

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
)

// Limits of a capacity provider strategy (ECS API).
const (
	maxStrategyItems = 20
	maxBase          = 100000
	maxWeight        = 1000
)

// latestPlatform is the platform version that LATEST means.
const latestPlatform = "1.4.0"

// capacity is where tasks are to run: by a launch type, or by a strategy, which implies
// one.
type capacity struct {
	launch   types.LaunchType
	strategy []types.CapacityProviderStrategyItem
	platform string // version, of Fargate only
}

// capacityOf is the capacity that a request asks for: "if no capacity provider strategy
// or launch type is specified, the default capacity provider strategy for the cluster is
// used", and without that EC2.
func (a *API) capacityOf(c *model.Cluster, launch types.LaunchType, strategy []types.CapacityProviderStrategyItem, platform *string) (capacity, error) {
	of := capacity{launch: launch}
	if launch != "" && len(strategy) > 0 {
		return of, invalid("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	}
	defaulted := launch == "" && len(strategy) == 0
	if defaulted {
		strategy = c.DefaultStrategy
	}
	if len(strategy) > 0 {
		read, err := a.readStrategy(c, strategy)
		if err != nil {
			return of, err
		}
		if !slices.ContainsFunc(read, func(i types.CapacityProviderStrategyItem) bool { return i.Weight > 0 }) {
			return of, weightless(defaulted)
		}
		of.strategy, of.launch = read, types.LaunchTypeEc2
		if model.OnFargate(*read[0].CapacityProvider) {
			of.launch = types.LaunchTypeFargate
		}
	}
	if of.launch == "" {
		of.launch = types.LaunchTypeEc2
	}
	var err error
	of.platform, err = platformVersion(of.launch, aws.ToString(platform))
	return of, err
}

// weightless is the failure for a strategy, perhaps the cluster's default one, that places
// no task beyond its base.
func weightless(defaulted bool) error {
	if defaulted {
		return invalid("There are no capacity providers with a weight value greater than zero defined in the default capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified. Update the cluster's default capacity provider strategy or specify a valid capacity provider strategy and try again.")
	}
	return invalid("There are no capacity providers with a weight value greater than zero defined in the capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified.")
}

// platformVersion is the version of Fargate's platform that is recorded.
func platformVersion(launch types.LaunchType, asked string) (string, error) {
	switch {
	case launch != types.LaunchTypeFargate && asked == "":
		return "", nil
	case launch != types.LaunchTypeFargate:
		return "", invalid("The platform version must be null when specifying an %s launch type.", launch)
	case asked == "" || asked == "LATEST" || asked == latestPlatform:
		return latestPlatform, nil
	}
	return "", awsapi.Errorf("PlatformUnknownException", "The specified platform does not exist.")
}

// readStrategy checks a strategy against the cluster that it is for. Names stand for
// ARNs in it from then on.
func (a *API) readStrategy(c *model.Cluster, strategy []types.CapacityProviderStrategyItem) ([]types.CapacityProviderStrategyItem, error) {
	if len(strategy) > maxStrategyItems {
		return nil, invalid("A capacity provider strategy can have at most %d capacity providers; %d are given.", maxStrategyItems, len(strategy))
	}
	read := slices.Clone(strategy)
	seen := map[string]bool{}
	based := false
	for i := range read {
		item := &read[i]
		name, err := a.providerName(aws.ToString(item.CapacityProvider))
		if err != nil {
			return nil, err
		}
		item.CapacityProvider = &name
		switch {
		case item.Base < 0 || item.Base > maxBase:
			return nil, invalid("base should be from 0 to %d.", maxBase)
		case item.Weight < 0 || item.Weight > maxWeight:
			return nil, invalid("weight should be from 0 to %d.", maxWeight)
		case item.Base > 0 && based:
			return nil, invalid("Only one capacity provider in a capacity provider strategy can have a base defined.")
		case seen[name]:
			return nil, invalid("The capacity provider %s is given twice in the capacity provider strategy.", name)
		case !slices.Contains(c.CapacityProviders, name):
			return nil, invalid("The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.")
		case model.OnFargate(name) != model.OnFargate(*read[0].CapacityProvider):
			return nil, invalid("A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.")
		}
		seen[name], based = true, based || item.Base > 0
	}
	return read, nil
}

// checkPlacementOn refuses what goes with container instances of one's own only.
func checkPlacementOn(launch types.LaunchType, constraints []types.PlacementConstraint, strategies []types.PlacementStrategy) error {
	switch {
	case launch != types.LaunchTypeFargate:
		return nil
	case len(constraints) > 0:
		return invalid("Placement constraints are not supported with FARGATE launch type.")
	case len(strategies) > 0:
		return invalid("Placement strategies are not supported with FARGATE launch type.")
	}
	return nil
}

// checkCompatible: the task definition has to be valid for the launch type.
func checkCompatible(d *model.TaskDefinition, launch types.LaunchType) error {
	if !slices.Contains(d.Spec.Compatibilities, types.Compatibility(launch)) {
		return invalid("Task definition does not support launch_type %s.", strings.ToUpper(string(launch)))
	}
	return nil
}
