package docker

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// The pause before the stream is opened again doubles from the first to the last.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// watched are the actions after which a container looks different to its reader.
// exec_* stay out: a health check would send three every few seconds. So does
// "health_status: running", which newer engines send at every check.
var watched = []string{
	string(events.ActionCreate), string(events.ActionStart), string(events.ActionDie),
	string(events.ActionOOM), string(events.ActionDestroy),
	string(events.ActionHealthStatusHealthy), string(events.ActionHealthStatusUnhealthy),
}

// Events follows the engine's events. It returns once the engine has taken the
// subscription, or has failed to: then, and after every lost stream, the stream is
// opened again and Resync sent. A slow reader loses nothing: what waits for it is kept
// once per container.
func (r *Runtime) Events(ctx context.Context, labels map[string]string) <-chan runtime.Event {
	filters := labelFilter(labels).Add("type", string(events.ContainerEventType)).Add("event", watched...)
	out := make(chan runtime.Event)
	stream := r.subscribe(ctx, filters)
	go func() {
		defer close(out)
		queue := &queue{seen: map[string]bool{}}
		pause, opened := firstPause, time.Now()
		for ctx.Err() == nil {
			err := forward(ctx, stream, queue, out)
			if ctx.Err() != nil {
				return
			}
			if time.Since(opened) > lastPause {
				pause = firstPause
			}
			slog.Warn("the engine's event stream ended, opening it again", "engine", r.engine.DaemonHost(), "pause", pause, "error", err)
			if !wait(ctx, pause) {
				return
			}
			pause = min(2*pause, lastPause)
			stream, opened = r.subscribe(ctx, filters), time.Now()
			queue.resync()
		}
	}()
	return out
}

// subscribe opens the stream. The engine answers before it listens to its own events;
// asking for those since now closes that gap, it keeps the last few.
func (r *Runtime) subscribe(ctx context.Context, filters client.Filters) client.EventsResult {
	return r.engine.Events(ctx, client.EventsListOptions{Since: timestamp(time.Now()), Filters: filters})
}

// nanoseconds are the nine digits after the second.
func nanoseconds(t time.Time) string {
	return strconv.Itoa(1_000_000_000 + t.Nanosecond())[1:]
}

// forward hands events on until the stream ends.
func forward(ctx context.Context, stream client.EventsResult, q *queue, out chan<- runtime.Event) error {
	for {
		var to chan<- runtime.Event
		var next runtime.Event
		if len(q.events) > 0 {
			to, next = out, q.events[0]
		}
		select {
		case m := <-stream.Messages:
			q.add(m.Actor.ID)
		case to <- next:
			q.pop()
		case err := <-stream.Err:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// wait pauses, and tells whether ctx still lives.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// queue holds what the reader has not taken yet, each container once: "look at it
// again" says no more the second time.
type queue struct {
	events []runtime.Event
	seen   map[string]bool
}

func (q *queue) add(id string) {
	if q.seen[id] {
		return
	}
	q.seen[id] = true
	q.events = append(q.events, runtime.Event{ID: id})
}

func (q *queue) pop() {
	delete(q.seen, q.events[0].ID)
	q.events = q.events[1:]
}

// resync replaces all that waits: who looks at everything sees that too.
func (q *queue) resync() {
	clear(q.seen)
	q.events = []runtime.Event{{Resync: true}}
}
