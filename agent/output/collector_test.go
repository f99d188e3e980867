package output

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"steady/awslogs"
	"steady/runtime"
	"steady/runtime/sim"
)

// sink keeps batches in memory, as an archive does.
type sink struct {
	forgotten []string // origins
	mu        sync.Mutex
	numbers   map[string]uint64
	events    []Event
	batches   int
	err       error         // of every call
	takes     time.Duration // of Append
}

func newSink() *sink { return &sink{numbers: map[string]uint64{}} }

func (s *sink) Open(context.Context, Stream) error { return nil }

func (s *sink) Forget(_ context.Context, origin string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten = append(s.forgotten, origin)
	return nil
}

func (s *sink) Kept(_ context.Context, origin string) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.numbers[origin], s.err
}

func (s *sink) Append(ctx context.Context, st Stream, b Batch) error {
	time.Sleep(s.takes)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(ctx.Err(), s.err); err != nil {
		return err
	}
	if b.Number > s.numbers[st.Origin] {
		s.numbers[st.Origin] = b.Number
		s.events = append(s.events, b.Events...)
		s.batches++
	}
	return nil
}

func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// kept is how many batches there are.
func (s *sink) kept() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batches
}

func (s *sink) messages() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, e := range s.events {
		all = append(all, e.Message)
	}
	return strings.Join(all, "|")
}

// source is a runtime whose one container writes what a test tells it to.
type source struct {
	runtime.Runtime
	mu    sync.Mutex
	lines []runtime.Line
	over  bool
	news  chan struct{}
}

func newSource() *source { return &source{Runtime: sim.New(sim.Options{}), news: make(chan struct{})} }

func (s *source) write(lines ...runtime.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, lines...)
	close(s.news)
	s.news = make(chan struct{})
}

func (s *source) say(texts ...string) {
	for _, t := range texts {
		s.write(runtime.Line{At: time.Now(), Text: t})
	}
}

func (s *source) end() {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.write()
}

func (s *source) Output(ctx context.Context, _ string, since time.Time) iter.Seq2[runtime.Line, error] {
	return func(yield func(runtime.Line, error) bool) {
		for next := 0; ; {
			s.mu.Lock()
			lines, over, news := s.lines[next:], s.over, s.news
			s.mu.Unlock()
			next += len(lines)
			for _, l := range lines {
				if !l.At.Before(since) && !yield(l, nil) {
					return
				}
			}
			if over {
				return
			}
			select {
			case <-news:
			case <-ctx.Done():
				yield(runtime.Line{}, ctx.Err())
				return
			}
		}
	}
}

func collect(ctx context.Context, from runtime.Runtime, to Sink, o awslogs.Options) *Collector {
	if o.BufferBytes == 0 {
		o.BufferBytes = 10 << 20
	}
	return Collect(ctx, Config{Runtime: from, Sink: to, Container: "c", Options: o, Log: slog.New(slog.DiscardHandler),
		Stream: Stream{Group: "g", Name: "s", Origin: "c"}})
}

func TestLinesArriveWithinASecond(t *testing.T) {
	for _, start := range []string{"", `^\[`} {
		synctest.Test(t, func(t *testing.T) {
			var o awslogs.Options
			if start != "" {
				o, _ = awslogs.Parse(map[string]string{"awslogs-group": "g", "awslogs-region": "r", "awslogs-multiline-pattern": start})
			}
			from, to := newSource(), newSink()
			c := collect(t.Context(), from, to, o)
			from.say("[1]")
			time.Sleep(time.Second)
			if got := to.messages(); got != "[1]" {
				t.Errorf("%q is kept after a second", got)
			}
			for i := range 30 { // a steady flow of lines, none of which begins an event
				from.say(fmt.Sprint(i))
				time.Sleep(100 * time.Millisecond)
			}
			synctest.Wait()
			if n := to.kept(); n < 3 {
				t.Errorf("%d batches in three seconds", n)
			}
			from.end()
			<-c.Done()
			if got := strings.Count(strings.ReplaceAll(to.messages(), "\n", "|"), "|") + 1; got != 31 {
				t.Errorf("%d lines of 31", got)
			}
		})
	}
}

func TestTheLastLinesAreKeptAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to := newSource(), newSink()
		c := collect(t.Context(), from, to, awslogs.Options{})
		from.say("bye")
		from.end()
		began := time.Now()
		<-c.Done()
		if took := time.Since(began); took > 0 || to.messages() != "bye" {
			t.Errorf("%q is kept after %v", to.messages(), took)
		}
	})
}

// What a sink that hangs leaves no room for is dropped and said; the container's output
// is read on.
func TestDroppedLinesAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to := newSource(), newSink()
		to.fail(errors.New("the disk is full"))
		c := collect(t.Context(), from, to, awslogs.Options{BufferBytes: 10 * (lineExtra + 4)})
		synctest.Wait()
		to.fail(nil) // Kept is asked again
		time.Sleep(time.Second)
		to.fail(errors.New("the disk is full"))
		for i := range 100 {
			from.say(fmt.Sprintf("%04d", i))
			synctest.Wait()
		}
		time.Sleep(10 * time.Second)
		to.fail(nil)
		time.Sleep(10 * time.Second)
		from.say("next")
		from.end()
		<-c.Done()
		got := to.messages()
		if !strings.HasPrefix(got, "0000|") || !strings.HasSuffix(got, "|next") || !strings.Contains(got, "|steady: 90 lines were dropped: they were written faster than they could be stored, and the buffer of 1000 bytes was full|") {
			t.Errorf("kept is %q", got)
		}
		if n := strings.Count(got, "|0"); n != 9 {
			t.Errorf("%d of the first lines are kept, want 10: %q", n+1, got)
		}
	})
}

func TestBlockingDropsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to := newSource(), newSink()
		to.takes = time.Second
		c := collect(t.Context(), from, to, awslogs.Options{BufferBytes: 1000, Blocking: true})
		for i := range 100 {
			from.say(fmt.Sprintf("%04d", i))
		}
		from.end()
		<-c.Done()
		if n := strings.Count(to.messages(), "|") + 1; n != 100 || strings.Contains(to.messages(), "steady:") {
			t.Errorf("%d lines of 100: %q", n, to.messages())
		}
	})
}

func TestLastLinesThatNobodyTakesAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to := newSource(), newSink()
		c := collect(t.Context(), from, to, awslogs.Options{})
		time.Sleep(time.Second)
		to.fail(errors.New("the disk is full"))
		from.say("bye")
		time.Sleep(time.Second) // it is being tried
		from.end()
		began := time.Now()
		<-c.Done()
		if took := time.Since(began); took < giveUpAfter || took > 2*giveUpAfter || to.messages() != "" {
			t.Errorf("given up after %v, kept %q", took, to.messages())
		}
	})
}

// Collectors are killed at any time while two streams are written, with equal times and
// out of order: in the end every line is kept once.
func TestKilledAtAnyTime(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			from, to := newSource(), newSink()
			to.takes = time.Duration(r.IntN(30)) * time.Millisecond
			var o awslogs.Options
			if seed%2 == 0 {
				o, _ = awslogs.Parse(map[string]string{"awslogs-group": "g", "awslogs-region": "r", "awslogs-multiline-pattern": "0$"})
			}
			ctx, kill := context.WithCancel(t.Context())
			c := collect(ctx, from, to, o)
			var last [2]time.Time // of stdout, of stderr
			for i := range 300 {
				at, s := time.Now().Add(-time.Duration(r.IntN(3))*10*time.Millisecond), r.IntN(2)
				last[s] = later(last[s], at)
				from.write(runtime.Line{At: last[s], Stderr: s == 1, Text: fmt.Sprintf("<%d", i)})
				time.Sleep(time.Duration(r.IntN(40)) * time.Millisecond)
				if r.IntN(20) == 0 {
					kill()
					<-c.Done()
					ctx, kill = context.WithCancel(t.Context())
					c = collect(ctx, from, to, o)
				}
			}
			from.end()
			<-c.Done()
			kill()
			got := map[string]int{}
			for _, m := range strings.FieldsFunc(to.messages(), func(r rune) bool { return r == '<' || r == '|' || r == '\n' }) {
				got[m]++
			}
			for i := range 300 {
				if n := got[fmt.Sprint(i)]; n != 1 {
					t.Errorf("seed %d: line %d is kept %d times", seed, i, n)
				}
			}
		})
	}
}

// A simulated container is collected as a real one.
func TestOfASimulatedContainer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := sim.New(sim.Options{})
		id, err := rt.Create(t.Context(), runtime.Spec{Name: "a", Image: "web", Env: []string{"STEADY_SIM=log=a err=b log-every=10s exit=0 after=25s"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := rt.Start(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		to := newSink()
		c := Collect(t.Context(), Config{Runtime: rt, Sink: to, Container: id, Options: awslogs.Options{BufferBytes: 1 << 20}, Log: slog.New(slog.DiscardHandler),
			Stream: Stream{Group: "g", Name: "s", Origin: id}})
		<-c.Done()
		if got := to.messages(); got != "a|b|a|b|a|b" {
			t.Errorf("kept is %q", got)
		}
	})
}
