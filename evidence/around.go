package evidence

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Around is what a service runs beside, as it was when somebody last looked.
type Around struct {
	Tasks     []types.Task // of the service, whose desired status is RUNNING
	Instances []types.ContainerInstance
	Protected []types.ProtectedTask
	Calls     int // made so far

	ecs     ECS
	cluster string
	service string
}

// NewAround makes one that nobody has looked at.
func NewAround(api ECS, cluster, service string) Around {
	return Around{ecs: api, cluster: cluster, service: service}
}

// LookAtTasks reads the service's tasks whose desired status is RUNNING.
func (a *Around) LookAtTasks(ctx context.Context) error {
	var arns []string
	in := &ecs.ListTasksInput{Cluster: &a.cluster, ServiceName: &a.service, DesiredStatus: types.DesiredStatusRunning}
	for more := true; more; more = aws.ToString(in.NextToken) != "" {
		a.Calls++
		out, err := a.ecs.ListTasks(ctx, in)
		if err != nil {
			return err
		}
		arns, in.NextToken = append(arns, out.TaskArns...), out.NextToken
	}
	var live []types.Task
	for some := range slices.Chunk(arns, describedAtOnce) {
		a.Calls++
		out, err := a.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &a.cluster, Tasks: some})
		if err != nil {
			return err
		}
		live = append(live, out.Tasks...)
	}
	a.Tasks = slices.DeleteFunc(live, func(t types.Task) bool { return aws.ToString(t.DesiredStatus) == "STOPPED" })
	return nil
}

// LookAtInstances reads the cluster's container instances, where the service's
// tasks are placed on them.
func (a *Around) LookAtInstances(ctx context.Context, s types.Service) error {
	if s.LaunchType == types.LaunchTypeFargate || len(s.CapacityProviderStrategy) > 0 {
		return nil
	}
	var arns []string
	in := &ecs.ListContainerInstancesInput{Cluster: &a.cluster}
	for more := true; more; more = aws.ToString(in.NextToken) != "" {
		a.Calls++
		out, err := a.ecs.ListContainerInstances(ctx, in)
		if err != nil {
			return err
		}
		arns, in.NextToken = append(arns, out.ContainerInstanceArns...), out.NextToken
	}
	var all []types.ContainerInstance
	for some := range slices.Chunk(arns, describedAtOnce) {
		a.Calls++
		out, err := a.ecs.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: &a.cluster, ContainerInstances: some})
		if err != nil {
			return err
		}
		all = append(all, out.ContainerInstances...)
	}
	a.Instances = all
	return nil
}

// LookAtProtection asks which tasks may not be stopped, where there are more than
// are wanted. Without an answer the service's events still tell.
func (a *Around) LookAtProtection(ctx context.Context, s types.Service, p types.Deployment) {
	a.Protected = nil
	if len(s.Deployments) < 2 && p.RunningCount <= s.DesiredCount {
		return
	}
	var arns []string
	for _, t := range a.Tasks {
		arns = append(arns, aws.ToString(t.TaskArn))
	}
	for some := range slices.Chunk(arns, describedAtOnce) {
		a.Calls++
		out, err := a.ecs.GetTaskProtection(ctx, &ecs.GetTaskProtectionInput{Cluster: &a.cluster, Tasks: some})
		if err != nil {
			return
		}
		a.Protected = append(a.Protected, out.ProtectedTasks...)
	}
}
