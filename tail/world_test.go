package tail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

var (
	_ ECS  = (*ecs.Client)(nil)
	_ Logs = (*cloudwatchlogs.Client)(nil)
)

const (
	cluster = "arn:aws:ecs:r:a:cluster/blue"
	id1     = "11111111111111111111111111111111"
	id2     = "22222222222222222222222222222222"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// at is so many seconds after noon.
func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// world is a server with one service, web, and what its containers have written.
type world struct {
	mu      sync.Mutex
	service *types.Service
	tasks   []types.Task
	logs    *types.LogConfiguration
	streams map[string][]logtypes.OutputLogEvent
	down    error
	page    int // events in a reply; 0: all
	asked   int // for log events
}

func newWorld() *world {
	return &world{
		service: &types.Service{ServiceName: aws.String("web"), Status: aws.String("ACTIVE")},
		streams: map[string][]logtypes.OutputLogEvent{},
	}
}

// run makes a running task of containers.
func (w *world) run(id string, containers ...string) *types.Task {
	t := types.Task{
		TaskArn: aws.String("arn:aws:ecs:r:a:task/blue/" + id), CreatedAt: aws.Time(noon), LastStatus: aws.String("RUNNING"),
		TaskDefinitionArn: aws.String("arn:aws:ecs:r:a:task-definition/web:3"), StartedBy: aws.String("ecs-svc/1"),
	}
	for _, c := range containers {
		t.Containers = append(t.Containers, types.Container{Name: aws.String(c), RuntimeId: aws.String("run-" + c)})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tasks = append(w.tasks, t)
	return &w.tasks[len(w.tasks)-1]
}

// write adds a line to a container's stream.
func (w *world) write(id, container string, when time.Time, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := "/steady/blue web/" + container + "/" + id
	w.streams[key] = append(w.streams[key], logtypes.OutputLogEvent{Timestamp: aws.Int64(when.UnixMilli()), Message: &text})
}

func (w *world) lock() func() { w.mu.Lock(); return w.mu.Unlock }

func (w *world) DescribeServices(_ context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	defer w.lock()()
	if w.service == nil || in.Services[0] != *w.service.ServiceName {
		return &ecs.DescribeServicesOutput{}, w.down
	}
	return &ecs.DescribeServicesOutput{Services: []types.Service{*w.service}}, w.down
}

func (w *world) ListTasks(_ context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	defer w.lock()()
	out := new(ecs.ListTasksOutput)
	for _, t := range w.tasks {
		if isStopped(t) == (in.DesiredStatus == types.DesiredStatusStopped) {
			out.TaskArns = append(out.TaskArns, *t.TaskArn)
		}
	}
	return out, w.down
}

func (w *world) DescribeTasks(_ context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	defer w.lock()()
	out := new(ecs.DescribeTasksOutput)
	for _, t := range w.tasks {
		for _, name := range in.Tasks {
			if strings.HasSuffix(*t.TaskArn, name) {
				out.Tasks = append(out.Tasks, t)
			}
		}
	}
	return out, w.down
}

func (w *world) DescribeTaskDefinition(_ context.Context, in *ecs.DescribeTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), LogConfiguration: w.logs}},
	}}, nil
}

// GetLogEvents answers as CloudWatch does; a token is a position.
func (w *world) GetLogEvents(_ context.Context, in *cloudwatchlogs.GetLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	defer w.lock()()
	w.asked++
	if w.down != nil {
		return nil, w.down
	}
	events, ok := w.streams[*in.LogGroupName+" "+*in.LogStreamName]
	if !ok {
		return nil, &logtypes.ResourceNotFoundException{}
	}
	from, to := 0, len(events)
	if in.NextToken != nil {
		fmt.Sscan(*in.NextToken, &from)
	} else if in.Limit != nil && !*in.StartFromHead {
		from = max(0, to-int(*in.Limit))
	}
	if w.page > 0 {
		to = min(to, from+w.page)
	}
	out := &cloudwatchlogs.GetLogEventsOutput{NextForwardToken: aws.String(fmt.Sprint(to))}
	for _, e := range events[from:to] {
		if *e.Timestamp >= aws.ToInt64(in.StartTime) {
			out.Events = append(out.Events, e)
		}
	}
	return out, nil
}

// options show the service, plainly.
func (w *world) options(out *strings.Builder) Options {
	return Options{Cluster: cluster, Name: "web", ECS: w, Logs: w, Out: out, Notes: out, NoEvents: true}
}

// show runs a tail that does not follow.
func (w *world) show(t *testing.T, change ...func(*Options)) string {
	t.Helper()
	var out strings.Builder
	o := w.options(&out)
	for _, c := range change {
		c(&o)
	}
	if err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var errDown = errors.New("connection refused")
