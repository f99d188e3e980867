package ecs

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

var firelensMembers = []unsupported[types.ContainerDefinition]{
	{"firelensConfiguration", func(c *types.ContainerDefinition) bool { return c.FirelensConfiguration != nil }},
	{"logConfiguration with the driver awsfirelens", func(c *types.ContainerDefinition) bool {
		return c.LogConfiguration != nil && c.LogConfiguration.LogDriver == types.LogDriverAwsfirelens
	}},
}

// checkFirelens checks the log router of a task.
func checkFirelens(in *ecs.RegisterTaskDefinitionInput) error {
	for i := range in.ContainerDefinitions {
		c := &in.ContainerDefinitions[i]
		if err := refuse(firelensMembers, c, "container '"+aws.ToString(c.Name)+"'"); err != nil {
			return err
		}
	}
	return nil
}
