package output

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"steady/runtime"
)

// at is a moment, n milliseconds after some first.
func at(n int) time.Time { return time.Unix(1000, int64(n)*1e6) }

// out and errs are lines of stdout and stderr; part is one that goes on.
func out(n int, text string) line { return line{Line: runtime.Line{At: at(n), Text: text}} }
func errs(n int, text string) line {
	l := out(n, text)
	l.Stderr = true
	return l
}
func part(l line) line { l.Partial = true; return l }

func TestJoiner(t *testing.T) {
	starts := regexp.MustCompile(`^\[`)
	long := strings.Repeat("x", MaxEvent)
	lost := out(3, "c")
	lost.Lost, lost.dropped = 7, 2
	for _, c := range []struct {
		name  string
		start *regexp.Regexp
		lines []line
		want  []string // with the times of the first and the last line
		open  bool
	}{
		{"each line is an event", nil, []line{out(1, "a"), errs(2, "b")}, []string{"1-1 a", "2-2 b"}, false},
		{"empty lines are none", nil, []line{out(1, ""), out(2, "b"), out(3, "")}, []string{"2-2 b"}, false},
		{"parts make a line", nil, []line{part(out(1, "a")), errs(2, "x"), part(out(1, "b")), out(1, "c")}, []string{"2-2 x", "1-1 abc"}, false},
		{"a line that goes on", nil, []line{part(out(1, "a"))}, nil, true},
		{"a line as long as an event", nil, []line{out(1, long)}, []string{"1-1 " + long}, false},
		{"a longer line", nil, []line{out(1, long+"y")}, []string{"1-1 " + long, "1-1 y"}, false},
		{"not within a character", nil, []line{out(1, long[1:]+"é")}, []string{"1-1 " + long[1:], "1-1 é"}, false},
		{"what is not UTF-8", nil, []line{out(1, "a\xffb")}, []string{"1-1 a\uFFFDb"}, false},
		{"lines that were dropped", nil, []line{out(1, "a"), lost}, []string{"1-1 a",
			"3-3 steady: about 7 lines were dropped: they were written faster than the container engine could be read",
			"3-3 steady: 2 lines were dropped: they were written faster than they could be stored, and the buffer of 100 bytes was full", "3-3 c"}, false},
		{"a line whose end was dropped", nil, []line{part(out(1, "a")), lost}, []string{"1-1 a", "3-3 steady: about", "3-3 steady: 2", "3-3 c"}, false},

		{"several lines", starts, []line{out(1, "[1] a"), out(2, " b"), out(3, ""), out(4, "[2] c")}, []string{"1-3 [1] a\n b\n"}, true},
		{"of both streams", starts, []line{out(1, "[1] a"), errs(2, "b"), out(3, "[2]")}, []string{"1-2 [1] a\nb"}, true},
		{"what comes before the first", starts, []line{out(1, "a"), out(2, "b"), out(3, "[1]")}, []string{"1-2 a\nb"}, true},
		{"no longer than an event", starts, []line{out(1, "[1]"), out(2, long), out(3, "b")}, []string{"1-1 [1]", "2-2 " + long}, true},
	} {
		j := joiner{start: c.start, buffer: 100}
		for _, l := range c.lines {
			j.add(l)
		}
		var got []string
		for _, e := range j.out {
			got = append(got, fmt.Sprintf("%d-%d %s", e.first.Sub(at(0)).Milliseconds(), e.last.Sub(at(0)).Milliseconds(), e.Message))
			if !e.At.Equal(e.first) {
				t.Errorf("%s: the event's time is not that of its first line", c.name)
			}
		}
		if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
			t.Errorf("%s: %.300q, want %.300q", c.name, got, c.want)
		}
		if open := !j.since().IsZero(); open != c.open {
			t.Errorf("%s: open is %v", c.name, open)
		}
		if j.end(); !j.since().IsZero() {
			t.Errorf("%s: something is open after the end", c.name)
		}
	}
}

func TestCut(t *testing.T) {
	e := func(first, last int) event { return event{first: at(first), last: at(last)} }
	never := time.Time{}
	for _, c := range []struct {
		name    string
		events  []event
		open    time.Time
		settled int
		n       int
		through int
	}{
		{"nothing", nil, never, 9, 0, 0},
		{"all", []event{e(1, 1), e(2, 3)}, never, 9, 2, 3},
		{"not what is too young", []event{e(1, 1), e(2, 3), e(4, 4)}, never, 4, 2, 3},
		{"not what a line still to come may be as old as", []event{e(1, 1), e(2, 2)}, never, 2, 1, 1},
		{"equal times stay together", []event{e(1, 1), e(2, 2), e(2, 2)}, never, 3, 3, 2},
		{"equal times wait together", []event{e(1, 1), e(2, 2), e(2, 2)}, at(2), 9, 1, 1},
		{"an older one comes later", []event{e(1, 1), e(5, 5), e(2, 2), e(6, 6)}, never, 6, 3, 5},
		{"an older one is open", []event{e(1, 1), e(3, 3), e(4, 4)}, at(3), 9, 1, 1},
		{"joined over another", []event{e(1, 4), e(2, 2), e(5, 5)}, never, 5, 2, 4},
	} {
		n, through := cut(c.events, c.open, at(c.settled))
		if n != c.n || n > 0 && !through.Equal(at(c.through)) {
			t.Errorf("%s: %d through %v, want %d through %v", c.name, n, through, c.n, at(c.through))
		}
	}
}

// Whatever comes, no event is longer than it may be, all are valid, and nothing is lost.
func FuzzJoiner(f *testing.F) {
	f.Add("[a\nb\n[c", `^\[`, 3)
	f.Add("é\xffx", "", 1)
	f.Fuzz(func(t *testing.T, text, start string, parts int) {
		j := joiner{}
		if start != "" {
			var err error
			if j.start, err = regexp.Compile(start); err != nil {
				return
			}
		}
		want := 0
		for i, l := range strings.Split(text, "\n") {
			want += strings.Count(l, "x")
			for ; parts > 0 && len(l) > parts; l = l[parts:] {
				j.add(part(out(i, l[:parts])))
			}
			j.add(out(i, l))
		}
		j.end()
		got := 0
		for _, e := range j.out {
			got += strings.Count(e.Message, "x")
			if len(e.Message) == 0 || len(e.Message) > MaxEvent || !utf8.ValidString(e.Message) || e.last.Before(e.first) {
				t.Errorf("event %+v", e)
			}
		}
		if got != want {
			t.Errorf("%d x of %d", got, want)
		}
	})
}
