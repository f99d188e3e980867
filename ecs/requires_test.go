package ecs

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// What task definitions with roles ask for, as DescribeTaskDefinition of ECS shows it.
func TestRolesAreAskedFor(t *testing.T) {
	const (
		ecr  = `{"name": "app", "image": "1.dkr.ecr.eu-central-1.amazonaws.com/web", "memory": 64`
		logs = `, "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "r"}}`
		both = `, "executionRoleArn": "arn:aws:iam::000000000000:role/x", "taskRoleArn": "arn:aws:iam::000000000000:role/y"`
	)
	for _, c := range []struct{ container, task, want string }{
		{ecr + `}`, ``, "com.amazonaws.ecs.capability.ecr-auth"},
		{ecr + logs + `}`, ``, "com.amazonaws.ecs.capability.docker-remote-api.1.19 com.amazonaws.ecs.capability.ecr-auth com.amazonaws.ecs.capability.logging-driver.awslogs"},
		{ecr + logs + `}`, both, "com.amazonaws.ecs.capability.docker-remote-api.1.19 com.amazonaws.ecs.capability.ecr-auth com.amazonaws.ecs.capability.logging-driver.awslogs " +
			"com.amazonaws.ecs.capability.task-iam-role ecs.capability.execution-role-awslogs ecs.capability.execution-role-ecr-pull"},
		{`{"name": "app", "image": "web", "memory": 64}`, both + `, "networkMode": "host"`, "com.amazonaws.ecs.capability.task-iam-role-network-host"},
	} {
		w := newWorld(t)
		out := must(w.RegisterTaskDefinition(t.Context(), registration(t, `{"family": "web", "containerDefinitions": [`+c.container+`]`+c.task+`}`)))
		var names []string
		for _, a := range out.TaskDefinition.RequiresAttributes {
			names = append(names, aws.ToString(a.Name))
		}
		check(t, c.container+c.task, strings.Join(names, " "), c.want)
	}
}
