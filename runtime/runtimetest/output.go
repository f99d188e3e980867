package runtimetest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"steady/runtime"
)

// read reads the whole output of a container that ends.
func (s *suite) read(t *testing.T, id string, since time.Time) []runtime.Line {
	t.Helper()
	var lines []runtime.Line
	for l, err := range s.rt.Output(within(t), id, since) {
		must(t, err)
		lines = append(lines, l)
	}
	return lines
}

// find is the first line that says text.
func find(t *testing.T, lines []runtime.Line, text string) runtime.Line {
	t.Helper()
	i := slices.IndexFunc(lines, func(l runtime.Line) bool { return l.Text == text })
	if i < 0 {
		t.Fatalf("no line says %q: %+v", text, lines)
	}
	return lines[i]
}

func output(t *testing.T, s *suite) {
	before := time.Now().Add(-time.Second)
	id := s.start(t, talks)
	lines := s.read(t, id, time.Time{}) // waits for the end
	if c := s.inspect(t, id); c.State != runtime.Exited {
		t.Errorf("the output ended, but the container is %s", c.State)
	}
	one, two := find(t, lines, "one"), find(t, lines, "two")
	if one.Stderr || !two.Stderr || one.At.Before(before) || one.At.After(time.Now().Add(time.Second)) {
		t.Errorf("lines %+v, %+v", one, two)
	}
	for _, l := range lines {
		if l.Partial || l.Lost != 0 {
			t.Errorf("line %+v", l)
		}
	}
	if again := s.read(t, id, time.Time{}); !slices.Equal(again, lines) {
		t.Errorf("read again: %+v, want %+v", again, lines)
	}
}

func outputFollowed(t *testing.T, s *suite) {
	id := s.start(t, chatters)
	var last time.Time
	n := 0
	for l, err := range s.rt.Output(within(t), id, time.Time{}) {
		must(t, err)
		if l.At.Before(last) {
			t.Errorf("a line of %v after one of %v", l.At, last)
		}
		last = l.At
		if n++; n == 6 {
			must(t, s.rt.Stop(within(t), id, 10*time.Second)) // the iteration ends with it
		}
	}
	if n < 6 {
		t.Errorf("%d lines", n)
	}
}

func outputSince(t *testing.T, s *suite) {
	id := s.start(t, chatters)
	var first []runtime.Line
	for l, err := range s.rt.Output(within(t), id, time.Time{}) {
		must(t, err)
		if first = append(first, l); len(first) == 5 {
			break
		}
	}
	must(t, s.rt.Stop(within(t), id, 10*time.Second))
	all := s.read(t, id, time.Time{})
	from := first[4].At
	rest := s.read(t, id, from)
	want := slices.DeleteFunc(slices.Clone(all), func(l runtime.Line) bool { return l.At.Before(from) })
	if len(want) == 0 || !slices.Equal(rest, want) {
		t.Errorf("from %v on: %+v, want %+v", from, rest, want)
	}
	if !slices.Equal(all[:5], first) {
		t.Errorf("the first lines are %+v, and were %+v", all[:5], first)
	}
}

func outputLong(t *testing.T, s *suite) {
	id := s.start(t, longWords)
	var text strings.Builder
	for _, l := range s.read(t, id, time.Time{}) {
		if len(l.Text) > runtime.PartBytes {
			t.Errorf("a part of %d bytes", len(l.Text))
		}
		text.WriteString(l.Text)
		if !l.Partial {
			break
		}
	}
	if text.String() != longLine {
		t.Errorf("a line of %d bytes, want %d", text.Len(), len(longLine))
	}
}

func outputEnds(t *testing.T, s *suite) {
	id := s.start(t, serves)
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	var last error
	for _, err := range s.rt.Output(ctx, id, time.Time{}) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the output ended with %v, want the end of its context", last)
	}
}

func outputMissing(t *testing.T, s *suite) {
	n := 0
	for _, err := range s.rt.Output(within(t), strings.Repeat("0", 64), time.Time{}) {
		n++
		wantError(t, err, "CannotInspectContainerError", runtime.NotFound)
	}
	if n != 1 {
		t.Errorf("%d lines or errors, want one", n)
	}
	_, err := s.rt.Stats(within(t), strings.Repeat("0", 64))
	wantError(t, err, "CannotGetContainerStatsError", runtime.NotFound)
}

func stats(t *testing.T, s *suite) {
	id := s.start(t, works)
	s.untilSays(t, id, "hello")
	var first runtime.Stats
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		got, err := s.rt.Stats(within(t), id)
		must(t, err)
		if first.At.IsZero() {
			first = got
		}
		if got.Memory >= 24<<20 && got.Memory < 128<<20 && got.CPU > first.CPU && got.At.After(first.At) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("a container that works and holds 24 MiB uses %+v", got)
		}
	}
	var raw struct {
		Read time.Time `json:"read"`
		CPU  struct {
			Usage struct {
				Total int64 `json:"total_usage"`
			} `json:"cpu_usage"`
		} `json:"cpu_stats"`
	}
	if err := json.Unmarshal(first.Raw, &raw); err != nil || !raw.Read.Equal(first.At) || raw.CPU.Usage.Total != int64(first.CPU) {
		t.Errorf("the runtime's own words are %s, %v", first.Raw, err)
	}
	must(t, s.rt.Stop(within(t), id, 10*time.Second))
	_, err := s.rt.Stats(within(t), id)
	wantError(t, err, "CannotGetContainerStatsError", runtime.NotFound)
}
