package output

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"steady/runtime"
)

// event is an Event, and when its first and its last line were written.
type event struct {
	Event
	first, last time.Time
}

// line is a line that came in, and how many came before it that were dropped here.
type line struct {
	runtime.Line
	dropped int
}

// joiner makes events of lines. What it holds is bounded by MaxEvent for each of stdout,
// stderr and the event of several lines.
type joiner struct {
	start  *regexp.Regexp // of an event's first line; nil: each line is an event
	buffer int            // bytes, for the notice
	open   [2]*event      // the line begun on stdout, on stderr
	joined *event         // the event of several lines that may go on
	out    []event
}

// add takes in a line. As in the awslogs driver the lines of stdout and stderr make
// events together: an event is a line that matches and "any following lines that don't".
func (j *joiner) add(l line) {
	i := 0
	if l.Stderr {
		i = 1
	}
	if l.Lost > 0 || l.dropped > 0 {
		j.finish(i)
		j.flush()
		j.say(l)
	}
	if j.open[i] == nil {
		j.open[i] = &event{first: l.At}
	}
	e := j.open[i]
	e.last = l.At
	e.Message += l.Text
	for len(e.Message) > MaxEvent {
		n := whole(e.Message)
		j.line(event{Event: Event{Message: e.Message[:n]}, first: e.first, last: e.last})
		e.Message = e.Message[n:]
	}
	if !l.Partial {
		j.finish(i)
	}
}

// finish ends the line begun on a stream.
func (j *joiner) finish(i int) {
	if e := j.open[i]; e != nil {
		j.open[i] = nil
		j.line(*e)
	}
}

// say makes the events that tell of missing lines.
func (j *joiner) say(l line) {
	if l.Lost > 0 {
		j.notice(l.At, "about %d lines were dropped: they were written faster than the container engine could be read", l.Lost)
	}
	if l.dropped > 0 {
		j.notice(l.At, "%d lines were dropped: they were written faster than they could be stored, and the buffer of %d bytes was full", l.dropped, j.buffer)
	}
}

func (j *joiner) notice(at time.Time, format string, args ...any) {
	j.emit(event{Event: Event{Message: "steady: " + fmt.Sprintf(format, args...)}, first: at, last: at})
}

// line takes in a whole line, or a piece of one that is longer than an event can be.
func (j *joiner) line(e event) {
	e.Message = strings.ToValidUTF8(e.Message, "\uFFFD")
	if j.start == nil {
		j.emit(e)
		return
	}
	m := j.joined
	if m == nil || j.start.MatchString(e.Message) || len(m.Message)+1+len(e.Message) > MaxEvent {
		j.flush()
		j.joined = &e
		return
	}
	m.Message += "\n" + e.Message
	m.first, m.last = earlier(m.first, e.first), later(m.last, e.last)
}

// flush ends the event of several lines.
func (j *joiner) flush() {
	if e := j.joined; e != nil {
		j.joined = nil
		j.emit(*e)
	}
}

// end ends everything: nothing more is written.
func (j *joiner) end() {
	j.finish(0)
	j.finish(1)
	j.flush()
}

// emit adds an event, in pieces if replacing what is not UTF-8 has made it too long. One
// without a text is none: "a log event's message must have at least one byte".
func (j *joiner) emit(e event) {
	e.At = e.first
	for len(e.Message) > 0 {
		piece := e
		n := whole(e.Message)
		piece.Message, e.Message = e.Message[:n], e.Message[n:]
		j.out = append(j.out, piece)
	}
}

// whole is how much of a text fits into an event without a character being cut in two.
func whole(text string) int {
	if len(text) <= MaxEvent {
		return len(text)
	}
	n := MaxEvent
	for n > MaxEvent-utf8.UTFMax && !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

// since is the time of the oldest line that is in no event yet; zero if there is none.
func (j *joiner) since() time.Time {
	var oldest time.Time
	for _, e := range []*event{j.open[0], j.open[1], j.joined} {
		if e != nil && (oldest.IsZero() || e.first.Before(oldest)) {
			oldest = e.first
		}
	}
	return oldest
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
