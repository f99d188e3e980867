package agent_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent"
	"steady/agent/supply"
	"steady/fleet"
	"steady/lifecycle"
	"steady/model"
	"steady/runtime"
	"steady/state"
)

const installation = "test"

// world is one container instance with its agent, and the state that assigns it tasks.
type world struct {
	t          *testing.T
	store      *state.Store
	fleet      *fleet.Fleet
	instance   *model.Instance
	definition *model.TaskDefinition
	runtime    runtime.Runtime
	logs       *logs
	mode       types.NetworkMode // of the revisions that are made
	pause      func(context.Context) (string, error)
	routers    string // the directory of log routers' files
	keep       int    // stopped tasks' containers of each group
	agent      *agent.Agent
	endpoints  agent.Endpoints
	cgroups    agent.Cgroups
	supply     *supply.Sources
	stop       func() // the agent, and wait for its end; nil while none runs
}

// inBubble plays a story in virtual time. The agent starts when the story says so.
func inBubble(t *testing.T, rt runtime.Runtime, story func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		store, err := state.Open(state.NewMemory())
		if err != nil {
			t.Fatal(err)
		}
		registered, err := fleet.Register(ctx, store, fleet.Machine{Realm: model.Realm{Region: "us-east-1"}, CPUs: 4, Memory: 8192}, 1)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, store: store, instance: registered[0], runtime: rt, logs: newLogs(), fleet: fleet.New(store, slog.New(slog.DiscardHandler))}
		w.pause = func(context.Context) (string, error) { return "steady-pause", nil }
		w.define(container("app", ""))
		var parts sync.WaitGroup
		parts.Go(func() { w.fleet.Run(ctx) })
		defer func() {
			if w.stop != nil {
				w.stop()
			}
			cancel()
			parts.Wait()
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}()
		story(w)
	})
}

// start starts an agent, as a new process would.
func (w *world) start() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	a := agent.New(agent.Config{Runtime: w.runtime, Fleet: w.fleet, Instance: w.instance, Installation: installation, Output: w.logs, Log: slog.New(slog.DiscardHandler), KeepStopped: w.keep,
		Network: "steady-test", PauseImage: w.pause, RouterFiles: w.routers, Endpoints: w.endpoints, Cgroups: w.cgroups, Supply: w.supply})
	w.agent = a
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := a.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	w.stop = func() {
		cancel()
		<-ended
		w.stop = nil
	}
	synctest.Wait()
}

func (w *world) update(f func(tx *state.Tx)) {
	w.t.Helper()
	if err := w.store.Update(context.Background(), func(tx *state.Tx) error { f(tx); return nil }); err != nil {
		w.t.Fatal(err)
	}
}

// container is a definition whose container plays a script.
func container(name, script string) types.ContainerDefinition {
	return types.ContainerDefinition{Name: &name, Image: aws.String("web:1"), Memory: aws.Int32(64),
		Environment: []types.KeyValuePair{{Name: aws.String("STEADY_SIM"), Value: &script}}}
}

// define makes the next revision of web, which the tasks from now on run.
func (w *world) define(containers ...types.ContainerDefinition) {
	w.t.Helper()
	revision := 1
	if w.definition != nil {
		revision += w.definition.Revision
	}
	w.definition = &model.TaskDefinition{Family: "web", Revision: revision, Status: model.Active, Spec: types.TaskDefinition{ContainerDefinitions: containers, NetworkMode: w.mode}}
	w.update(func(tx *state.Tx) { tx.PutTaskDefinition(w.definition) })
}

// assign gives the instance a task.
func (w *world) assign() (id string) { return w.assignOf("", "") }

// assignOf gives the instance a task of a service's deployment.
func (w *world) assignOf(service, deployment string) (id string) {
	w.t.Helper()
	launch := lifecycle.Launch{Cluster: model.DefaultCluster, Instance: w.instance.ID, Service: service, Deployment: deployment,
		Network: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-a"}}}}
	if service != "" {
		launch.Group = "service:" + service
	}
	task := lifecycle.New(w.definition, launch, time.Now())
	w.update(func(tx *state.Tx) { tx.PutTask(task) })
	return task.ID
}

// assignOn gives the instance a task of a launch type.
func (w *world) assignOn(launch types.LaunchType) (id string) {
	w.t.Helper()
	task := lifecycle.New(w.definition, lifecycle.Launch{Cluster: model.DefaultCluster, Instance: w.instance.ID, LaunchType: launch}, time.Now())
	w.update(func(tx *state.Tx) { tx.PutTask(task) })
	return task.ID
}

// assignWith gives the instance a task that holds these host ports.
func (w *world) assignWith(ports []model.HostPort) (id string) {
	w.t.Helper()
	task := lifecycle.New(w.definition, lifecycle.Launch{Cluster: model.DefaultCluster, Instance: w.instance.ID, HostPorts: ports}, time.Now())
	w.update(func(tx *state.Tx) { tx.PutTask(task) })
	return task.ID
}

// end decides that a task shall stop.
func (w *world) end(id string) {
	w.t.Helper()
	w.update(func(tx *state.Tx) {
		tx.PutTask(lifecycle.Stop(w.task(id), model.UserInitiated, lifecycle.ReasonStoppedByUser, time.Now()))
	})
}

func (w *world) task(id string) *model.Task {
	w.t.Helper()
	task, ok := w.store.Snapshot().Task(id)
	if !ok {
		w.t.Fatal("the task is not on record")
	}
	return task
}

// is states a task's lastStatus, and why it ended, if it has.
func (w *world) is(id string, last model.TaskStatus, code model.StopCode, reason string) {
	w.t.Helper()
	if task := w.task(id); task.Last != last || task.StopCode != code || task.StoppedReason != reason {
		w.t.Fatalf("the task is %s (%s, %q), want %s (%s, %q)", task.Last, task.StopCode, task.StoppedReason, last, code, reason)
	}
}

// containers are those of the instance.
func (w *world) containers() []runtime.Container {
	w.t.Helper()
	list, err := w.runtime.List(context.Background(), w.mark())
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// has states how many containers the instance has.
func (w *world) has(n int) {
	w.t.Helper()
	if all := w.containers(); len(all) != n {
		w.t.Fatalf("there are %d containers, want %d: %+v", len(all), n, all)
	}
}

func (w *world) mark() map[string]string {
	return map[string]string{agent.LabelInstallation: installation, agent.LabelInstance: w.instance.ID}
}

// after lets virtual time go by.
func (w *world) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
