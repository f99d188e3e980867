package sim

import (
	"context"
	"maps"
	"sync"

	"steady/runtime"
)

// watcher is one call of Events. What its reader has not taken yet is kept once per
// container, so that a slow reader loses nothing and costs little.
type watcher struct {
	labels map[string]string
	wake   chan struct{} // holds one token when the queue may have grown

	mu    sync.Mutex
	queue []string
	seen  map[string]bool
}

// Events watches from the moment it returns, so it never sends Resync.
func (r *Runtime) Events(ctx context.Context, labels map[string]string) <-chan runtime.Event {
	w := &watcher{labels: maps.Clone(labels), wake: make(chan struct{}, 1), seen: map[string]bool{}}
	leave := r.enter(w)
	out := make(chan runtime.Event)
	go func() {
		defer close(out)
		defer leave()
		for {
			id, ok := w.next(ctx)
			if !ok {
				return
			}
			select {
			case out <- runtime.Event{ID: id}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// enter registers a watcher with the machine that it watches, so that what happens on
// others costs it nothing; without such a label, with all.
func (r *Runtime) enter(w *watcher) (leave func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, ok := w.labels[r.opts.InstanceLabel]
	if !ok || r.opts.InstanceLabel == "" {
		r.watchers[w] = true
		return func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			delete(r.watchers, w)
		}
	}
	r.machine(value).watchers[w] = true
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.machine(value).watchers, w)
		r.tidy(value)
	}
}

// notify tells the watchers of a container. r.mu is held.
func (r *Runtime) notify(c *container) {
	for w := range r.machineOf(c).watchers {
		w.add(c)
	}
	for w := range r.watchers {
		w.add(c)
	}
}

func (w *watcher) add(c *container) {
	if !carries(c.labels, w.labels) {
		return
	}
	w.mu.Lock()
	if !w.seen[c.id] {
		w.seen[c.id] = true
		w.queue = append(w.queue, c.id)
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// next waits for an id, or for the end of ctx.
func (w *watcher) next(ctx context.Context) (string, bool) {
	for {
		w.mu.Lock()
		if len(w.queue) > 0 {
			id := w.queue[0]
			w.queue = w.queue[1:]
			delete(w.seen, id)
			w.mu.Unlock()
			return id, true
		}
		w.mu.Unlock()
		select {
		case <-w.wake:
		case <-ctx.Done():
			return "", false
		}
	}
}
