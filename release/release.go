// Package release changes what a service runs, through the public AWS APIs: it makes a
// revision of a task definition, has the service run it, and finds the one to go back
// to. It never waits for what becomes of that, and never deregisters anything.
package release

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// ECS is what a release needs of the ECS API; *ecs.Client has it.
type ECS interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
	UpdateService(context.Context, *ecs.UpdateServiceInput, ...func(*ecs.Options)) (*ecs.UpdateServiceOutput, error)
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
	RegisterTaskDefinition(context.Context, *ecs.RegisterTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error)
	ListServiceDeployments(context.Context, *ecs.ListServiceDeploymentsInput, ...func(*ecs.Options)) (*ecs.ListServiceDeploymentsOutput, error)
	DescribeServiceRevisions(context.Context, *ecs.DescribeServiceRevisionsInput, ...func(*ecs.Options)) (*ecs.DescribeServiceRevisionsOutput, error)
}

// Service names a service: its cluster and itself, by name or ARN.
type Service struct{ Cluster, Name string }

// Request says what to release: a revision, or a definition, or what the service runs;
// the latter two with a change. With none of them the service runs what it runs anew.
type Request struct {
	Service
	TaskDefinition string                           // family, family:revision or ARN
	Definition     *ecs.RegisterTaskDefinitionInput // to be registered
	Change         Change                           // of Definition, or of what the service runs
	Desired        *int32                           // nil: as it is
}

// Released is what was asked of the service.
type Released struct {
	Deployment string // id, "ecs-svc/…", of the deployment that carries it out
	Revision   string // family:revision
	// Registered tells that the revision was made for this release.
	Registered bool
	// Before is the revision that the service ran until now.
	Before string
}

// Deploy registers a revision where one is asked for, and has the service run it.
// Nothing is registered where the change makes no difference: then the service runs
// the same revision anew, for its image's tag may stand for another image by now.
func Deploy(ctx context.Context, api ECS, r Request) (Released, error) {
	s, err := describe(ctx, api, r.Service)
	if err != nil {
		return Released{}, err
	}
	arn, registered, err := r.revision(ctx, api, s)
	if err != nil {
		return Released{}, err
	}
	out, err := update(ctx, api, r.Service, arn, r.Desired)
	out.Before, out.Registered = name(aws.ToString(s.TaskDefinition)), registered
	return out, err
}

// revision is the one to run, and whether it was registered now.
func (r Request) revision(ctx context.Context, api ECS, s *types.Service) (arn string, registered bool, err error) {
	in := r.Definition
	switch {
	case r.TaskDefinition != "":
		return r.TaskDefinition, false, nil
	case in != nil:
		err = r.Change.apply(in)
	case r.Change.any():
		in, err = r.revise(ctx, api, s.TaskDefinition)
	}
	if err != nil {
		return "", false, err
	}
	if in == nil {
		return aws.ToString(s.TaskDefinition), false, nil
	}
	out, err := api.RegisterTaskDefinition(ctx, in)
	if err != nil {
		return "", false, fmt.Errorf("register a revision of task definition %s: %w", aws.ToString(in.Family), err)
	}
	return aws.ToString(out.TaskDefinition.TaskDefinitionArn), true, nil
}

// revise makes the registration of what a service runs with the change in it; nil where
// it would only repeat what is registered.
func (r Request) revise(ctx context.Context, api ECS, running *string) (*ecs.RegisterTaskDefinitionInput, error) {
	out, err := api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: running, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
	if err != nil {
		return nil, fmt.Errorf("describe the task definition that service %s runs: %w", r.Name, err)
	}
	in, err := Revise(*out.TaskDefinition, out.Tags, r.Change)
	if err != nil || same(in, *out.TaskDefinition, out.Tags) {
		return nil, err
	}
	return in, nil
}

// update starts a deployment, also where the service runs that revision already.
func update(ctx context.Context, api ECS, s Service, arn string, desired *int32) (Released, error) {
	out, err := api.UpdateService(ctx, &ecs.UpdateServiceInput{
		Cluster: &s.Cluster, Service: &s.Name, TaskDefinition: &arn, DesiredCount: desired, ForceNewDeployment: true})
	if err != nil {
		return Released{}, fmt.Errorf("update service %s: %w", s.Name, err)
	}
	for _, d := range out.Service.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" {
			return Released{Deployment: aws.ToString(d.Id), Revision: name(aws.ToString(d.TaskDefinition))}, nil
		}
	}
	return Released{}, fmt.Errorf("update service %s: it has no deployments of the ECS deployment controller, and only those can be followed", s.Name)
}

func describe(ctx context.Context, api ECS, s Service) (*types.Service, error) {
	out, err := api.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &s.Cluster, Services: []string{s.Name}})
	if err != nil {
		return nil, fmt.Errorf("describe service %s: %w", s.Name, err)
	}
	if len(out.Services) == 0 || aws.ToString(out.Services[0].Status) == "INACTIVE" {
		return nil, fmt.Errorf("describe service %s: no such service in cluster %s; check the name and the cluster", s.Name, s.Cluster)
	}
	return &out.Services[0], nil
}

// name is "family:revision", the end of a task definition's ARN.
func name(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
