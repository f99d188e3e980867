// Package agent runs the tasks of one container instance: it makes their containers
// be what the fleet says they should be, and reports what it sees of them. It knows
// nothing of services, and touches no container that does not carry its labels.
//
// Level-triggered: after a restart it lists its containers, is told its tasks, and
// goes on from what is there. Stopping the agent leaves the containers running.
package agent

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"steady/agent/images"
	"steady/agent/output"
	"steady/agent/supply"
	"steady/fleet"
	"steady/model"
	"steady/runtime"
)

// Labels of every container: those that the official agent sets, and our own mark.
const (
	labelCluster   = "com.amazonaws.ecs.cluster"
	labelContainer = "com.amazonaws.ecs.container-name"
	labelTaskARN   = "com.amazonaws.ecs.task-arn"
	labelFamily    = "com.amazonaws.ecs.task-definition-family"
	labelRevision  = "com.amazonaws.ecs.task-definition-version"
	labelTask      = "dev.steady.task"
	labelGroup     = "dev.steady.group" // of the task: its service or its family

	// LabelInstallation names the data directory that a container belongs to, and
	// LabelInstance the container instance, both by id.
	LabelInstallation = "dev.steady.installation"
	LabelInstance     = "dev.steady.container-instance"
)

const (
	// reinspectEvery is the safety net under the runtime's events.
	reinspectEvery = 30 * time.Second
	// defaultStopWait is what a container without stopTimeout gets (ECS: "else
	// ECS_CONTAINER_STOP_TIMEOUT, else 30 s").
	defaultStopWait = 30 * time.Second
)

// Config is what an agent needs.
type Config struct {
	Runtime      runtime.Runtime
	Fleet        *fleet.Fleet
	Instance     *model.Instance
	Installation string
	Realm        model.Realm
	Log          *slog.Logger
	// Output is where what the containers write goes; nil leaves it to the runtime.
	Output output.Sink
	// Supply is where secrets and environment files come from; nil: tasks that need any
	// do not start.
	Supply *supply.Sources
	// Endpoints are where the containers can ask about themselves.
	Endpoints Endpoints
	// Images is what is remembered of the images that are pulled; nil: nothing.
	Images *images.Record
	// KeepStopped is how many stopped tasks of each service, and of each family of
	// stand-alone tasks, keep their containers here, the newest: for docker logs, docker
	// inspect and docker cp. 0 is none.
	KeepStopped int
	// Network is the name of the network in which tasks in network mode awsvpc have their
	// addresses, made when the first of them comes; and PauseImage makes sure of the image
	// of the container that holds one, or what the containers of a task share, and tells
	// its name.
	Network    string
	PauseImage func(context.Context) (string, error)
	// Cgroups bound what the containers of each task use together; nil: nothing does.
	Cgroups Cgroups
	// RouterFiles is the directory for the files of log routers, an absolute path.
	RouterFiles string
}

// Agent runs the tasks of one container instance.
type Agent struct {
	Config
	mu         sync.Mutex
	runners    map[string]*runner // by task id
	containers map[string]*runner // by container id
	lines      *lastLines
	ports      hostPorts
	dirty      chan struct{} // holds one token when a sweep is due
	out        bool          // the engine does not answer
	taken      chan struct{} // closed when it is on record how the first tasks are
	wg         sync.WaitGroup
}

// New makes an agent; Run starts it.
func New(c Config) *Agent {
	c.Log = c.Log.With("cluster", c.Instance.Cluster, "instance", c.Instance.ID)
	return &Agent{
		Config: c, runners: map[string]*runner{}, containers: map[string]*runner{},
		lines: newLastLines(c.Runtime, c.Fleet, c.Output, c.Log), dirty: make(chan struct{}, 1), taken: make(chan struct{}),
	}
}

// mark is the labels by which the agent knows its containers.
func (a *Agent) mark() map[string]string {
	return map[string]string{LabelInstallation: a.Installation, LabelInstance: a.Instance.ID}
}

// Run keeps the instance's tasks until ctx ends. Containers go on running then.
func (a *Agent) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer a.lines.wg.Wait()
	defer a.wg.Wait()
	defer cancel()
	events := a.Runtime.Events(ctx, a.mark())
	found, err := a.list(ctx)
	if err != nil {
		return fmt.Errorf("list the containers of container instance %s: %w", a.Instance.ID, err)
	}
	session, err := a.Fleet.Connect(ctx, a.Instance.ID)
	if err != nil {
		return err
	}
	a.assign(ctx, session, session.Take(), found)
	a.wg.Go(func() { a.takeOver(ctx, session) })
	a.wg.Go(func() { a.keepClean(ctx, session, found) })
	a.follow(ctx, session, events)
	return nil
}

// takeOver waits until it is on record how every task is that the agent was told at
// first, then notes that it is connected. Before that, what the record says of these
// tasks is what a former run had seen.
func (a *Agent) takeOver(ctx context.Context, session *fleet.Session) {
	a.mu.Lock()
	first := slices.Collect(maps.Values(a.runners))
	a.mu.Unlock()
	for _, r := range first {
		select {
		case <-r.told:
		case <-ctx.Done():
			return
		}
	}
	close(a.taken)
	a.setConnected(ctx, session, true)
	a.mu.Lock()
	out := a.out
	a.mu.Unlock()
	if out { // lost meanwhile: whoever noticed it will note when it is over
		a.setConnected(ctx, session, false)
	}
}

// follow passes on what changes until ctx ends.
func (a *Agent) follow(ctx context.Context, session *fleet.Session, events <-chan runtime.Event) {
	tick := time.NewTicker(reinspectEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-session.Ready():
			a.assign(ctx, session, session.Take(), nil)
		case <-session.Forgotten():
			a.sweepSoon()
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			a.happened(e)
			if e.Resync {
				a.sweepSoon()
			}
		case <-tick.C:
			a.happened(runtime.Event{Resync: true})
		}
	}
}

// assign brings the runners up to date with assignments. A task that is new to the
// agent takes over those of the found containers that are its own.
func (a *Agent) assign(ctx context.Context, session *fleet.Session, assignments []fleet.Assignment, found []runtime.Container) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, as := range assignments {
		r, ok := a.runners[as.Task.ID]
		if !ok && !as.Task.Live() {
			continue // its runner has seen it end
		}
		if !ok {
			r = newRunner(a, session, as)
			r.adopt(found)
			a.runners[as.Task.ID] = r
			a.wg.Go(func() { r.run(ctx); a.forget(r); a.sweepSoon() })
		}
		r.update(as)
	}
}

// happened makes the runners concerned look at their containers again.
func (a *Agent) happened(e runtime.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e.Resync {
		for r := range maps.Values(a.runners) {
			r.nudge()
		}
		return
	}
	if r, ok := a.containers[e.ID]; ok {
		r.nudge()
	}
}

// know notes which runner a container belongs to.
func (a *Agent) know(container string, r *runner) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.containers[container] = r
}

// forget drops a runner whose task is STOPPED.
func (a *Agent) forget(r *runner) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.runners, r.id)
	for id, owner := range a.containers {
		if owner == r {
			delete(a.containers, id)
		}
	}
}
