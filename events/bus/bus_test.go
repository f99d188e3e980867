package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/model"
	"steady/state"
)

// world is a store with rules, a queue that survives crashes, and targets that do what
// a story says.
type world struct {
	t     *testing.T
	store *state.Store
	queue *state.Memory
	dir   string

	mu   sync.Mutex
	sent map[string][]attempt         // by target
	send map[string]func(n int) error // by target; n counts from 1
	hang map[string]bool
}

type attempt struct {
	id, payload string
	at          time.Duration // since the story began
}

var began time.Time

func story(t *testing.T, tell func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		began = time.Now()
		store, err := state.Open(state.NewMemory())
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		w := &world{t: t, store: store, queue: state.NewMemory(), dir: t.TempDir(),
			sent: map[string][]attempt{}, send: map[string]func(int) error{}, hang: map[string]bool{}}
		tell(w)
	})
}

// rule puts a rule that matches events of a source, with targets.
func (w *world) rule(name, source string, targets ...types.Target) {
	w.t.Helper()
	for i := range targets {
		if targets[i].Arn == nil {
			targets[i].Arn = aws.String("command:" + *targets[i].Id)
		}
	}
	w.update(func(tx *state.Tx) {
		tx.PutEventRule(&model.EventRule{
			Name: name, EventPattern: fmt.Sprintf(`{"source":[%q]}`, source), State: types.RuleStateEnabled, Targets: targets,
		})
	})
}

func (w *world) update(change func(*state.Tx)) {
	w.t.Helper()
	if err := w.store.Update(context.Background(), func(tx *state.Tx) error { change(tx); return nil }); err != nil {
		w.t.Fatal(err)
	}
}

func target(id string) types.Target { return types.Target{Id: &id} }

// trying is a target with a retry policy.
func trying(id string, attempts, age int32) types.Target {
	return types.Target{Id: &id, RetryPolicy: &types.RetryPolicy{MaximumRetryAttempts: &attempts, MaximumEventAgeInSeconds: &age}}
}

func (w *world) open() *Bus {
	w.t.Helper()
	b, err := Open(Options{
		Store: w.store, Queue: w.queue, Realm: model.Realm{Region: "us-east-1", Account: "000000000000"},
		DeadLetters: w.dir, Log: slog.New(slog.DiscardHandler), Send: w.deliver,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) deliver(ctx context.Context, to types.Target, d Delivery) error {
	w.mu.Lock()
	w.sent[*to.Id] = append(w.sent[*to.Id], attempt{d.ID(), d.Payload, time.Since(began)})
	n, do, hang := len(w.sent[*to.Id]), w.send[*to.Id], w.hang[*to.Id]
	w.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if do == nil {
		return nil
	}
	return do(n)
}

// run runs a bus for a while, then closes it.
func (w *world) run(b *Bus, during func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	during()
	synctest.Wait()
	cancel()
	<-done
	if err := b.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) attempts(target string) []attempt {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent[target]
}

// waiting counts the deliveries on disk.
func (w *world) waiting() (n int) {
	w.queue.Load(func(table, _ string, _ []byte) error {
		if table == deliveries {
			n++
		}
		return nil
	})
	return n
}

func (w *world) letters(rule, target string) (all []map[string]any) {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, rule+"_"+target+".jsonl"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

func event(id, source string) []byte {
	return fmt.Appendf(nil, `{"id":%q,"source":%q,"detail":{"n":1}}`, id, source)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMatchingRulesTargetsAreGivenTheEvent(t *testing.T) {
	story(t, func(w *world) {
		w.rule("mine", "my", target("a"), types.Target{Id: aws.String("b"), InputPath: aws.String("$.detail")})
		w.rule("others", "other", target("c"))
		w.rule("off", "my", target("d"))
		w.update(func(tx *state.Tx) {
			r, _ := tx.EventRule("off")
			off := *r
			off.State = types.RuleStateDisabled
			tx.PutEventRule(&off)
		})
		b := w.open()
		w.run(b, func() { must(t, b.Deliver(context.Background(), event("x", "nobody's"), event("1", "my"))) })
		if a := w.attempts("a"); len(a) != 1 || a[0].payload != string(event("1", "my")) || a[0].id != "1.mine.a" {
			t.Errorf("a was given %v", a)
		}
		if b := w.attempts("b"); len(b) != 1 || b[0].payload != `{"n":1}` {
			t.Errorf("b was given %v", b)
		}
		if len(w.sent) != 2 || w.waiting() != 0 {
			t.Errorf("given: %v, %d wait", w.sent, w.waiting())
		}
	})
}

func TestAFailedDeliveryIsTriedAgainEverLater(t *testing.T) {
	story(t, func(w *world) {
		w.rule("r", "my", target("a"))
		w.send["a"] = func(n int) error {
			if n <= 12 {
				return errors.New("not yet")
			}
			return nil
		}
		b := w.open()
		w.run(b, func() {
			must(t, b.Deliver(context.Background(), event("1", "my")))
			time.Sleep(2 * time.Hour)
		})
		all := w.attempts("a")
		if len(all) != 13 || w.waiting() != 0 {
			t.Fatalf("%d attempts, %d wait", len(all), w.waiting())
		}
		for i := 1; i < len(all); i++ {
			pause, most := all[i].at-all[i-1].at, min(time.Second<<(i-1), 8*time.Minute)
			if pause < most/2 || pause > most {
				t.Errorf("attempt %d came after %v, not %v to %v", i+1, pause, most/2, most)
			}
			if all[i].id != all[0].id {
				t.Errorf("attempt %d has the id %s", i+1, all[i].id)
			}
		}
	})
}

func TestWhatCannotBeDeliveredBecomesADeadLetter(t *testing.T) {
	story(t, func(w *world) {
		w.rule("r", "my", trying("tired", 2, 86400), trying("old", 185, 60), target("gone"))
		never := func(int) error { return &Failure{Code: "HTTP_503", Message: "the endpoint answered 503"} }
		w.send["tired"], w.send["old"] = never, never
		w.send["gone"] = func(int) error {
			return &Failure{Code: "HTTP_404", Message: "the endpoint answered 404", Permanent: true}
		}
		b := w.open()
		w.run(b, func() {
			must(t, b.Deliver(context.Background(), event("1", "my")))
			time.Sleep(time.Hour)
		})
		for target, want := range map[string]struct {
			attempts  int
			code, why string
		}{
			"tired": {3, "HTTP_503", "MaximumRetryAttempts"}, "gone": {1, "HTTP_404", "NonRetriable"},
		} {
			letters := w.letters("r", target)
			if n := len(w.attempts(target)); n != want.attempts || len(letters) != 1 {
				t.Fatalf("%s: %d attempts, dead letters %v", target, n, letters)
			}
			l := letters[0]
			if l["ERROR_CODE"] != want.code || l["EXHAUSTED_RETRY_CONDITION"] != want.why || l["RETRY_ATTEMPTS"] != float64(want.attempts-1) ||
				l["RULE_ARN"] != "arn:aws:events:us-east-1:000000000000:rule/r" || l["payload"] != string(event("1", "my")) || l["eventId"] != "1" {
				t.Errorf("%s: the dead letter is %v", target, l)
			}
		}
		old := w.attempts("old")
		if last := old[len(old)-1].at; last > time.Minute || len(w.letters("r", "old")) != 1 || w.letters("r", "old")[0]["EXHAUSTED_RETRY_CONDITION"] != "MaximumEventAgeInSeconds" {
			t.Errorf("the last attempt of an event of a minute was at %v, dead letters %v", last, w.letters("r", "old"))
		}
		if w.waiting() != 0 {
			t.Errorf("%d deliveries are still on disk", w.waiting())
		}
	})
}

func TestATargetThatHangsDelaysNoOther(t *testing.T) {
	story(t, func(w *world) {
		w.rule("r", "my", target("hangs"), target("quick"))
		w.hang["hangs"] = true
		b := w.open()
		w.run(b, func() {
			for i := range 20 {
				must(t, b.Deliver(context.Background(), event(fmt.Sprint(i), "my")))
			}
			synctest.Wait()
			if n := len(w.attempts("quick")); n != 20 {
				t.Errorf("the quick target was given %d of 20 events", n)
			}
		})
		if n := len(w.attempts("hangs")); n != width {
			t.Errorf("%d attempts at the hanging target are under way at a time", n)
		}
		if w.waiting() != 20 {
			t.Errorf("%d of 20 deliveries are kept when Steady stops", w.waiting())
		}
	})
}

// A crash is a bus that is not run any more: what it had on disk is all that is left.
func TestAcceptedEventsSurviveACrash(t *testing.T) {
	story(t, func(w *world) {
		w.rule("r", "my", target("a"))
		crashed := w.open()
		must(t, crashed.Deliver(context.Background(), event("1", "my"), event("2", "other"), event("3", "my")))
		defer crashed.Close()
		w.run(w.open(), func() {})
		if a := w.attempts("a"); len(a) != 2 || a[0].id == a[1].id {
			t.Errorf("after the crash a was given %v", a)
		}
		w.run(w.open(), func() { time.Sleep(time.Hour) })
		if n := len(w.attempts("a")); n != 2 || w.waiting() != 0 {
			t.Errorf("after another start a was given %d, %d wait", n, w.waiting())
		}
	})
}

func TestAnAttemptThatAStopCutsShortIsMadeAgain(t *testing.T) {
	story(t, func(w *world) {
		w.rule("r", "my", trying("a", 0, 60))
		w.hang["a"] = true
		b := w.open()
		w.run(b, func() { must(t, b.Deliver(context.Background(), event("1", "my"))) })
		w.hang["a"] = false
		w.run(w.open(), func() {})
		if a := w.attempts("a"); len(a) != 2 || a[0].id != a[1].id || len(w.letters("r", "a")) != 0 {
			t.Errorf("a was given %v, dead letters %v", a, w.letters("r", "a"))
		}
	})
}

func TestNumberedEventsAreTakenOnce(t *testing.T) {
	story(t, func(w *world) {
		w.rule("r", "my", target("a"))
		b := w.open()
		w.run(b, func() {
			must(t, b.DeliverNew(context.Background(), "o", 1, event("1", "my"), event("2", "my")))
			must(t, b.DeliverNew(context.Background(), "o", 1, event("1", "my"), event("2", "my"), event("3", "my")))
			must(t, b.DeliverNew(context.Background(), "another", 1, event("4", "my")))
		})
		again := w.open()
		w.run(again, func() {
			must(t, again.DeliverNew(context.Background(), "o", 2, event("2", "my"), event("3", "my")))
			must(t, again.DeliverNew(context.Background(), "o", 4, event("5", "my")))
		})
		if a := w.attempts("a"); len(a) != 5 {
			t.Errorf("a was given %v", a)
		}
	})
}

func TestATargetThatWasRemovedOrChanged(t *testing.T) {
	story(t, func(w *world) {
		w.rule("r", "my", target("a"), target("b"))
		down := func(int) error { return errors.New("down") }
		w.send["a"], w.send["b"] = down, down
		b := w.open()
		w.run(b, func() {
			must(t, b.Deliver(context.Background(), event("1", "my")))
			synctest.Wait()
			w.mu.Lock()
			w.send["b"] = nil
			w.mu.Unlock()
			w.rule("r", "my", target("b"))
			time.Sleep(time.Minute)
		})
		if l := w.letters("r", "a"); len(l) != 1 || l[0]["ERROR_CODE"] != "TARGET_REMOVED" {
			t.Errorf("the dead letters of the removed target are %v", l)
		}
		if n := len(w.attempts("b")); n != 2 || w.waiting() != 0 {
			t.Errorf("%d attempts at the other, %d wait", n, w.waiting())
		}
	})
}

func TestABacklogIsBounded(t *testing.T) {
	story(t, func(w *world) {
		w.rule("r", "my", target("a"))
		b := w.open()
		l := b.lane(Delivery{Rule: "r", Target: "a"})
		for _, full := range []lane{{count: maxWaiting - 1}, {count: 1, bytes: maxWaitingBytes - len(event("1", "my"))}} {
			*l = full
			must(t, b.Deliver(context.Background(), event("1", "my"), event("2", "my")))
		}
		must(t, b.Close())
		letters := w.letters("r", "a")
		if w.waiting() != 2 || len(letters) != 2 || letters[1]["ERROR_CODE"] != "BACKLOG_FULL" || letters[1]["eventId"] != "2" {
			t.Errorf("%d wait, dead letters %v", w.waiting(), letters)
		}
	})
}

func TestADiskThatRefusesRefusesTheEvent(t *testing.T) {
	story(t, func(w *world) {
		w.rule("r", "my", target("a"))
		b, err := Open(Options{
			Store: w.store, Queue: brokenBackend{w.queue}, DeadLetters: w.dir, Log: slog.New(slog.DiscardHandler), Send: w.deliver,
		})
		must(t, err)
		w.run(b, func() {
			if err := b.DeliverNew(context.Background(), "o", 1, event("1", "my")); err == nil || !strings.Contains(err.Error(), "no space left") {
				t.Errorf("Deliver on a full disk: %v", err)
			}
			time.Sleep(time.Hour)
		})
		if len(w.sent) != 0 || len(b.lanes) != 0 || b.had["o"] != 0 {
			t.Errorf("sent %v, %d lanes", w.sent, len(b.lanes))
		}
	})
}

type brokenBackend struct{ *state.Memory }

func (brokenBackend) Append([]state.Row) error { return errors.New("no space left on device") }

// A dead-letter file that cannot be written loses nothing.
func TestADeadLetterFileThatCannotBeWritten(t *testing.T) {
	story(t, func(w *world) {
		w.rule("r", "my", trying("a", 0, 60))
		w.send["a"] = func(int) error { return errors.New("down") }
		good := w.dir
		w.dir = filepath.Join(good, "file", "below")
		must(t, os.WriteFile(filepath.Join(good, "file"), nil, 0o600))
		b := w.open()
		w.run(b, func() {
			must(t, b.Deliver(context.Background(), event("1", "my")))
			synctest.Wait()
			if w.waiting() != 1 {
				t.Errorf("%d deliveries are kept", w.waiting())
			}
			must(t, os.Remove(filepath.Join(good, "file")))
			time.Sleep(2 * buryAgain)
		})
		if len(w.letters("r", "a")) != 1 || w.waiting() != 0 {
			t.Errorf("dead letters %v, %d wait", w.letters("r", "a"), w.waiting())
		}
	})
}

func TestRetryPolicies(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	p := func(attempts, age int32) *types.RetryPolicy {
		return &types.RetryPolicy{MaximumRetryAttempts: &attempts, MaximumEventAgeInSeconds: &age}
	}
	for name, c := range map[string]struct {
		attempts int
		age      time.Duration
		policy   *types.RetryPolicy
		failure  Failure
		want     time.Duration
		why      string
	}{
		"the first pause":                {1, 0, nil, Failure{}, time.Second, ""},
		"the longest pause":              {150, 0, nil, Failure{}, 8 * time.Minute, ""},
		"185 attempts again":             {185, 0, nil, Failure{}, 8 * time.Minute, ""},
		"and no more":                    {186, 0, nil, Failure{}, 0, "MaximumRetryAttempts"},
		"a day":                          {5, 24 * time.Hour, nil, Failure{}, 0, "MaximumEventAgeInSeconds"},
		"no attempt again":               {1, 0, p(0, 60), Failure{}, 0, "MaximumRetryAttempts"},
		"it would be too old by then":    {7, 10 * time.Second, p(185, 60), Failure{}, 0, "MaximumEventAgeInSeconds"},
		"as the target asks":             {1, 0, nil, Failure{RetryAfter: time.Minute}, time.Minute, ""},
		"the target asks for less":       {10, 0, nil, Failure{RetryAfter: time.Second}, 8 * time.Minute, ""},
		"the target asks for too much":   {1, 0, p(185, 60), Failure{RetryAfter: time.Hour}, 0, "MaximumEventAgeInSeconds"},
		"another attempt cannot succeed": {1, 0, nil, Failure{Permanent: true}, 0, "NonRetriable"},
	} {
		d := Delivery{Attempts: c.attempts, Accepted: now.Add(-c.age)}
		next, why := d.again(c.policy, &c.failure, now, 1)
		if why != c.why || why == "" && next.Sub(now) != c.want {
			t.Errorf("%s: after %v, %q", name, next.Sub(now), why)
		}
	}
}
