// Package bus matches events against the rules of the default event bus, fires those that
// have a schedule, and sees to it that the targets of those that match are given them: at least once, for as long as
// each target's retry policy says, and into a dead-letter file if that was not enough.
// It never knows how a target is reached.
//
// Invariants:
//
//   - An event that Deliver has accepted is on disk for each target that it is for,
//     until the target took it or the dead-letter file has it.
//   - Targets do not wait for one another.
//   - A schedule fires once for each of its times: that it has, is written together with
//     what it sends.
package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
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
	had   map[string]uint64

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
		rules: map[*model.EventRule]*rule{}, lanes: map[laneKey]*lane{}, had: map[string]uint64{}, wake: make(chan struct{}, 1),
	}
	if err := o.Queue.Load(b.load); err != nil {
		return nil, fmt.Errorf("load the deliveries that are under way: %w", err)
	}
	b.queue = newQueue(o.Queue, o.Log)
	return b, nil
}

// The tables of the queue: deliveries that are under way, and for each origin the
// number of the last event that was delivered of it.
const (
	deliveries = "delivery"
	origins    = "origin"
)

func (b *Bus) load(table, key string, value []byte) error {
	if table == origins {
		n, err := strconv.ParseUint(string(value), 10, 64)
		b.had[key] = n
		return err
	}
	var d Delivery
	if err := json.Unmarshal(value, &d); err != nil {
		return fmt.Errorf("read the delivery %s: %w", key, err)
	}
	b.last = max(b.last, d.Number)
	b.lane(d).add(d)
	return nil
}

// Close ends the bus, behind Run.
func (b *Bus) Close() error { return b.queue.close() }

// Deliver accepts events, all or none: when it returns they are on disk for each target
// that is to have them. An event is an EventBridge event in JSON, with its id.
func (b *Bus) Deliver(ctx context.Context, events ...[]byte) error {
	return b.accept(ctx, b.matchAll(events))
}

// DeliverNew is Deliver for events that are numbered without a gap, the first one
// number. Those that it has accepted of the same origin before, are left out. It is not
// to be called twice at a time for one origin.
func (b *Bus) DeliverNew(ctx context.Context, origin string, number uint64, events ...[]byte) error {
	b.mu.Lock()
	had := b.had[origin]
	b.mu.Unlock()
	for len(events) > 0 && number <= had {
		events, number = events[1:], number+1
	}
	if len(events) == 0 {
		return nil
	}
	last := number + uint64(len(events)) - 1
	if due := b.matchAll(events); len(due) > 0 { // else there is nothing to be done twice
		row := state.Row{Table: origins, Key: origin, Value: strconv.AppendUint(nil, last, 10)}
		if err := b.accept(ctx, due, row); err != nil {
			return err
		}
	}
	b.mu.Lock()
	b.had[origin] = last
	b.mu.Unlock()
	return nil
}

func (b *Bus) matchAll(events [][]byte) (due []Delivery) {
	rules := b.ready()
	if len(rules) == 0 {
		return nil
	}
	now := time.Now()
	for _, e := range events {
		due = append(due, b.match(rules, e, now)...)
	}
	return due
}

// accept writes deliveries to disk, with these rows, and has them made.
func (b *Bus) accept(ctx context.Context, due []Delivery, rows ...state.Row) error {
	if len(due) == 0 && len(rows) == 0 {
		return nil
	}
	accepted, refused := b.admit(due)
	for _, d := range refused {
		if err := b.bury(d, backlogFull); err != nil {
			b.forget(accepted)
			return err
		}
	}
	for _, d := range accepted {
		rows = append(rows, d.row())
	}
	// Once it is queued it will be written, so the answer waits for that: a caller who
	// gave up would leave deliveries that nobody makes before the next start.
	if err := b.queue.write(context.WithoutCancel(ctx), rows); err != nil {
		b.forget(accepted)
		return fmt.Errorf("keep %d deliveries of events: %w", len(accepted), err)
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
	pattern *pattern.Pattern // nil: it has only a schedule
	inputs  []*input.Input   // of the targets
}

// match makes the deliveries of an event: one for each target of each rule that it
// matches.
func (b *Bus) match(rules map[*model.EventRule]*rule, event []byte, now time.Time) []Delivery {
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
	for r, ready := range rules {
		if ready.pattern != nil && ready.pattern.Matches(parsed) {
			due = append(due, b.deliveries(r, ready, head.ID, event, now)...)
		}
	}
	return due
}

// deliveries of an event to the targets of a rule.
func (b *Bus) deliveries(r *model.EventRule, ready *rule, id string, event []byte, now time.Time) (due []Delivery) {
	o := input.Occasion{RuleName: r.Name, RuleARN: b.Realm.EventRuleARN(r.Name), Ingested: now, Event: event}
	for i, t := range r.Targets {
		due = append(due, Delivery{
			Rule: r.Name, Target: *t.Id, EventID: id, Payload: ready.inputs[i].Payload(o), Accepted: now, Next: now,
		})
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
	compiled := &rule{}
	if r.EventPattern != "" {
		var err error
		if compiled.pattern, err = pattern.Parse(r.EventPattern); err != nil {
			return nil, err
		}
	}
	for _, t := range r.Targets {
		in, err := input.Of(t)
		if err != nil {
			return nil, err
		}
		compiled.inputs = append(compiled.inputs, in)
	}
	return compiled, nil
}
