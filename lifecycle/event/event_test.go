package event

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/placement"
)

var updateGolden = flag.Bool("update", false, "write the golden events anew")

var began = time.Date(2026, 11, 21, 9, 0, 0, 123_456_789, time.UTC)

func at(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }

// teller gives every event the same id.
func teller(seconds int) Teller {
	return Teller{
		Realm: model.Realm{Region: "us-west-2", Account: "111122223333"}, Now: at(seconds),
		NewID: func() string { return "3317b2af-7005-947d-b652-f55e762e571a" },
	}
}

var definition = &model.TaskDefinition{Family: "web", Revision: 7, Spec: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{
	{Name: aws.String("app"), Cpu: 256, Memory: aws.Int32(512)},
	{Name: aws.String("log"), MemoryReservation: aws.Int32(64)},
}}}

var instanceRecord = &model.Instance{
	ID: "b54a2a04046f43319d743f6d7f6ca315", Cluster: "c", Status: model.Active, AvailabilityZone: "us-west-2a", EC2InstanceID: "i-f3a8506b",
	CPU: 2048, Memory: 3767, ReservedPorts: []int{22, 2375}, RegisteredAt: began, AgentConnected: true, AgentVersion: "1.13.0",
	RuntimeVersion: "DockerVersion: 20.10.24", Version: 14801,
	Attributes: []model.Attribute{{Name: "ecs.cpu-architecture", Value: "x86_64"}, {Name: "com.amazonaws.ecs.capability.logging-driver.awslogs"}},
}

// pending is a task in network mode bridge that was just placed.
func pending() *model.Task {
	return &model.Task{
		ID: "c13b4cb40f1f4fe4a2971f76ae5a47ad", Cluster: "c", TaskDefinition: definition.Ref(), Instance: instanceRecord.ID,
		Service: "web", Deployment: "ecs-svc/9223370526043414679", Group: "service:web", StartedBy: "ecs-svc/9223370526043414679",
		LaunchType: types.LaunchTypeEc2, Desired: model.Running, Last: model.Pending, Health: model.HealthUnknown, CPU: 256, Memory: 576,
		CreatedAt: began, ConnectivityAt: began, Version: 1,
		Containers: []model.Container{
			{ID: "cf159fd6-3e3f-4a9e-84f9-66cbe726af01", Name: "app", Essential: true, Image: "nginx", Last: model.Pending, Health: model.HealthUnknown},
			{ID: "d0000000-3e3f-4a9e-84f9-66cbe726af02", Name: "log", Image: "fluent", Last: model.Pending, Health: model.HealthUnknown},
		},
	}
}

// stopped is that task at its end.
func stopped() *model.Task {
	x := pending()
	x.Desired, x.Last, x.Health, x.Version = model.Stopped, model.Stopped, model.Unhealthy, 6
	x.PullStartedAt, x.PullStoppedAt, x.StartedAt = at(1), at(3), at(4)
	x.StoppingAt, x.ExecutionStoppedAt, x.StoppedAt = at(60), at(61), at(62)
	x.StopCode, x.StoppedReason = model.ServiceSchedulerInitiated, "Scaling activity initiated by (deployment ecs-svc/9223370526043414679)"
	x.EnableExecuteCommand = true
	app, log := &x.Containers[0], &x.Containers[1]
	app.Last, app.Exit, app.Digest, app.RuntimeID = model.Stopped, model.Exit{Known: true}, "sha256:74b2", "9f86d081884c"
	app.Address, app.MAC = "172.17.0.5", "02:42:ac:11:00:05"
	app.Bindings = []model.Binding{{BindIP: "0.0.0.0", ContainerPort: 80, HostPort: 32768, Protocol: "tcp"}}
	log.Last, log.Reason = model.Stopped, "CannotStartContainerError: no \"such\" file <caf\xc3>"
	x.Overrides = types.TaskOverride{Cpu: aws.String("256"), ContainerOverrides: []types.ContainerOverride{{
		Name: aws.String("app"), Command: []string{"serve", "--fast"}, Memory: aws.Int32(300),
		Environment: []types.KeyValuePair{{Name: aws.String("COLOUR"), Value: aws.String("blue")}},
	}}}
	return x
}

func TestEventsOnTheWire(t *testing.T) {
	place := Place{definition, instanceRecord}
	golden(t, "task-pending", teller(0).Task(pending(), place))
	golden(t, "task-stopped", teller(62).Task(stopped(), place))
	golden(t, "task-without-place", teller(62).Task(stopped(), Place{}))
	awsvpc := pending()
	awsvpc.Last, awsvpc.ConnectivityAt = model.Provisioning, time.Time{}
	awsvpc.Attachments = []model.Attachment{{
		ID: "1789bcae-ddfb-4d10-8ebe-8ac87ddba5b8", Status: "ATTACHED", Subnet: "subnet-abcd1234", Interface: "eni-abcd1234",
		MAC: "0a:98:eb:a7:29:ba", PrivateDNSName: "ip-10-0-0-139.us-west-2.compute.internal", Address: "10.0.0.139",
	}}
	golden(t, "task-awsvpc", teller(0).Task(awsvpc, place))
	remaining := placement.Remaining{CPU: 1792, Memory: 3191, PortsInUse: []model.HostPort{{Port: 22, Protocol: "tcp"}, {Port: 53, Protocol: "udp"}, {Port: 2375, Protocol: "tcp"}}}
	golden(t, "container-instance", teller(0).Instance(instanceRecord, remaining))
	golden(t, "tasks-started", teller(0).TasksStarted("c", "web", []string{"a", "b"})...)
	golden(t, "tasks-stopped", teller(0).TasksStopped("c", "web", []string{"a"})...)
}

func golden(t *testing.T, name string, events ...model.Event) {
	t.Helper()
	var got bytes.Buffer
	for _, e := range events {
		if e.Cluster != "c" {
			t.Errorf("%s is an event of cluster %q", name, e.Cluster)
		}
		if err := json.Indent(&got, e.JSON, "", "  "); err != nil {
			t.Fatalf("%s: %v: %s", name, err, e.JSON)
		}
		got.WriteByte('\n')
	}
	path := filepath.Join("testdata", name+".json")
	if *updateGolden {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got.Bytes(), want)
	}
}

// One event names so few tasks that it stays below EventBridge's limit.
func TestManyTasksAreToldInSeveralEvents(t *testing.T) {
	events := teller(0).TasksStarted("c", "web", make([]string, 250))
	if len(events) != 3 {
		t.Fatalf("%d events", len(events))
	}
	for _, e := range events {
		if len(e.JSON) > 64<<10 {
			t.Errorf("an event of %d bytes", len(e.JSON))
		}
	}
}

func TestWhatIsTold(t *testing.T) {
	x, renumbered := pending(), pending()
	renumbered.Version++
	i, j := *instanceRecord, *instanceRecord
	j.Version++
	for name, c := range map[string]struct{ got, want bool }{
		"a new task":                          {TaskChanged(nil, x), true},
		"a task that a tag was put on":        {TaskChanged(x, pending()), false},
		"a task in another state":             {TaskChanged(x, renumbered), true},
		"a new container instance":            {InstanceChanged(nil, &i), true},
		"a container instance of new tags":    {InstanceChanged(&i, instanceRecord), false},
		"a container instance that is active": {InstanceChanged(&i, &j), true},
	} {
		if c.got != c.want {
			t.Errorf("%s is told: %v", name, c.got)
		}
	}
}

// A story of a service, told by the names of its events.
func TestServiceStory(t *testing.T) {
	first := model.Deployment{ID: "ecs-svc/1", Status: model.Primary, Rollout: model.InProgress, Reason: "ECS deployment ecs-svc/1 in progress."}
	completed := first
	completed.Rollout, completed.Reason = model.Completed, "ECS deployment ecs-svc/1 completed."
	second := model.Deployment{ID: "ecs-svc/2", Status: model.Primary, Rollout: model.InProgress, Reason: "ECS deployment ecs-svc/2 in progress."}
	impaired := second
	impaired.ImpairedAt = at(50)
	failed := impaired
	failed.Rollout, failed.Reason = model.Failed, "ECS deployment circuit breaker: tasks failed to start."
	back := model.Deployment{ID: "ecs-svc/3", Status: model.Primary, Rollout: model.InProgress, Reason: "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/3.", Rollback: "ecs-svc/2"}
	refused := model.PlacementRefusal{At: at(20), Message: "no room", Instance: "2dd1b186f39845a584488d2ef155c131", Reason: "RESOURCE:CPU"}
	wrong := model.PlacementRefusal{At: at(25), Message: "no definition", Reason: "TaskDefinition not found.", Configuration: true}
	nowhere := model.PlacementRefusal{At: at(20), Message: "no instances"}

	var before *model.Service
	for i, chapter := range []struct {
		name string
		now  model.Service
		want []string
	}{
		{"created", model.Service{Deployments: []model.Deployment{first}}, []string{"SERVICE_DEPLOYMENT_IN_PROGRESS"}},
		{"no-instances", model.Service{Deployments: []model.Deployment{first}, Placement: nowhere}, []string{"SERVICE_TASK_PLACEMENT_FAILURE"}},
		{"the-same-again", model.Service{Deployments: []model.Deployment{first}, Placement: nowhere}, nil},
		{"placed", model.Service{Deployments: []model.Deployment{first}}, nil},
		{"no-room", model.Service{Deployments: []model.Deployment{first}, Placement: refused}, []string{"SERVICE_TASK_PLACEMENT_FAILURE"}},
		{"misconfigured", model.Service{Deployments: []model.Deployment{first}, Placement: wrong}, []string{"SERVICE_TASK_CONFIGURATION_FAILURE"}},
		{"steady", model.Service{Deployments: []model.Deployment{completed}, SteadyAt: at(30)}, []string{"SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_STEADY_STATE"}},
		{"six-hours-later", model.Service{Deployments: []model.Deployment{completed}, SteadyAt: at(6 * 3600)}, []string{"SERVICE_STEADY_STATE"}},
		{"updated", model.Service{Deployments: []model.Deployment{second, completed}}, []string{"SERVICE_DEPLOYMENT_IN_PROGRESS"}},
		{"impaired", model.Service{Deployments: []model.Deployment{impaired, completed}}, []string{"SERVICE_TASK_START_IMPAIRED"}},
		{"rolled-back", model.Service{Deployments: []model.Deployment{back, failed, completed}}, []string{"SERVICE_DEPLOYMENT_FAILED", "SERVICE_DEPLOYMENT_IN_PROGRESS"}},
		{"deleted", model.Service{Status: model.Inactive}, nil},
	} {
		chapter.now.Name, chapter.now.Cluster, chapter.now.Daemon = "web", "c", false
		events := teller(i*10).Service(before, &chapter.now)
		if got := names(t, events); !slices.Equal(got, chapter.want) {
			t.Errorf("%s tells %v, want %v", chapter.name, got, chapter.want)
		}
		if len(events) > 0 {
			golden(t, "service-"+chapter.name, events...)
		}
		before = &chapter.now
	}
}

// "Not sent when the desired count is updated by a user": only a daemon service's is not.
func TestDesiredCountOfADaemonIsTold(t *testing.T) {
	for _, c := range []struct {
		daemon bool
		want   []string
	}{{true, []string{"SERVICE_DESIRED_COUNT_UPDATED"}}, {false, nil}} {
		before := model.Service{Name: "agent", Cluster: "c", Status: model.Active, Daemon: c.daemon, DesiredCount: 1}
		after := before
		after.DesiredCount = 2
		if got := names(t, teller(0).Service(&before, &after)); !slices.Equal(got, c.want) {
			t.Errorf("daemon %v: %v", c.daemon, got)
		}
		if got := names(t, teller(0).Service(nil, &after)); got != nil {
			t.Errorf("a new service, daemon %v: %v", c.daemon, got)
		}
	}
}

func names(t *testing.T, events []model.Event) []string {
	t.Helper()
	var all []string
	for _, e := range events {
		var x struct{ Detail struct{ EventName string } }
		if err := json.Unmarshal(e.JSON, &x); err != nil {
			t.Fatal(err)
		}
		all = append(all, x.Detail.EventName)
	}
	return all
}

func BenchmarkTask(b *testing.B) {
	x, place, teller := stopped(), Place{definition, instanceRecord}, teller(62)
	b.ReportAllocs()
	for b.Loop() {
		teller.Task(x, place)
	}
}
