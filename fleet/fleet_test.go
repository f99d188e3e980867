package fleet

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/lifecycle"
	"steady/model"
	"steady/state"
)

// world is a fleet over a state with one container instance, "i", in a bubble.
func world(t *testing.T, story func(t *testing.T, f *Fleet, store *state.Store)) {
	synctest.Test(t, func(t *testing.T) {
		store, err := state.Open(state.NewMemory())
		if err != nil {
			t.Fatal(err)
		}
		put(t, store, func(tx *state.Tx) {
			tx.PutInstance(&model.Instance{ID: "i", Cluster: "default"})
			tx.PutTaskDefinition(&model.TaskDefinition{Family: "web", Revision: 1})
		})
		story(t, New(store, slog.New(slog.DiscardHandler)), store)
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
}

func put(t *testing.T, store *state.Store, f func(*state.Tx)) {
	t.Helper()
	if err := store.Update(t.Context(), func(tx *state.Tx) error { f(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func task(id string) *model.Task {
	return &model.Task{ID: id, Instance: "i", TaskDefinition: model.TaskDefinitionRef{Family: "web", Revision: 1},
		Desired: model.Running, Last: model.Pending, Containers: []model.Container{{Name: "app", Essential: true, Last: model.Pending}}}
}

// run runs the fleet until the story ends.
func run(f *Fleet) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { f.Run(ctx); close(ended) }()
	return func() { cancel(); <-ended }
}

func TestSessionCarriesAllThenChanges(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		put(t, store, func(tx *state.Tx) { tx.PutTask(task("before")) })
		defer run(f)()
		synctest.Wait() // what was committed before has been passed on: to nobody
		s, err := f.Connect(t.Context(), "i")
		if err != nil {
			t.Fatal(err)
		}
		if as := s.Take(); len(as) != 1 || as[0].Task.ID != "before" || as[0].Definition.Family != "web" {
			t.Fatalf("assigned at first: %+v", as)
		}
		put(t, store, func(tx *state.Tx) { tx.PutTask(task("after")) })
		synctest.Wait()
		if as := s.Take(); len(as) != 1 || as[0].Task.ID != "after" {
			t.Fatalf("assigned then: %+v", as)
		}
	})
}

func TestTasksOfADeploymentGetItsImages(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		put(t, store, func(tx *state.Tx) {
			tx.PutTaskDefinition(&model.TaskDefinition{Family: "web", Revision: 1, Spec: types.TaskDefinition{
				ContainerDefinitions: []types.ContainerDefinition{
					{Name: aws.String("app")},
					{Name: aws.String("log"), VersionConsistency: types.VersionConsistencyDisabled},
				},
			}})
			tx.PutService(&model.Service{Name: "web", Cluster: "default", Status: model.Active, Deployments: []model.Deployment{
				{ID: "ecs-svc/2"},
				{ID: "ecs-svc/1", Images: []model.Image{{Container: "app", Digest: "sha256:a"}, {Container: "log", Digest: "sha256:b"}}},
			}})
			for id, deployment := range map[string]string{"old": "ecs-svc/1", "new": "ecs-svc/2", "gone": "ecs-svc/0", "alone": ""} {
				x := task(id)
				x.Cluster, x.Deployment = "default", deployment
				if deployment != "" {
					x.Service = "web"
				}
				tx.PutTask(x)
			}
		})
		s, err := f.Connect(t.Context(), "i")
		if err != nil {
			t.Fatal(err)
		}
		for _, as := range s.Take() {
			var want []model.Image
			if as.Task.ID == "old" {
				want = []model.Image{{Container: "app", Digest: "sha256:a"}}
			}
			if !slices.Equal(as.Images, want) {
				t.Errorf("task %s gets the images %v, want %v", as.Task.ID, as.Images, want)
			}
		}
	})
}

// A task that was placed after an agent connected, but before the fleet ran, was
// never delivered.
func TestNothingIsMissedBeforeRun(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		s, err := f.Connect(t.Context(), "i")
		if err != nil {
			t.Fatal(err)
		}
		put(t, store, func(tx *state.Tx) { tx.PutTask(task("early")) })
		defer run(f)()
		synctest.Wait()
		if as := s.Take(); len(as) != 1 || as[0].Task.ID != "early" {
			t.Fatalf("assigned: %+v", as)
		}
	})
}

func TestReportIsOnRecordWhenItIsAnswered(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		defer run(f)()
		put(t, store, func(tx *state.Tx) { tx.PutTask(task("a")); tx.PutTask(task("b")) })
		s, err := f.Connect(t.Context(), "i")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		for _, id := range []string{"a", "b", "nobody"} {
			o := model.Observation{Task: id, Status: model.Running, Containers: []model.Container{{Name: "app", Last: model.Running}}}
			if err := s.Report(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if id == "nobody" {
				continue
			}
			if x, _ := store.Snapshot().Task(id); x.Last != model.Running || !x.StartedAt.Equal(time.Now()) {
				t.Fatalf("task %s is %s since %v", id, x.Last, x.StartedAt)
			}
		}
	})
}

// A task that is given up, its instance being deregistered by force, must not go on
// running: its agent is told.
func TestTaskThatIsGivenUpIsToldToItsAgent(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		defer run(f)()
		put(t, store, func(tx *state.Tx) { tx.PutTask(task("a")) })
		s, err := f.Connect(t.Context(), "i")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.Take()
		lost := task("a")
		lost.Desired, lost.Last, lost.Version = model.Stopped, model.Stopped, 2
		put(t, store, func(tx *state.Tx) { tx.PutTask(lost) })
		synctest.Wait()
		if as := s.Take(); len(as) != 1 || as[0].Task.Last != model.Stopped {
			t.Fatalf("told: %+v", as)
		}
	})
}

func TestConnectedIsObserved(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		defer run(f)()
		connected := func() bool { i, _ := store.Snapshot().Instance("i"); return i.AgentConnected }
		s, err := f.Connect(t.Context(), "i")
		if err != nil || connected() {
			t.Fatalf("before the agent has said so: %v, %v", connected(), err)
		}
		if err := s.SetConnected(t.Context(), true); err != nil || !connected() {
			t.Fatalf("after it has: %v, %v", connected(), err)
		}
		if err := s.Close(t.Context()); err != nil || connected() {
			t.Fatalf("after Close: %v, %v", connected(), err)
		}
		if _, err := f.Connect(t.Context(), "nobody"); err == nil {
			t.Fatal("an instance that is not registered has connected")
		}
	})
}

func TestRegister(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		put(t, store, func(tx *state.Tx) { tx.DeleteInstance("i") })
		m := Machine{Realm: model.Realm{Region: "us-east-1"}, CPUs: 4, Memory: 8000, AgentVersion: "1.105.1", AgentHash: "dev"}
		three, err := Register(t.Context(), store, m, 3)
		if err != nil || len(three) != 3 {
			t.Fatalf("%d instances, %v", len(three), err)
		}
		if i := three[2]; i.CPU != 4*1024/3 || i.Memory != 8000/3 || i.AvailabilityZone != "us-east-1c" || i.AgentVersion != m.AgentVersion || i.AgentHash != m.AgentHash {
			t.Fatalf("the third is %+v", i)
		}
		put(t, store, func(tx *state.Tx) {
			i := *three[0]
			i.Attributes = append(slices.Clone(i.Attributes), model.Attribute{Name: "stack", Value: "production", Custom: true})
			tx.PutInstance(&i)
		})
		again, err := Register(t.Context(), store, m, 3)
		if err != nil || again[0].ID != three[0].ID || again[2].ID != three[2].ID {
			t.Fatalf("a restart changed the instances: %v", err)
		}
		if v, _ := again[0].Attribute("stack"); v != "production" || len(again[0].Attributes) != len(three[0].Attributes)+1 {
			t.Errorf("attributes after a restart: %v", again[0].Attributes)
		}
		// Fewer: the third is empty and goes, the second has a task and stays.
		put(t, store, func(tx *state.Tx) {
			x := task("left")
			x.Instance = three[1].ID
			tx.PutTask(x)
		})
		fewer, err := Register(t.Context(), store, m, 1)
		if err != nil || len(fewer) != 2 || fewer[1].ID != three[1].ID {
			t.Fatalf("%d instances are left, %v", len(fewer), err)
		}
		if i, ok := store.Snapshot().Instance(three[2].ID); !ok || i.Status != model.Inactive {
			t.Errorf("the third is %+v; it was to be INACTIVE", i)
		}
	})
}

// What was registered through the API is no share of this machine, whatever its slot.
func TestRegisterLeavesForeignInstancesAlone(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		foreign := model.Instance{ID: "i", Cluster: model.DefaultCluster, Status: model.Active, Foreign: true, CPU: 7}
		put(t, store, func(tx *state.Tx) { tx.PutInstance(&foreign) })
		own, err := Register(t.Context(), store, Machine{CPUs: 4, Memory: 8000}, 1)
		if err != nil || len(own) != 1 || own[0].ID == "i" || own[0].CPU != 4096 {
			t.Fatalf("registered %+v, %v", own, err)
		}
		again, err := Register(t.Context(), store, Machine{CPUs: 4, Memory: 8000}, 1)
		if err != nil || len(again) != 1 || again[0].ID != own[0].ID {
			t.Fatalf("after a restart %+v, %v", again, err)
		}
		if i, _ := store.Snapshot().Instance("i"); !i.Foreign || i.CPU != 7 || i.Status != model.Active {
			t.Errorf("the foreign instance is %+v", i)
		}
	})
}

// An agent whose instance was deregistered does not come back under its name.
func TestAnInactiveInstanceIsNotConnected(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		put(t, store, func(tx *state.Tx) {
			i, _ := tx.Instance("i")
			tx.PutInstance(lifecycle.Deregister(i, time.Now()))
		})
		if _, err := f.Connect(t.Context(), "i"); err == nil {
			t.Error("an instance that is INACTIVE has connected")
		}
	})
}
