package ecs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

func TestANewServiceHasOneDeployment(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	s := must(w.CreateService(t.Context(), createWeb())).Service
	check(t, "status", *s.Status, "ACTIVE")
	check(t, "taskDefinition", *s.TaskDefinition, realm.TaskDefinitionARN(refOf(t, "web:1")))
	check(t, "minimumHealthyPercent", *s.DeploymentConfiguration.MinimumHealthyPercent, 100)
	check(t, "maximumPercent", *s.DeploymentConfiguration.MaximumPercent, 200)
	check(t, "deployments", deployments(s), "PRIMARY web:1 desired 1 IN_PROGRESS")
	check(t, "reason", *s.Deployments[0].RolloutStateReason, "ECS deployment "+*s.Deployments[0].Id+" in progress.")
}

func refOf(t *testing.T, s string) model.TaskDefinitionRef {
	t.Helper()
	return must(New(nil, realm, Options{}).definitionRef(s))
}

// deployments says what a service's deployments are, newest first.
func deployments(s *types.Service) string {
	var all []string
	for _, d := range s.Deployments {
		arn := *d.TaskDefinition
		desired := string(rune('0' + d.DesiredCount))
		all = append(all, *d.Status+" "+arn[strings.LastIndexByte(arn, '/')+1:]+" desired "+desired+" "+string(d.RolloutState))
	}
	return strings.Join(all, "; ")
}

func describeWeb(w *world) *types.Service {
	w.Helper()
	out := must(w.DescribeServices(w.Context(), &ecs.DescribeServicesInput{Services: []string{"web"}}))
	return &out.Services[0]
}

func TestTheSameCreationAgainReturnsTheService(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	in := createWeb()
	in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}
	in.PlacementStrategy = []types.PlacementStrategy{{Type: types.PlacementStrategyTypeRandom}}
	one := must(w.CreateService(t.Context(), in)).Service
	index := w.store.Snapshot().Index
	two := must(w.CreateService(t.Context(), in)).Service
	check(t, "deployment", *two.Deployments[0].Id, *one.Deployments[0].Id)
	check(t, "index", w.store.Snapshot().Index, index)

	for what, change := range map[string]func(*ecs.CreateServiceInput){
		"desiredCount":          func(in *ecs.CreateServiceInput) { in.DesiredCount = aws.Int32(2) },
		"tags":                  func(in *ecs.CreateServiceInput) { in.Tags = nil },
		"placementStrategy":     func(in *ecs.CreateServiceInput) { in.PlacementStrategy = nil },
		"enableExecuteCommand":  func(in *ecs.CreateServiceInput) { in.EnableExecuteCommand = true },
		"minimumHealthyPercent": func(in *ecs.CreateServiceInput) { in.DeploymentConfiguration = percents(50, 200) },
	} {
		t.Run(what, func(t *testing.T) {
			other := *in
			change(&other)
			w.fails("InvalidParameterException: Creation of service was not idempotent.", func() error {
				return failed(w.CreateService(t.Context(), &other))
			})
		})
	}
}

func percents(low, high int32) *types.DeploymentConfiguration {
	return &types.DeploymentConfiguration{MinimumHealthyPercent: &low, MaximumPercent: &high}
}

func TestATokenMakesOneService(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	in := createWeb()
	in.ClientToken = aws.String("token")
	must(w.CreateService(t.Context(), in))
	in.ServiceName = aws.String("other")
	w.fails("InvalidParameterException: Creation of service was not idempotent.", func() error {
		return failed(w.CreateService(t.Context(), in))
	})
}

func TestRefusedServices(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	for _, tt := range []struct {
		want   string
		change func(*ecs.CreateServiceInput)
	}{
		{"InvalidParameterException: serviceName can not be empty.", func(in *ecs.CreateServiceInput) { in.ServiceName = nil }},
		{"InvalidParameterException: taskDefinition can not be empty.", func(in *ecs.CreateServiceInput) { in.TaskDefinition = nil }},
		{"InvalidParameterException: desiredCount can not be empty for the REPLICA scheduling strategy.",
			func(in *ecs.CreateServiceInput) { in.DesiredCount = nil }},
		{"InvalidParameterException: desiredCount can not be negative.", func(in *ecs.CreateServiceInput) { in.DesiredCount = aws.Int32(-1) }},
		{"ClientException: TaskDefinition not found.", func(in *ecs.CreateServiceInput) { in.TaskDefinition = aws.String("web:2") }},
		{"InvalidParameterException: Invalid revision number. Number: 0", func(in *ecs.CreateServiceInput) { in.TaskDefinition = aws.String("web:0") }},
		{"InvalidParameterException: minimumHealthyPercent should be from 0 to 100.",
			func(in *ecs.CreateServiceInput) { in.DeploymentConfiguration = percents(101, 200) }},
		{"InvalidParameterException: maximumPercent should be at least 100.",
			func(in *ecs.CreateServiceInput) { in.DeploymentConfiguration = percents(50, 99) }},
		{"InvalidParameterException: Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
			func(in *ecs.CreateServiceInput) { in.DeploymentConfiguration = percents(100, 100) }},
		{"InvalidParameterException: propagateTags should be one of [TASK_DEFINITION,SERVICE,NONE]",
			func(in *ecs.CreateServiceInput) { in.PropagateTags = "x" }},
		{"InvalidParameterException: clientToken can have the ASCII characters 33 to 126 only.",
			func(in *ecs.CreateServiceInput) { in.ClientToken = aws.String("a b") }},
		{"InvalidParameterException: Task definition does not support launch_type FARGATE.",
			func(in *ecs.CreateServiceInput) { in.LaunchType = types.LaunchTypeFargate }},
		{"ClientException: deploymentConfiguration.strategy other than ROLLING is not supported by Steady yet: remove it from the service",
			func(in *ecs.CreateServiceInput) {
				in.DeploymentConfiguration = &types.DeploymentConfiguration{Strategy: types.DeploymentStrategyBlueGreen}
			}},
		{"InvalidParameterException: Invalid placement of the service: placement constraint has type \"x\"; use distinctInstance or memberOf",
			func(in *ecs.CreateServiceInput) { in.PlacementConstraints = []types.PlacementConstraint{{Type: "x"}} }},
	} {
		in := createWeb()
		tt.change(in)
		w.fails(tt.want, func() error { return failed(w.CreateService(t.Context(), in)) })
	}
	must(w.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("web:1")}))
	w.fails("ClientException: TaskDefinition is inactive", func() error { return failed(w.CreateService(t.Context(), createWeb())) })
}

// A deployment begins when the task definition changes, or on demand; no other
// member makes one.
func TestWhatBeginsADeployment(t *testing.T) {
	w := equipped(t)
	w.register("web")
	update := func(change func(*ecs.UpdateServiceInput)) *types.Service {
		in := &ecs.UpdateServiceInput{Service: aws.String("web")}
		change(in)
		return must(w.UpdateService(t.Context(), in)).Service
	}
	s := update(func(in *ecs.UpdateServiceInput) {
		in.TaskDefinition = aws.String("web:1")
		in.DesiredCount = aws.Int32(2)
		in.DeploymentConfiguration = percents(50, 150)
		in.EnableExecuteCommand = aws.Bool(true)
		in.PropagateTags = types.PropagateTagsService
		in.PlacementStrategy = []types.PlacementStrategy{{Type: types.PlacementStrategyTypeRandom}}
	})
	check(t, "deployments", deployments(s), "PRIMARY web:1 desired 2 IN_PROGRESS")
	check(t, "maximumPercent", *s.DeploymentConfiguration.MaximumPercent, 150)
	check(t, "enableExecuteCommand", s.EnableExecuteCommand, true)

	// What is absent stays.
	s = update(func(in *ecs.UpdateServiceInput) {
		in.DeploymentConfiguration = &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}}
	})
	check(t, "maximumPercent", *s.DeploymentConfiguration.MaximumPercent, 150)
	check(t, "rollback", s.DeploymentConfiguration.DeploymentCircuitBreaker.Rollback, true)
	check(t, "strategies", len(s.PlacementStrategy), 1)
	check(t, "strategies when emptied", len(update(func(in *ecs.UpdateServiceInput) { in.PlacementStrategy = []types.PlacementStrategy{} }).PlacementStrategy), 0)

	s = update(func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("web") })
	check(t, "deployments", deployments(s), "PRIMARY web:2 desired 2 IN_PROGRESS; ACTIVE web:1 desired 0 IN_PROGRESS")
	s = update(func(in *ecs.UpdateServiceInput) { in.ForceNewDeployment = true })
	check(t, "deployments", deployments(s),
		"PRIMARY web:2 desired 2 IN_PROGRESS; ACTIVE web:2 desired 0 IN_PROGRESS; ACTIVE web:1 desired 0 IN_PROGRESS")
}

// A service may go on with a revision that was deregistered.
func TestUpdatingAServiceOfAnInactiveRevision(t *testing.T) {
	w := equipped(t)
	must(w.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("web:1")}))
	must(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), TaskDefinition: aws.String("web:1"), DesiredCount: aws.Int32(3)}))
	check(t, "desiredCount", describeWeb(w).DesiredCount, 3)
}

func TestRefusedUpdates(t *testing.T) {
	w := equipped(t)
	for _, tt := range []struct {
		want   string
		change func(*ecs.UpdateServiceInput)
	}{
		{"InvalidParameterException: Service can not be empty.", func(in *ecs.UpdateServiceInput) { in.Service = nil }},
		{"ServiceNotFoundException: Service not found.", func(in *ecs.UpdateServiceInput) { in.Service = aws.String("db") }},
		{"InvalidParameterException: desiredCount can not be negative.", func(in *ecs.UpdateServiceInput) { in.DesiredCount = aws.Int32(-1) }},
		{"ClientException: TaskDefinition not found.", func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("db") }},
		{"InvalidParameterException: maximumPercent should be at least 100.",
			func(in *ecs.UpdateServiceInput) { in.DeploymentConfiguration = percents(100, 50) }},
		{"ClientException: availabilityZoneRebalancing ENABLED is not supported by Steady yet: remove it from the service",
			func(in *ecs.UpdateServiceInput) {
				in.AvailabilityZoneRebalancing = types.AvailabilityZoneRebalancingEnabled
			}},
	} {
		in := &ecs.UpdateServiceInput{Service: aws.String("web")}
		tt.change(in)
		w.fails(tt.want, func() error { return failed(w.UpdateService(t.Context(), in)) })
	}
	must(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web"), Force: aws.Bool(true)}))
	w.fails("ServiceNotActiveException: Service was not ACTIVE.", func() error {
		return failed(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web")}))
	})
}

func TestTheCountsOfDeployments(t *testing.T) {
	w := equipped(t)
	w.register("web")
	w.task("old1", w.ofWeb)
	w.task("old2", func(t *model.Task) { w.ofWeb(t); t.Desired = model.Stopped })
	w.task("old3", func(t *model.Task) {
		w.ofWeb(t)
		t.Desired, t.Last, t.StopCode = model.Stopped, model.Stopped, model.TaskFailedToStart
		t.StartedAt, t.StoppedAt = time.Time{}, day(9)
	})
	must(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), TaskDefinition: aws.String("web:2"), DesiredCount: aws.Int32(3)}))
	w.task("new1", func(t *model.Task) { w.ofWeb(t); t.Last = model.Pending })
	s := describeWeb(w)
	check(t, "runningCount", s.RunningCount, 2)
	check(t, "pendingCount", s.PendingCount, 1)
	check(t, "deployments", deployments(s), "PRIMARY web:2 desired 3 IN_PROGRESS; ACTIVE web:1 desired 1 IN_PROGRESS")
	check(t, "running of PRIMARY", s.Deployments[0].RunningCount, 0)
	check(t, "pending of PRIMARY", s.Deployments[0].PendingCount, 1)
	check(t, "running of ACTIVE", s.Deployments[1].RunningCount, 2)
	check(t, "failed of PRIMARY", s.Deployments[0].FailedTasks, 0)
	check(t, "failed of ACTIVE", s.Deployments[1].FailedTasks, 1)
}

func TestDeletionOfAService(t *testing.T) {
	w := equipped(t)
	remove := func(force bool) *types.Service {
		return must(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web"), Force: aws.Bool(force)})).Service
	}
	w.task("t1", w.ofWeb)
	w.fails("InvalidParameterException: The service cannot be stopped while it is scaled above 0.", func() error {
		return failed(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web")}))
	})

	// While its tasks stop it is DRAINING: no longer listed, and in the way of
	// another one of its name.
	s := remove(true)
	check(t, "status", *s.Status, "DRAINING")
	check(t, "desiredCount", s.DesiredCount, 0)
	check(t, "listed", len(must(w.ListServices(t.Context(), &ecs.ListServicesInput{})).ServiceArns), 0)
	check(t, "status after another deletion", *remove(false).Status, "DRAINING")
	w.fails("InvalidParameterException: Unable to Start a service that is still Draining.", func() error {
		return failed(w.CreateService(t.Context(), createWeb()))
	})
	w.update(func(tx *state.Tx) {
		svc, _ := tx.Service("default", "web")
		n := *svc
		n.Status, n.Deployments = model.Inactive, nil
		tx.PutService(&n)
	})
	s = describeWeb(w)
	check(t, "status", *s.Status, "INACTIVE")
	check(t, "taskDefinition", *s.TaskDefinition, realm.TaskDefinitionARN(refOf(t, "web:1")))
	check(t, "deployments", len(s.Deployments), 0)
	w.fails("ServiceNotFoundException: Service not found.", func() error {
		return failed(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web")}))
	})
	check(t, "status when made again", *must(w.CreateService(t.Context(), createWeb())).Service.Status, "ACTIVE")
}

func TestAServiceWithoutTasksIsInactiveAtOnce(t *testing.T) {
	w := equipped(t)
	must(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), DesiredCount: aws.Int32(0)}))
	s := must(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web")})).Service
	check(t, "status", *s.Status, "INACTIVE")
	record, _ := w.store.Snapshot().Service("default", "web")
	check(t, "InactiveAt is set", record.InactiveAt.IsZero(), false)
}

func TestDescriptionsOfServices(t *testing.T) {
	w := equipped(t)
	out := must(w.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Services: []string{
		"web", "arn:aws:ecs:eu-central-1:000000000000:service/default/web", "arn:aws:ecs:eu-central-1:000000000000:service/web", "db",
	}}))
	check(t, "services", len(out.Services), 3)
	check(t, "failure", *out.Failures[0].Arn+" "+*out.Failures[0].Reason, realm.ServiceARN("default", "db")+" MISSING")
	w.fails("InvalidParameterException: Services cannot be empty.", func() error {
		return failed(w.DescribeServices(t.Context(), &ecs.DescribeServicesInput{}))
	})
	w.fails("InvalidParameterException: Services cannot have more than 10 elements.", func() error {
		return failed(w.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Services: make([]string, 11)}))
	})
}

// The pages of a list hold each item once, though an item goes in between.
func TestServicesAreListedInPages(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	var want []string
	for c := 'a'; c <= 'x'; c++ {
		in := createWeb()
		in.ServiceName = aws.String(string(c))
		in.DesiredCount = aws.Int32(0)
		must(w.CreateService(t.Context(), in))
		want = append(want, realm.ServiceARN("default", string(c)))
	}
	var got []string
	var sizes []int
	in := &ecs.ListServicesInput{}
	for {
		out := must(w.ListServices(t.Context(), in))
		got, sizes = append(got, out.ServiceArns...), append(sizes, len(out.ServiceArns))
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
		if len(sizes) == 1 { // j ended the first page
			must(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("j")}))
		}
	}
	if !slices.Equal(sizes, []int{10, 10, 4}) || !slices.Equal(got, want) {
		t.Errorf("pages of %v: %v", sizes, got)
	}
	token := must(w.ListServices(t.Context(), &ecs.ListServicesInput{})).NextToken
	w.fails("InvalidParameterException: Invalid token. Give the nextToken of the reply before, unchanged.", func() error {
		return failed(w.ListTasks(t.Context(), &ecs.ListTasksInput{NextToken: token}))
	})
	check(t, "DAEMON services", len(must(w.ListServices(t.Context(), &ecs.ListServicesInput{SchedulingStrategy: types.SchedulingStrategyDaemon})).ServiceArns), 0)
	check(t, "FARGATE services", len(must(w.ListServices(t.Context(), &ecs.ListServicesInput{LaunchType: types.LaunchTypeFargate})).ServiceArns), 0)
}
