package ecs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// unsupported is a member of the API that Steady does not carry out yet. It is
// refused by name: what is not done is never stored and ignored.
type unsupported[T any] struct {
	member string
	given  func(*T) bool
}

// refuse names the first member that is given and not supported.
func refuse[T any](table []unsupported[T], in *T, where string) error {
	for _, u := range table {
		if u.given(in) {
			return refused("%s is not supported by Steady yet: remove it from %s", u.member, where)
		}
	}
	return nil
}

var clusterMembers = []unsupported[ecs.CreateClusterInput]{
	{"serviceConnectDefaults", func(i *ecs.CreateClusterInput) bool { return i.ServiceConnectDefaults != nil }},
}

var updateClusterMembers = []unsupported[ecs.UpdateClusterInput]{
	{"serviceConnectDefaults", func(i *ecs.UpdateClusterInput) bool { return i.ServiceConnectDefaults != nil }},
}

// clusterConfigurationMembers: what is kept configures ExecuteCommand, which answers that
// it is not supported, and volumes that ECS manages, which are refused. The storage of
// Fargate tasks is there, and not encrypted.
var clusterConfigurationMembers = []unsupported[types.ClusterConfiguration]{
	{"configuration.managedStorageConfiguration.fargateEphemeralStorageKmsKeyId", func(c *types.ClusterConfiguration) bool {
		return c.ManagedStorageConfiguration != nil && aws.ToString(c.ManagedStorageConfiguration.FargateEphemeralStorageKmsKeyId) != ""
	}},
}

var definitionMembers = []unsupported[ecs.RegisterTaskDefinitionInput]{
	{"requiresCompatibilities MANAGED_INSTANCES", func(i *ecs.RegisterTaskDefinitionInput) bool {
		return slices.Contains(i.RequiresCompatibilities, types.CompatibilityManagedInstances)
	}},
	{"proxyConfiguration", func(i *ecs.RegisterTaskDefinitionInput) bool { return i.ProxyConfiguration != nil }},
	//lint:ignore SA1019 a client may still send what AWS has given up
	{"inferenceAccelerators", func(i *ecs.RegisterTaskDefinitionInput) bool { return len(i.InferenceAccelerators) > 0 }},
	{"enableFaultInjection", func(i *ecs.RegisterTaskDefinitionInput) bool { return aws.ToBool(i.EnableFaultInjection) }},
}

var containerMembers = []unsupported[types.ContainerDefinition]{
	{"credentialSpecs", func(c *types.ContainerDefinition) bool { return len(c.CredentialSpecs) > 0 }},
}

// createServiceMembers are those that UpdateService does not have.
var createServiceMembers = []unsupported[ecs.CreateServiceInput]{
	{"role", func(i *ecs.CreateServiceInput) bool { return aws.ToString(i.Role) != "" }},
}

// serviceMembers are those that CreateService and UpdateService share.
var serviceMembers = []unsupported[ecs.UpdateServiceInput]{
	{"availabilityZoneRebalancing ENABLED", func(i *ecs.UpdateServiceInput) bool {
		return i.AvailabilityZoneRebalancing == types.AvailabilityZoneRebalancingEnabled
	}},
	{"deploymentController other than ECS", func(i *ecs.UpdateServiceInput) bool {
		return i.DeploymentController != nil && i.DeploymentController.Type != "" && i.DeploymentController.Type != types.DeploymentControllerTypeEcs
	}},
	{"gatewayConnectors", func(i *ecs.UpdateServiceInput) bool { return len(i.GatewayConnectors) > 0 }},
	{"loadBalancers", func(i *ecs.UpdateServiceInput) bool { return len(i.LoadBalancers) > 0 }},
	{"monitoring", func(i *ecs.UpdateServiceInput) bool { return i.Monitoring != nil }},
	{"serviceConnectConfiguration", func(i *ecs.UpdateServiceInput) bool {
		return i.ServiceConnectConfiguration != nil && i.ServiceConnectConfiguration.Enabled
	}},
	{"serviceRegistries", func(i *ecs.UpdateServiceInput) bool { return len(i.ServiceRegistries) > 0 }},
	{"volumeConfigurations", func(i *ecs.UpdateServiceInput) bool { return len(i.VolumeConfigurations) > 0 }},
	{"vpcLatticeConfigurations", func(i *ecs.UpdateServiceInput) bool { return len(i.VpcLatticeConfigurations) > 0 }},
}

var deploymentMembers = []unsupported[types.DeploymentConfiguration]{
	{"deploymentConfiguration.alarms", func(d *types.DeploymentConfiguration) bool { return d.Alarms != nil && d.Alarms.Enable }},
	{"deploymentConfiguration.bakeTimeInMinutes", func(d *types.DeploymentConfiguration) bool { return aws.ToInt32(d.BakeTimeInMinutes) != 0 }},
	{"deploymentConfiguration.canaryConfiguration", func(d *types.DeploymentConfiguration) bool { return d.CanaryConfiguration != nil }},
	{"deploymentConfiguration.lifecycleHooks", func(d *types.DeploymentConfiguration) bool { return len(d.LifecycleHooks) > 0 }},
	{"deploymentConfiguration.linearConfiguration", func(d *types.DeploymentConfiguration) bool { return d.LinearConfiguration != nil }},
	{"deploymentConfiguration.strategy other than ROLLING", func(d *types.DeploymentConfiguration) bool {
		return d.Strategy != "" && d.Strategy != types.DeploymentStrategyRolling
	}},
}

var runTaskMembers = []unsupported[ecs.RunTaskInput]{
	{"volumeConfigurations", func(i *ecs.RunTaskInput) bool { return len(i.VolumeConfigurations) > 0 }},
}

var overrideMembers = []unsupported[types.TaskOverride]{
	//lint:ignore SA1019 a client may still send what AWS has given up
	{"overrides.inferenceAcceleratorOverrides", func(o *types.TaskOverride) bool { return len(o.InferenceAcceleratorOverrides) > 0 }},
}

// No agent that could run tasks on a GPU connects.
var registerInstanceMembers = []unsupported[RegisterContainerInstanceInput]{
	{"platformDevices", func(i *RegisterContainerInstanceInput) bool { return len(i.PlatformDevices) > 0 }},
}

const managedInstancesProvider = "managedInstancesProvider"

var createProviderMembers = []unsupported[ecs.CreateCapacityProviderInput]{
	{"cluster", func(i *ecs.CreateCapacityProviderInput) bool { return aws.ToString(i.Cluster) != "" }},
	{managedInstancesProvider, func(i *ecs.CreateCapacityProviderInput) bool { return i.ManagedInstancesProvider != nil }},
}

var updateProviderMembers = []unsupported[ecs.UpdateCapacityProviderInput]{
	{"cluster", func(i *ecs.UpdateCapacityProviderInput) bool { return aws.ToString(i.Cluster) != "" }},
	{managedInstancesProvider, func(i *ecs.UpdateCapacityProviderInput) bool { return i.ManagedInstancesProvider != nil }},
}

// A cluster has capacity providers of its own for managed instances only.
var deleteProviderMembers = []unsupported[ecs.DeleteCapacityProviderInput]{
	{"cluster", func(i *ecs.DeleteCapacityProviderInput) bool { return aws.ToString(i.Cluster) != "" }},
}
