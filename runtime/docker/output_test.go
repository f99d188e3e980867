package docker

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"steady/runtime"
)

// A container that writes faster than the engine can be read, for longer than the
// engine keeps what it wrote: each line is told once and in order, and every stretch
// that is missing is said where it is.
func TestOutputOfAFlood(t *testing.T) {
	missing := outputOfAFlood(t, runtime.Log{})
	t.Logf("%d lines are missing", missing)
}

// Files that hold more than what the reader is ever behind lose nothing.
func TestOutputOfAFloodInLargeFiles(t *testing.T) {
	if missing := outputOfAFlood(t, runtime.Log{Options: map[string]string{"max-size": "512m", "max-file": "2"}}); missing > 0 {
		t.Errorf("%d lines are missing", missing)
	}
}

func outputOfAFlood(t *testing.T, log runtime.Log) (missing int) {
	r := needEngine(t)
	id := create(t, r, func(s *runtime.Spec) {
		s.Log = log
		s.Env = []string{"STEADY_SAMPLE_FLOOD=2s", "STEADY_SAMPLE_LOG_BYTES=1000", "STEADY_SAMPLE_CRASH=0"}
	})
	if err := r.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	last, told, lost, unsaid, ended := 0, 0, 0, 0, false
	for l, err := range r.Output(t.Context(), id, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		lost += l.Lost
		var n int
		if _, err := fmt.Sscanf(l.Text, "wrote %d lines", &n); err == nil {
			n, ended = n+1, true
		} else if _, err := fmt.Sscanf(l.Text, "line %d ", &n); err != nil {
			continue // another of the application's lines
		}
		if n <= last {
			t.Fatalf("line %d after line %d", n, last)
		}
		if n > last+1 {
			missing += n - last - 1
			if l.Lost == 0 {
				unsaid += n - last - 1
			}
		}
		told++
		last = n
	}
	t.Logf("%d of %d lines were told, %d are missing, about %d said to be; %d not said", told, last, missing, lost, unsaid)
	if !ended || missing > 50_000 && lost == 0 {
		t.Errorf("the end was told: %v; of %d missing lines about %d are said", ended, missing, lost)
	}
	return missing
}

func TestFileBytes(t *testing.T) {
	for size, want := range map[string]float64{"10m": 10e6, "10MB": 10e6, "1g": 1e9, "1 GiB": 1e9, "500": 500, "1.5k": 1500, "-1": math.Inf(1), "": math.Inf(1), "x": math.Inf(1)} {
		if got := fileBytes(container.LogConfig{Config: map[string]string{"max-size": size}}); got != want {
			t.Errorf("%q: %v, want %v", size, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	out := func(s int) runtime.Line { return runtime.Line{At: at(s)} }
	errs := func(s int) runtime.Line { return runtime.Line{At: at(s), Stderr: true} }
	log := []runtime.Line{out(1), out(2), out(2), errs(1), out(3), errs(2), out(3), out(3), errs(4)}
	for read := range len(log) + 1 {
		var p place
		for _, l := range log[:read] {
			if p.told(l, at(9)) {
				t.Fatalf("%d lines read: %+v was told before it was read", read, l)
			}
			p.move(l)
		}
		p.rewind()
		from := p.since(time.Time{})
		var rest []runtime.Line
		for _, l := range log {
			if l.At.Before(from) || p.told(l, at(9)) {
				continue
			}
			p.move(l)
			rest = append(rest, l)
		}
		if want := log[read:]; fmt.Sprint(rest) != fmt.Sprint(want) {
			t.Errorf("after %d lines: %v, want %v", read, rest, want)
		}
	}
}

func TestGaps(t *testing.T) {
	start := time.Unix(1000, 0)
	// A log of 1,000 lines of 10 KB in a tenth of a second: 100 MB/s.
	log := func(g *gaps, lag time.Duration) (at time.Time) {
		for i := range 5000 {
			at = start.Add(time.Duration(i) * 100 * time.Microsecond)
			if lost, err := g.before(runtime.Line{At: at, Text: strings.Repeat("x", 10_000-lineExtra)}, at.Add(lag)); lost != 0 || err != nil {
				t.Fatalf("line %d: %d lost, %v", i, lost, err)
			}
		}
		return at
	}
	for _, c := range []struct {
		name     string
		lag, gap time.Duration
		lost     int
	}{
		{"behind, and a stretch is missing", 200 * time.Millisecond, 150 * time.Millisecond, 1500},
		{"behind, and a short pause", 200 * time.Millisecond, 10 * time.Millisecond, 0},
		{"not behind, and a long pause", time.Millisecond, time.Minute, 0},
	} {
		g := &gaps{file: 10e6}
		next := runtime.Line{At: log(g, c.lag).Add(c.gap), Text: "next"}
		lost, err := g.before(next, next.At)
		if (c.lost > 0) != errors.Is(err, errGap) {
			t.Errorf("%s: %d, %v", c.name, lost, err)
		}
		if c.lost == 0 {
			continue
		}
		kept := *g
		kept.again(runtime.Line{At: g.last})
		if lost, err := kept.before(next, next.At); lost != 0 || err != nil {
			t.Errorf("%s: %d lines are lost, %v, although the line before is still there", c.name, lost, err)
		}
		if lost, err = g.before(next, next.At); err != nil || lost < c.lost*9/10 || lost > c.lost*11/10 {
			t.Errorf("%s: about %d lines are lost, %v; want %d", c.name, lost, err, c.lost)
		}
	}
}
