package simulation

import (
	"context"
	"encoding/json"
	"sync"

	"steady/model"
	"steady/state"
)

// watch follows the commits of one server after the other and checks each change. Its
// own records are what was answered for: a server that starts again must know them.
type watch struct {
	life *life

	sub   *state.Subscription
	end   context.CancelFunc
	ended chan struct{}

	mu        sync.Mutex // guards what follows, for life's checks between two steps
	tasks     map[string]*model.Task
	services  map[string]*model.Service
	instances map[string]*model.Instance
	seen      map[string]bool // ids of all tasks that ever were
	failures  map[string]int  // tasks of a deployment that failed, by its id
}

func newWatch(l *life) *watch {
	return &watch{life: l, tasks: map[string]*model.Task{}, services: map[string]*model.Service{},
		instances: map[string]*model.Instance{}, seen: map[string]bool{}, failures: map[string]int{}}
}

// follow begins with a server's state.
func (w *watch) follow(store *state.Store) {
	var snap *state.Snapshot
	snap, w.sub = store.Follow()
	w.compare(snap)
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan struct{})
	sub := w.sub
	w.end, w.ended = end, ended
	go func() {
		defer close(ended)
		for {
			commits, err := sub.Next(ctx)
			if err != nil {
				return
			}
			w.take(commits)
		}
	}()
}

// leave ends the following of a server that writes no more.
func (w *watch) leave() {
	if w.sub == nil {
		return
	}
	w.end()
	<-w.ended
	w.take(w.sub.Take())
	w.sub.Close()
	w.sub = nil
}

func (w *watch) take(commits []state.Commit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range commits {
		for i, change := range c.Changes {
			w.apply(change, c.Changes[i+1:])
		}
	}
}

// apply checks one change and makes it part of the watch's own records. later are the
// changes after it in the same commit.
func (w *watch) apply(c state.Change, later []state.Change) {
	switch v := either(c).(type) {
	case *model.Task:
		old, now := of[model.Task](c)
		w.same(w.tasks[c.Key], old, "task", c.Key)
		w.changeTask(old, now, later)
	case *model.Service:
		old, now := of[model.Service](c)
		w.same(w.services[c.Key], old, "service", c.Key)
		w.changeService(c.Key, old, now)
	case *model.ServiceDeployment:
		old, now := of[model.ServiceDeployment](c)
		if old != nil && old.Ended() && now != nil && now.Status != old.Status {
			w.life.violated("service deployment %s goes from %s to %s", v.ID, old.Status, now.Status)
		}
	case *model.Instance:
		old, now := of[model.Instance](c)
		w.changeInstance(v.ID, old, now)
	}
}

// either is the value of a change, the new one if there is one.
func either(c state.Change) any {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

func of[V any](c state.Change) (old, now *V) {
	old, _ = c.Old.(*V)
	now, _ = c.New.(*V)
	return old, now
}

// same: what a change replaces is what was there.
func (w *watch) same(known, old any, what, key string) {
	if known != old && encoded(known) != encoded(old) {
		w.life.violated("%s %s changes from %s, but was %s", what, short(key), encoded(old), encoded(known))
	}
}

func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// compare: a server that starts knows all that was answered for, and nothing else but
// what its predecessor wrote in its last moment.
func (w *watch) compare(snap *state.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	unanswered := w.life.unanswered
	for id, t := range w.tasks {
		now, ok := snap.Task(id)
		switch {
		case !ok && !unanswered:
			w.life.violated("task %s is lost by a restart", short(id))
		case !ok:
			w.changeTask(t, nil, nil)
		case encoded(t) == encoded(now):
		case !unanswered:
			w.life.violated("a restart makes task %s\n\t%s of\n\t%s", short(id), encoded(now), encoded(t))
		}
	}
	for t := range snap.Tasks() {
		old := w.tasks[t.ID]
		switch {
		case old == nil && !unanswered:
			w.life.violated("a restart invents task %s: %s", short(t.ID), encoded(t))
		case old == nil:
			w.noteTask(nil, t)
		case encoded(t) != encoded(old):
			w.moved(old, t)
			w.noteTask(old, t)
		}
	}
	for key, s := range w.services {
		now, ok := snap.Service(s.Cluster, s.Name)
		if !ok && !unanswered || ok && !unanswered && encoded(s) != encoded(now) {
			w.life.violated("a restart makes service %s\n\t%s of\n\t%s", key, encoded(now), encoded(s))
		}
		if !ok {
			delete(w.services, key)
		}
	}
	for s := range snap.Services() {
		w.services[state.ServiceKey(s.Cluster, s.Name)] = s
	}
	clear(w.instances)
	for i := range snap.Instances() {
		if i.Status != model.Inactive {
			w.instances[i.ID] = i
		}
	}
}

func (w *watch) changeInstance(id string, old, now *model.Instance) {
	if now == nil || now.Status == model.Inactive { // nobody watches what runs there
		delete(w.instances, id)
		return
	}
	w.instances[id] = now
	w.life.name(now)
	switch {
	case old == nil:
		w.life.trace.note("instance %s registered", w.life.nameOf(id))
	case old.AgentConnected != now.AgentConnected || old.Status != now.Status:
		w.life.trace.note("instance %s %s connected=%v", w.life.nameOf(id), now.Status, now.AgentConnected)
	}
}

// around are a service as it was and as the commit leaves it: a step of the control
// loop writes its tasks before its service, so either may be what it went by.
func (w *watch) around(t *model.Task, later []state.Change) []*model.Service {
	key := state.ServiceKey(t.Cluster, t.Service)
	var both []*model.Service
	if s := w.services[key]; s != nil {
		both = append(both, s)
	}
	for _, c := range later {
		if s, ok := c.New.(*model.Service); ok && c.Key == key {
			return append(both, s)
		}
	}
	return both
}

// of yields the tasks of a service that are on record.
func (w *watch) of(cluster, service string) []*model.Task {
	var tasks []*model.Task
	for _, t := range w.tasks {
		if t.Cluster == cluster && t.Service == service {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

func short(id string) string { return id[:min(len(id), 8)] }
