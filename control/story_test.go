package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent"
	"steady/control"
	"steady/fleet"
	"steady/model"
	"steady/rollout"
	"steady/runtime"
	"steady/runtime/sim"
	"steady/state"
)

const (
	settle    = 10 * time.Second
	retention = time.Hour
)

// steady is a whole server but for its API, in a bubble of virtual time, with agents
// on the sim runtime.
type steady struct {
	t       *testing.T
	backend *state.Memory
	runtime *sim.Runtime
	store   *state.Store
	stop    func()

	mayAssume func(role string) error
}

// inBubble plays a story on so many container instances.
func inBubble(t *testing.T, instances int, story func(s *steady)) {
	synctest.Test(t, func(t *testing.T) {
		s := &steady{t: t, backend: state.NewMemory(), runtime: sim.New(sim.Options{
			CPUs: 4 * instances, Memory: int64(instances) * 8 << 30, InstanceLabel: agent.LabelInstance,
		})}
		s.up(instances)
		story(s)
		s.stop()
	})
}

// up starts the server, as a restarted one would, on the state that there is.
func (s *steady) up(instances int) {
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(slog.DiscardHandler)
	store, err := state.Open(s.backend)
	s.must(err)
	s.store = store
	s.update(func(tx *state.Tx) {
		tx.PutCluster(&model.Cluster{Name: "default", Status: model.Active})
	})
	registered, err := fleet.Register(ctx, store, fleet.Machine{
		Realm: model.Realm{Region: "us-east-1"}, CPUs: 4 * instances, Memory: instances * 8192,
		Capabilities: agent.Capabilities(runtime.Info{APIVersion: "1.41", LogDrivers: []string{"json-file"}}),
	}, instances)
	s.must(err)
	f := fleet.New(store, log)
	ended := make(chan struct{})
	parts := 2 + len(registered)
	part := func(run func()) {
		go func() { run(); ended <- struct{}{} }()
	}
	part(func() { f.Run(ctx) })
	part(func() {
		control.Run(ctx, store, control.Settings{Settle: settle, Retention: retention, MayAssume: func(role string) error {
			if s.mayAssume == nil {
				return nil
			}
			return s.mayAssume(role)
		}}, log)
	})
	for _, i := range registered {
		a := agent.New(agent.Config{Runtime: s.runtime, Fleet: f, Instance: i, Installation: "test", Log: log})
		part(func() { a.Run(ctx) })
	}
	synctest.Wait() // all agents are connected
	s.stop = func() {
		cancel()
		for range parts {
			<-ended
		}
		s.must(store.Close())
	}
}

func (s *steady) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *steady) update(f func(tx *state.Tx)) {
	s.t.Helper()
	s.must(s.store.Update(context.Background(), func(tx *state.Tx) error { f(tx); return nil }))
}

// register makes a revision of web whose container plays a script.
func (s *steady) register(revision int, script string) model.TaskDefinitionRef {
	s.t.Helper()
	d := &model.TaskDefinition{Family: "web", Revision: revision, Status: model.Active, Spec: types.TaskDefinition{
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("app"), Image: aws.String("sim"), Memory: aws.Int32(64),
			Environment: []types.KeyValuePair{{Name: aws.String("STEADY_SIM"), Value: aws.String(script)}},
		}},
	}}
	s.update(func(tx *state.Tx) { tx.PutTaskDefinition(d) })
	return d.Ref()
}

func (s *steady) create(desired int, script string) {
	s.t.Helper()
	ref := s.register(1, script)
	s.update(func(tx *state.Tx) {
		tx.PutService(rollout.Begin(&model.Service{
			Name: "web", Cluster: "default", Status: model.Active, DesiredCount: desired,
			MinimumHealthyPercent: 100, MaximumPercent: 200,
			CircuitBreaker: model.CircuitBreaker{Enable: true, Rollback: true},
		}, ref, rollout.NewNames(), time.Now()))
	})
}

func (s *steady) deploy(revision int, script string) {
	s.t.Helper()
	ref := s.register(revision, script)
	s.update(func(tx *state.Tx) {
		svc, _ := tx.Service("default", "web")
		tx.PutService(rollout.Begin(svc, ref, rollout.NewNames(), time.Now()))
	})
}

// after lets virtual time go by, then everything that is under way come to rest.
func (s *steady) after(d time.Duration) *steady {
	time.Sleep(d)
	synctest.Wait()
	return s
}

func (s *steady) service() *model.Service {
	svc, ok := s.store.Snapshot().Service("default", "web")
	if !ok {
		s.t.Fatal("the service is gone")
	}
	return svc
}

// is states the service's deployments and running tasks, "PRIMARY 2 COMPLETED 3".
func (s *steady) is(want ...string) {
	s.t.Helper()
	var got []string
	snap := s.store.Snapshot()
	for _, d := range s.service().Deployments {
		n := 0
		for t := range snap.LiveTasksOf("default", "web") {
			if t.Deployment == d.ID && t.Last == model.Running {
				n++
			}
		}
		got = append(got, fmt.Sprintf("%s %d %s %d", d.Status, d.TaskDefinition.Revision, d.Rollout, n))
	}
	if !slices.Equal(got, want) {
		s.t.Fatalf("the service is\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// containers are the ids of all containers that there are.
func (s *steady) containers() []string {
	list, err := s.runtime.List(context.Background(), map[string]string{agent.LabelInstallation: "test"})
	s.must(err)
	var ids []string
	for _, c := range list {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestDeploymentSucceeds(t *testing.T) {
	inBubble(t, 3, func(s *steady) {
		s.create(3, "start=2s")
		s.after(3 * time.Second).is("PRIMARY 1 IN_PROGRESS 3")
		s.after(settle).is("PRIMARY 1 COMPLETED 3")
		s.deploy(2, "start=2s")
		s.after(3*time.Second).is("PRIMARY 2 IN_PROGRESS 3", "ACTIVE 1 COMPLETED 3")
		s.after(settle).is("PRIMARY 2 COMPLETED 3")
		zones := map[string]bool{}
		for task := range s.store.Snapshot().LiveTasksOf("default", "web") {
			i, _ := s.store.Snapshot().Instance(task.Instance)
			zones[i.AvailabilityZone] = true
		}
		if len(zones) != 3 || len(s.containers()) != 3 {
			s.t.Fatalf("%d zones, %d containers", len(zones), len(s.containers()))
		}
	})
}

func TestCrashIsRolledBackAndItsContainersAreRemoved(t *testing.T) {
	inBubble(t, 1, func(s *steady) {
		s.create(3, "")
		s.after(settle).is("PRIMARY 1 COMPLETED 3")
		s.deploy(2, "exit=1 after=3s log='cannot open database'")
		s.after(time.Second).is("PRIMARY 2 IN_PROGRESS 3", "ACTIVE 1 COMPLETED 3")
		s.after(2 * settle).is("PRIMARY 1 COMPLETED 3")
		if n := len(s.containers()); n != 3 {
			s.t.Fatalf("%d containers are left", n)
		}
		for task := range s.store.Snapshot().EndedTasksOf("default", "web") {
			if task.TaskDefinition.Revision != 2 || task.StopCode != model.EssentialContainerExited {
				continue
			}
			c := task.Containers[0]
			if c.Exit.Code != 1 {
				s.t.Fatalf("the failed container is on record as %+v", c)
			}
			return
		}
		s.t.Fatal("no failed task is on record")
	})
}

func TestRestartTakesContainersOver(t *testing.T) {
	inBubble(t, 2, func(s *steady) {
		s.create(4, "")
		s.after(settle).is("PRIMARY 1 COMPLETED 4")
		before := s.containers()
		s.stop()
		s.up(2)
		s.after(time.Minute).is("PRIMARY 1 COMPLETED 4")
		if !slices.Equal(s.containers(), before) {
			s.t.Fatalf("the containers are %v, were %v", s.containers(), before)
		}
	})
}

func TestContainerThatDiesWhileTheServerIsDownIsReplaced(t *testing.T) {
	inBubble(t, 1, func(s *steady) {
		s.create(2, "exit=7 after=30m")
		s.after(settle).is("PRIMARY 1 COMPLETED 2")
		s.stop()
		time.Sleep(time.Hour)
		s.up(1)
		s.after(time.Second).is("PRIMARY 1 COMPLETED 2")
		var codes []int
		for task := range s.store.Snapshot().EndedTasksOf("default", "web") {
			codes = append(codes, task.Containers[0].Exit.Code)
		}
		if !slices.Equal(codes, []int{7, 7}) {
			s.t.Fatalf("exit codes on record: %v", codes)
		}
	})
}

func TestNoRoomIsSaidAndHealsByItself(t *testing.T) {
	inBubble(t, 1, func(s *steady) {
		s.create(1, "")
		s.after(settle).is("PRIMARY 1 COMPLETED 1")
		s.update(func(tx *state.Tx) {
			svc, _ := tx.Service("default", "web")
			n := *svc
			n.DesiredCount = 129 // of 64 MiB each, on 8 GiB
			tx.PutService(&n)
		})
		s.after(settle).is("PRIMARY 1 COMPLETED 128")
		if m := s.service().Events[0].Message; !strings.Contains(m, "has insufficient memory available") {
			s.t.Fatalf("the last event is %q", m)
		}
		s.update(func(tx *state.Tx) {
			svc, _ := tx.Service("default", "web")
			n := *svc
			n.DesiredCount = 100
			tx.PutService(&n)
		})
		s.after(time.Minute).is("PRIMARY 1 COMPLETED 100")
		if m := s.service().Events[0].Message; m != "(service web) has reached a steady state." {
			s.t.Fatalf("the last event is %q", m)
		}
	})
}

// A revision that no instance has room for leaves a DAEMON service short of its tasks: it
// wants as many as before, and its deployment does not succeed with none.
func TestADaemonWithoutRoomIsNotContentWithNoTask(t *testing.T) {
	inBubble(t, 3, func(s *steady) {
		s.create(0, "")
		s.update(func(tx *state.Tx) {
			svc, _ := tx.Service("default", "web")
			n := *svc
			n.Daemon, n.MinimumHealthyPercent, n.MaximumPercent = true, 0, 100
			tx.PutService(&n)
		})
		s.after(settle).is("PRIMARY 1 COMPLETED 3")
		s.update(func(tx *state.Tx) {
			d, _ := tx.TaskDefinition(model.TaskDefinitionRef{Family: "web", Revision: 1})
			large := *d
			large.Revision, large.Memory = 2, 20000
			tx.PutTaskDefinition(&large)
			svc, _ := tx.Service("default", "web")
			tx.PutService(rollout.Begin(svc, large.Ref(), rollout.NewNames(), time.Now()))
		})
		s.after(time.Minute)
		svc := s.service()
		if p := svc.Primary(); svc.DesiredCount != 3 || p.TaskDefinition.Revision != 2 || p.Rollout != model.InProgress {
			s.t.Fatalf("wants %d tasks; its deployment of revision %d is %s", svc.DesiredCount, p.TaskDefinition.Revision, p.Rollout)
		}
		if m := svc.Events[0].Message; !strings.Contains(m, "has insufficient memory available") {
			s.t.Fatalf("the last event is %q", m)
		}
	})
}

func TestIgnoredSIGTERMIsKilledAfterTheStopTimeout(t *testing.T) {
	inBubble(t, 1, func(s *steady) {
		s.create(1, "ignore-term")
		s.after(settle).is("PRIMARY 1 COMPLETED 1")
		s.update(func(tx *state.Tx) {
			svc, _ := tx.Service("default", "web")
			n := *svc
			n.DesiredCount = 0
			tx.PutService(&n)
		})
		s.after(29 * time.Second)
		if n := len(s.containers()); n != 1 {
			s.t.Fatalf("%d containers before the time-out", n)
		}
		s.after(2 * time.Second)
		for task := range s.store.Snapshot().EndedTasksOf("default", "web") {
			if c := task.Containers[0]; c.Exit.Code != 137 {
				s.t.Fatalf("exit code %d", c.Exit.Code)
			}
		}
		if n := len(s.containers()); n != 0 {
			s.t.Fatalf("%d containers after it", n)
		}
	})
}

func TestOldRecordsAreForgotten(t *testing.T) {
	inBubble(t, 1, func(s *steady) {
		s.create(1, "exit=1 after=20m")
		s.after(90 * time.Minute)
		n := 0
		for task := range s.store.Snapshot().EndedTasksOf("default", "web") {
			n++
			if time.Since(task.StoppedAt) > retention+time.Minute {
				s.t.Fatalf("a task that stopped %v ago is on record", time.Since(task.StoppedAt))
			}
		}
		if n != 3 {
			s.t.Fatalf("%d stopped tasks are on record", n)
		}
		s.update(func(tx *state.Tx) {
			svc, _ := tx.Service("default", "web")
			n := *svc
			n.Status, n.DesiredCount = model.Draining, 0
			tx.PutService(&n)
		})
		if s.after(time.Minute).service().Status != model.Inactive {
			s.t.Fatal("the service is not INACTIVE")
		}
		s.after(2 * time.Hour)
		if _, ok := s.store.Snapshot().Service("default", "web"); ok {
			s.t.Fatal("the INACTIVE service is still on record")
		}
	})
}
