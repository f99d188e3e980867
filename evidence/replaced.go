package evidence

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
)

// What ECS tells of a deployment that another one has replaced is its tasks alone, for
// about an hour: it has no place among the service's deployments and no event of its end.

// stoppedTasks reads the stopped tasks of a service, of all its deployments. What cannot
// be read is no evidence.
func (s Source) stoppedTasks(ctx context.Context, service string) []types.Task {
	arns, err := NewCollector(s.ECS, nil, s.Cluster, service).stopping(ctx)
	if err != nil {
		return nil
	}
	var all []types.Task
	for some := range slices.Chunk(arns, describedAtOnce) {
		out, err := s.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &s.Cluster, Tasks: some})
		if err != nil {
			return all
		}
		all = append(all, out.Tasks...)
	}
	return all
}

// replacedDeployment is the deployment with this id, as its tasks tell of it; without an
// id where none does.
func replacedDeployment(tasks []types.Task, id string) types.Deployment {
	var d types.Deployment
	for _, t := range tasks {
		if aws.ToString(t.StartedBy) != id {
			continue
		}
		if d.Id == nil || aws.ToTime(t.CreatedAt).Before(aws.ToTime(d.CreatedAt)) {
			d = types.Deployment{Id: &id, CreatedAt: t.CreatedAt, TaskDefinition: t.TaskDefinitionArn}
		}
	}
	return d
}

// rolledBackFrom is the deployment that somebody went back from to an earlier revision,
// since its tasks failed: the last whose failed tasks are of a later revision of the
// family than the service runs now. Without an id where nobody did.
func rolledBackFrom(newest types.Deployment, tasks []types.Task) types.Deployment {
	family, now := revisionOf(newest.TaskDefinition)
	id, last := "", time.Time{}
	for _, t := range tasks {
		of, revision := revisionOf(t.TaskDefinitionArn)
		if of != family || revision <= now || !isStopped(t) || diagnose.Benign(t) || !strings.HasPrefix(aws.ToString(t.StartedBy), "ecs-svc/") {
			continue
		}
		if at := aws.ToTime(t.CreatedAt); id == "" || at.After(last) {
			id, last = *t.StartedBy, at
		}
	}
	if id == "" || id == aws.ToString(newest.Id) {
		return types.Deployment{}
	}
	return replacedDeployment(tasks, id)
}

// revisionOf takes the ARN of a task definition apart.
func revisionOf(arn *string) (family string, revision int) {
	family, number, _ := strings.Cut(lastPart(aws.ToString(arn)), ":")
	revision, _ = strconv.Atoi(number)
	return family, revision
}

// replaced judges such a deployment, and tells how the service stands now.
func (s Source) replaced(ctx context.Context, svc types.Service, d types.Deployment, now time.Time) diagnose.Case {
	c := s.judged(ctx, svc, d, now)
	newest := newestDeployment(svc)
	c.Subject.State = "replaced; now " + aws.ToString(newest.Id) + ": " + diagnose.StateOf(svc, aws.ToString(newest.Id))
	return c
}
