package ecs

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/firelens"
	"steady/model"
)

// checkFirelens checks the log router of a task.
func checkFirelens(in *ecs.RegisterTaskDefinitionInput) error {
	if err := firelens.Check(in.ContainerDefinitions); err != nil {
		return refused("%v", err)
	}
	r, ok := firelens.Of(in.ContainerDefinitions)
	if ok && r.Object != "" && aws.ToString(in.ExecutionRoleArn) == "" {
		return refused("When you are specifying a firelens configuration file of S3, you must also specify a value for 'executionRoleArn'.")
	}
	waits := func(c types.ContainerDefinition) []model.Dependency {
		return firelens.Dependencies(in.ContainerDefinitions, c)
	}
	for _, c := range in.ContainerDefinitions {
		if firelens.Routed(c) && leadsBack(*c.Name, in.ContainerDefinitions, waits) {
			return setting(c.Name, "With the log driver 'awsfirelens' it waits for the log router '%s', which is or waits for this container.", r.Name)
		}
	}
	return nil
}

// ofRouter tells whether a container is a log router of a type, or with an option.
func ofRouter(is func(*types.FirelensConfiguration) bool) func(*types.ContainerDefinition) bool {
	return func(c *types.ContainerDefinition) bool {
		return c.FirelensConfiguration != nil && is(c.FirelensConfiguration)
	}
}
