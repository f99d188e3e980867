package ecs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// provides makes a capacity provider and, with instances, gives it these.
func (w *world) provides(name string, instances ...string) {
	w.Helper()
	must(w.CreateCapacityProvider(w.Context(), &ecs.CreateCapacityProviderInput{
		Name: aws.String(name), AutoScalingGroupProvider: &types.AutoScalingGroupProvider{AutoScalingGroupArn: aws.String("asg-" + name)},
	}))
	for _, i := range instances {
		if err := w.put(attribute("steady.capacity-provider", name, i)); err != nil {
			w.Fatal(err)
		}
	}
}

func item(provider string, base, weight int32) types.CapacityProviderStrategyItem {
	return types.CapacityProviderStrategyItem{CapacityProvider: &provider, Base: base, Weight: weight}
}

func (w *world) associate(providers []string, strategy ...types.CapacityProviderStrategyItem) error {
	_, err := w.PutClusterCapacityProviders(w.Context(), &ecs.PutClusterCapacityProvidersInput{
		Cluster: aws.String("default"), CapacityProviders: providers, DefaultCapacityProviderStrategy: given(strategy),
	})
	return err
}

func TestCapacityProvidersAreKept(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	p := must(w.CreateCapacityProvider(ctx, &ecs.CreateCapacityProviderInput{
		Name: aws.String("big"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
		AutoScalingGroupProvider: &types.AutoScalingGroupProvider{AutoScalingGroupArn: aws.String("asg"), ManagedScaling: &types.ManagedScaling{TargetCapacity: aws.Int32(90)}},
	})).CapacityProvider
	s := p.AutoScalingGroupProvider.ManagedScaling
	check(t, "the settings", fmt.Sprintf("%s %s %s %d %d %d %d", p.Status, p.Type, s.Status, *s.TargetCapacity, *s.MinimumScalingStepSize, *s.MaximumScalingStepSize, *s.InstanceWarmupPeriod),
		"ACTIVE EC2_AUTOSCALING ENABLED 90 1 10000 300")
	check(t, "what is said of scaling", *p.UpdateStatusReason, nothingScales)
	p = must(w.UpdateCapacityProvider(ctx, &ecs.UpdateCapacityProviderInput{
		Name: aws.String("big"), AutoScalingGroupProvider: &types.AutoScalingGroupProviderUpdate{ManagedScaling: &types.ManagedScaling{Status: types.ManagedScalingStatusDisabled}},
	})).CapacityProvider
	check(t, "after the update", string(p.UpdateStatus)+aws.ToString(p.UpdateStatusReason), "UPDATE_COMPLETE")

	names := func(in *ecs.DescribeCapacityProvidersInput) string {
		out := must(w.DescribeCapacityProviders(ctx, in))
		var all []string
		for _, p := range out.CapacityProviders {
			all = append(all, fmt.Sprint(*p.Name, len(p.Tags)))
		}
		for _, f := range out.Failures {
			all = append(all, *f.Arn+" "+*f.Reason)
		}
		return strings.Join(all, " ")
	}
	check(t, "all", names(&ecs.DescribeCapacityProvidersInput{Include: []types.CapacityProviderField{"TAGS"}}), "FARGATE0 FARGATE_SPOT0 big1")
	check(t, "named", names(&ecs.DescribeCapacityProvidersInput{CapacityProviders: []string{realm.CapacityProviderARN("big"), "gone"}}),
		"big0 "+realm.CapacityProviderARN("gone")+" MISSING")

	if err := w.associate([]string{"big", "FARGATE"}); err != nil {
		t.Fatal(err)
	}
	p = must(w.DeleteCapacityProvider(ctx, &ecs.DeleteCapacityProviderInput{CapacityProvider: aws.String("big")})).CapacityProvider
	check(t, "deletion while it is associated", string(p.Status)+" "+string(p.UpdateStatus), "ACTIVE DELETE_FAILED")
	if err := w.associate([]string{"FARGATE"}); err != nil {
		t.Fatal(err)
	}
	p = must(w.DeleteCapacityProvider(ctx, &ecs.DeleteCapacityProviderInput{CapacityProvider: aws.String("big")})).CapacityProvider
	check(t, "deletion", string(p.Status)+" "+string(p.UpdateStatus), "INACTIVE DELETE_COMPLETE")
	w.provides("big") // its name and its group are free again
}

func TestCapacityProvidersThatAreRefused(t *testing.T) {
	w := equipped(t)
	w.provides("big")
	create := func(name, group string, change func(*types.AutoScalingGroupProvider)) func() error {
		return func() error {
			g := &types.AutoScalingGroupProvider{AutoScalingGroupArn: aws.String(group)}
			if change != nil {
				change(g)
			}
			return failed(w.CreateCapacityProvider(t.Context(), &ecs.CreateCapacityProviderInput{Name: aws.String(name), AutoScalingGroupProvider: g}))
		}
	}
	for want, call := range map[string]func() error{
		`InvalidParameterException: The specified capacity provider name is invalid. The name can not begin with "fargate".`:                                               create("FargateX", "x", nil),
		"ClientException: The specified capacity provider already exists. To change the configuration of an existing capacity provider, update the capacity provider.":     create("big", "x", nil),
		"ClientException: The specified Auto Scaling group ARN is already being used by another capacity provider. Specify a unique Auto Scaling group ARN and try again.": create("small", "asg-big", nil),
		"InvalidParameterException: targetCapacity should be from 1 to 100.": create("small", "x", func(g *types.AutoScalingGroupProvider) {
			g.ManagedScaling = &types.ManagedScaling{TargetCapacity: aws.Int32(0)}
		}),
		"InvalidParameterException: The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, managed scaling must be enabled.": create("small", "x",
			func(g *types.AutoScalingGroupProvider) { g.ManagedTerminationProtection = "ENABLED" }),
		"ClientException: The specified capacity provider is reserved and cannot be changed or deleted.": func() error {
			return failed(w.DeleteCapacityProvider(t.Context(), &ecs.DeleteCapacityProviderInput{CapacityProvider: aws.String("FARGATE")}))
		},
		"InvalidParameterException: A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.": func() error {
			return w.associate([]string{"FARGATE", "big"}, item("big", 0, 1), item("FARGATE", 0, 1))
		},
		"InvalidParameterException: Only one capacity provider in a capacity provider strategy can have a base defined.": func() error {
			return w.associate([]string{"FARGATE", "FARGATE_SPOT"}, item("FARGATE_SPOT", 1, 1), item("FARGATE", 1, 1))
		},
		"InvalidParameterException: The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.": func() error {
			return failed(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("web"), CapacityProviderStrategy: []types.CapacityProviderStrategyItem{item("big", 0, 1)}}))
		},
		"InvalidParameterException: Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.": func() error {
			return failed(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("web"), LaunchType: "EC2", CapacityProviderStrategy: []types.CapacityProviderStrategyItem{item("big", 0, 1)}}))
		},
	} {
		w.fails(want, call)
	}
}

func TestTasksByTheDefaultStrategyOfTheCluster(t *testing.T) {
	w := equipped(t)
	for _, id := range []string{"i2", "i3"} {
		w.instance(id)
	}
	w.provides("big", "i2")
	w.provides("small", "i3")
	w.provides("none")
	if err := w.associate([]string{"big", "small", "none"}, item("big", 1, 0), item("small", 0, 2), item("none", 0, 1)); err != nil {
		t.Fatal(err)
	}
	out := must(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("web"), Count: aws.Int32(4)}))
	var got []string
	for _, task := range out.Tasks {
		got = append(got, *task.CapacityProviderName+" on "+(*task.ContainerInstanceArn)[strings.LastIndexByte(*task.ContainerInstanceArn, '/')+1:]+" "+string(task.LaunchType))
	}
	for _, f := range out.Failures {
		got = append(got, *f.Arn+" "+*f.Reason)
	}
	check(t, "the answer", strings.Join(got, "\n"), strings.Join([]string{
		"big on i2 EC2", "small on i3 EC2", "small on i3 EC2", realm.CapacityProviderARN("none") + " EMPTY CAPACITY PROVIDER",
	}, "\n"))
	check(t, "the provider of an instance", *must(w.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{ContainerInstances: []string{"i3"}})).ContainerInstances[0].CapacityProviderName, "small")
	w.fails("ResourceInUseException: The specified capacity provider is in use and cannot be removed.", func() error {
		return w.associate([]string{"small", "none"})
	})

	svc := must(w.CreateService(t.Context(), &ecs.CreateServiceInput{ServiceName: aws.String("api"), TaskDefinition: aws.String("web:1"), DesiredCount: aws.Int32(1)})).Service
	check(t, "the strategy of a service", fmt.Sprint(len(svc.CapacityProviderStrategy), svc.LaunchType), "3")
	w.fails("InvalidParameterException: When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity provider strategy on a service that is already using one, you must force a new deployment.", func() error {
		return failed(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("api"), CapacityProviderStrategy: []types.CapacityProviderStrategyItem{item("small", 0, 1)}}))
	})
	svc = must(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{
		Service: aws.String("api"), CapacityProviderStrategy: []types.CapacityProviderStrategyItem{item("small", 0, 1)}, ForceNewDeployment: true,
	})).Service
	again := must(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{
		Service: aws.String("api"), CapacityProviderStrategy: []types.CapacityProviderStrategyItem{item(realm.CapacityProviderARN("small"), 0, 1)},
	})).Service
	check(t, "the deployments after the same strategy by ARN", len(again.Deployments), len(svc.Deployments))
	check(t, "the strategy of the newest deployment", *svc.Deployments[0].CapacityProviderStrategy[0].CapacityProvider, "small")
	check(t, "the strategy of the one before", *svc.Deployments[1].CapacityProviderStrategy[0].CapacityProvider, "big")
	for i, want := range []string{"1 small", "3 big"} {
		r := must(w.DescribeServiceRevisions(t.Context(), &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{*svc.CurrentServiceRevisions[i].Arn}})).ServiceRevisions[0]
		check(t, "the strategy of a revision", fmt.Sprintf("%d %s%s", len(r.CapacityProviderStrategy), *r.CapacityProviderStrategy[0].CapacityProvider, r.LaunchType), want)
	}
	goesBack := &model.Service{Completed: model.Revision{Capacity: model.Capacity{Strategy: []types.CapacityProviderStrategyItem{item("big", 0, 1)}}}}
	check(t, "that the provider of a roll back is in use", fmt.Sprint(usesProvider(goesBack, "big"), usesProvider(goesBack, "small")), "true false")
}

func (w *world) fargate(change func(*ecs.RegisterTaskDefinitionInput)) error {
	c := webContainer()
	c.Cpu, c.Memory = 0, nil
	in := &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("fargate"), Cpu: aws.String("0.25 vCPU"), Memory: aws.String("1 GB"), NetworkMode: types.NetworkModeAwsvpc,
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate}, ContainerDefinitions: []types.ContainerDefinition{c},
	}
	if change != nil {
		change(in)
	}
	return failed(w.RegisterTaskDefinition(w.Context(), in))
}

func TestTasksOnFargate(t *testing.T) {
	w := equipped(t)
	for _, name := range []string{"ecs.capability.task-eni", "com.amazonaws.ecs.capability.docker-remote-api.1.18"} {
		if err := w.put(attribute(name, "", "i1")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.fargate(nil); err != nil {
		t.Fatal(err)
	}
	must(w.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String("other"), CapacityProviders: []string{"FARGATE_SPOT"}}))
	d := must(w.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String("fargate")})).TaskDefinition
	check(t, "what it is valid for", fmt.Sprintf("%v %s %s", d.Compatibilities, *d.Cpu, *d.Memory), "[EC2 FARGATE] 256 1024")
	in := &ecs.RunTaskInput{
		Cluster: aws.String("other"), TaskDefinition: aws.String("fargate"), NetworkConfiguration: subnets("subnet-a"), PlatformVersion: aws.String("LATEST"),
		CapacityProviderStrategy: []types.CapacityProviderStrategyItem{item("FARGATE_SPOT", 0, 1)},
	}
	task := must(w.RunTask(t.Context(), in)).Tasks[0]
	check(t, "the task", fmt.Sprintf("%s %s %s %s %d %v", task.LaunchType, *task.CapacityProviderName, *task.PlatformVersion, *task.PlatformFamily, task.EphemeralStorage.SizeInGiB, task.ContainerInstanceArn == nil),
		"FARGATE FARGATE_SPOT 1.4.0 Linux 20 true")
	in.Overrides = &types.TaskOverride{EphemeralStorage: &types.EphemeralStorage{SizeInGiB: 30}}
	check(t, "overridden storage", must(w.RunTask(t.Context(), in)).Tasks[0].EphemeralStorage.SizeInGiB, 30)
	in.Overrides.EphemeralStorage.SizeInGiB = 201
	w.fails("InvalidParameterException: EphemeralStorage size should be at most 200", func() error { return failed(w.RunTask(t.Context(), in)) })
	w.update(func(tx *state.Tx) { tx.DeleteInstance("i1") })
	in = &ecs.RunTaskInput{TaskDefinition: aws.String("fargate"), NetworkConfiguration: subnets("subnet-a"), LaunchType: "FARGATE", Count: aws.Int32(2)}
	out := must(w.RunTask(t.Context(), in))
	check(t, "without capacity", fmt.Sprintf("%d %d %s", len(out.Tasks), len(out.Failures), *out.Failures[0].Reason),
		"0 2 Capacity is unavailable at this time. Please try again later or in a different availability zone")
	for want, change := range map[string]func(*ecs.RunTaskInput){
		"PlatformUnknownException: The specified platform does not exist.": func(in *ecs.RunTaskInput) { in.PlatformVersion = aws.String("9.0.0") },
		"InvalidParameterException: Placement constraints are not supported with FARGATE launch type.": func(in *ecs.RunTaskInput) {
			in.PlacementConstraints = []types.PlacementConstraint{{Type: "distinctInstance"}}
		},
		"InvalidParameterException: The platform version must be null when specifying an EC2 launch type.": func(in *ecs.RunTaskInput) {
			in.LaunchType, in.PlatformVersion = "EC2", aws.String("LATEST")
		},
		"ClientException: No Fargate configuration exists for given values: 256 CPU, 4096 memory": func(in *ecs.RunTaskInput) {
			in.Overrides = &types.TaskOverride{Memory: aws.String("4096")}
		},
		"InvalidParameterException: Task definition does not support launch_type EXTERNAL.": func(in *ecs.RunTaskInput) { in.LaunchType = "EXTERNAL" },
	} {
		w.fails(want, func() error {
			again := *in
			change(&again)
			return failed(w.RunTask(t.Context(), &again))
		})
	}
}

func TestTaskDefinitionsThatFargateRefuses(t *testing.T) {
	w := newWorld(t)
	first := func(in *ecs.RegisterTaskDefinitionInput) *types.ContainerDefinition {
		return &in.ContainerDefinitions[0]
	}
	for want, change := range map[string]func(*ecs.RegisterTaskDefinitionInput){
		"Fargate only supports network mode ‘awsvpc’.":                           func(in *ecs.RegisterTaskDefinitionInput) { in.NetworkMode = "bridge" },
		"Fargate requires that 'cpu' be defined at the task level.":              func(in *ecs.RegisterTaskDefinitionInput) { in.Cpu = nil },
		"Fargate requires that 'memory' be defined at the task level.":           func(in *ecs.RegisterTaskDefinitionInput) { in.Memory = nil; first(in).Memory = aws.Int32(64) },
		"No Fargate configuration exists for given values: 256 CPU, 3072 memory": func(in *ecs.RegisterTaskDefinitionInput) { in.Memory = aws.String("3 GB") },
		"Fargate compatible task definitions do not support constraints": func(in *ecs.RegisterTaskDefinitionInput) {
			in.PlacementConstraints = []types.TaskDefinitionPlacementConstraint{{Type: "memberOf", Expression: aws.String("attribute:a exists")}}
		},
		"Fargate compatible task definitions do not support log driver json-file": func(in *ecs.RegisterTaskDefinitionInput) {
			first(in).LogConfiguration = &types.LogConfiguration{LogDriver: "json-file"}
		},
		"Fargate requires task definition to have execution role ARN to support log driver awslogs.": func(in *ecs.RegisterTaskDefinitionInput) {
			first(in).LogConfiguration = &types.LogConfiguration{LogDriver: "awslogs", Options: map[string]string{"awslogs-group": "g", "awslogs-region": "r", "awslogs-stream-prefix": "p"}}
		},
		"Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.": func(in *ecs.RegisterTaskDefinitionInput) {
			in.ExecutionRoleArn = aws.String("x")
			first(in).LogConfiguration = &types.LogConfiguration{LogDriver: "awslogs", Options: map[string]string{"awslogs-group": "g", "awslogs-region": "r"}}
		},
		"Fargate requires task definition to have execution role ARN to support ECR images.": func(in *ecs.RegisterTaskDefinitionInput) {
			first(in).Image = aws.String("1.dkr.ecr.eu-central-1.amazonaws.com/web")
		},
		"The task definition is not valid for EXTERNAL: its network mode is awsvpc.": func(in *ecs.RegisterTaskDefinitionInput) {
			in.RequiresCompatibilities = []types.Compatibility{"EXTERNAL"}
		},
	} {
		w.fails("ClientException: "+want, func() error { return w.fargate(change) })
	}
}

// The table of Fargate's sizes has 74 pairs.
func TestFargateSizes(t *testing.T) {
	pairs := 0
	for _, cpu := range []int{128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768} {
		for memory := 512; memory <= 256<<10; memory += 512 {
			if checkFargateSize(cpu, memory) == nil {
				pairs++
			}
		}
	}
	check(t, "the number of pairs", pairs, 74)
}

// No task is placed by a strategy that weighs nothing; the refusal tells whose it is.
func TestStrategiesOfNoWeight(t *testing.T) {
	w := equipped(t)
	w.provides("small", "i1")
	if err := w.associate([]string{"small"}, item("small", 0, 0)); err != nil {
		t.Fatal(err)
	}
	run := func(strategy ...types.CapacityProviderStrategyItem) func() error {
		return func() error {
			return failed(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("web"), CapacityProviderStrategy: strategy}))
		}
	}
	w.fails("InvalidParameterException: There are no capacity providers with a weight value greater than zero defined in the capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified.",
		run(item("small", 0, 0)))
	w.fails("InvalidParameterException: There are no capacity providers with a weight value greater than zero defined in the default capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified. Update the cluster's default capacity provider strategy or specify a valid capacity provider strategy and try again.",
		run())
	w.fails("InvalidParameterException: Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.", func() error {
		return failed(w.CreateService(t.Context(), &ecs.CreateServiceInput{
			ServiceName: aws.String("logs"), TaskDefinition: aws.String("web"), SchedulingStrategy: types.SchedulingStrategyDaemon,
			CapacityProviderStrategy: []types.CapacityProviderStrategyItem{item("small", 0, 1)},
		}))
	})
}
