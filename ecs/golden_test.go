package ecs

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/rollout"
	"steady/state"
)

var updateGolden = flag.Bool("update", false, "write the golden replies anew")

// The replies as they are on the wire, for a state in which every id and time is
// fixed.
func TestRepliesOnTheWire(t *testing.T) {
	w := newWorld(t)
	w.register("web") // so that web:2 is the one that is fixed
	w.instance("b54a2a04046f43319d743f6d7f6ca315")
	w.update(fixedRecords)
	ctx := t.Context()
	golden(t, "describe-clusters", must(w.DescribeClusters(ctx, &ecs.DescribeClustersInput{
		Clusters: []string{"default", "gone"},
		Include:  []types.ClusterField{types.ClusterFieldSettings, types.ClusterFieldStatistics, types.ClusterFieldTags},
	})))
	golden(t, "describe-task-definition", must(w.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: aws.String("web:2"), Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
	})))
	golden(t, "describe-container-instances", must(w.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{
		ContainerInstances: []string{"b54a2a04046f43319d743f6d7f6ca315"},
		Include:            []types.ContainerInstanceField{types.ContainerInstanceFieldTags, types.ContainerInstanceFieldContainerInstanceHealth},
	})))
	golden(t, "describe-services", must(w.DescribeServices(ctx, &ecs.DescribeServicesInput{
		Services: []string{"web", "gone"}, Include: []types.ServiceField{types.ServiceFieldTags},
	})))
	golden(t, "list-service-deployments", must(w.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Service: aws.String("web")})))
	golden(t, "describe-service-deployments", must(w.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{
		ServiceDeploymentArns: []string{
			realm.ServiceDeploymentARN("default", "web", "ejGvqq2ilnbKT9qj0vLJe"), realm.ServiceDeploymentARN("default", "web", "rolled-back-0vLJeJe00"),
			realm.ServiceDeploymentARN("default", "db", "ejGvqq2ilnbKT9qj0vLJe"),
		},
	})))
	golden(t, "describe-service-revisions", must(w.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{
		ServiceRevisionArns: []string{realm.ServiceRevisionARN("default", "web", "4980306466373577095"), realm.ServiceRevisionARN("default", "web", "1")},
	})))
	golden(t, "get-task-protection", must(w.GetTaskProtection(ctx, &ecs.GetTaskProtectionInput{
		Tasks: []string{"c13b4cb40f1f4fe4a2971f76ae5a47ad", "d24c5dc51f2f4fe4a2971f76ae5a47ae", "gone"},
	})))
	golden(t, "describe-tasks", must(w.DescribeTasks(ctx, &ecs.DescribeTasksInput{
		Tasks:   []string{"c13b4cb40f1f4fe4a2971f76ae5a47ad", "d24c5dc51f2f4fe4a2971f76ae5a47ae", "gone"},
		Include: []types.TaskField{types.TaskFieldTags},
	})))
}

// fixedRecords are a service in the middle of a deployment, a task of it that runs,
// and one that has failed.
func fixedRecords(tx *state.Tx) {
	registered := &ecs.RegisterTaskDefinitionInput{ContainerDefinitions: []types.ContainerDefinition{{
		Name: aws.String("app"), Image: aws.String("web:2"), Memory: aws.Int32(128), Command: []string{"serve"},
		Environment:  []types.KeyValuePair{{Name: aws.String("MODE"), Value: aws.String("fast")}},
		PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80)}},
		LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
			"awslogs-group": "web", "awslogs-stream-prefix": "ecs",
		}},
	}, {
		Name: aws.String("log"), Image: aws.String("log"), MemoryReservation: aws.Int32(64), Essential: aws.Bool(false), Cpu: 10,
	}}}
	ref := model.TaskDefinitionRef{Family: "web", Revision: 2}
	tags := []model.Tag{{Key: "team", Value: "a"}}
	tx.PutTaskDefinition(&model.TaskDefinition{
		Family: "web", Revision: 2, Status: model.Active, RegisteredAt: day(3),
		RegisteredBy: "arn:aws:iam::000000000000:root", Spec: definitionSpec(registered), Tags: tags,
	})
	const primary, replaced = "ecs-svc/9223370526043414679", "ecs-svc/1000000000000000001"
	tx.PutService(&model.Service{
		Name: "web", Cluster: "default", Status: model.Active, CreatedAt: day(2),
		DesiredCount: 2, MinimumHealthyPercent: 100, MaximumPercent: 200,
		CircuitBreaker: model.CircuitBreaker{Enable: true, Rollback: true}, LaunchType: types.LaunchTypeEc2,
		Deployments: []model.Deployment{
			{ID: primary, Status: model.Primary, TaskDefinition: ref, Revision: "4980306466373577095",
				ServiceDeployment: "ejGvqq2ilnbKT9qj0vLJe", CreatedAt: day(4), UpdatedAt: day(5),
				Rollout: model.InProgress, Reason: "ECS deployment " + primary + " in progress."},
			{ID: replaced, Status: model.ActiveDeployment, TaskDefinition: model.TaskDefinitionRef{Family: "web", Revision: 1},
				Revision: "4980306466373577000", ServiceDeployment: "rolled-back-0vLJeJe00",
				CreatedAt: day(2), UpdatedAt: day(2), Rollout: model.Completed, Reason: "ECS deployment " + replaced + " completed."},
		},
		GracePeriod: 30 * time.Second,
		Events: []model.ServiceEvent{
			{ID: "cf159fd6-3e3f-4a9e-84f9-66cbe726af02", At: day(4).Add(12 * time.Millisecond),
				Message: "(service web) has started 1 tasks: (task c13b4cb40f1f4fe4a2971f76ae5a47ad)."},
			{ID: "cf159fd6-3e3f-4a9e-84f9-66cbe726af01", At: day(3), Message: "(service web) has reached a steady state."},
		},
		PlacementStrategy: []types.PlacementStrategy{{Type: types.PlacementStrategyTypeBinpack, Field: aws.String("memory")}},
		Spec: types.Service{
			SchedulingStrategy: types.SchedulingStrategyReplica, PropagateTags: types.PropagateTagsNone,
			AvailabilityZoneRebalancing: types.AvailabilityZoneRebalancingDisabled,
			CreatedBy:                   aws.String("arn:aws:iam::000000000000:root"),
		},
		Tags: tags,
	})
	fixedHistory(tx, primary, replaced)
	task := model.Task{
		ID: "c13b4cb40f1f4fe4a2971f76ae5a47ad", Cluster: "default", TaskDefinition: ref,
		Instance: "b54a2a04046f43319d743f6d7f6ca315", Service: "web", Deployment: primary, Group: "service:web", StartedBy: primary,
		LaunchType: types.LaunchTypeEc2, Desired: model.Running, Last: model.Running, Health: model.HealthUnknown,
		CPU: 10, Memory: 192, CreatedAt: day(4), ConnectivityAt: day(4), PullStartedAt: day(4).Add(time.Second),
		PullStoppedAt: day(4).Add(2 * time.Second), StartedAt: day(4).Add(3500 * time.Millisecond), Tags: tags, Version: 3,
		ProtectedUntil: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		Containers: []model.Container{
			{ID: "cf159fd6-3e3f-4a9e-84f9-66cbe726af03", Name: "app", Essential: true, Image: "web:2", Digest: "sha256:74b2", RuntimeID: "527074092",
				Last: model.Running, Health: model.HealthUnknown, Bindings: []model.Binding{{BindIP: "0.0.0.0", ContainerPort: 80, HostPort: 32768, Protocol: "tcp"}}},
			{ID: "cf159fd6-3e3f-4a9e-84f9-66cbe726af04", Name: "log", Image: "log", Last: model.Stopped, Exit: model.Exit{Known: true}, Health: model.HealthUnknown},
		},
	}
	tx.PutTask(&task)
	ended := task
	ended.ID, ended.Last, ended.Desired = "d24c5dc51f2f4fe4a2971f76ae5a47ae", model.Stopped, model.Stopped
	ended.PullStoppedAt, ended.StartedAt, ended.StoppedAt = time.Time{}, time.Time{}, day(5)
	ended.StopCode, ended.StoppedReason = model.TaskFailedToStart, "CannotPullContainerError: no such image"
	ended.Overrides = types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("app"), Memory: aws.Int32(256)}}}
	ended.Containers = []model.Container{{
		ID: "cf159fd6-3e3f-4a9e-84f9-66cbe726af05", Name: "app", Image: "web:2", Last: model.Stopped,
		Reason: "CannotPullContainerError: no such image", Health: model.HealthUnknown,
	}}
	tx.PutTask(&ended)
}

// fixedHistory are the service's two roll-outs: one that was rolled back, and the one
// in progress.
func fixedHistory(tx *state.Tx, primary, replaced string) {
	breaker := model.CircuitBreaker{Enable: true, Rollback: true}
	configuration := rollout.Configuration(&model.Service{MinimumHealthyPercent: 100, MaximumPercent: 200, CircuitBreaker: breaker})
	const reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
	tx.PutServiceDeployment(&model.ServiceDeployment{
		ID: "ejGvqq2ilnbKT9qj0vLJe", Cluster: "default", Service: "web", Deployment: primary,
		Target: "4980306466373577095", Sources: []string{"4980306466373577000"},
		Status:    types.ServiceDeploymentStatusInProgress,
		CreatedAt: day(4), StartedAt: day(4), UpdatedAt: day(4), Breaker: breaker, Configuration: configuration,
	})
	tx.PutServiceDeployment(&model.ServiceDeployment{
		ID: "rolled-back-0vLJeJe00", Cluster: "default", Service: "web", Deployment: replaced,
		Target: "4980306466373577001", Sources: []string{"4980306466373577000"},
		Status: types.ServiceDeploymentStatusRollbackSuccessful, StatusReason: reason,
		CreatedAt: day(2), StartedAt: day(2), UpdatedAt: day(3), FinishedAt: day(3),
		Rollback: model.Rollback{At: day(2).Add(time.Hour), Reason: reason, Revision: "4980306466373577000", Deployment: replaced},
		Failures: 3, Threshold: 3, Breaker: breaker, Configuration: configuration,
	})
	tx.PutServiceRevision(&model.ServiceRevision{
		Revision: model.Revision{ID: "4980306466373577095", TaskDefinition: model.TaskDefinitionRef{Family: "web", Revision: 2}},
		Cluster:  "default", Service: "web", CreatedAt: day(4), LaunchType: types.LaunchTypeEc2,
		Images: []model.Image{{Container: "app", Digest: "sha256:74b2"}},
	})
}

func golden(t *testing.T, name string, reply any) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, must(awsapi.Encode(reply)), "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	file := filepath.Join("testdata", name+".json")
	if *updateGolden {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs (look, then run with -update):\n%s", file, got.Bytes())
	}
}

// What is written to disk and read again is shown as before.
func TestRepliesSurviveARestart(t *testing.T) {
	disk := state.NewMemory()
	var replies [2][]byte
	for i := range replies {
		store, err := state.Open(disk)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t, New(store, realm, Options{Settle: settle}), store}
		if i == 0 {
			w.update(func(tx *state.Tx) { tx.PutCluster(&model.Cluster{Name: "default", Status: model.Active}) })
			w.instance("b54a2a04046f43319d743f6d7f6ca315")
			w.update(fixedRecords)
		}
		for _, reply := range []any{
			must(w.DescribeTaskDefinition(t.Context(), describeDefinition("web:2"))),
			must(w.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Services: []string{"web"}})),
			must(w.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: []string{"d24c5dc51f2f4fe4a2971f76ae5a47ae"}})),
		} {
			replies[i] = append(replies[i], must(awsapi.Encode(reply))...)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(replies[0], replies[1]) {
		t.Errorf("before:\n%s\nafter:\n%s", replies[0], replies[1])
	}
}

// A service that was read from disk is still the one that a repeated creation
// asks for.
func TestCreationIsIdempotentAcrossARestart(t *testing.T) {
	disk := state.NewMemory()
	var ids [2]string
	for i := range ids {
		store, err := state.Open(disk)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t, New(store, realm, Options{}), store}
		if i == 0 {
			must(w.CreateCluster(t.Context(), &ecs.CreateClusterInput{}))
			w.register("web")
		}
		ids[i] = *must(w.CreateService(t.Context(), createWeb())).Service.Deployments[0].Id
		store.Close()
	}
	check(t, "deployment", ids[1], ids[0])
}
