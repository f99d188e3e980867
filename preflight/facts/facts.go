// Package facts finds out what a preflight goes by: what a service, its cluster, the
// registries and the stores of secrets say. It never judges, never changes anything,
// and keeps no secret's value.
package facts

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/preflight"
)

// ECS is what is needed of the ECS API; *ecs.Client has it.
type ECS interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
	ecs.ListTasksAPIClient
	ecs.DescribeTasksAPIClient
	ecs.ListContainerInstancesAPIClient
	DescribeContainerInstances(context.Context, *ecs.DescribeContainerInstancesInput, ...func(*ecs.Options)) (*ecs.DescribeContainerInstancesOutput, error)
}

// Sources are what is asked. Each but ECS may be nil: then nothing is known of it.
type Sources struct {
	ECS     ECS
	Logs    cloudwatchlogs.DescribeLogGroupsAPIClient
	Secrets func(ctx context.Context, id string) preflight.Secret
	// Rights asks IAM whether a role may do something to a resource.
	Rights func(ctx context.Context, role, action, resource string) preflight.Right
	// Images looks for an image, and for programs in its files.
	Images func(ctx context.Context, name string, programs []string) preflight.Image
}

// OfService gathers the facts about a service as it is, for the revision that it runs or
// for the one given.
func (s Sources) OfService(ctx context.Context, cluster, name string, revision *types.TaskDefinition) (preflight.Facts, error) {
	out, err := s.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: []string{name}})
	if err != nil {
		return preflight.Facts{}, fmt.Errorf("describe service %s: %w", name, err)
	}
	if len(out.Services) == 0 {
		return preflight.Facts{}, fmt.Errorf("describe service %s: no such service in cluster %s; check the name and the cluster", name, cluster)
	}
	service := out.Services[0]
	if revision == nil {
		if revision, err = s.definition(ctx, service.TaskDefinition); err != nil {
			return preflight.Facts{}, err
		}
	}
	return s.Of(ctx, cluster, *revision, &service)
}

func (s Sources) definition(ctx context.Context, arn *string) (*types.TaskDefinition, error) {
	out, err := s.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: arn})
	if err != nil {
		return nil, fmt.Errorf("describe task definition %s: %w", aws.ToString(arn), err)
	}
	return out.TaskDefinition, nil
}

// Of gathers the facts about a task definition and, unless it is nil, a service that
// need not be there yet.
func (s Sources) Of(ctx context.Context, cluster string, d types.TaskDefinition, service *types.Service) (preflight.Facts, error) {
	f := preflight.Facts{TaskDefinition: d, Service: service,
		Images: map[string]preflight.Image{}, Secrets: map[string]preflight.Secret{}, LogGroups: map[string]preflight.Presence{}, Readers: map[string]preflight.Right{}, Roles: map[string]preflight.Presence{}}
	for _, role := range preflight.TaskRoles(d) {
		f.Roles[role] = s.role(ctx, role)
	}
	for _, c := range d.ContainerDefinitions {
		s.ofContainer(ctx, f, c)
	}
	if service == nil || s.ECS == nil {
		return f, nil
	}
	if err := s.ofCluster(ctx, cluster, &f); err != nil {
		f.Looked, f.Unseen = false, err.Error()
	}
	return f, nil
}

// role tells whether a role is there. What is asked about it does not matter: IAM says
// of one that is not there that it is not, whatever is asked.
func (s Sources) role(ctx context.Context, role string) preflight.Presence {
	if s.Rights == nil {
		return preflight.Unknown
	}
	switch s.Rights(ctx, role, "sts:GetCallerIdentity", "*") {
	case preflight.NoRole:
		return preflight.Missing
	case preflight.NoAnswer:
		return preflight.Unknown
	}
	return preflight.There
}

// ofContainer looks for what a container names, each thing once.
func (s Sources) ofContainer(ctx context.Context, f preflight.Facts, c types.ContainerDefinition) {
	if name := aws.ToString(c.Image); s.Images != nil && name != "" {
		if _, known := f.Images[name]; !known {
			f.Images[name] = s.Images(ctx, name, checkPrograms(f.TaskDefinition, name))
		}
	}
	for _, secret := range c.Secrets {
		id, _ := preflight.SecretID(aws.ToString(secret.ValueFrom))
		if _, known := f.Secrets[id]; !known && s.Secrets != nil {
			f.Secrets[id] = s.Secrets(ctx, id)
		}
		role := aws.ToString(f.TaskDefinition.ExecutionRoleArn)
		if _, known := f.Readers[id]; !known && s.Rights != nil && role != "" && f.Secrets[id].Presence != preflight.Missing {
			f.Readers[id] = s.Rights(ctx, role, preflight.ReadAction(id), id)
		}
	}
	if l := c.LogConfiguration; l != nil && l.Options["awslogs-group"] != "" && s.Logs != nil {
		f.LogGroups[l.Options["awslogs-group"]] = s.logGroup(ctx, l.Options["awslogs-group"])
	}
}

// checkPrograms are what the health checks of all containers of an image run.
func checkPrograms(d types.TaskDefinition, image string) (all []string) {
	for _, c := range d.ContainerDefinitions {
		if aws.ToString(c.Image) == image {
			all = append(all, preflight.CheckPrograms(c)...)
		}
	}
	return all
}

func (s Sources) logGroup(ctx context.Context, name string) preflight.Presence {
	for pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(s.Logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return preflight.Unknown
		}
		for _, g := range page.LogGroups {
			if aws.ToString(g.LogGroupName) == name {
				return preflight.There
			}
		}
	}
	return preflight.Missing
}

// describedAtOnce is how many tasks or instances the API describes in one call.
const describedAtOnce = 100

// ofCluster looks at the instances and at the service's tasks on them.
func (s Sources) ofCluster(ctx context.Context, cluster string, f *preflight.Facts) error {
	var instances, tasks []string
	for pages := ecs.NewListContainerInstancesPaginator(s.ECS, &ecs.ListContainerInstancesInput{Cluster: &cluster}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the container instances of cluster %s: %w", cluster, err)
		}
		instances = append(instances, page.ContainerInstanceArns...)
	}
	for some := range slices.Chunk(instances, describedAtOnce) {
		out, err := s.ECS.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: &cluster, ContainerInstances: some})
		if err != nil {
			return fmt.Errorf("describe the container instances of cluster %s: %w", cluster, err)
		}
		f.Instances = append(f.Instances, out.ContainerInstances...)
	}
	f.Looked = true
	if len(f.Service.Deployments) == 0 { // it is not there yet
		return nil
	}
	for pages := ecs.NewListTasksPaginator(s.ECS, &ecs.ListTasksInput{Cluster: &cluster, ServiceName: f.Service.ServiceName}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the tasks of service %s: %w", aws.ToString(f.Service.ServiceName), err)
		}
		tasks = append(tasks, page.TaskArns...)
	}
	for some := range slices.Chunk(tasks, describedAtOnce) {
		out, err := s.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: some})
		if err != nil {
			return fmt.Errorf("describe the tasks of service %s: %w", aws.ToString(f.Service.ServiceName), err)
		}
		f.Tasks = append(f.Tasks, out.Tasks...)
	}
	return nil
}
