package recorder

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/archive"
	"steady/monitor"
	"steady/scan"
)

// world is an ECS with one cluster, as a recorder sees it.
type world struct {
	services []types.Service
	tasks    []types.Task
	asked    int // tasks described
	err      error
}

func (w *world) ListServices(context.Context, *ecs.ListServicesInput, ...func(*ecs.Options)) (*ecs.ListServicesOutput, error) {
	out := new(ecs.ListServicesOutput)
	for _, s := range w.services {
		out.ServiceArns = append(out.ServiceArns, *s.ServiceArn)
	}
	return out, w.err
}

func (w *world) DescribeServices(_ context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	out := new(ecs.DescribeServicesOutput)
	for _, s := range w.services {
		if slices.Contains(in.Services, *s.ServiceArn) {
			out.Services = append(out.Services, s)
		}
	}
	return out, w.err
}

func (w *world) ListTasks(_ context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	out := new(ecs.ListTasksOutput)
	for _, t := range w.tasks {
		if *t.DesiredStatus == string(in.DesiredStatus) {
			out.TaskArns = append(out.TaskArns, *t.TaskArn)
		}
	}
	return out, w.err
}

func (w *world) DescribeTasks(_ context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	out := new(ecs.DescribeTasksOutput)
	for _, t := range w.tasks {
		if slices.Contains(in.Tasks, *t.TaskArn) {
			w.asked++
			out.Tasks = append(out.Tasks, t)
		}
	}
	return out, w.err
}

const account = "arn:aws:ecs:eu-1:123456789012:"

// service is web in cluster prod, with one deployment.
func service(deployment, revision string, state types.DeploymentRolloutState, running int32, events ...string) types.Service {
	s := types.Service{
		ServiceArn: aws.String(account + "service/prod/web"), ServiceName: aws.String("web"), ClusterArn: aws.String(account + "cluster/prod"),
		Status: aws.String("ACTIVE"), DesiredCount: 2, RunningCount: running, TaskDefinition: aws.String(account + "task-definition/" + revision),
		Deployments: []types.Deployment{{Id: aws.String("ecs-svc/" + deployment), Status: aws.String("PRIMARY"), RolloutState: state,
			TaskDefinition: aws.String(account + "task-definition/" + revision), RunningCount: running, CreatedAt: aws.Time(time.Now())}},
	}
	for i, e := range events { // newest first
		s.Events = append(s.Events, types.ServiceEvent{Id: aws.String(e), CreatedAt: aws.Time(time.Now().Add(-time.Duration(i) * 24 * time.Hour)), Message: aws.String("(service web) " + e)})
	}
	return s
}

func task(n int, desired, last string, version int64) types.Task {
	now := time.Now()
	t := types.Task{
		TaskArn: aws.String(fmt.Sprintf(account+"task/prod/%d", n)), DesiredStatus: &desired, LastStatus: &last, Version: version, CreatedAt: &now,
		Attachments: []types.Attachment{{Type: aws.String("ElasticNetworkInterface"), Details: []types.KeyValuePair{{Name: aws.String("macAddress"), Value: aws.String("0a:01")}}}},
		Containers:  []types.Container{{Name: aws.String("app"), ManagedAgents: []types.ManagedAgent{{Name: "ExecuteCommandAgent", LastStatus: aws.String("RUNNING")}}}},
	}
	if last == "STOPPED" {
		t.StoppedAt, t.StoppedReason = &now, aws.String("Essential container in task exited")
	}
	return t
}

// recording is a recorder of a world, on an archive that outlives it.
type recording struct {
	t     *testing.T
	world *world
	store *archive.Archive
	r     *recorder
	told  []string
}

func recordingOf(t *testing.T, w *world) *recording {
	store, err := archive.Open(t.TempDir(), archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	rec := &recording{t: t, world: w, store: store}
	rec.restart()
	return rec
}

// restart forgets all that is not on record.
func (rec *recording) restart() {
	rec.t.Helper()
	rec.r = &recorder{
		Options: Options{Cluster: "prod", ECS: rec.world, Archive: rec.store, Log: slog.New(slog.DiscardHandler),
			Tell: func(_ context.Context, _ types.Service, h monitor.Happening) {
				rec.told = append(rec.told, string(h.Kind))
			}},
		services: map[string]*monitor.Seen{}, seen: map[string]time.Time{}, settled: map[string]bool{}, first: true,
	}
	if err := rec.r.remember(rec.t.Context()); err != nil {
		rec.t.Fatal(err)
	}
}

func (rec *recording) look() {
	rec.t.Helper()
	if err := rec.r.look(rec.t.Context()); err != nil {
		rec.t.Fatal(err)
	}
}

// events are all that is on record, by detail-type.
func (rec *recording) events() map[string][]map[string]any {
	rec.t.Helper()
	all := map[string][]map[string]any{}
	for block, err := range rec.store.Scan(rec.t.Context(), scan.Request{Groups: []string{"/aws/events/ecs/containerinsights/prod/performance"}, To: 1 << 60, Fields: []string{scan.Message}}) {
		if err != nil {
			rec.t.Fatal(err)
		}
		for _, code := range block.Columns[scan.Message].Codes {
			var e map[string]any
			if err := json.Unmarshal([]byte(block.Columns[scan.Message].Values[code].Text), &e); err != nil {
				rec.t.Fatal(err)
			}
			all[e["detail-type"].(string)] = append(all[e["detail-type"].(string)], e)
		}
	}
	return all
}

func TestARecordOfADeployment(t *testing.T) {
	w := &world{
		services: []types.Service{service("1", "web:1", types.DeploymentRolloutStateCompleted, 2, "has reached a steady state.", "an old message")},
		tasks:    []types.Task{task(1, "RUNNING", "RUNNING", 3), task(2, "RUNNING", "PENDING", 1)},
	}
	rec := recordingOf(t, w)
	rec.look()
	if len(rec.told) > 0 {
		t.Errorf("the first look told %v: nobody saw what was before", rec.told)
	}
	rec.look()
	if w.asked != 3 {
		t.Errorf("%d tasks were asked for: the one that runs once, the one on its way twice", w.asked)
	}
	w.tasks = []types.Task{task(1, "STOPPED", "STOPPED", 5), task(2, "RUNNING", "RUNNING", 2)}
	w.services[0] = service("2", "web:2", types.DeploymentRolloutStateCompleted, 2, "(deployment ecs-svc/2) deployment completed.", "has reached a steady state.", "an old message")
	rec.look()
	if got := strings.Join(rec.told, ", "); got != "deployment started, deployment completed" {
		t.Errorf("told %s", got)
	}
	rec.restart()
	rec.look()
	rec.look()
	all := rec.events()
	if n := len(all["ECS Task State Change"]); n != 4 {
		t.Errorf("%d task events instead of 4: %v", n, all["ECS Task State Change"])
	}
	if n := len(all["Steady Service Message"]); n != 3 {
		t.Errorf("%d messages instead of 3", n)
	}
	if n := len(all["ECS Deployment State Change"]); n != 2 || len(rec.told) != 2 {
		t.Errorf("%d deployment events, told %v", n, rec.told)
	}
}

// A task that has run for days is on record once, however often the recorder starts.
func TestALongLifeIsOnRecordOnce(t *testing.T) {
	old := task(1, "RUNNING", "RUNNING", 3)
	old.StartedAt = aws.Time(time.Now().Add(-72 * time.Hour))
	rec := recordingOf(t, &world{tasks: []types.Task{old}})
	rec.look()
	rec.restart()
	rec.look()
	if n := len(rec.events()["ECS Task State Change"]); n != 1 {
		t.Errorf("it is on record %d times", n)
	}
}

// A task is told as ECS tells it in events.
func TestTaskEvent(t *testing.T) {
	rec := recordingOf(t, &world{tasks: []types.Task{task(1, "STOPPED", "STOPPED", 5)}})
	rec.look()
	e := rec.events()["ECS Task State Change"][0]
	detail := e["detail"].(map[string]any)
	stopped, _ := detail["stoppedAt"].(string)
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", stopped); err != nil {
		t.Errorf("stoppedAt is %v", detail["stoppedAt"])
	}
	attachment := detail["attachments"].([]any)[0].(map[string]any)
	agent := detail["containers"].([]any)[0].(map[string]any)["managedAgents"].([]any)[0].(map[string]any)
	if attachment["type"] != "eni" || agent["status"] != "RUNNING" || agent["lastStatus"] != nil || detail["version"] != 5.0 ||
		e["region"] != "eu-1" || e["account"] != "123456789012" || e["source"] != "aws.ecs" || e["observed"] == nil {
		t.Errorf("it is told as %v", e)
	}
}

// What a failed look showed is kept, and the rest comes with the next one.
func TestAFailedLookLosesNothing(t *testing.T) {
	w := &world{services: []types.Service{service("1", "web:1", types.DeploymentRolloutStateCompleted, 2)}, tasks: []types.Task{task(1, "STOPPED", "STOPPED", 5)}}
	rec := recordingOf(t, w)
	rec.look()
	w.err = fmt.Errorf("throttled")
	w.services[0] = service("1", "web:1", types.DeploymentRolloutStateCompleted, 1)
	if err := rec.r.look(t.Context()); err == nil {
		t.Fatal("a refusal was no error")
	}
	w.err = nil
	rec.look()
	w.services = nil
	rec.look()
	if got := strings.Join(rec.told, ", "); got != "service degraded, service deleted" {
		t.Errorf("told %s", got)
	}
}

// What one look shows is told in the order of time, whichever service it is of.
func TestToldInOrder(t *testing.T) {
	rec := recordingOf(t, &world{})
	now := time.Now()
	rec.r.untold = []telling{{what: monitor.Happening{Kind: "third", At: now}}, {what: monitor.Happening{Kind: "first", At: now.Add(-time.Minute)}},
		{what: monitor.Happening{Kind: "second", At: now.Add(-time.Second)}}}
	rec.look()
	rec.look()
	if got := strings.Join(rec.told, ", "); got != "first, second, third" {
		t.Errorf("told %s", got)
	}
}
