package model

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// CapacityProvider is a set of container instances, of which strategies say how many
// tasks run where. ACTIVE, or INACTIVE once deleted. FARGATE and FARGATE_SPOT are always
// there and have no record.
type CapacityProvider struct {
	Name         string
	Status       Status
	CreatedAt    time.Time
	UpdateStatus types.CapacityProviderUpdateStatus
	// UpdateReason tells more of UpdateStatus.
	UpdateReason string
	// Group carries the Auto Scaling group and how it is to be managed: nothing here
	// scales.
	Group types.AutoScalingGroupProvider
	Tags  []Tag
}

// The capacity providers that every cluster can be given.
const (
	Fargate     = "FARGATE"
	FargateSpot = "FARGATE_SPOT"
)

// OnFargate tells whether a capacity provider is one of Fargate's.
func OnFargate(provider string) bool { return provider == Fargate || provider == FargateSpot }

// CapacityProviderAttribute is the attribute that makes a container instance one of the
// capacity provider of that name.
const CapacityProviderAttribute = "steady.capacity-provider"

// CapacityProvider is the capacity provider that the instance belongs to, empty for
// none.
func (i *Instance) CapacityProvider() string {
	name, _ := i.Attribute(CapacityProviderAttribute)
	return name
}

// PlatformFamily is the platform family of tasks on Fargate.
const PlatformFamily = "Linux"
