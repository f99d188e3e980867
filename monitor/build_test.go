package monitor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

// The stories' service is web, 3 tasks desired, with circuit breaker and roll-back.
// Deployment d1 rolled out web:6 long ago; d2 is that of web:7 and begins at t0,
// which is also when a synctest bubble's clock starts.
var t0 = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

const familyARN = "arn:aws:ecs:eu-1:1:task-definition/"

type change func(*types.Service)

func web(changes ...change) *types.Service {
	s := &types.Service{
		ServiceName: aws.String("web"), Status: aws.String("ACTIVE"), DesiredCount: 3, CreatedAt: aws.Time(t0.Add(-24 * time.Hour)),
		DeploymentConfiguration: &types.DeploymentConfiguration{
			DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}},
	}
	for _, c := range changes {
		c(s)
	}
	for _, d := range s.Deployments {
		s.RunningCount += d.RunningCount
		if aws.ToString(d.Status) == "PRIMARY" {
			s.TaskDefinition = d.TaskDefinition
		}
	}
	return s
}

// deployment adds one that began so long after t0; the first added is PRIMARY.
func deployment(name, revision string, began time.Duration, state types.DeploymentRolloutState, running int32) change {
	return func(s *types.Service) {
		d := types.Deployment{
			Id: aws.String("ecs-svc/" + name), TaskDefinition: aws.String(familyARN + revision), Status: aws.String("ACTIVE"),
			CreatedAt: aws.Time(t0.Add(began)), DesiredCount: 3, RunningCount: running, RolloutState: state,
			RolloutStateReason: aws.String("ECS deployment ecs-svc/" + name + " in progress."),
		}
		if len(s.Deployments) == 0 {
			d.Status = aws.String("PRIMARY")
		}
		s.Deployments = append(s.Deployments, d)
	}
}

// rollingBack makes the PRIMARY deployment say that it is a roll-back.
func rollingBack(s *types.Service) {
	d := &s.Deployments[0]
	d.RolloutStateReason = aws.String("ECS deployment circuit breaker: rolling back to deploymentId " + *d.Id + ".")
}

func event(after time.Duration, message string) change {
	return func(s *types.Service) {
		e := types.ServiceEvent{Id: aws.String(fmt.Sprint(after, message)), CreatedAt: aws.Time(t0.Add(after)), Message: aws.String("(service web) " + message)}
		s.Events = append([]types.ServiceEvent{e}, s.Events...)
	}
}

func noRollback(s *types.Service) { s.DeploymentConfiguration = nil }

// early makes the service's deployments complete before all of it runs.
func early(cleanup types.ServiceRevisionCleanup, percent int32) change {
	return func(s *types.Service) {
		s.DeploymentConfiguration.EarlySuccessCriteria = &types.DeploymentEarlySuccessCriteria{
			Enable: true, HealthyPercent: aws.Int32(percent), SourceServiceRevisionCleanup: cleanup}
	}
}

func becoming(status string) change { return func(s *types.Service) { s.Status = aws.String(status) } }

const (
	inProgress = types.DeploymentRolloutStateInProgress
	completed  = types.DeploymentRolloutStateCompleted
	failed     = types.DeploymentRolloutStateFailed
	longAgo    = -time.Hour
)

// old is the deployment before ours.
func old(running int32) change { return deployment("d1", "web:6", longAgo, completed, running) }

// new7 is ours.
func new7(state types.DeploymentRolloutState, running int32) change {
	return deployment("d2", "web:7", 0, state, running)
}

// scene is how the fake's world is from a time on.
type scene struct {
	from    time.Duration // since the fake was made
	service *types.Service
	err     error
	denied  error // looking at instances
	hidden  error // looking at stopped tasks
	hangs   bool  // looking at stopped tasks gets no answer
	silent  bool  // nor does looking at the service
	live    []types.Task
	also    []types.Task // stopped by then
	cis     []types.ContainerInstance
}

// fake is an ECS and a log store in memory that play scenes.
type fake struct {
	began    time.Time
	scenes   []scene
	tasks    []types.Task // stopped ones
	kept     []types.ProtectedTask
	around   int // looks at instances
	def      types.TaskDefinition
	resolved string            // digest of the container app in the service's revision
	logs     map[string]string // by "group stream"
	looks    int
	reads    []string // log streams asked for
}

// errDenied is what IAM answers.
var errDenied error = &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}

func play(scenes ...scene) *fake { return &fake{began: time.Now(), scenes: scenes} }

func (f *fake) now() scene {
	var current scene
	for _, s := range f.scenes {
		if time.Since(f.began) >= s.from {
			current = s
		}
	}
	return current
}

func (f *fake) DescribeServices(ctx context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	f.looks++
	s := f.now()
	if s.silent {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if s.err != nil {
		return nil, s.err
	}
	if s.service == nil || in.Services[0] != "web" {
		return &ecs.DescribeServicesOutput{Failures: []types.Failure{{Reason: aws.String("MISSING")}}}, nil
	}
	return &ecs.DescribeServicesOutput{Services: []types.Service{*s.service}}, nil
}

// ListTasks gives two tasks a page.
func (f *fake) ListTasks(ctx context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	if s := f.now(); s.err != nil {
		return nil, s.err
	}
	if in.DesiredStatus == types.DesiredStatusRunning && aws.ToString(in.ServiceName) == "web" {
		out := &ecs.ListTasksOutput{}
		for _, t := range f.now().live {
			out.TaskArns = append(out.TaskArns, *t.TaskArn)
		}
		return out, nil
	}
	if in.DesiredStatus != types.DesiredStatusStopped || aws.ToString(in.ServiceName) != "web" || in.StartedBy != nil {
		return nil, errors.New("fake: only the service's stopped tasks can be listed")
	}
	if s := f.now(); s.hidden != nil {
		return nil, s.hidden
	} else if s.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	from := 0
	fmt.Sscan(aws.ToString(in.NextToken), &from)
	out := &ecs.ListTasksOutput{}
	stopped := slices.Concat(f.tasks, f.now().also)
	for i := from; i < len(stopped); i++ {
		if i == from+2 {
			out.NextToken = aws.String(fmt.Sprint(i))
			break
		}
		out.TaskArns = append(out.TaskArns, *stopped[i].TaskArn)
	}
	return out, nil
}

func (f *fake) DescribeTasks(_ context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	out := &ecs.DescribeTasksOutput{}
	for _, t := range slices.Concat(f.tasks, f.now().also, f.now().live) {
		if slices.Contains(in.Tasks, *t.TaskArn) {
			out.Tasks = append(out.Tasks, t)
		}
	}
	return out, nil
}

func (f *fake) DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &f.def}, nil
}

// ListContainerInstances gives two instances a page.
func (f *fake) ListContainerInstances(_ context.Context, in *ecs.ListContainerInstancesInput, _ ...func(*ecs.Options)) (*ecs.ListContainerInstancesOutput, error) {
	s := f.now()
	if s.err != nil || s.denied != nil {
		return nil, cmp.Or(s.err, s.denied)
	}
	from := 0
	fmt.Sscan(aws.ToString(in.NextToken), &from)
	if from == 0 {
		f.around++
	}
	out := &ecs.ListContainerInstancesOutput{}
	for i := from; i < len(s.cis); i++ {
		if i == from+2 {
			out.NextToken = aws.String(fmt.Sprint(i))
			break
		}
		out.ContainerInstanceArns = append(out.ContainerInstanceArns, *s.cis[i].ContainerInstanceArn)
	}
	return out, nil
}

func (f *fake) DescribeContainerInstances(_ context.Context, in *ecs.DescribeContainerInstancesInput, _ ...func(*ecs.Options)) (*ecs.DescribeContainerInstancesOutput, error) {
	out := &ecs.DescribeContainerInstancesOutput{}
	for _, i := range f.now().cis {
		if slices.Contains(in.ContainerInstances, *i.ContainerInstanceArn) {
			out.ContainerInstances = append(out.ContainerInstances, i)
		}
	}
	return out, nil
}

func (f *fake) DescribeServiceRevisions(context.Context, *ecs.DescribeServiceRevisionsInput, ...func(*ecs.Options)) (*ecs.DescribeServiceRevisionsOutput, error) {
	return &ecs.DescribeServiceRevisionsOutput{ServiceRevisions: []types.ServiceRevision{{ContainerImages: []types.ContainerImage{
		{ContainerName: aws.String("app"), ImageDigest: &f.resolved}}}}}, nil
}

func (f *fake) ListServices(context.Context, *ecs.ListServicesInput, ...func(*ecs.Options)) (*ecs.ListServicesOutput, error) {
	return &ecs.ListServicesOutput{ServiceArns: []string{*f.now().service.ServiceName}}, nil
}

func (f *fake) GetTaskProtection(context.Context, *ecs.GetTaskProtectionInput, ...func(*ecs.Options)) (*ecs.GetTaskProtectionOutput, error) {
	return &ecs.GetTaskProtectionOutput{ProtectedTasks: f.kept}, nil
}

func (f *fake) GetLogEvents(_ context.Context, in *cloudwatchlogs.GetLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	key := *in.LogGroupName + " " + *in.LogStreamName
	f.reads = append(f.reads, key)
	text, ok := f.logs[key]
	if !ok {
		return nil, &logtypes.ResourceNotFoundException{}
	}
	out := &cloudwatchlogs.GetLogEventsOutput{}
	for line := range strings.Lines(text) {
		out.Events = append(out.Events, logtypes.OutputLogEvent{Message: aws.String(strings.TrimSpace(line))})
	}
	return out, nil
}

// crash is a task of a deployment whose container app exited by itself after 2 s.
func crash(n int, deployment string, code int32) types.Task {
	at := t0.Add(time.Duration(n) * time.Second)
	return types.Task{
		TaskArn: aws.String(fmt.Sprintf("arn:aws:ecs:eu-1:1:task/default/task%d", n)), StartedBy: aws.String("ecs-svc/" + deployment),
		TaskDefinitionArn: aws.String(familyARN + "web:7"), LastStatus: aws.String("STOPPED"),
		CreatedAt: aws.Time(at), StartedAt: aws.Time(at), ExecutionStoppedAt: aws.Time(at.Add(2 * time.Second)), StoppedAt: aws.Time(at.Add(2 * time.Second)),
		StopCode: types.TaskStopCodeEssentialContainerExited, StoppedReason: aws.String("Essential container in task exited"),
		Containers: []types.Container{{Name: aws.String("app"), Image: aws.String("shop/web:7"), ExitCode: aws.Int32(code)}},
	}
}

func (f *fake) since() time.Duration { return time.Since(f.began) }
