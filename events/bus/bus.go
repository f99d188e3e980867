// Package bus matches events against the rules of the default event bus and sees to it
// that the targets of those that match are given them: at least once, for as long as
// each target's retry policy says, and into a dead-letter file if that was not enough.
// It never knows how a target is reached.
//
// Invariants:
//
//   - An event that Deliver has accepted is on disk for each target that it is for,
//     until the target took it or the dead-letter file has it.
//   - Targets do not wait for one another.
package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/events/input"
	"steady/events/pattern"
	"steady/model"
	"steady/state"
)

// Options is what a bus works with.
type Options struct {
	Store *state.Store // has the rules
	// Queue keeps the deliveries that are under way. The bus closes it.
	Queue state.Backend
	Realm model.Realm
	// Send gives a delivery to its target. Its error may be a *Failure.
	Send func(ctx context.Context, to types.Target, d Delivery) error
	// DeadLetters is the folder of the dead-letter files.
	DeadLetters string
	Log         *slog.Logger // nil: slog.Default
}

// Bus is the default event bus.
type Bus struct {
	Options
	queue *queue
	dead  deadLetters

	mu    sync.Mutex // guards what follows
	rules map[*model.EventRule]*rule
	lanes map[laneKey]*lane
	last  uint64 // number of the newest delivery

	wake chan struct{}
}

// Open makes a bus, with the deliveries that were under way when it was closed. They go
// on when Run is called.
func Open(o Options) (*Bus, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	b := &Bus{
		Options: o, dead: deadLetters{dir: o.DeadLetters, log: o.Log},
		rules: map[*model.EventRule]*rule{}, lanes: map[laneKey]*lane{}, wake: make(chan struct{}, 1),
	}
	err := o.Queue.Load(func(_, key string, value []byte) error {
		var d Delivery
		if err := json.Unmarshal(value, &d); err != nil {
			return fmt.Errorf("read the delivery %s: %w", key, err)
		}
		b.last = max(b.last, d.Number)
		b.lane(d).add(d)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load the deliveries that are under way: %w", err)
	}
	b.queue = newQueue(o.Queue, o.Log)
	return b, nil
}

// Close ends the bus, behind Run.
func (b *Bus) Close() error { return b.queue.close() }

// Deliver accepts events, all or none: when it returns they are on disk for each target
// that is to have them. An event is an EventBridge event in JSON, with its id. Events
// that are given again, as after a crash, are delivered again.
func (b *Bus) Deliver(ctx context.Context, events ...[]byte) error {
	now := time.Now()
	var due []Delivery
	for _, e := range events {
		due = append(due, b.match(e, now)...)
	}
	if len(due) == 0 {
		return nil
	}
	accepted, refused := b.admit(due)
	for _, d := range refused {
		if err := b.bury(d, backlogFull); err != nil {
			b.forget(accepted)
			return err
		}
	}
	rows := make([]state.Row, len(accepted))
	for i, d := range accepted {
		rows[i] = d.row()
	}
	if err := b.queue.write(ctx, rows); err != nil {
		b.forget(accepted)
		return fmt.Errorf("keep %d deliveries of events: %w", len(rows), err)
	}
	b.start(accepted)
	return nil
}

// admit numbers deliveries and makes room for them. Refused are those whose targets
// have too many waiting.
func (b *Bus) admit(due []Delivery) (accepted, refused []Delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range due {
		b.last++
		d.Number = b.last
		if l := b.lane(d); l.reserve(d) {
			accepted = append(accepted, d)
		} else {
			refused = append(refused, d)
		}
	}
	return accepted, refused
}

// forget gives back the room of deliveries that were not accepted after all.
func (b *Bus) forget(ds []Delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range ds {
		b.release(d)
	}
}

// start has deliveries that are on disk made.
func (b *Bus) start(ds []Delivery) {
	b.mu.Lock()
	for _, d := range ds {
		b.lane(d).push(d)
	}
	b.mu.Unlock()
	b.nudge()
}

func (b *Bus) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// rule is a rule that is ready to be used.
type rule struct {
	pattern *pattern.Pattern
	inputs  []*input.Input // of the targets
}

// match makes the deliveries of an event: one for each target of each rule that it
// matches.
func (b *Bus) match(event []byte, now time.Time) []Delivery {
	parsed, err := pattern.ParseEvent(event)
	var head struct{ ID string }
	if err == nil {
		err = json.Unmarshal(event, &head)
	}
	if err != nil {
		b.Log.Error("an event is no JSON object with an id; no rule can match it", "err", err)
		return nil
	}
	var due []Delivery
	for r, ready := range b.ready() {
		if !ready.pattern.Matches(parsed) {
			continue
		}
		o := input.Occasion{RuleName: r.Name, RuleARN: b.Realm.EventRuleARN(r.Name), Ingested: now, Event: event}
		for i, t := range r.Targets {
			due = append(due, Delivery{
				Rule: r.Name, Target: *t.Id, EventID: head.ID, Payload: ready.inputs[i].Payload(o), Accepted: now, Next: now,
			})
		}
	}
	return due
}

// ready is the enabled rules that have targets. Each is compiled once: a rule's record
// never changes, it is replaced.
func (b *Bus) ready() map[*model.EventRule]*rule {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := map[*model.EventRule]*rule{}
	for r := range b.Store.Snapshot().EventRules() {
		if !r.Enabled() || len(r.Targets) == 0 {
			continue
		}
		compiled, ok := b.rules[r]
		if !ok {
			var err error
			if compiled, err = compile(r); err != nil {
				b.Log.Error("an event rule cannot be used: put it again", "rule", r.Name, "err", err)
				continue
			}
		}
		now[r] = compiled
	}
	b.rules = now
	return now
}

func compile(r *model.EventRule) (*rule, error) {
	p, err := pattern.Parse(r.EventPattern)
	if err != nil {
		return nil, err
	}
	compiled := &rule{pattern: p}
	for _, t := range r.Targets {
		in, err := input.Of(t)
		if err != nil {
			return nil, err
		}
		compiled.inputs = append(compiled.inputs, in)
	}
	return compiled, nil
}
