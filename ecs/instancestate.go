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

const maxUpdatedInstances = 10

// UpdateContainerInstancesState drains container instances, or takes them back into
// service. What that means for tasks the services decide: "service tasks are stopped
// and replaced according to the service's deployment configuration".
func (a *API) UpdateContainerInstancesState(ctx context.Context, in *ecs.UpdateContainerInstancesStateInput) (*ecs.UpdateContainerInstancesStateOutput, error) {
	if err := checkInstanceCount(in.ContainerInstances, maxUpdatedInstances); err != nil {
		return nil, err
	}
	if in.Status != types.ContainerInstanceStatusActive && in.Status != types.ContainerInstanceStatusDraining {
		return nil, invalid("Container instance status should be one of [ACTIVE, DRAINING]")
	}
	var out *ecs.UpdateContainerInstancesStateOutput
	err := a.inCluster(ctx, in.Cluster, func(tx *state.Tx, c *model.Cluster) error {
		out = &ecs.UpdateContainerInstancesStateOutput{ContainerInstances: []types.ContainerInstance{}}
		var left []types.Failure
		failures, err := a.instances().each(&tx.Snapshot, c.Name, in.ContainerInstances, func(i *model.Instance) {
			if i.Status == model.Inactive {
				left = append(left, types.Failure{Arn: aws.String(a.realm.InstanceARN(c.Name, i.ID)), Reason: aws.String(inactive)})
				return
			}
			if status := model.Status(in.Status); i.Status != status {
				n := *i
				n.Status = status
				n.Version++
				tx.PutInstance(&n)
				i = &n
			}
			out.ContainerInstances = append(out.ContainerInstances, a.showInstance(&tx.Snapshot, i, nil))
		})
		out.Failures = append(failures, left...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeregisterContainerInstance takes a container instance out of its cluster, with
// force also one that has tasks. They end with it: Steady accounts for them no more.
func (a *API) DeregisterContainerInstance(ctx context.Context, in *ecs.DeregisterContainerInstanceInput) (*ecs.DeregisterContainerInstanceOutput, error) {
	if aws.ToString(in.ContainerInstance) == "" {
		return nil, invalid("Container instance can not be empty.")
	}
	out := &ecs.DeregisterContainerInstanceOutput{}
	err := a.inCluster(ctx, in.Cluster, func(tx *state.Tx, c *model.Cluster) error {
		i, ok, err := a.findInstance(&tx.Snapshot, c.Name, *in.ContainerInstance)
		if err != nil {
			return err
		}
		if !ok {
			return instanceNotFound()
		}
		if i.Status == model.Inactive {
			return instanceInactive(i)
		}
		tasks := slices.Collect(tx.LiveTasksOn(i.ID))
		if len(tasks) > 0 && !aws.ToBool(in.Force) {
			return invalid("Found running tasks on the instance.")
		}
		for _, t := range tasks {
			tx.PutTask(lifecycle.Lost(t, "", lifecycle.ReasonDeregistered, time.Now()))
		}
		n := lifecycle.Deregister(i, time.Now())
		tx.PutInstance(n)
		shown := a.showInstance(&tx.Snapshot, n, nil)
		out.ContainerInstance = &shown
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
