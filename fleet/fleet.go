// Package fleet holds the sessions of agents: it delivers to each container
// instance the tasks that it should have, and takes in what its agent observes.
// It never talks to containers and never decides what should run.
package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"steady/lifecycle"
	"steady/model"
	"steady/state"
)

// Fleet connects agents to the state. Run it for as long as agents are connected.
type Fleet struct {
	store *state.Store
	log   *slog.Logger
	feed  *state.Subscription

	mu       sync.Mutex
	sessions map[string]*Session // by instance id

	intake intake
}

// New makes a Fleet over the state. It follows the state from here on, not only
// from Run on: an agent that connects in between must miss nothing.
func New(store *state.Store, log *slog.Logger) *Fleet {
	_, feed := store.Follow()
	return &Fleet{
		store: store, log: log, feed: feed,
		sessions: map[string]*Session{},
		intake:   intake{notify: make(chan struct{}, 1)},
	}
}

// Run delivers and takes in until ctx ends.
func (f *Fleet) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { f.deliver(ctx) })
	wg.Go(func() { f.takeIn(ctx) })
	wg.Wait()
}

// Assignment is one task that an instance has or should have.
type Assignment struct {
	Task       *model.Task
	Definition *model.TaskDefinition
	// Images are those that the containers have to run, as far as the task's
	// deployment has resolved them.
	Images []model.Image
}

// Session is the connection of one agent. Level-triggered: it carries the full set
// of the instance's tasks first, then every change of one; a task may come again,
// and an older version of it after a newer one.
type Session struct {
	fleet    *Fleet
	instance string

	mu     sync.Mutex
	queue  []Assignment
	notify chan struct{}
	forgot chan struct{}
}

// Connect opens the session of an instance. Its agent counts as connected once it says
// so (SetConnected): when it has told how the tasks are that it took over. A second
// session of an instance replaces the first.
func (f *Fleet) Connect(ctx context.Context, instance string) (*Session, error) {
	if err := f.setConnected(ctx, instance, false); err != nil {
		return nil, fmt.Errorf("connect container instance %s: %w", instance, err)
	}
	s := &Session{fleet: f, instance: instance, notify: make(chan struct{}, 1), forgot: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions[instance] = s
	snap := f.store.Snapshot()
	// Oldest first: it is they that hold what the newer ones wait for.
	oldest := func(a, b *model.Task) int { return a.CreatedAt.Compare(b.CreatedAt) }
	for _, t := range slices.SortedStableFunc(snap.LiveTasksOn(instance), oldest) {
		s.push(snap, t)
	}
	return s, nil
}

// Close ends the session and notes that the agent is gone.
func (s *Session) Close(ctx context.Context) error {
	s.fleet.mu.Lock()
	if s.fleet.sessions[s.instance] == s {
		delete(s.fleet.sessions, s.instance)
	}
	s.fleet.mu.Unlock()
	return s.fleet.setConnected(ctx, s.instance, false)
}

// SetConnected notes whether the agent can do its work and knows how its tasks are. It
// does not while its container engine does not answer.
func (s *Session) SetConnected(ctx context.Context, connected bool) error {
	return s.fleet.setConnected(ctx, s.instance, connected)
}

func (f *Fleet) setConnected(ctx context.Context, instance string, connected bool) error {
	return f.store.Update(ctx, func(tx *state.Tx) error {
		i, ok := tx.Instance(instance)
		if !ok || i.Status == model.Inactive {
			return fmt.Errorf("it is not registered")
		}
		if i.AgentConnected == connected {
			return nil
		}
		n := *i
		n.AgentConnected = connected
		n.Version++
		tx.PutInstance(&n)
		return nil
	})
}

func (s *Session) push(snap *state.Snapshot, t *model.Task) {
	d, ok := snap.TaskDefinition(t.TaskDefinition)
	if !ok {
		s.fleet.log.Error("a task's definition is missing", "cluster", t.Cluster, "task", t.ID, "taskDefinition", t.TaskDefinition.String())
		return
	}
	s.mu.Lock()
	s.queue = append(s.queue, Assignment{t, withLogMode(snap, d), images(snap, t, d)})
	s.mu.Unlock()
	nudge(s.notify)
}

// nudge leaves a token in a channel that holds one.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Ready receives when assignments may be waiting; Take then returns them.
func (s *Session) Ready() <-chan struct{} { return s.notify }

// Take returns the assignments that wait, oldest first, each with the newest record of
// its task: one that has ended while it waited must not be started again.
func (s *Session) Take() []Assignment {
	s.mu.Lock()
	q := s.queue
	s.queue = nil
	s.mu.Unlock()
	snap := s.fleet.store.Snapshot()
	for i := range q {
		if newest, ok := snap.Task(q[i].Task.ID); ok && newest.Version > q[i].Task.Version {
			q[i].Task = newest
		}
	}
	return q
}

// deliver passes changed tasks on to the sessions of their instances.
func (f *Fleet) deliver(ctx context.Context) {
	defer f.feed.Close()
	for {
		commits, err := f.feed.Next(ctx)
		if err != nil {
			return
		}
		f.mu.Lock()
		for _, c := range commits {
			f.pass(c)
		}
		f.mu.Unlock()
	}
}

func (f *Fleet) pass(c state.Commit) {
	for _, change := range c.Changes {
		f.passForgotten(change)
		t, ok := change.New.(*model.Task)
		if !ok || ended(change) {
			continue
		}
		if s, ok := f.sessions[t.Instance]; ok {
			s.push(c.Snapshot, t)
		}
	}
}

// ended tells whether a change is about a task that was STOPPED before it. That a task
// has become STOPPED is passed on: it may be by decision, while it still runs.
func ended(c state.Change) bool {
	before, ok := c.Old.(*model.Task)
	return ok && !before.Live()
}

// intake is the observations that wait to be committed.
type intake struct {
	mu     sync.Mutex
	queue  []report
	notify chan struct{}
}

type report struct {
	observation model.Observation
	done        chan error
}

// mostAtOnce bounds how many observations share a transaction.
const mostAtOnce = 2000

// Report commits what the agent observed of a task and returns when it is on disk.
// Observations that come while the disk is busy share one transaction.
func (s *Session) Report(ctx context.Context, o model.Observation) error {
	r := report{o, make(chan error, 1)}
	in := &s.fleet.intake
	in.mu.Lock()
	in.queue = append(in.queue, r)
	in.mu.Unlock()
	nudge(in.notify)
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *Fleet) takeIn(ctx context.Context) {
	for {
		select {
		case <-f.intake.notify:
		case <-ctx.Done():
			return
		}
		for {
			batch := f.intake.take()
			if len(batch) == 0 {
				break
			}
			err := f.observe(ctx, batch)
			for _, r := range batch {
				r.done <- err
			}
		}
	}
}

func (in *intake) take() []report {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := min(len(in.queue), mostAtOnce)
	batch := in.queue[:n:n]
	in.queue = in.queue[n:]
	return batch
}

// observe applies a batch of observations. One of a task that is not on record any
// more says nothing.
func (f *Fleet) observe(ctx context.Context, batch []report) error {
	return f.store.Update(ctx, func(tx *state.Tx) error {
		now := time.Now()
		for _, r := range batch {
			t, ok := tx.Task(r.observation.Task)
			if !ok {
				continue
			}
			if n := lifecycle.Observe(t, r.observation, now); n != t {
				tx.PutTask(n)
			}
		}
		return nil
	})
}
