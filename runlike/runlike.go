// Package runlike starts a copy of a service's task outside its service, through the
// public ECS API: with the service's task definition, network configuration and
// capacity, but without its load balancers. A task of its own is not replaced for
// its health checks either, so that one can look at it in peace. It never changes the
// service.
package runlike

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// ECS is what is needed of the ECS API; *ecs.Client has it.
type ECS interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
	RegisterTaskDefinition(context.Context, *ecs.RegisterTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error)
	DeregisterTaskDefinition(context.Context, *ecs.DeregisterTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DeregisterTaskDefinitionOutput, error)
	RunTask(context.Context, *ecs.RunTaskInput, ...func(*ecs.Options)) (*ecs.RunTaskOutput, error)
}

// startedBy marks the tasks that are started here.
const startedBy = "steady-run"

// Request says what to copy, and what is to differ.
type Request struct {
	Cluster string
	Service string
	// Container is the one that Command or Shell is for; the first essential one unless
	// given.
	Container string
	// Command takes the place of the container's command; its entry point stays, as with
	// an override of RunTask.
	Command []string
	// Shell has the container wait instead of doing its work, so that one can enter it.
	Shell bool
}

// Started is the task that was started.
type Started struct {
	Task      types.Task
	Container string // that the request was for
	// Definition is the revision that the task runs: the service's, or one made of it
	// for this task, which is INACTIVE by now.
	Definition string
	// Leftover is why that revision is still ACTIVE, nil where it is not. The task runs
	// all the same.
	Leftover error
}

// Start starts the copy.
func Start(ctx context.Context, api ECS, r Request) (Started, error) {
	if r.Shell && len(r.Command) > 0 {
		return Started{}, errors.New("a shell and a command are both asked for: choose one")
	}
	s, err := describe(ctx, api, r)
	if err != nil {
		return Started{}, err
	}
	out, err := api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: s.TaskDefinition})
	if err != nil {
		return Started{}, fmt.Errorf("describe the task definition of service %s: %w", r.Service, err)
	}
	d := out.TaskDefinition
	container, err := target(d, r.Container)
	if err != nil {
		return Started{}, err
	}
	started := Started{Container: container, Definition: aws.ToString(d.TaskDefinitionArn)}
	derived := r.Shell || holdsPorts(d) || len(r.Command) > 0 && outlives(d, container)
	if derived {
		if started.Definition, err = derive(ctx, api, *d, container, r); err != nil {
			return Started{}, err
		}
	}
	result, err := api.RunTask(ctx, run(s, r, started))
	if derived {
		started.Leftover = deregister(ctx, api, started.Definition)
	}
	if err != nil {
		return Started{}, errors.Join(fmt.Errorf("run a task like service %s: %w", r.Service, err), started.Leftover)
	}
	if len(result.Tasks) == 0 {
		return Started{}, errors.Join(noPlace(r.Service, result.Failures), started.Leftover)
	}
	started.Task = result.Tasks[0]
	return started, nil
}

// deregisterTime is how long the revision that was made for the copy may take to go, also
// after somebody has interrupted.
const deregisterTime = 10 * time.Second

func deregister(ctx context.Context, api ECS, definition string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deregisterTime)
	defer cancel()
	_, err := api.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &definition})
	if err != nil {
		return fmt.Errorf("deregister %s, which was made for the copy: %w", definition, err)
	}
	return nil
}

func describe(ctx context.Context, api ECS, r Request) (types.Service, error) {
	out, err := api.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: text(r.Cluster), Services: []string{r.Service}})
	if err != nil {
		return types.Service{}, fmt.Errorf("describe service %s: %w", r.Service, err)
	}
	if len(out.Services) == 0 || aws.ToString(out.Services[0].Status) == "INACTIVE" {
		return types.Service{}, fmt.Errorf("there is no service %s in cluster %s: see steady status", r.Service, r.Cluster)
	}
	return out.Services[0], nil
}

// target is the container that the request is for.
func target(d *types.TaskDefinition, name string) (string, error) {
	var all []string
	for _, c := range d.ContainerDefinitions {
		if all = append(all, *c.Name); name == *c.Name || name == "" && (c.Essential == nil || *c.Essential) {
			return *c.Name, nil
		}
	}
	return "", fmt.Errorf("the task definition has no container %s: choose one of %s", name, strings.Join(all, ", "))
}

// run is the request for a task with what the service gives its tasks.
func run(s types.Service, r Request, started Started) *ecs.RunTaskInput {
	in := &ecs.RunTaskInput{
		Cluster:              text(r.Cluster),
		TaskDefinition:       &started.Definition,
		Count:                aws.Int32(1),
		StartedBy:            aws.String(startedBy),
		NetworkConfiguration: s.NetworkConfiguration,
		EnableExecuteCommand: s.EnableExecuteCommand,
		EnableECSManagedTags: s.EnableECSManagedTags,
		PlacementConstraints: s.PlacementConstraints,
		PlacementStrategy:    s.PlacementStrategy,
	}
	if len(s.CapacityProviderStrategy) > 0 {
		in.CapacityProviderStrategy = s.CapacityProviderStrategy
	} else {
		in.LaunchType = s.LaunchType
	}
	if in.PlatformVersion = s.PlatformVersion; aws.ToString(s.PlatformVersion) == "" {
		in.PlatformVersion = nil
	}
	if len(r.Command) > 0 {
		in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: &started.Container, Command: r.Command}}}
	}
	return in
}

// noPlace words why no instance took the task.
func noPlace(service string, failures []types.Failure) error {
	var reasons []string
	ports := false
	for _, f := range failures {
		reason := aws.ToString(f.Reason)
		ports = ports || reason == "RESOURCE:PORTS"
		if arn := aws.ToString(f.Arn); arn != "" {
			reason = arn[strings.LastIndexByte(arn, '/')+1:] + " " + reason
		}
		reasons = append(reasons, reason)
	}
	hint := ""
	if ports {
		hint = "; the service's own tasks hold a port of the host: scale the service down, or wait for an instance without one"
	}
	return fmt.Errorf("no place for a task like service %s: %s%s", service, strings.Join(reasons, ", "), hint)
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
