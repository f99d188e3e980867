package ecs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	capability = "com.amazonaws.ecs.capability."
	dockerAPI  = capability + "docker-remote-api."

	healthCapability    = "ecs.capability.container-health-check"
	interfaceCapability = "ecs.capability.task-eni"
)

// requiresAttributes tells what a container instance must have to run the task
// definition: the capabilities that its members call for. A capability that no
// agent of Steady has (task-iam-role) is not required, since no instance would do.
func requiresAttributes(containers []types.ContainerDefinition, mode types.NetworkMode) []types.Attribute {
	var names []string
	if mode == types.NetworkModeAwsvpc {
		names = append(names, interfaceCapability, dockerAPI+"1.18")
	}
	for _, c := range containers {
		if c.MemoryReservation != nil {
			names = append(names, dockerAPI+"1.21")
		}
		if c.HealthCheck != nil {
			names = append(names, healthCapability, dockerAPI+"1.24")
		}
		if c.LogConfiguration == nil {
			continue
		}
		names = append(names, capability+"logging-driver."+string(c.LogConfiguration.LogDriver))
		if c.LogConfiguration.LogDriver == types.LogDriverAwslogs {
			names = append(names, dockerAPI+"1.19")
		} else {
			names = append(names, dockerAPI+"1.18")
		}
	}
	slices.Sort(names)
	attributes := []types.Attribute{}
	for _, n := range slices.Compact(names) {
		attributes = append(attributes, types.Attribute{Name: aws.String(n)})
	}
	return attributes
}
