package evidence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"steady/diagnose"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) *time.Time { return aws.Time(t0.Add(d)) }

const (
	prefix = "arn:aws:ecs:eu-1:1:"
	taskA  = "0000000000000000000000000000000a"
	taskB  = "0000000000000000000000000000000b"
	webTG  = "arn:aws:elasticloadbalancing:eu-1:1:targetgroup/web/1"
)

// api plays an account with one cluster, as Amazon ECS answers for it.
type api struct {
	services []types.Service
	tasks    []types.Task
	rollouts []types.ServiceDeployment
	refuse   map[string]error // by operation
	group    elbtypes.TargetGroup
	health   []elbtypes.TargetHealthDescription
	log      []string
}

func (a *api) DescribeServices(_ context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	out := &ecs.DescribeServicesOutput{}
	for _, s := range a.services {
		if slices.Contains(in.Services, *s.ServiceName) || slices.Contains(in.Services, *s.ServiceArn) {
			out.Services = append(out.Services, s)
		}
	}
	return out, a.refuse["DescribeServices"]
}

func (a *api) ListServices(context.Context, *ecs.ListServicesInput, ...func(*ecs.Options)) (*ecs.ListServicesOutput, error) {
	out := &ecs.ListServicesOutput{}
	for _, s := range a.services {
		out.ServiceArns = append(out.ServiceArns, *s.ServiceArn)
	}
	return out, a.refuse["ListServices"]
}

func (a *api) ListTasks(_ context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	out := &ecs.ListTasksOutput{}
	for _, t := range a.tasks {
		if string(in.DesiredStatus) == *t.DesiredStatus && *t.Group == "service:"+*in.ServiceName {
			out.TaskArns = append(out.TaskArns, *t.TaskArn)
		}
	}
	return out, a.refuse["ListTasks"]
}

func (a *api) DescribeTasks(_ context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	out := &ecs.DescribeTasksOutput{}
	for _, t := range a.tasks {
		if slices.Contains(in.Tasks, *t.TaskArn) || slices.Contains(in.Tasks, lastPart(*t.TaskArn)) {
			out.Tasks = append(out.Tasks, t)
		}
	}
	return out, a.refuse["DescribeTasks"]
}

func (a *api) DescribeTaskDefinition(_ context.Context, in *ecs.DescribeTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{TaskDefinitionArn: in.TaskDefinition, Family: aws.String("web"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("shop/web:7"), Memory: aws.Int32(128),
			PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80)}}}}}}, a.refuse["DescribeTaskDefinition"]
}

func (a *api) ListContainerInstances(context.Context, *ecs.ListContainerInstancesInput, ...func(*ecs.Options)) (*ecs.ListContainerInstancesOutput, error) {
	return &ecs.ListContainerInstancesOutput{}, a.refuse["ListContainerInstances"]
}

func (a *api) DescribeContainerInstances(context.Context, *ecs.DescribeContainerInstancesInput, ...func(*ecs.Options)) (*ecs.DescribeContainerInstancesOutput, error) {
	return nil, errors.New("there are none")
}

func (a *api) GetTaskProtection(context.Context, *ecs.GetTaskProtectionInput, ...func(*ecs.Options)) (*ecs.GetTaskProtectionOutput, error) {
	return &ecs.GetTaskProtectionOutput{}, nil
}

func (a *api) ListServiceDeployments(context.Context, *ecs.ListServiceDeploymentsInput, ...func(*ecs.Options)) (*ecs.ListServiceDeploymentsOutput, error) {
	out := &ecs.ListServiceDeploymentsOutput{}
	for _, r := range a.rollouts {
		out.ServiceDeployments = append(out.ServiceDeployments, types.ServiceDeploymentBrief{ServiceDeploymentArn: r.ServiceDeploymentArn, CreatedAt: r.CreatedAt})
	}
	return out, nil
}

func (a *api) DescribeServiceDeployments(_ context.Context, in *ecs.DescribeServiceDeploymentsInput, _ ...func(*ecs.Options)) (*ecs.DescribeServiceDeploymentsOutput, error) {
	out := &ecs.DescribeServiceDeploymentsOutput{}
	for _, r := range a.rollouts {
		if slices.Contains(in.ServiceDeploymentArns, *r.ServiceDeploymentArn) {
			out.ServiceDeployments = append(out.ServiceDeployments, r)
		}
	}
	return out, nil
}

func (a *api) GetLogEvents(context.Context, *cloudwatchlogs.GetLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	out := &cloudwatchlogs.GetLogEventsOutput{}
	for _, line := range a.log {
		out.Events = append(out.Events, logtypes.OutputLogEvent{Timestamp: aws.Int64(t0.UnixMilli()), Message: aws.String(line)})
	}
	return out, a.refuse["GetLogEvents"]
}

func (a *api) DescribeTargetGroups(context.Context, *elb.DescribeTargetGroupsInput, ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error) {
	return &elb.DescribeTargetGroupsOutput{TargetGroups: []elbtypes.TargetGroup{a.group}}, a.refuse["DescribeTargetGroups"]
}

func (a *api) DescribeTargetHealth(context.Context, *elb.DescribeTargetHealthInput, ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error) {
	return &elb.DescribeTargetHealthOutput{TargetHealthDescriptions: a.health}, nil
}

// account has service web, whose deployment ecs-svc/2 has a task that crashed and one
// that somebody stopped.
func account() *api {
	task := func(id string, code types.TaskStopCode, reason string) types.Task {
		return types.Task{TaskArn: aws.String(prefix + "task/prod/" + id), Group: aws.String("service:web"), StartedBy: aws.String("ecs-svc/2"),
			TaskDefinitionArn: aws.String(prefix + "task-definition/web:7"), DesiredStatus: aws.String("STOPPED"), LastStatus: aws.String("STOPPED"),
			StopCode: code, StoppedReason: aws.String(reason), CreatedAt: at(0), StartedAt: at(time.Second), StoppedAt: at(3 * time.Second),
			Containers: []types.Container{{Name: aws.String("app"), ExitCode: aws.Int32(1)}}}
	}
	return &api{
		services: []types.Service{{
			ServiceName: aws.String("web"), ServiceArn: aws.String(prefix + "service/prod/web"), Status: aws.String("ACTIVE"), DesiredCount: 2, LaunchType: types.LaunchTypeFargate,
			Deployments: []types.Deployment{{Id: aws.String("ecs-svc/2"), Status: aws.String("PRIMARY"), DesiredCount: 2, CreatedAt: at(0),
				TaskDefinition: aws.String(prefix + "task-definition/web:7"), RolloutState: types.DeploymentRolloutStateInProgress}},
			Events: []types.ServiceEvent{{CreatedAt: at(time.Second), Message: aws.String("(service web) has started 2 tasks: (task " + taskA + ") (task " + taskB + ").")}},
		}},
		tasks: []types.Task{
			task(taskA, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited"),
			task(taskB, types.TaskStopCodeUserInitiated, "Task stopped by user"),
		},
		refuse: map[string]error{}, log: []string{"DB_URL is not set"},
	}
}

func (a *api) source() Source {
	return Source{ECS: a, Rollouts: a, Logs: a, Balancers: a, Cluster: "prod"}
}

func (a *api) of(t *testing.T, name string) (diagnose.Case, diagnose.Diagnosis) {
	t.Helper()
	c, err := a.source().Of(t.Context(), name, t0.Add(time.Minute))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return c, c.Diagnose()
}

func TestOfAServiceADeploymentAndATask(t *testing.T) {
	for name, want := range map[string]diagnose.Subject{
		"web":                       {Kind: diagnose.AService, Name: "web", Cluster: "prod", Deployment: "ecs-svc/2", Revision: "web:7", State: "IN_PROGRESS, 0 of 2 tasks run"},
		prefix + "service/prod/web": {Kind: diagnose.AService, Name: "web", Cluster: "prod", Deployment: "ecs-svc/2", Revision: "web:7", State: "IN_PROGRESS, 0 of 2 tasks run"},
		"ecs-svc/2":                 {Kind: diagnose.ADeployment, Name: "web", Cluster: "prod", Deployment: "ecs-svc/2", Revision: "web:7", State: "IN_PROGRESS, 0 of 2 tasks run"},
		taskA:                       {Kind: diagnose.ATask, Name: taskA, Cluster: "prod", Deployment: "ecs-svc/2", Revision: "web:7", State: "STOPPED, EssentialContainerExited after 2 s"},
	} {
		c, d := account().of(t, name)
		if c.Subject != want {
			t.Errorf("%s: %+v\nwant %+v", name, c.Subject, want)
		}
		if len(d.Findings) != 1 || d.Findings[0].ID != "C17" || d.Findings[0].Tasks != 1 || len(d.Findings[0].Clues) != 1 || len(c.Missing) != 0 {
			t.Errorf("%s: %+v, missing %q", name, d.Findings, c.Missing)
		}
	}
}

func TestOfATaskThatSomebodyStopped(t *testing.T) {
	_, d := account().of(t, prefix+"task/prod/"+taskB)
	if len(d.Findings) != 0 || len(d.Benign) != 1 || d.Benign[0].ID != "T6" {
		t.Errorf("%+v", d)
	}
}

// TestOfWhatIsGone: after a roll-back on which all is well, what failed is explained.
func TestOfWhatIsGone(t *testing.T) {
	a := account()
	s := &a.services[0]
	s.RunningCount, s.DesiredCount = 2, 2
	s.Deployments = []types.Deployment{{Id: aws.String("ecs-svc/3"), Status: aws.String("PRIMARY"), DesiredCount: 2, RunningCount: 2, CreatedAt: at(time.Minute),
		TaskDefinition: aws.String(prefix + "task-definition/web:6"), RolloutState: types.DeploymentRolloutStateCompleted}}
	said := func(d time.Duration, text string) types.ServiceEvent {
		return types.ServiceEvent{CreatedAt: at(d), Message: aws.String("(service web) " + text)}
	}
	s.Events = []types.ServiceEvent{
		said(2*time.Minute, "(deployment ecs-svc/3) deployment completed."), said(time.Minute, "rolling back to deployment ecs-svc/3."),
		said(time.Minute, "(deployment ecs-svc/2) deployment failed: tasks failed to start."), said(-time.Hour, "has reached a steady state."),
		said(-2*time.Hour, "was unable to place a task because no container instance met all of its requirements."),
	}
	c, d := a.of(t, "web")
	if c.Subject.Deployment != "ecs-svc/2" || c.Subject.State != "FAILED; now ecs-svc/3: COMPLETED, 2 of 2 tasks run" || c.Subject.Revision != "web:7" {
		t.Errorf("%+v", c.Subject)
	}
	if len(d.Findings) == 0 || d.Findings[0].ID != "C17" || slices.ContainsFunc(d.Findings, func(f diagnose.Finding) bool { return f.ID == "E34" }) {
		t.Errorf("%+v", d.Findings)
	}
}

func TestTargetsOfAService(t *testing.T) {
	a := account()
	a.tasks = nil
	a.services[0].LoadBalancers = []types.LoadBalancer{{TargetGroupArn: aws.String(webTG), ContainerName: aws.String("app"), ContainerPort: aws.Int32(8080)}}
	a.group = elbtypes.TargetGroup{TargetGroupArn: aws.String(webTG), TargetGroupName: aws.String("web"), TargetType: elbtypes.TargetTypeEnumIp}
	a.health = []elbtypes.TargetHealthDescription{{Target: &elbtypes.TargetDescription{Id: aws.String("10.0.0.7"), Port: aws.Int32(8080)},
		TargetHealth: &elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumUnhealthy, Reason: elbtypes.TargetHealthReasonEnumTimeout}}}
	_, d := a.of(t, "web")
	var ids []string
	for _, f := range d.Findings {
		ids = append(ids, f.ID)
	}
	if !slices.Equal(ids, []string{"D06", "D24"}) {
		t.Errorf("%v", ids)
	}
	a.refuse["DescribeTargetGroups"] = errors.New("not authorized")
	if c, _ := a.of(t, "web"); len(c.Missing) != 1 || c.Missing[0] != "The health of the targets could not be read: not authorized." {
		t.Errorf("%q", c.Missing)
	}
}

func TestWhatADeploymentSaysOfItself(t *testing.T) {
	a := account()
	a.tasks = nil
	arn := prefix + "service-deployment/prod/web/abc"
	a.rollouts = []types.ServiceDeployment{{ServiceDeploymentArn: &arn, CreatedAt: at(time.Second), Status: types.ServiceDeploymentStatusRollbackSuccessful,
		StatusReason: aws.String("Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook timed out.")}}
	for _, name := range []string{"web", arn} {
		if _, d := a.of(t, name); len(d.Findings) == 0 || d.Findings[0].ID != "F21" {
			t.Errorf("%s: %+v", name, d.Findings)
		}
	}
	a.services[0].Deployments[0].CreatedAt = at(time.Hour)
	if c, d := a.of(t, arn); len(d.Findings) != 1 || d.Findings[0].ID != "F21" || len(c.Missing) != 1 {
		t.Errorf("long ago: %+v, missing %q", d.Findings, c.Missing)
	}
}

// TestWhatCannotBeReadIsTold: the rest is still judged; only without the subject
// itself there is no answer.
func TestWhatCannotBeReadIsTold(t *testing.T) {
	a := account()
	a.refuse["ListTasks"] = errors.New("not authorized to perform: ecs:ListTasks")
	a.services[0].Events = append(a.services[0].Events, types.ServiceEvent{CreatedAt: at(time.Second), Message: aws.String("(service web) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.")})
	c, d := a.of(t, "web")
	if len(c.Missing) != 2 || len(d.Findings) != 1 || d.Findings[0].ID != "E09" || len(d.Notes) < 2 {
		t.Errorf("%+v, missing %q, notes %q", d.Findings, c.Missing, d.Notes)
	}
	a.refuse["DescribeServices"], a.refuse["DescribeTasks"] = errors.New("no"), errors.New("no")
	for _, name := range []string{"web", taskA, "ecs-svc/2"} {
		if _, err := a.source().Of(t.Context(), name, t0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestOfNothing(t *testing.T) {
	for name, want := range map[string]string{
		"shop":                  "there is no service shop in cluster prod",
		"ecs-svc/9":             "no service of cluster prod has or had a deployment ecs-svc/9",
		strings.Repeat("f", 32): "ECS forgets a stopped task after about an hour",
		prefix + "service-deployment/prod/web/none": "there is no service deployment none",
	} {
		if _, err := account().source().Of(t.Context(), name, t0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// A log that may not be read is told; that nothing was found is said only of what was
// looked for; and a container that has ended has a log, though its task is still stopping.
func TestLogsThatAreNotThere(t *testing.T) {
	many := func(a *api) {
		for n := range 30 {
			x := a.tasks[0]
			x.TaskArn, x.CreatedAt = aws.String(fmt.Sprintf("%stask/prod/%032x", prefix, 100+n)), at(time.Duration(n)*time.Second)
			a.tasks = append(a.tasks, x)
		}
		a.log = nil
	}
	for name, c := range map[string]struct {
		change func(*api)
		clues  int
		notes  string
	}{
		"it is there": {func(*api) {}, 1, ""},
		"its task is still stopping": {func(a *api) {
			a.tasks[0].LastStatus, a.tasks[0].StoppedAt = aws.String("STOPPING"), nil
		}, 1, ""},
		"there is none": {func(a *api) {
			a.refuse["GetLogEvents"] = &smithy.GenericAPIError{Code: "ResourceNotFoundException", Message: "The specified log group does not exist."}
			a.log = nil
		}, 0, "No log was found of 1 task that ran."},
		"it may not be read": {func(a *api) {
			a.refuse["GetLogEvents"] = &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
		}, 0, "The log of a task that failed could not be read: api error AccessDeniedException: no."},
		"only some were looked for": {many, 0, "No log was found of 5 tasks that ran. Of 26 tasks the log was not asked for."},
	} {
		a := account()
		c.change(a)
		_, d := a.of(t, "web")
		if len(d.Findings) == 0 || len(d.Findings[0].Clues) != c.clues || strings.Join(d.Notes, " ") != c.notes {
			t.Errorf("%s: %+v, notes %q", name, d.Findings, d.Notes)
			continue
		}
		if refused := strings.Contains(c.notes, "AccessDenied"); refused != strings.Contains(diagnose.Summary(d.Findings), "Its log could not be read: api error AccessDeniedException: no.") {
			t.Errorf("%s: %s", name, diagnose.Summary(d.Findings))
		}
	}
}
