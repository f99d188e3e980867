package supply

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/awslogs"
	"steady/model"
)

// Log is where a container with the log driver awslogs writes to.
type Log struct {
	Group, Stream string
	CreateGroup   bool
}

// errNoGroup is what CloudWatch Logs says.
//
//lint:ignore ST1005 AWS's own text.
var errNoGroup = errors.New("ResourceNotFoundException: The specified log group does not exist.")

// CanLog tells why a log stream cannot be made under the execution role of a task, as the
// awslogs driver does; nil where it can, and where the task has no such role.
func (s *Sources) CanLog(ctx context.Context, t *model.Task, d *model.TaskDefinition, l Log) error {
	role := role(t, d)
	if role == "" {
		return nil
	}
	const group, stream = "failed to create Cloudwatch log group: %w", "failed to create Cloudwatch log stream: %w"
	arn := "arn:aws:logs:" + s.Realm.Region + ":" + s.Realm.Account + ":log-group:" + l.Group
	isThere := s.LogGroup == nil || s.LogGroup(l.Group)
	if l.CreateGroup && !isThere {
		if err := s.Allowed(ctx, role, t.ID, "logs:CreateLogGroup", arn+":log-stream:"); err != nil {
			return fmt.Errorf(group, err)
		}
	}
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		if err := s.Allowed(ctx, role, t.ID, action, arn+":log-stream:"+l.Stream); err != nil {
			return fmt.Errorf(stream, err)
		}
	}
	if !l.CreateGroup && !isThere {
		return fmt.Errorf(stream, errNoGroup)
	}
	return nil
}

// logs: Fargate makes the log streams of a task before its containers. On a container
// instance the container engine does, when a container starts.
func (g *getter) logs(ctx context.Context) error {
	if !g.task.OnFargate() {
		return nil
	}
	for _, c := range containers(g.task, g.definition) {
		o, given, err := awslogs.Of(c)
		if !given || err != nil { // an error is told when the container starts
			continue
		}
		group, stream := o.Location(awslogs.Container{
			Cluster: g.task.Cluster, Family: g.definition.Family, Name: aws.ToString(c.Name), Task: g.task.ID, RuntimeID: g.task.ID,
		})
		if err := g.CanLog(ctx, g.task, g.definition, Log{group, stream, o.CreateGroup}); err != nil {
			return fmt.Errorf("failed to validate logger args: create stream has been retried 1 times: %w : exit status 1", err)
		}
	}
	return nil
}
