package outbox

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"time"

	"steady/model"
	"steady/state"
)

// Consumer wants every event.
type Consumer struct {
	// Name is what its position is kept under: it must not change.
	Name string
	// Deliver takes events, in order, and returns when they need not be brought again.
	// An error leaves all of them to be brought again, later.
	Deliver func(ctx context.Context, events []*state.Outgoing) error
}

// Outbox brings events to consumers.
type Outbox struct {
	store *state.Store
	log   *slog.Logger

	mu     sync.Mutex
	routes []*route
	moved  chan struct{} // a route has come further
	many   int           // how many events that wait are many
}

// route is the way of one consumer through the events.
type route struct {
	Consumer
	position uint64 // number of the last event that it has; under the Outbox's mu
	err      error  // why it does not take events, nil when it does; likewise
	since    time.Time
	said     time.Time // when the log was last told how many wait; only follow's
}

// New makes an outbox over the state, with all who want its events.
func New(store *state.Store, log *slog.Logger, consumers ...Consumer) *Outbox {
	o := &Outbox{store: store, log: log, moved: make(chan struct{}, 1), many: many}
	snap := store.Snapshot()
	for _, c := range consumers {
		n, _ := strconv.ParseUint(snap.Meta(positionOf(c.Name)), 10, 64)
		o.routes = append(o.routes, &route{Consumer: c, position: n})
	}
	return o
}

// positionOf is the name under which a consumer's position is kept.
func positionOf(consumer string) string { return "outbox/" + consumer }

// Run delivers until ctx ends.
func (o *Outbox) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, r := range o.routes {
		wg.Go(func() { o.follow(ctx, r) })
	}
	wg.Go(func() { o.tidy(ctx) })
	wg.Wait()
}

// mostAtOnce is how many events are delivered together, as far as transactions can be
// split.
const mostAtOnce = 2000

// follow brings to one consumer what there is, then waits for more.
func (o *Outbox) follow(ctx context.Context, r *route) {
	_, feed := o.store.Follow()
	defer feed.Close()
	pause := backoff(0)
	for ctx.Err() == nil {
		events := o.next(r)
		if len(events) == 0 {
			if _, err := feed.Next(ctx); err != nil {
				return
			}
			continue
		}
		feed.Take() // what it tells of is in the snapshot, or will be told anew
		err := r.Deliver(ctx, events)
		if ctx.Err() != nil && err != nil {
			return
		}
		o.note(r, events, err)
		o.warn(r)
		if err == nil {
			pause = 0
			continue
		}
		select {
		case <-time.After(pause.next()):
		case <-ctx.Done():
		}
	}
}

// next is what a consumer is to get next.
func (o *Outbox) next(r *route) []*state.Outgoing {
	o.mu.Lock()
	after := r.position
	o.mu.Unlock()
	var events []*state.Outgoing
	n := 0
	for x := range o.store.Snapshot().Outgoing(after) {
		events = append(events, x)
		if n += len(x.Events); n >= mostAtOnce {
			break
		}
	}
	return events
}

// note keeps what became of a delivery. A consumer that stops taking events is told of
// once, and so is that it takes them again.
func (o *Outbox) note(r *route, events []*state.Outgoing, err error) {
	o.mu.Lock()
	before := r.err
	r.err = err
	switch {
	case err == nil:
		r.position = events[len(events)-1].Last()
	case before == nil:
		r.since = time.Now()
	}
	o.mu.Unlock()
	switch {
	case err != nil && before == nil:
		o.log.Error("lifecycle events wait in the outbox, none is lost: they are delivered once the consumer takes them again",
			"consumer", r.Name, "event", events[0].Number, "error", err)
	case err == nil && before != nil:
		o.log.Info("lifecycle events are delivered again", "consumer", r.Name)
	}
	if err == nil {
		select {
		case o.moved <- struct{}{}:
		default:
		}
	}
}

// many is how many events may wait before each further delay is loud: at about 1.5 KB each
// they take 150 MB of memory, and as much of the disk. None is ever dropped: lifecycle
// events may not be lost, so it is the operator's to make the consumer take them.
const many = 100_000

// warnEvery is how often the log tells that many events wait.
const warnEvery = 5 * time.Minute

// warn tells the log that many events wait for a consumer that does not take them.
func (o *Outbox) warn(r *route) {
	s, stuck := o.stuck(r)
	if !stuck || s.Waiting < o.many || time.Since(r.said) < warnEvery {
		return
	}
	r.said = time.Now()
	o.log.Error("lifecycle events pile up in memory and on disk, none is dropped: have the consumer take them before there is no room",
		"consumer", r.Name, "waiting", s.Waiting, "bytes", s.Bytes, "since", s.Since, "error", s.Err)
}

// tidyEvery is how long events may stay that all consumers have: removing them is a write
// to disk, and waits for company.
const tidyEvery = time.Second

// tidy removes from the state what all consumers have, and keeps their positions.
func (o *Outbox) tidy(ctx context.Context) {
	for {
		select {
		case <-o.moved:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(tidyEvery):
		case <-ctx.Done():
			return
		}
		if err := o.remove(ctx); err != nil && ctx.Err() == nil {
			o.log.Error("remove delivered events from the outbox", "error", err)
		}
	}
}

func (o *Outbox) remove(ctx context.Context) error {
	positions := make(map[string]uint64, len(o.routes))
	o.mu.Lock()
	for _, r := range o.routes {
		positions[r.Name] = r.position
	}
	o.mu.Unlock()
	return o.store.Update(ctx, func(tx *state.Tx) error {
		last := uint64(math.MaxUint64) // 0 is a position too: of one that has taken nothing yet
		for name, n := range positions {
			last = min(last, n)
			if text := strconv.FormatUint(n, 10); tx.Meta(positionOf(name)) != text {
				tx.PutMeta(&state.Meta{Name: positionOf(name), Value: text})
			}
		}
		tx.DropOutgoing(last)
		return nil
	})
}

// Stuck tells of a consumer that does not take its events.
type Stuck struct {
	Consumer string
	Since    time.Time
	Waiting  int   // how many events wait for it
	Bytes    int64 // of them
	Many     bool  // so many that memory and the disk are at risk
	Err      error
}

// Stuck tells which consumers do not take their events, none when all do.
func (o *Outbox) Stuck() []Stuck {
	var all []Stuck
	for _, r := range o.routes {
		if s, stuck := o.stuck(r); stuck {
			all = append(all, s)
		}
	}
	return all
}

func (o *Outbox) stuck(r *route) (s Stuck, stuck bool) {
	o.mu.Lock()
	s, position := Stuck{Consumer: r.Name, Since: r.since, Err: r.err}, r.position
	o.mu.Unlock()
	if s.Err == nil {
		return s, false
	}
	for x := range o.store.Snapshot().Outgoing(position) {
		s.Waiting += len(x.Events)
		for _, e := range x.Events {
			s.Bytes += int64(len(e.JSON))
		}
	}
	s.Many = s.Waiting >= o.many
	return s, true
}

// Origin is what tells the events of this state from those of any other, whose numbers
// are the same.
func Origin(ctx context.Context, store *state.Store) (string, error) {
	if id := store.Snapshot().Meta(metaOrigin); id != "" {
		return id, nil
	}
	id := model.NewUUID()
	err := store.Update(ctx, func(tx *state.Tx) error {
		if known := tx.Meta(metaOrigin); known != "" {
			id = known
			return nil
		}
		tx.PutMeta(&state.Meta{Name: metaOrigin, Value: id})
		return nil
	})
	if err != nil {
		return "", errors.Join(errors.New("give the outbox its origin"), err)
	}
	return id, nil
}

const metaOrigin = "outbox-origin"

// backoff is how long to wait before a delivery that failed is tried again: 100 ms,
// doubled up to 30 s.
type backoff time.Duration

func (b *backoff) next() time.Duration {
	*b = min(max(2**b, backoff(100*time.Millisecond)), backoff(30*time.Second))
	return time.Duration(*b)
}
