package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/model"
	"steady/state"
)

// schedule puts a rule that fires by an expression, from now on.
func (w *world) schedule(name, expression string, targets ...string) {
	w.t.Helper()
	r := &model.EventRule{Name: name, ScheduleExpression: expression, ScheduledFrom: time.Now(), CreatedAt: began, State: types.RuleStateEnabled}
	for _, id := range targets {
		r.Targets = append(r.Targets, types.Target{Id: &id, Arn: aws.String("command:" + id)})
	}
	w.update(func(tx *state.Tx) { tx.PutEventRule(r) })
}

// times are the members time of the events that a target was sent.
func (w *world) times(target string) (all []string) {
	w.t.Helper()
	for _, a := range w.attempts(target) {
		var e struct{ Time string }
		if err := json.Unmarshal([]byte(a.payload), &e); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, e.Time)
	}
	return all
}

func (w *world) fired(target string, want ...string) {
	w.t.Helper()
	if got := w.times(target); !slices.Equal(got, want) {
		w.t.Errorf("%s was sent the events of %q, want %q", target, got, want)
	}
}

// A story begins at midnight of the first of January 2000.

func TestScheduledEvent(t *testing.T) {
	story(t, func(w *world) {
		w.rule("all", "aws.events", types.Target{Id: aws.String("other")})
		w.run(w.open(), func() {
			w.schedule("tick", "rate(1 minute)", "a", "b")
			time.Sleep(time.Minute)
		})
		const want = `{"version":"0","id":"ID","detail-type":"Scheduled Event","source":"aws.events","account":"000000000000",` +
			`"time":"2000-01-01T00:01:00Z","region":"us-east-1","resources":["arn:aws:events:us-east-1:000000000000:rule/tick"],"detail":{}}`
		for _, target := range []string{"a", "b"} {
			sent := w.attempts(target)
			if len(sent) != 1 {
				t.Fatalf("%s was sent %v", target, sent)
			}
			var e struct{ ID string }
			if err := json.Unmarshal([]byte(sent[0].payload), &e); err != nil || len(e.ID) != 36 {
				t.Fatalf("%s: %v", sent[0].payload, err)
			}
			if got := sent[0].payload; got != want[:21]+e.ID+want[23:] {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if sent[0].at != time.Minute {
				t.Errorf("it was sent after %s", sent[0].at)
			}
		}
		w.fired("other") // it is for the rule's own targets
	})
}

func TestSchedulesFireAtTheirTimes(t *testing.T) {
	story(t, func(w *world) {
		w.run(w.open(), func() {
			time.Sleep(90 * time.Second)
			w.schedule("rate", "rate(2 minutes)", "a")
			w.schedule("cron", "cron(0/2 * * * ? *)", "b")
			w.schedule("never", "cron(0 0 1 1 ? 1999)", "c")
			w.schedule("nobody", "rate(1 minute)")
			time.Sleep(5 * time.Minute) // until 00:06:30
			// A rule that is put again with other targets keeps its times.
			r, _ := w.store.Snapshot().EventRule("rate")
			changed := *r
			changed.Targets = []types.Target{{Id: aws.String("d"), Arn: aws.String("command:d")}}
			w.update(func(tx *state.Tx) { tx.PutEventRule(&changed) })
			time.Sleep(2 * time.Minute)
			off := changed // a rule's record never changes
			off.State = types.RuleStateDisabled
			w.update(func(tx *state.Tx) { tx.PutEventRule(&off); tx.DeleteEventRule("cron") })
			time.Sleep(time.Hour)
		})
		w.fired("a", "2000-01-01T00:03:30Z", "2000-01-01T00:05:30Z")
		w.fired("d", "2000-01-01T00:07:30Z")
		w.fired("b", "2000-01-01T00:02:00Z", "2000-01-01T00:04:00Z", "2000-01-01T00:06:00Z", "2000-01-01T00:08:00Z")
		w.fired("c")
	})
}

// crash runs a bus on a copy of what is on disk, so that it can be killed at any time.
func TestSchedulesAfterARestart(t *testing.T) {
	story(t, func(w *world) {
		w.schedule("tick", "rate(5 minutes)", "a")
		w.run(w.open(), func() { time.Sleep(5 * time.Minute) })
		w.run(w.open(), func() { time.Sleep(time.Minute) }) // the same time does not come twice
		w.fired("a", "2000-01-01T00:05:00Z")
		w.run(w.open(), func() { time.Sleep(4 * time.Minute) })
		w.fired("a", "2000-01-01T00:05:00Z", "2000-01-01T00:10:00Z")

		time.Sleep(16*time.Minute + time.Second) // it was away at :15, :20 and :25
		w.run(w.open(), func() { time.Sleep(time.Minute) })
		w.fired("a", "2000-01-01T00:05:00Z", "2000-01-01T00:10:00Z", "2000-01-01T00:25:00Z")

		// What is older than a day is not made up for.
		w.schedule("yearly", "cron(0 0 2 1 ? *)", "b")
		time.Sleep(72 * time.Hour)
		w.run(w.open(), func() { time.Sleep(time.Minute) })
		w.fired("b")
	})
}

// A rule that is deleted and made again begins anew, and nothing is kept of it.
func TestSchedulesOfDeletedRulesAreForgotten(t *testing.T) {
	story(t, func(w *world) {
		w.run(w.open(), func() {
			w.schedule("tick", "rate(1 minute)", "a")
			time.Sleep(time.Minute)
			w.update(func(tx *state.Tx) { tx.DeleteEventRule("tick") })
			time.Sleep(time.Second)
		})
		w.queue.Load(func(table, key string, _ []byte) error {
			if table == origins {
				t.Errorf("%s is kept", key)
			}
			return nil
		})
	})
}

// full is a disk that takes nothing for a while.
type full struct {
	state.Backend
	until time.Time
}

func (f full) Append(rows []state.Row) error {
	if time.Now().Before(f.until) {
		return errors.New("no space left on device")
	}
	return f.Backend.Append(rows)
}

// A firing that cannot be written is made when it can, once.
func TestSchedulesOnAFullDisk(t *testing.T) {
	story(t, func(w *world) {
		w.schedule("tick", "rate(1 minute)", "a")
		b := w.open()
		b.queue.backend = full{w.queue, began.Add(80 * time.Second)}
		w.run(b, func() { time.Sleep(90 * time.Second) })
		w.fired("a", "2000-01-01T00:01:00Z")
		if at := w.attempts("a")[0].at; at < 80*time.Second || at > 85*time.Second {
			t.Errorf("it was sent after %s", at)
		}
	})
}

// Enabled is what fires; a rule with a pattern beside its schedule does both.
func TestSchedulesBesideAPattern(t *testing.T) {
	story(t, func(w *world) {
		w.rule("both", "my", types.Target{Id: aws.String("a")})
		r, _ := w.store.Snapshot().EventRule("both")
		changed := *r
		changed.ScheduleExpression, changed.ScheduledFrom = "rate(1 hour)", time.Now()
		w.update(func(tx *state.Tx) { tx.PutEventRule(&changed) })
		b := w.open()
		w.run(b, func() {
			time.Sleep(time.Minute)
			if err := b.Deliver(context.Background(), []byte(`{"id":"1","source":"my","time":"now"}`)); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			time.Sleep(time.Hour)
		})
		w.fired("a", "now", "2000-01-01T01:00:00Z")
	})
}

// A rule that can never fire does not keep others from their times.
func TestSchedulesBesideBrokenRules(t *testing.T) {
	story(t, func(w *world) {
		w.run(w.open(), func() {
			for i := range 30 {
				w.update(func(tx *state.Tx) {
					tx.PutEventRule(&model.EventRule{Name: fmt.Sprint("broken-", i), EventPattern: "{", ScheduleExpression: "rate(1 minute)",
						ScheduledFrom: time.Now(), CreatedAt: began, State: types.RuleStateEnabled})
				})
			}
			w.schedule("tick", "rate(1 minute)", "a")
			time.Sleep(2 * time.Minute)
		})
		for i, a := range w.attempts("a") {
			if want := time.Duration(i+1) * time.Minute; a.at != want {
				t.Errorf("it was sent after %s, want %s", a.at, want)
			}
		}
		w.fired("a", "2000-01-01T00:01:00Z", "2000-01-01T00:02:00Z")
	})
}
