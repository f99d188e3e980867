package simulation

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"

	"steady/outbox"
	"steady/state"
)

// history is what a follower of the lifecycle events knows. Like the archive it outlives
// the servers, and takes what has a number that it has seen for the same event.
type history struct {
	life *life

	mu    sync.Mutex
	last  uint64 // number of the last event
	tasks map[string]told
	// instances are the versions of container instances that were told last.
	instances map[string]int64
}

// told is the last that was told of a task.
type told struct {
	LastStatus, DesiredStatus, StoppedReason string
	Version                                  int64
}

func newHistory(l *life) *history {
	return &history{life: l, tasks: map[string]told{}, instances: map[string]int64{}}
}

// consumer takes events for as long as the process lives: it may die before, or after
// they were taken, without having noted that they were.
func (h *history) consumer(p *process) outbox.Consumer {
	return outbox.Consumer{Name: "history", Deliver: func(_ context.Context, events []*state.Outgoing) error {
		if _, answered := p.act(func() { h.take(events) }); !answered {
			return errKilled
		}
		return nil
	}}
}

func (h *history) take(events []*state.Outgoing) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range events {
		for i, e := range o.Events {
			switch n := o.Number + uint64(i); {
			case n <= h.last:
			case n > h.last+1:
				h.life.violated("event %d comes after event %d", n, h.last)
			default:
				h.last = n
				h.hear(e.JSON)
			}
		}
	}
}

// hear checks that versions rise by one each.
func (h *history) hear(event []byte) {
	var e struct {
		Kind      string `json:"detail-type"`
		Resources []string
		Detail    told
	}
	if err := json.Unmarshal(event, &e); err != nil {
		h.life.violated("an event that is no JSON: %v: %s", err, event)
		return
	}
	id := e.Resources[0][strings.LastIndexByte(e.Resources[0], '/')+1:]
	var before int64
	switch e.Kind {
	case "ECS Task State Change":
		before = h.tasks[id].Version
		h.tasks[id] = e.Detail
	case "ECS Container Instance State Change":
		before = h.instances[id]
		h.instances[id] = e.Detail.Version
	default:
		return
	}
	if e.Detail.Version != before+1 {
		h.life.violated("%s %s is told in version %d after version %d", e.Kind, short(id), e.Detail.Version, before)
	}
}

// agree: "the last event of a task is its record", once all have been delivered.
func (h *history) agree() {
	h.life.watch.mu.Lock()
	defer h.life.watch.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, t := range h.life.watch.tasks {
		record := told{string(t.Last), string(t.Desired), t.StoppedReason, t.Version}
		if h.tasks[id] != record {
			h.life.violated("task %s is %+v; its last event tells %+v", short(id), record, h.tasks[id])
		}
	}
	for id, i := range h.life.watch.instances {
		if h.instances[id] != i.Version {
			h.life.violated("container instance %s has version %d; its last event tells %d", short(id), i.Version, h.instances[id])
		}
	}
}

// tell runs the outbox of a server.
func (s *server) tell(log *slog.Logger) {
	o := outbox.New(s.store, log, s.life.history.consumer(s.process))
	s.part("outbox", func() { o.Run(s.ctx) })
}
