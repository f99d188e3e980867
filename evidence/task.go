package evidence

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
)

// task fetches one task, and what its service says of it.
func (s Source) task(ctx context.Context, id string, now time.Time) (diagnose.Case, error) {
	if _, after, ok := strings.Cut(id, ":task/"); ok {
		if cluster, _, long := strings.Cut(after, "/"); long {
			s.Cluster = cluster
		}
	}
	out, err := s.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &s.Cluster, Tasks: []string{id}})
	if err != nil {
		return diagnose.Case{}, fmt.Errorf("describe task %s: %w", lastPart(id), err)
	}
	if len(out.Tasks) == 0 {
		return diagnose.Case{}, fmt.Errorf("there is no task %s in cluster %s: check the id and --cluster; ECS forgets a stopped task after about an hour", lastPart(id), s.Cluster)
	}
	t := out.Tasks[0]
	c := diagnose.Case{
		Subject: diagnose.Subject{Kind: diagnose.ATask, Name: lastPart(aws.ToString(t.TaskArn)), Cluster: lastPart(s.Cluster),
			Revision: lastPart(aws.ToString(t.TaskDefinitionArn)), State: diagnose.StateOfTask(t)},
		Situation: diagnose.Situation{At: now},
	}
	if started := aws.ToString(t.StartedBy); strings.HasPrefix(started, "ecs-svc/") {
		c.Subject.Deployment = started
	}
	collector := NewCollector(s.ECS, s.Logs, s.Cluster, "")
	if collector.definition, err = collector.Describe(ctx, t.TaskDefinitionArn); err != nil {
		c.Missing = append(c.Missing, "The task definition could not be read: "+short(err))
	}
	collector.tasks[aws.ToString(t.TaskArn)] = t
	collector.gatherLogs(ctx)
	svc := s.serviceOf(ctx, t, &c)
	c.Evidence = collector.Evidence(svc, types.Deployment{}, time.Time{}, time.Time{})
	for _, e := range svc.Events {
		if strings.Contains(aws.ToString(e.Message), "(task "+c.Subject.Name+")") {
			c.Evidence.Events = append(c.Evidence.Events, e)
		}
	}
	if err := s.targets(ctx, svc, &c.Evidence); err != nil {
		c.Missing = append(c.Missing, "The health of the targets could not be read: "+short(err))
	}
	c.Evidence.Targets = nil // of all tasks; this one's are told by its events
	c.Situation.Service, c.Situation.TaskDefinition = svc, c.Evidence.TaskDefinition
	if !isStopped(t) && aws.ToString(t.DesiredStatus) != "STOPPED" {
		c.Evidence.StoppedTasks = nil
		c.Situation.Tasks = []types.Task{t}
	}
	return c, nil
}

// serviceOf is the service that a task is of, without its deployments: what they are
// up to says nothing of one task.
func (s Source) serviceOf(ctx context.Context, t types.Task, c *diagnose.Case) types.Service {
	name, ok := strings.CutPrefix(aws.ToString(t.Group), "service:")
	if !ok {
		return types.Service{}
	}
	out, err := s.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &s.Cluster, Services: []string{name}})
	if err != nil || len(out.Services) == 0 {
		c.Missing = append(c.Missing, "What service "+name+" says of the task could not be read.")
		return types.Service{}
	}
	svc := out.Services[0]
	svc.Deployments = nil
	return svc
}
