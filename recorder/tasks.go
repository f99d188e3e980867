package recorder

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// describedTasks is how many tasks DescribeTasks takes at once.
const describedTasks = 100

// lookAtTasks records the tasks that are new, on their way, or have stopped. One that
// runs is not asked for again until it stops.
func (r *recorder) lookAtTasks(ctx context.Context) error {
	there := map[string]bool{}
	for _, desired := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		arns, err := r.listTasks(ctx, desired)
		if err != nil {
			return err
		}
		var open []string
		for _, arn := range arns {
			key := settledKey(desired, arn)
			there[key] = true
			if !r.settled[key] {
				open = append(open, arn)
			}
		}
		for some := range slices.Chunk(open, describedTasks) {
			if err := r.takeTasks(ctx, desired, some); err != nil {
				return err
			}
		}
	}
	for key := range r.settled {
		if !there[key] {
			delete(r.settled, key) // ECS has forgotten it
		}
	}
	return nil
}

// settledKey names a task among those that are to run, or among those that are to stop.
func settledKey(desired types.DesiredStatus, arn string) string { return string(desired) + " " + arn }

func (r *recorder) listTasks(ctx context.Context, desired types.DesiredStatus) (arns []string, err error) {
	for pages := ecs.NewListTasksPaginator(r.ECS, &ecs.ListTasksInput{Cluster: &r.Cluster, DesiredStatus: desired}); pages.HasMorePages(); {
		if err := r.call(ctx); err != nil {
			return nil, err
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the tasks of cluster %s: %w", r.Cluster, err)
		}
		arns = append(arns, page.TaskArns...)
	}
	return arns, nil
}

func (r *recorder) takeTasks(ctx context.Context, desired types.DesiredStatus, arns []string) error {
	if err := r.call(ctx); err != nil {
		return err
	}
	out, err := r.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &r.Cluster, Tasks: arns})
	if err != nil {
		return fmt.Errorf("describe tasks of cluster %s: %w", r.Cluster, err)
	}
	now := time.Now()
	var records []record
	for _, t := range out.Tasks {
		at := changedAt(t, now)
		id, event, err := taskEvent(t, at)
		if err != nil {
			return err
		}
		records = append(records, record{id, at, event})
	}
	if err := r.keep(ctx, "tasks", records); err != nil {
		return err
	}
	for _, t := range out.Tasks {
		// A task that runs is not asked for again; its end makes it one of the others.
		if aws.ToString(t.LastStatus) == string(desired) {
			r.settled[settledKey(desired, aws.ToString(t.TaskArn))] = true
		}
	}
	return nil
}

// changedAt is when a task came to where it is, as far as its own times tell.
func changedAt(t types.Task, now time.Time) time.Time {
	at := now
	switch last := aws.ToString(t.LastStatus); {
	case last == "STOPPED":
		at = aws.ToTime(t.StoppedAt)
	case aws.ToString(t.DesiredStatus) == "STOPPED":
		at = aws.ToTime(t.StoppingAt)
	case last == "RUNNING":
		at = aws.ToTime(t.StartedAt)
	case last == "PROVISIONING", last == "PENDING":
		at = aws.ToTime(t.CreatedAt)
	}
	if at.IsZero() {
		return now
	}
	return at
}
