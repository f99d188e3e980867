package simulation

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"testing/synctest"
	"time"

	"steady/agent"
	"steady/control"
	"steady/ecs"
	"steady/fleet"
	"steady/model"
	"steady/outbox"
	"steady/runtime"
	"steady/state"
)

var realm = model.Realm{Region: "us-east-1", Account: "000000000000"}

const (
	retention    = time.Hour
	installation = "simulation"
)

// server is one run of a whole Steady server but for its HTTP.
type server struct {
	life      *life
	process   *process
	engine    *engine
	store     *state.Store
	fleet     *fleet.Fleet
	api       *ecs.API
	instances []*model.Instance
	agents    []*agentRun // by the index of instances
	end       context.CancelFunc
	ctx       context.Context
	parts     sync.WaitGroup
}

// agentRun is one run of the agent of an instance.
type agentRun struct {
	end   context.CancelFunc
	ended chan struct{}
	since time.Time
}

// up starts a server on the state and the containers that there are. It fails only
// where the process dies meanwhile.
func (l *life) up(p *process) (*server, error) {
	s := &server{life: l, process: p}
	s.engine = &engine{Runtime: l.machines, process: s.process, createTakes: l.createTakes, life: l}
	s.ctx, s.end = context.WithCancel(context.Background())
	log := l.trace.log()
	var err error
	if s.store, err = state.Open(disk{l.disk, s.process}, state.Derive(outbox.Derive(realm))); err != nil {
		return s, err
	}
	l.watch.follow(s.store)
	err = s.store.Update(s.ctx, func(tx *state.Tx) error {
		if _, ok := tx.Cluster(model.DefaultCluster); !ok {
			tx.PutCluster(&model.Cluster{Name: model.DefaultCluster, Status: model.Active, CreatedAt: time.Now()})
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	s.instances, err = fleet.Register(s.ctx, s.store, fleet.Machine{
		Realm: realm, CPUs: 4 * l.size, Memory: 8192 * l.size, CPUArch: "x86_64", OSType: "linux",
		Capabilities: agent.Capabilities(runtime.Info{APIVersion: "1.41", LogDrivers: []string{"json-file"}}),
	}, l.size)
	if err != nil {
		return s, err
	}
	s.fleet = fleet.New(s.store, log)
	s.tell(log)
	s.part("fleet", func() { s.fleet.Run(s.ctx) })
	s.part("control", func() {
		control.Run(s.ctx, s.store, control.Settings{Settle: l.settle, Retention: retention}, log)
	})
	s.api = ecs.New(s.store, realm, ecs.Options{Settle: l.settle})
	s.agents = make([]*agentRun, len(s.instances))
	var ids []string
	for i, instance := range s.instances {
		s.connect(i)
		ids = append(ids, instance.ID)
	}
	s.part("strays", func() {
		agent.RemoveStrays(s.ctx, agent.Strays{Runtime: s.engine, Fleet: s.fleet, Installation: installation, Instances: ids, Log: log})
	})
	synctest.Wait()
	return s, nil
}

// part runs a part of the server; a panic of it is a violation.
func (s *server) part(name string, run func()) {
	s.parts.Go(func() {
		defer func() {
			if r := recover(); r != nil {
				s.life.violated("%s panics: %v\n%s", name, r, debug.Stack())
			}
		}()
		run()
	})
}

// connect starts the agent of an instance, unless it runs.
func (s *server) connect(i int) {
	if s.agents[i] != nil || s.gone(i) {
		return
	}
	ctx, end := context.WithCancel(s.ctx)
	run := &agentRun{end: end, ended: make(chan struct{}), since: time.Now()}
	s.agents[i] = run
	a := agent.New(agent.Config{
		Runtime: s.engine, Fleet: s.fleet, Instance: s.instances[i], Installation: installation,
		Realm: realm, Log: s.life.trace.log(), KeepStopped: s.life.keep,
	})
	s.part("agent", func() {
		defer close(run.ended)
		if err := a.Run(ctx); err != nil && ctx.Err() == nil && !s.process.isDead() {
			s.life.violated("the agent of %s ends: %v", s.life.nameOf(s.instances[i].ID), err)
		}
	})
}

// gone tells whether an instance has been deregistered.
func (s *server) gone(i int) bool {
	x, ok := s.store.Snapshot().Instance(s.instances[i].ID)
	return !ok || x.Status == model.Inactive
}

// disconnect ends the agent of an instance. The fleet notes that it is gone, as it
// does when a session ends.
func (s *server) disconnect(i int) error {
	if s.agents[i] == nil {
		return nil
	}
	s.agents[i].end()
	<-s.agents[i].ended
	s.agents[i] = nil
	if s.gone(i) {
		return nil
	}
	session, err := s.fleet.Connect(s.ctx, s.instances[i].ID)
	if err != nil {
		return err
	}
	return session.Close(s.ctx)
}

// down ends the run: in good order, or all at once if the process is dead.
func (s *server) down() error {
	s.end()
	s.parts.Wait()
	var err error
	if s.store != nil {
		err = s.store.Close()
	}
	s.life.watch.leave()
	if err != nil && !s.process.isDead() {
		return fmt.Errorf("close the state: %w", err)
	}
	return nil
}
