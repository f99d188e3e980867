package ecs

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/lifecycle"
	"steady/model"
	"steady/state"
)

const maxDescribedTasks = 100

// StopTask decides that a task shall end. "desiredStatus flips to STOPPED at the
// moment of decision"; "StopTask deletes the task's tags". A task that is to stop
// already, or has stopped, is returned as it is.
func (a *API) StopTask(ctx context.Context, in *ecs.StopTaskInput) (*ecs.StopTaskOutput, error) {
	if aws.ToString(in.Task) == "" {
		return nil, invalid("Task can not be empty.")
	}
	reason := aws.ToString(in.Reason)
	if reason == "" {
		reason = lifecycle.ReasonStoppedByUser
	}
	out := &ecs.StopTaskOutput{}
	err := a.inCluster(ctx, in.Cluster, func(tx *state.Tx, c *model.Cluster) error {
		t, ok, err := a.findTask(&tx.Snapshot, c.Name, *in.Task)
		if err != nil {
			return err
		}
		if !ok {
			return taskNotFound()
		}
		if n := lifecycle.Stop(t, model.UserInitiated, reason, time.Now()); n != t {
			n.Tags = nil
			tx.PutTask(n)
			t = n
		}
		shown := a.showTask(&tx.Snapshot, t, false)
		out.Task = &shown
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DescribeTasks shows tasks of a cluster, STOPPED ones as long as they are on
// record.
func (a *API) DescribeTasks(ctx context.Context, in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
	err := first(checkCount("Tasks", in.Tasks, maxDescribedTasks), includes(in.Include))
	if err != nil {
		return nil, err
	}
	withTags := slices.Contains(in.Include, types.TaskFieldTags)
	out := &ecs.DescribeTasksOutput{Tasks: []types.Task{}}
	out.Failures, err = a.tasks().describe(a.store.Snapshot(), in.Cluster, in.Tasks, func(s *state.Snapshot, t *model.Task) {
		out.Tasks = append(out.Tasks, a.showTask(s, t, withTags))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListTasks lists the tasks of a cluster that all filters select. desiredStatus
// defaults to RUNNING; PENDING is accepted and never selects anything.
func (a *API) ListTasks(ctx context.Context, in *ecs.ListTasksInput) (*ecs.ListTasksOutput, error) {
	if err := checkTaskFilters(in); err != nil {
		return nil, err
	}
	s := a.store.Snapshot()
	c, err := a.cluster(s, in.Cluster)
	if err != nil {
		return nil, err
	}
	selects, err := a.taskFilter(s, c.Name, in)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for t := range s.TasksIn(c.Name) {
		if selects(t) {
			entries = append(entries, entry{t.ID, a.realm.TaskARN(c.Name, t.ID)})
		}
	}
	arns, next, err := paging{operation: "ListTasks", max: in.MaxResults, token: in.NextToken, size: maxPage}.cut(entries)
	if err != nil {
		return nil, err
	}
	return &ecs.ListTasksOutput{TaskArns: arns, NextToken: next}, nil
}

func checkTaskFilters(in *ecs.ListTasksInput) error {
	if err := first(
		oneOf("launch type", in.LaunchType, types.LaunchTypeEc2, types.LaunchTypeFargate, types.LaunchTypeExternal),
		oneOf("desiredStatus", in.DesiredStatus, in.DesiredStatus.Values()...),
	); err != nil {
		return err
	}
	if aws.ToString(in.DaemonName) != "" {
		return refused("daemonName is not supported by Steady yet: remove it from the filters")
	}
	// "When you specify startedBy as the filter, it must be the only filter that
	// you use."
	others := aws.ToString(in.ContainerInstance) + aws.ToString(in.Family) + aws.ToString(in.ServiceName) + string(in.LaunchType)
	if aws.ToString(in.StartedBy) != "" && others != "" {
		return invalid("startedBy must be the only filter.")
	}
	return nil
}

// taskFilter combines the filters of a ListTasks request. A service or a container
// instance that is named must be there.
func (a *API) taskFilter(s *state.Snapshot, cluster string, in *ecs.ListTasksInput) (func(*model.Task) bool, error) {
	service, instance := "", ""
	if ref := aws.ToString(in.ServiceName); ref != "" {
		svc, ok, err := a.findService(s, cluster, ref)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, serviceNotFound()
		}
		service = svc.Name
	}
	if ref := aws.ToString(in.ContainerInstance); ref != "" {
		i, ok, err := a.findInstance(s, cluster, ref)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, instanceNotFound()
		}
		instance = i.ID
	}
	desired := string(in.DesiredStatus)
	if desired == "" {
		desired = string(model.Running)
	}
	matches := func(want, is string) bool { return want == "" || want == is }
	return func(t *model.Task) bool {
		return desired == string(t.Desired) &&
			matches(service, t.Service) &&
			matches(instance, t.Instance) &&
			matches(aws.ToString(in.Family), t.TaskDefinition.Family) &&
			matches(aws.ToString(in.StartedBy), t.StartedBy) &&
			matches(string(in.LaunchType), string(t.LaunchType))
	}, nil
}
