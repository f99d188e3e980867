package bus

import (
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"steady/events/schedule"
	"steady/model"
	"steady/state"
)

const (
	// look is how often the clock is read at least: it may be set, and a machine may sleep.
	look = time.Minute
	// tooLate is how old a time may be that was missed and is made up for. It is how old
	// EventBridge lets an event become.
	tooLate = 24 * time.Hour
	// fireAgain is the pause after a firing that could not be written.
	fireAgain = 5 * time.Second
)

// scheduleOrigin begins the origin that a rule's times are counted under: in seconds.
const scheduleOrigin = "schedule/"

// timed is a rule with a schedule, and where it stands in it.
type timed struct {
	rule     *model.EventRule
	schedule schedule.Schedule
	next     time.Time // zero: it fires no more
}

// keepTime fires the rules that have a schedule until ctx ends.
func (b *Bus) keepTime(ctx context.Context) {
	_, feed := b.Store.Follow()
	defer feed.Close()
	rules := map[string]*timed{}
	for {
		feed.Take() // what changed is in the snapshot
		b.time(rules)
		timer := time.NewTimer(b.fireDue(ctx, rules, time.Now()))
		select {
		case <-timer.C:
		case <-feed.Ready():
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// time brings the rules that have a schedule up to date.
func (b *Bus) time(rules map[string]*timed) {
	snap := b.Store.Snapshot()
	for name := range rules {
		if r, ok := snap.EventRule(name); !ok || !r.Enabled() || r.ScheduleExpression == "" {
			delete(rules, name)
		}
	}
	for r := range snap.EventRules() {
		if !r.Enabled() || r.ScheduleExpression == "" || rules[r.Name] != nil && rules[r.Name].rule == r {
			continue
		}
		s, err := schedule.Parse(r.ScheduleExpression)
		if err != nil {
			b.Log.Error("an event rule cannot be used: put it again", "rule", r.Name, "schedule", r.ScheduleExpression, "err", err)
			continue
		}
		t := &timed{rule: r, schedule: s}
		t.next, _ = s.Next(r.ScheduledFrom, b.fired(r))
		if rules[r.Name] == nil && t.next.IsZero() {
			b.Log.Warn("the schedule of an event rule has no time left: it will not fire", "rule", r.Name, "schedule", r.ScheduleExpression)
		}
		rules[r.Name] = t
	}
	b.forgetTimes(snap)
}

// fired is the last time for which a rule has fired, or from when it is to.
func (b *Bus) fired(r *model.EventRule) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	last := time.Unix(int64(b.had[scheduleOrigin+r.Name]), 0)
	if last.Before(r.ScheduledFrom) {
		return r.ScheduledFrom
	}
	return last
}

// forgetTimes removes what is kept of rules that are gone.
func (b *Bus) forgetTimes(snap *state.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for origin := range b.had {
		name, ok := strings.CutPrefix(origin, scheduleOrigin)
		if _, there := snap.EventRule(name); !ok || there {
			continue
		}
		delete(b.had, origin)
		b.queue.later(state.Row{Table: origins, Key: origin})
	}
}

// fireDue fires the rules whose time has come, and tells how long it is until the next.
func (b *Bus) fireDue(ctx context.Context, rules map[string]*timed, now time.Time) time.Duration {
	wait := look
	for _, t := range rules {
		if t.next.IsZero() {
			continue
		}
		if pause := t.next.Sub(now); pause > 0 {
			wait = min(wait, pause)
			continue
		}
		at, missed := t.newest(now)
		log := b.Log.With("rule", t.rule.Name, "schedule", t.rule.ScheduleExpression)
		if missed {
			log.Warn("an event rule did not fire at its times: Steady was not running, or the clock was set",
				"from", model.EventTime(t.next), "until", model.EventTime(now), "made up for", now.Sub(at) <= tooLate)
		}
		if now.Sub(at) <= tooLate {
			if err := b.fire(ctx, t.rule, at, now); err != nil {
				log.Error("an event rule could not fire, trying again", "err", err)
				wait = min(wait, fireAgain)
				continue // the others are not to wait for it
			}
		}
		t.next, _ = t.schedule.Next(t.rule.ScheduledFrom, now)
		if t.next.IsZero() {
			log.Info("the schedule of an event rule has no time left: it will not fire again")
			continue
		}
		wait = min(wait, t.next.Sub(now))
	}
	return wait
}

// newest is the last of a rule's times until now: who was away for long makes up for one
// of them. missed is true if there were others, or if it is late.
func (t *timed) newest(now time.Time) (at time.Time, missed bool) {
	at = t.next
	if early := now.Add(-tooLate); at.Before(early) {
		missed = true
		if n, ok := t.schedule.Next(t.rule.ScheduledFrom, early); ok && !n.After(now) {
			at = n
		}
	}
	for {
		n, ok := t.schedule.Next(t.rule.ScheduledFrom, at)
		if !ok || n.After(now) {
			return at, missed || now.Sub(at) > look
		}
		at, missed = n, true
	}
}

// fire gives the event of a rule's time to its targets, unless that was done. "Scheduled
// events" go to the rule's own targets only.
func (b *Bus) fire(ctx context.Context, r *model.EventRule, at, now time.Time) error {
	compiled, err := compile(r)
	if err != nil {
		return err
	}
	id, event := b.scheduledEvent(r, at)
	last := uint64(at.Unix())
	origin := scheduleOrigin + r.Name
	row := state.Row{Table: origins, Key: origin, Value: strconv.AppendUint(nil, last, 10)}
	if err := b.accept(ctx, b.deliveries(r, compiled, id, event, now), row); err != nil {
		return err
	}
	b.mu.Lock()
	b.had[origin] = last
	b.mu.Unlock()
	b.Log.Debug("an event rule fired", "rule", r.Name, slog.Time("at", at))
	return nil
}

// scheduledEvent is what EventBridge sends at a rule's time. Its id is the same however
// often it is made.
func (b *Bus) scheduledEvent(r *model.EventRule, at time.Time) (id string, event []byte) {
	arn := b.Realm.EventRuleARN(r.Name)
	id = uuid.NewSHA1(uuid.NameSpaceURL, []byte(arn+" "+r.CreatedAt.UTC().Format(time.RFC3339Nano)+" "+model.EventTime(at))).String()
	event, err := json.Marshal(model.Envelope{
		Version: "0", ID: id, DetailType: "Scheduled Event", Source: "aws.events", Account: b.Realm.Account,
		Time: model.EventTime(at), Region: b.Realm.Region, Resources: []string{arn}, Detail: struct{}{},
	})
	if err != nil {
		panic(err) // it has only texts
	}
	return id, event
}
