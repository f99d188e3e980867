package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// quietly is a buffer for a log that several goroutines write.
type quietly struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (q *quietly) Write(b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.b.Write(b)
}

func (q *quietly) String() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.b.String()
}

// TestAPartThatCannotBeSealedDoesNotStopAppends: appends go on into the journal, up to a
// bound at which the classes are refused, the least important first; once parts are sealed
// again, all is accepted again and all that was accepted is there, also after a restart.
func TestAPartThatCannotBeSealedDoesNotStopAppends(t *testing.T) {
	const size = 16 << 20
	var broken atomic.Bool
	broken.Store(true)
	var logged quietly
	dir := t.TempDir()
	a, err := Open(dir, Options{MaxBytes: size, Log: slog.New(slog.NewTextHandler(&logged, nil)), failAt: func(point string) error {
		if broken.Load() && point == "before commit" {
			return errors.New("input/output error")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { a.Close() }()
	var want []string
	var order []Class // in which they were refused
	text := strings.Repeat("x", 64<<10)
	for i := 0; len(order) < int(classes); i++ {
		if i > 10*size/len(text) {
			t.Fatalf("after %d messages only %v are refused", i, order)
		}
		for c := range classes {
			if slices.Contains(order, c) {
				continue
			}
			m := fmt.Sprintf("%d %s %s", i, c, text)
			err := append1(a, Batch{Group: "/g", Stream: c.String(), Class: c, Records: []Record{line(int64(i), "%s", m)}})
			var full *FullError
			switch {
			case err == nil:
				want = append(want, m)
			case errors.As(err, &full) && full.Class == c && strings.Contains(err.Error(), "cannot be sealed"):
				order = append(order, c)
			default:
				t.Fatal(err)
			}
		}
	}
	if !slices.Equal(order, []Class{Telemetry, Logs, Events}) {
		t.Errorf("refused in the order %v", order)
	}
	h := a.Health()
	if len(h.Refused) != 3 || !strings.Contains(h.Failing, "input/output error") || h.Unsealed < size/4 || h.Unsealed > size {
		t.Errorf("health is %+v", h)
	}
	slices.Sort(want)
	if got := messages(t, a, "/g"); !slices.Equal(sorted(got), want) {
		t.Errorf("%d records are visible, want %d", len(got), len(want))
	}

	a.Close() // and the trouble is there at the next start too
	a = open(t, dir, Options{MaxBytes: size, Log: slog.New(slog.NewTextHandler(&logged, nil)), failAt: a.options.failAt})
	if got := messages(t, a, "/g"); !slices.Equal(sorted(got), want) {
		t.Errorf("%d records are visible after a restart, want %d", len(got), len(want))
	}
	broken.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for a.Health().Unsealed > 0 {
		if err := a.Seal(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if h := a.Health(); len(h.Refused) > 0 || h.Failing != "" {
		t.Errorf("health is %+v once parts are sealed again", h)
	}
	for c := range classes {
		if err := try(a, c); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	if got := messages(t, a, "/g"); !slices.Equal(sorted(got), want) {
		t.Errorf("%d records are visible once they are sealed, want %d", len(got), len(want))
	}
	if !strings.Contains(logged.String(), "could not seal a part") {
		t.Errorf("the log does not say it:\n%s", logged.String())
	}
}

// TestAppendsThatWaitForASealGoOnWhenItFails: so they do when the trouble begins while the
// next part is full already.
func TestAppendsThatWaitForASealGoOnWhenItFails(t *testing.T) {
	began, fails := make(chan struct{}, 1), make(chan struct{})
	a := open(t, t.TempDir(), Options{MaxBytes: 16 << 20, failAt: func(point string) error {
		if point != "before commit" {
			return nil
		}
		select {
		case began <- struct{}{}:
		default:
		}
		<-fails
		return errors.New("input/output error")
	}})
	full := Batch{Group: "/g", Stream: "s", Class: Events, Records: []Record{line(1, "%s", strings.Repeat("x", 2<<20))}} // as a part may be
	if err := append1(a, full); err != nil {
		t.Fatal(err)
	}
	<-began
	if err := append1(a, full); err != nil {
		t.Fatal(err)
	}
	appended := make(chan error)
	go func() {
		appended <- append1(a, Batch{Group: "/g", Stream: "s", Class: Events, Records: []Record{line(2, "small")}})
	}()
	runtime.Gosched()
	close(fails)
	if err := <-appended; err != nil {
		t.Error(err)
	}
}

// TestManySmallRecordsThatCannotBeSealedHaveABound: each takes memory beside its message.
func TestManySmallRecordsThatCannotBeSealedHaveABound(t *testing.T) {
	a := open(t, t.TempDir(), Options{Log: slog.New(slog.DiscardHandler), failAt: func(point string) error {
		if point == "before commit" {
			return errors.New("input/output error")
		}
		return nil
	}})
	b := Batch{Group: "/g", Stream: "s", Class: Telemetry, Records: make([]Record, 20_000)}
	accepted := 0
	for accepted <= unsealedRecords {
		err := append1(a, b)
		var full *FullError
		if errors.As(err, &full) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		accepted += len(b.Records)
	}
	if accepted < partRecords || accepted > unsealedRecords {
		t.Errorf("%d records were accepted", accepted)
	}
}

func append1(a *Archive, b Batch) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return a.Append(ctx, b)
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }
