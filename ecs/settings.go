package ecs

import (
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/placement"
)

// settingsOf are the members of a CreateService request that UpdateService has as
// well, so that both are checked and applied by the same code.
func settingsOf(in *ecs.CreateServiceInput) *ecs.UpdateServiceInput {
	return &ecs.UpdateServiceInput{
		AvailabilityZoneRebalancing:   in.AvailabilityZoneRebalancing,
		CapacityProviderStrategy:      in.CapacityProviderStrategy,
		DeploymentConfiguration:       in.DeploymentConfiguration,
		DeploymentController:          in.DeploymentController,
		DesiredCount:                  in.DesiredCount,
		EnableECSManagedTags:          aws.Bool(in.EnableECSManagedTags),
		EnableExecuteCommand:          aws.Bool(in.EnableExecuteCommand),
		GatewayConnectors:             in.GatewayConnectors,
		HealthCheckGracePeriodSeconds: in.HealthCheckGracePeriodSeconds,
		LoadBalancers:                 in.LoadBalancers,
		Monitoring:                    in.Monitoring,
		NetworkConfiguration:          in.NetworkConfiguration,
		PlacementConstraints:          in.PlacementConstraints,
		PlacementStrategy:             in.PlacementStrategy,
		PlatformVersion:               in.PlatformVersion,
		PropagateTags:                 in.PropagateTags,
		ServiceConnectConfiguration:   in.ServiceConnectConfiguration,
		ServiceRegistries:             in.ServiceRegistries,
		TaskDefinition:                in.TaskDefinition,
		VolumeConfigurations:          in.VolumeConfigurations,
		VpcLatticeConfigurations:      in.VpcLatticeConfigurations,
	}
}

// checkSettings checks what can be checked without the service.
func checkSettings(in *ecs.UpdateServiceInput) error {
	if err := refuse(serviceMembers, in, "the service"); err != nil {
		return err
	}
	if in.DeploymentConfiguration != nil {
		if err := refuse(deploymentMembers, in.DeploymentConfiguration, "the service"); err != nil {
			return err
		}
	}
	if in.DesiredCount != nil && *in.DesiredCount < 0 {
		return invalid("desiredCount can not be negative.")
	}
	if aws.ToInt32(in.HealthCheckGracePeriodSeconds) < 0 {
		return invalid("healthCheckGracePeriodSeconds should be from 0 to %d.", math.MaxInt32)
	}
	if err := placement.Validate(in.PlacementConstraints, in.PlacementStrategy); err != nil {
		return invalid("Invalid placement of the service: %v", err)
	}
	return first(
		oneOf("propagateTags", in.PropagateTags, in.PropagateTags.Values()...),
		checkNetwork(in.NetworkConfiguration),
		oneOf("availabilityZoneRebalancing", in.AvailabilityZoneRebalancing, in.AvailabilityZoneRebalancing.Values()...),
	)
}

// applySettings gives a service the settings that are present; those that are
// absent stay as they are. None of them starts a deployment: they "take effect for
// the tasks that are started next".
func applySettings(n *model.Service, in *ecs.UpdateServiceInput) error {
	if err := checkDaemon(n, in); err != nil {
		return err
	}
	if in.DesiredCount != nil {
		n.DesiredCount = int(*in.DesiredCount)
	}
	if in.PlacementConstraints != nil {
		n.PlacementConstraints = in.PlacementConstraints
	}
	if in.PlacementStrategy != nil {
		n.PlacementStrategy = in.PlacementStrategy
	}
	if in.HealthCheckGracePeriodSeconds != nil {
		n.GracePeriod = time.Duration(*in.HealthCheckGracePeriodSeconds) * time.Second
	}
	if in.PropagateTags != "" {
		n.Spec.PropagateTags = in.PropagateTags
	}
	if in.EnableECSManagedTags != nil {
		n.Spec.EnableECSManagedTags = *in.EnableECSManagedTags
	}
	if in.EnableExecuteCommand != nil {
		n.Spec.EnableExecuteCommand = *in.EnableExecuteCommand
	}
	if in.NetworkConfiguration != nil {
		n.Spec.NetworkConfiguration = in.NetworkConfiguration
	}
	if in.DeploymentController != nil {
		n.Spec.DeploymentController = &types.DeploymentController{Type: types.DeploymentControllerTypeEcs}
	}
	return applyDeploymentConfiguration(n, in.DeploymentConfiguration)
}

// checkDaemon refuses what only a REPLICA service can have: a DAEMON service has one
// task on each container instance that can take it.
func checkDaemon(n *model.Service, in *ecs.UpdateServiceInput) error {
	switch {
	case !n.Daemon:
		return nil
	case in.DesiredCount != nil:
		return invalid("The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again")
	case len(in.PlacementStrategy) > 0:
		return invalid("The daemon scheduling strategy does not support placement strategies. Remove the placement strategy and try again")
	}
	return nil
}

// checkConstraints: "you can specify a maximum of 10 constraints for each task. This
// limit includes constraints in the task definition".
func checkConstraints(svc *model.Service, d *model.TaskDefinition) error {
	if n := len(svc.PlacementConstraints) + len(d.Spec.PlacementConstraints); n > placement.MaxConstraints {
		return invalid("%d placement constraints are given, those of the task definition included; give at most %d.", n, placement.MaxConstraints)
	}
	return nil
}
