package runlike

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// amazon is an ECS with one service, and keeps what it is asked.
type amazon struct {
	service    types.Service
	definition types.TaskDefinition
	failures   []types.Failure

	registered   *ecs.RegisterTaskDefinitionInput
	deregistered string
	ran          *ecs.RunTaskInput
	meanwhile    func() // while the task is started
	keeps        bool   // it deregisters nothing
}

func (a *amazon) DescribeServices(_ context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	if in.Services[0] != "web" {
		return &ecs.DescribeServicesOutput{}, nil
	}
	return &ecs.DescribeServicesOutput{Services: []types.Service{a.service}}, nil
}

func (a *amazon) DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &a.definition}, nil
}

func (a *amazon) RegisterTaskDefinition(_ context.Context, in *ecs.RegisterTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error) {
	a.registered = in
	return &ecs.RegisterTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{TaskDefinitionArn: aws.String(*in.Family + ":1")}}, nil
}

func (a *amazon) DeregisterTaskDefinition(ctx context.Context, in *ecs.DeregisterTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.DeregisterTaskDefinitionOutput, error) {
	if a.keeps || ctx.Err() != nil {
		return nil, errors.Join(errors.New("access denied"), ctx.Err())
	}
	a.deregistered = *in.TaskDefinition
	return &ecs.DeregisterTaskDefinitionOutput{}, nil
}

func (a *amazon) RunTask(_ context.Context, in *ecs.RunTaskInput, _ ...func(*ecs.Options)) (*ecs.RunTaskOutput, error) {
	a.ran = in
	if a.meanwhile != nil {
		a.meanwhile()
	}
	if len(a.failures) > 0 {
		return &ecs.RunTaskOutput{Failures: a.failures}, nil
	}
	return &ecs.RunTaskOutput{Tasks: []types.Task{{TaskArn: aws.String("task/1")}}}, nil
}

func world() *amazon {
	return &amazon{
		service: types.Service{
			Status: aws.String("ACTIVE"), TaskDefinition: aws.String("web:7"), LaunchType: types.LaunchTypeEc2,
			NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-a"}}},
			LoadBalancers:        []types.LoadBalancer{{TargetGroupArn: aws.String("tg")}},
		},
		definition: types.TaskDefinition{
			TaskDefinitionArn: aws.String("web:7"), Family: aws.String("web"), TaskRoleArn: aws.String("role"),
			ContainerDefinitions: []types.ContainerDefinition{
				{Name: aws.String("log"), Essential: aws.Bool(false)},
				{
					Name: aws.String("app"), Image: aws.String("app:7"), EntryPoint: []string{"/app"},
					HealthCheck: &types.HealthCheck{Command: []string{"CMD", "false"}}, PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80), HostPort: aws.Int32(80)}},
				},
			},
		},
	}
}

func TestACopyHasWhatTheServiceGivesItsTasks(t *testing.T) {
	a := world()
	a.definition.ContainerDefinitions[1].PortMappings = nil
	s, err := Start(t.Context(), a, Request{Cluster: "default", Service: "web", Command: []string{"migrate", "--dry-run"}})
	if err != nil {
		t.Fatal(err)
	}
	o := a.ran.Overrides.ContainerOverrides[0]
	got := fmt.Sprintf("%s %s %s of %s: %s runs %v", *a.ran.TaskDefinition, a.ran.LaunchType, a.ran.NetworkConfiguration.AwsvpcConfiguration.Subnets[0], *a.ran.StartedBy, *o.Name, o.Command)
	if want := "web:7 EC2 subnet-a of steady-run: app runs [migrate --dry-run]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if a.registered != nil || *s.Task.TaskArn != "task/1" {
		t.Errorf("registered %v, started %v", a.registered, s)
	}
}

func TestAShellWaitsInARevisionOfItsOwn(t *testing.T) {
	a := world()
	a.service.LaunchType = ""
	a.service.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("big"), Weight: 1}}
	if _, err := Start(t.Context(), a, Request{Service: "web", Shell: true}); err != nil {
		t.Fatal(err)
	}
	c := a.registered.ContainerDefinitions[1]
	got := fmt.Sprintf("%s %s as %s: %v, %v, host port %v; runs %s on %s, then %s goes", *a.registered.Family, *c.Image, *a.registered.TaskRoleArn,
		c.EntryPoint, c.HealthCheck == nil, aws.ToInt32(c.PortMappings[0].HostPort), *a.ran.TaskDefinition, *a.ran.CapacityProviderStrategy[0].CapacityProvider, a.deregistered)
	if want := "web-copy app:7 as role: [/bin/sh -c], true, host port 0; runs web-copy:1 on big, then web-copy:1 goes"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if *a.definition.ContainerDefinitions[1].PortMappings[0].HostPort != 80 {
		t.Error("the service's own revision was changed")
	}
}

// What the command's container is in the service's task does not keep the copy from ending
// with it: a sidecar, one that is started again, one that others wait for.
func TestACopyEndsWithItsCommand(t *testing.T) {
	needs := func(name string, on types.ContainerCondition) []types.ContainerDependency {
		return []types.ContainerDependency{{ContainerName: &name, Condition: on}}
	}
	for what, x := range map[string]struct {
		change func(log, app *types.ContainerDefinition)
		want   string
	}{
		"a sidecar":              {func(_, _ *types.ContainerDefinition) {}, "log essential, app"},
		"one that others follow": {func(_, app *types.ContainerDefinition) { app.DependsOn = needs("log", types.ContainerConditionSuccess) }, "log essential"},
		"one that others need":   {func(_, app *types.ContainerDefinition) { app.DependsOn = needs("log", types.ContainerConditionStart) }, "log essential, app"},
		"one that is started again": {func(log, _ *types.ContainerDefinition) {
			log.Essential, log.RestartPolicy = nil, &types.ContainerRestartPolicy{Enabled: aws.Bool(true)}
		}, "log essential, app"},
	} {
		a := world()
		all := a.definition.ContainerDefinitions
		all[1].PortMappings = nil
		x.change(&all[0], &all[1])
		if _, err := Start(t.Context(), a, Request{Service: "web", Container: "log", Command: []string{"x"}}); err != nil {
			t.Fatal(err)
		}
		if a.registered == nil {
			t.Errorf("%s: the service's own revision outlives the command", what)
			continue
		}
		var got []string
		for _, c := range a.registered.ContainerDefinitions {
			name := *c.Name
			if name == "log" && aws.ToBool(c.Essential) && c.RestartPolicy == nil {
				name += " essential"
			}
			got = append(got, name)
		}
		if strings.Join(got, ", ") != x.want {
			t.Errorf("%s: the copy has %s, want %s", what, strings.Join(got, ", "), x.want)
		}
	}
}

func TestWhatCanNotBeCopied(t *testing.T) {
	for want, change := range map[string]func(*amazon, *Request){
		"there is no service gone in cluster default: see steady status": func(_ *amazon, r *Request) { r.Service = "gone" },
		"the task definition has no container x: choose one of log, app": func(_ *amazon, r *Request) { r.Container = "x" },
		"a shell and a command are both asked for: choose one":           func(_ *amazon, r *Request) { r.Shell, r.Command = true, []string{"x"} },
		"no place for a task like service web: i1 RESOURCE:CPU, i2 RESOURCE:PORTS; the": func(a *amazon, _ *Request) {
			a.failures = []types.Failure{{Arn: aws.String("a/i1"), Reason: aws.String("RESOURCE:CPU")}, {Arn: aws.String("a/i2"), Reason: aws.String("RESOURCE:PORTS")}}
		},
	} {
		a, r := world(), Request{Cluster: "default", Service: "web"}
		change(a, &r)
		if _, err := Start(t.Context(), a, r); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// A port of the instance that the service's task holds does not keep a copy from running.
func TestACopyTakesNoFixedPort(t *testing.T) {
	a := world()
	if _, err := Start(t.Context(), a, Request{Service: "web"}); err != nil {
		t.Fatal(err)
	}
	c := a.registered.ContainerDefinitions[1]
	if c.PortMappings[0].HostPort != nil || c.HealthCheck == nil || c.EntryPoint[0] != "/app" || *a.ran.TaskDefinition != "web-copy:1" || a.deregistered != "web-copy:1" {
		t.Errorf("registered %+v, ran %s, deregistered %s", c, *a.ran.TaskDefinition, a.deregistered)
	}
}

// A task that was started is told of, whatever becomes of the revision that was made for
// it; and that goes, also when somebody interrupts.
func TestAStartedCopyIsToldOf(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	a := world()
	a.meanwhile = interrupt
	s, err := Start(ctx, a, Request{Service: "web", Shell: true})
	if err != nil || s.Leftover != nil || *s.Task.TaskArn != "task/1" || a.deregistered != "web-copy:1" {
		t.Errorf("started %+v, %v; deregistered %q", s, err, a.deregistered)
	}
	a = world()
	a.keeps = true
	s, err = Start(t.Context(), a, Request{Service: "web", Shell: true})
	if err != nil || *s.Task.TaskArn != "task/1" || s.Leftover == nil || !strings.Contains(s.Leftover.Error(), "deregister web-copy:1, which was made for the copy: access denied") {
		t.Errorf("started %+v, %v", s, err)
	}
}
