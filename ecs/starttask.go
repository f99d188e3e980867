package ecs

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/placement"
	"steady/state"
)

const (
	maxStartInstances   = 10
	maxStartTaskStarter = 36 // characters of startedBy; RunTask takes more

	// inactive is the reason of a failure that names an instance which takes no tasks.
	inactive = "INACTIVE"
)

// StartTask makes a task on each of the container instances that are named. One that
// can not take it is told in failures; the reply is no error then.
func (a *API) StartTask(ctx context.Context, in *ecs.StartTaskInput) (*ecs.StartTaskOutput, error) {
	wanted := launchOf(in)
	if err := first(checkInstanceCount(in.ContainerInstances, maxStartInstances), checkLaunch(wanted, maxStartTaskStarter)); err != nil {
		return nil, err
	}
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	r := run{ecs: a, in: wanted, tags: tags, now: time.Now(), on: capacity{launch: types.LaunchTypeEc2}}
	err = a.store.Update(ctx, func(tx *state.Tx) error { return r.start(tx, in.ContainerInstances) })
	if err != nil {
		return nil, err
	}
	return &ecs.StartTaskOutput{Tasks: r.out.Tasks, Failures: r.out.Failures}, nil
}

// launchOf are the members of a StartTask request that RunTask has as well, so that both
// are carried out by the same code.
func launchOf(in *ecs.StartTaskInput) *ecs.RunTaskInput {
	return &ecs.RunTaskInput{
		TaskDefinition:       in.TaskDefinition,
		Cluster:              in.Cluster,
		EnableECSManagedTags: in.EnableECSManagedTags,
		EnableExecuteCommand: in.EnableExecuteCommand,
		Group:                in.Group,
		NetworkConfiguration: in.NetworkConfiguration,
		Overrides:            in.Overrides,
		PropagateTags:        in.PropagateTags,
		ReferenceId:          in.ReferenceId,
		StartedBy:            in.StartedBy,
		Tags:                 in.Tags,
		VolumeConfigurations: in.VolumeConfigurations,
	}
}

// start is the transaction of StartTask.
func (r *run) start(tx *state.Tx, refs []string) error {
	r.out = ecs.RunTaskOutput{Tasks: []types.Task{}, Failures: []types.Failure{}}
	c, err := r.ecs.cluster(&tx.Snapshot, r.in.Cluster)
	if err != nil {
		return err
	}
	d, overrides, request, err := r.prepare(tx)
	if err != nil {
		return err
	}
	candidates := map[string]*placement.Candidate{}
	for _, on := range placement.Candidates(tx.InstancesAndTasks(c.Name)) {
		candidates[on.Instance.ID] = on
	}
	var chosen []string
	examine := func(i *model.Instance) {
		on := candidates[i.ID]
		if i.Status != model.Active {
			r.fail(c.Name, i.ID, inactive)
		} else if reason := placement.Fits(request, on); reason != "" {
			r.fail(c.Name, i.ID, string(reason))
		} else {
			placement.Hold(request, on)
			chosen = append(chosen, i.ID)
		}
	}
	gone, err := r.ecs.instances().each(&tx.Snapshot, c.Name, refs, examine)
	if err != nil {
		return err
	}
	r.out.Failures = append(r.out.Failures, gone...)
	r.launch(tx, d, c.Name, request, overrides, placement.Result{Bindings: chosen})
	return nil
}
