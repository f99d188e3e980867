package ecs

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

var realm = model.Realm{Region: "eu-central-1", Account: "000000000000"}

const (
	settle = 40 * time.Second
	zoneA  = "eu-central-1a"
)

// world is an API over a state of its own.
type world struct {
	*testing.T
	*API
	store *state.Store
}

// newWorld is a world with the cluster "default" and, in it, nothing.
func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := &world{t, New(store, realm, Options{Settle: settle}), store}
	w.update(func(tx *state.Tx) {
		tx.PutCluster(&model.Cluster{Name: "default", Status: model.Active})
	})
	return w
}

// equipped is a world in which an instance, task definition web:1 and service
// "web" with one wanted task are there.
func equipped(t *testing.T) *world {
	w := newWorld(t)
	w.instance("i1")
	w.register("web")
	must(w.CreateService(t.Context(), createWeb()))
	return w
}

func createWeb() *ecs.CreateServiceInput {
	return &ecs.CreateServiceInput{ServiceName: aws.String("web"), TaskDefinition: aws.String("web:1"), DesiredCount: aws.Int32(1)}
}

func (w *world) update(fn func(tx *state.Tx)) {
	w.Helper()
	err := w.store.Update(context.Background(), func(tx *state.Tx) error { fn(tx); return nil })
	if err != nil {
		w.Fatal(err)
	}
}

// instance registers a connected container instance of 2 vCPU and 4 GiB.
func (w *world) instance(id string) {
	w.Helper()
	w.update(func(tx *state.Tx) {
		tx.PutInstance(&model.Instance{
			ID: id, Cluster: "default", Status: model.Active, AvailabilityZone: zoneA, AgentConnected: true,
			CPU: 2048, Memory: 4096, ReservedPorts: []int{22, 51678},
			Attributes:   []model.Attribute{{Name: "ecs.cpu-architecture", Value: "x86_64"}},
			RegisteredAt: day(1), AgentVersion: "1.0.0", RuntimeVersion: "DockerVersion: 20.10.24", Version: 1,
			EC2InstanceID: "i-0123456789abcdef0",
		})
	})
}

func webContainer() types.ContainerDefinition {
	return types.ContainerDefinition{Name: aws.String("app"), Image: aws.String("web"), Cpu: 256, Memory: aws.Int32(512)}
}

// register makes the next revision of a family, with one container.
func (w *world) register(family string) *types.TaskDefinition {
	w.Helper()
	return must(w.RegisterTaskDefinition(w.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(family), ContainerDefinitions: []types.ContainerDefinition{webContainer()},
	})).TaskDefinition
}

// task puts the record of a task; change says how it differs from a RUNNING one.
func (w *world) task(id string, change func(*model.Task)) {
	w.Helper()
	t := &model.Task{
		ID: id, Cluster: "default", TaskDefinition: model.TaskDefinitionRef{Family: "web", Revision: 1},
		Instance: "i1", Group: "family:web", LaunchType: types.LaunchTypeEc2,
		Desired: model.Running, Last: model.Running, Health: model.HealthUnknown,
		CPU: 256, Memory: 512, CreatedAt: day(2), ConnectivityAt: day(2), StartedAt: day(2), Version: 2,
	}
	if change != nil {
		change(t)
	}
	w.update(func(tx *state.Tx) { tx.PutTask(t) })
}

// ofWeb makes a task one of the service "web".
func (w *world) ofWeb(t *model.Task) {
	svc, _ := w.store.Snapshot().Service("default", "web")
	t.Service, t.Group = "web", "service:web"
	t.Deployment, t.StartedBy = svc.Primary().ID, svc.Primary().ID
}

// fails calls an operation that has to fail with just this error and change nothing.
func (w *world) fails(want string, call func() error) {
	w.Helper()
	before := w.store.Snapshot().Index
	err := call()
	switch {
	case err == nil:
		w.Errorf("no error, want %s", want)
	case err.Error() != want:
		w.Errorf("got  %v\nwant %s", err, want)
	}
	if after := w.store.Snapshot().Index; after != before {
		w.Errorf("the failure changed the state: index %d, then %d", before, after)
	}
}

// must is the reply of an operation that has to succeed.
func must[T any](out T, err error) T {
	if err != nil {
		panic(err)
	}
	return out
}

func failed[T any](_ T, err error) error { return err }

// day is noon of a day in January 2026.
func day(n int) time.Time { return time.Date(2026, 1, n, 12, 0, 0, 0, time.UTC) }

func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
