package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
	"steady/state"
)

var (
	realm = model.Realm{Region: "us-west-2", Account: "111122223333"}
	noon  = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
)

// newState has a service with one running task of two containers and one pending task,
// in a cluster with that value of containerInsights.
func newState(t *testing.T, insights string) *state.Store {
	t.Helper()
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	ref := model.TaskDefinitionRef{Family: "web", Revision: 3}
	err = store.Update(context.Background(), func(tx *state.Tx) error {
		tx.PutCluster(&model.Cluster{Name: "prod", Status: model.Active, Settings: []model.Tag{{Key: "containerInsights", Value: insights}}})
		tx.PutCluster(&model.Cluster{Name: "other", Status: model.Active})
		tx.PutInstance(&model.Instance{ID: "i1", Cluster: "prod", Status: model.Active, AvailabilityZone: "us-west-2b", EC2InstanceID: "i-0"})
		tx.PutTaskDefinition(&model.TaskDefinition{Family: "web", Revision: 3, Spec: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{
			{Name: aws.String("app"), Cpu: 256, Memory: aws.Int32(512), MemoryReservation: aws.Int32(128)},
			{Name: aws.String("side"), Memory: aws.Int32(64), RestartPolicy: &types.ContainerRestartPolicy{Enabled: aws.Bool(true)}},
		}}})
		tx.PutService(&model.Service{Name: "web", Cluster: "prod", Status: model.Active, DesiredCount: 2, Deployments: []model.Deployment{{ID: "ecs-svc/1"}}})
		tx.PutTask(&model.Task{ID: "t1", Cluster: "prod", Service: "web", TaskDefinition: ref, Instance: "i1", LaunchType: types.LaunchTypeEc2,
			Desired: model.Running, Last: model.Running, CPU: 256, Memory: 192, CreatedAt: noon.Add(-2 * time.Minute), StartedAt: noon.Add(-time.Minute),
			Containers: []model.Container{{Name: "app", Image: "web:3", RuntimeID: "c1", Last: model.Running}, {Name: "side", Image: "side", RuntimeID: "c2", Last: model.Running, RestartCount: 2}}})
		tx.PutTask(&model.Task{ID: "t2", Cluster: "prod", Service: "web", TaskDefinition: ref, Instance: "i1", Desired: model.Running, Last: model.Pending})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func stats(at time.Time, cpu time.Duration, memory, bytes int64) runtime.Stats {
	return runtime.Stats{At: at, CPU: cpu, Memory: memory << 20, Rx: runtime.Traffic{Bytes: bytes, Packets: bytes / 100}, Tx: runtime.Traffic{Bytes: 2 * bytes, Dropped: 1}, BlockRead: 4096, BlockWrite: 8192}
}

// of picks the events of a type, decoded.
func of(t *testing.T, events []Event, typ string) (all []map[string]any) {
	t.Helper()
	for _, e := range events {
		var r map[string]any
		if err := json.Unmarshal([]byte(e.Message), &r); err != nil {
			t.Fatal(err)
		}
		if r["Type"] == typ {
			r["stream"] = e.Stream
			all = append(all, r)
		}
	}
	return all
}

func has(t *testing.T, record map[string]any, want map[string]any) {
	t.Helper()
	for name, v := range want {
		if got := record[name]; fmt.Sprint(got) != fmt.Sprint(v) {
			t.Errorf("%v: %s is %v, want %v", record["Type"], name, got, v)
		}
	}
}

func TestShape(t *testing.T) {
	s := newState(t, "enabled").Snapshot()
	before := Samples{"c1": stats(noon.Add(-30*time.Second), 10*time.Second, 100, 3000)}
	now := Samples{"c1": stats(noon, 25*time.Second, 101, 6000), "c2": stats(noon, 6*time.Second, 10, 600)}
	events := shape(s, realm, before, now, noon)
	if len(events) != 5 {
		t.Fatalf("%d events: %+v", len(events), events)
	}
	containers := of(t, events, "Container")
	has(t, containers[0], map[string]any{"stream": "AgentTelemetry-i1", "Version": "0", "ContainerName": "app", "TaskId": "t1", "TaskDefinitionFamily": "web",
		"TaskDefinitionRevision": "3", "ServiceName": "web", "ContainerInstanceId": "i1", "EC2InstanceId": "i-0", "ClusterName": "prod", "Image": "web:3",
		"ContainerKnownStatus": "RUNNING", "Timestamp": float64(noon.UnixMilli()), "CpuUtilized": 512, "CpuReserved": 256, "MemoryUtilized": 101, "MemoryReserved": 128,
		"NetworkRxBytes": 100, "NetworkTxBytes": 200, "NetworkRxPackets": 30, "NetworkTxDropped": 0, "StorageReadBytes": 4096, "StorageWriteBytes": 8192, "RestartCount": nil})
	has(t, containers[1], map[string]any{"ContainerName": "side", "CpuUtilized": 102.4, "CpuReserved": 0, "MemoryReserved": 64, "NetworkRxBytes": 10, "NetworkTxDropped": 1, "RestartCount": 2})
	task := of(t, events, "Task")[0]
	has(t, task, map[string]any{"stream": "AgentTelemetry-i1", "TaskId": "t1", "AccountID": "111122223333", "Region": "us-west-2", "AvailabilityZone": "us-west-2b",
		"KnownStatus": "RUNNING", "LaunchType": "EC2", "StartedAt": float64(noon.Add(-time.Minute).UnixMilli()), "PullStartedAt": nil,
		"CpuUtilized": 614.4, "CpuReserved": 256, "MemoryUtilized": 111, "MemoryReserved": 192, "NetworkRxBytes": 110, "StorageReadBytes": 8192})
	has(t, of(t, events, "Service")[0], map[string]any{"stream": "ServiceTelemetry-web", "ServiceName": "web", "ClusterName": "prod",
		"DesiredTaskCount": 2, "RunningTaskCount": 1, "PendingTaskCount": 1, "DeploymentCount": 1, "TaskSetCount": 0})
	has(t, of(t, events, "Cluster")[0], map[string]any{"stream": "ClusterTelemetry-prod", "ClusterName": "prod", "TaskCount": 1, "ContainerInstanceCount": 1, "ServiceCount": 1})

	const dimensions = `"Dimensions":[["ClusterName"],["ClusterName","TaskDefinitionFamily"],["ClusterName","ServiceName"]]`
	message := events[slices.IndexFunc(events, func(e Event) bool { return strings.Contains(e.Message, `"Type":"Task"`) })].Message
	for _, part := range []string{`{"Version":"0","Type":"Task","TaskId":"t1"`, `"CloudWatchMetrics":[{"Namespace":"ECS/ContainerInsights","Metrics":[{"Name":"CpuUtilized","Unit":"None"}`,
		`{"Name":"MemoryUtilized","Unit":"Megabytes"}`, `{"Name":"NetworkRxBytes","Unit":"Bytes/Second"}`, dimensions} {
		if !strings.Contains(message, part) {
			t.Errorf("the task's event has no %s: %s", part, message)
		}
	}
}

func TestWhatIsNotMeasured(t *testing.T) {
	s := newState(t, "enhanced").Snapshot()
	if got := fmt.Sprint(wanted(s)); got != "[c1 c2]" {
		t.Errorf("measured are %s", got)
	}
	events := shape(s, realm, nil, Samples{}, noon) // no answer: no container
	if n := len(of(t, events, "Container")); n != 0 || len(of(t, events, "Task")) != 1 {
		t.Errorf("%d containers: %+v", n, events)
	}
	// A container that was started again counts from 0, and so no earlier than the last
	// record, also where it has used more of something by then than before.
	for _, cpu := range []time.Duration{time.Hour, time.Second} {
		before := Samples{"c1": stats(noon.Add(-30*time.Second), cpu, 1, 1e9)}
		events = shape(s, realm, before, Samples{"c1": stats(noon, 15*time.Second, 1, 3000)}, noon)
		has(t, of(t, events, "Container")[0], map[string]any{"CpuUtilized": 512, "NetworkRxBytes": 100, "NetworkRxPackets": 30})
	}

	off := newState(t, "disabled").Snapshot()
	if events := shape(off, realm, nil, Samples{"c1": stats(noon, 1, 1, 1)}, noon); len(events) != 0 || len(wanted(off)) != 0 {
		t.Errorf("a cluster that asks for nothing has %+v", events)
	}
}

func TestRunTellsOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var mu sync.Mutex
		var all []Event
		failing := true
		c := Config{
			Store: newState(t, "enabled"), Realm: realm, Every: time.Minute, Log: slog.New(slog.DiscardHandler),
			Stats: func(_ context.Context, id string) (runtime.Stats, error) {
				if id == "c2" {
					return runtime.Stats{}, fmt.Errorf("it is gone")
				}
				return stats(time.Now(), time.Duration(time.Now().Unix()%3600)*time.Second/2, 5, 0), nil
			},
			Keep: func(_ context.Context, events []Event) error {
				mu.Lock()
				defer mu.Unlock()
				if failing {
					failing = false
					return fmt.Errorf("no room")
				}
				all = append(all, events...)
				return nil
			},
		}
		time.Sleep(10 * time.Second)
		go Run(ctx, c)
		time.Sleep(4 * time.Minute)
		mu.Lock()
		defer mu.Unlock()
		containers := of(t, all, "Container")
		if len(containers) != 3 { // the first minute's were not kept
			t.Fatalf("%d records of the container in four minutes", len(containers))
		}
		for i, r := range containers {
			has(t, r, map[string]any{"ContainerName": "app", "CpuUtilized": 512, "Timestamp": float64(all[0].At.UnixMilli() + int64(i)*60_000)})
		}
		if all[0].At.Second() != 0 {
			t.Errorf("told at %v, not at a whole minute", all[0].At)
		}
	})
}

// What goes through a task's own interface is the task's, and divided among its containers.
func TestTheTrafficOfATasksOwnInterface(t *testing.T) {
	store := newState(t, "enabled")
	err := store.Update(t.Context(), func(tx *state.Tx) error {
		task, _ := tx.Task("t1")
		n := *task
		n.Attachments = []model.Attachment{{ID: "a", Status: model.AttachmentAttached, Holder: "h1"}}
		tx.PutTask(&n)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s := store.Snapshot()
	if ids := wanted(s); !slices.Contains(ids, "h1") {
		t.Fatalf("measured are %v", ids)
	}
	measured := func(at time.Time, bytes int64) Samples {
		return Samples{"c1": {At: at}, "c2": {At: at}, "h1": {At: at, Rx: runtime.Traffic{Bytes: bytes, Packets: bytes / 100}}}
	}
	events := shape(s, realm, measured(noon, 1000), measured(noon.Add(time.Minute), 13000), noon.Add(time.Minute))
	for _, e := range events {
		var r struct {
			Type             string
			NetworkRxBytes   float64
			NetworkRxPackets int64
		}
		if err := json.Unmarshal([]byte(e.Message), &r); err != nil {
			t.Fatal(err)
		}
		want := map[string]float64{"Container": 100, "Task": 200}[r.Type]
		if r.NetworkRxBytes != want || r.Type == "Task" && r.NetworkRxPackets != 120 {
			t.Errorf("%s", e.Message)
		}
	}
	if len(events) == 0 {
		t.Error("no events")
	}
}
