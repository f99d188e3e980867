package docker

import (
	"errors"
	"time"

	"steady/runtime"
)

// errGap says that lines are missing before the one that was read: they may be in a
// file that the follower has passed over.
var errGap = errors.New("the engine's follower passed over lines")

const (
	// lineExtra is about what the engine's log takes for a line beyond its text.
	lineExtra = 72
	// window is over how much time of the log its pace is measured.
	window = 200 * time.Millisecond
)

// gaps notices lines that the engine has dropped. It does not tell: when it begins a
// new file while its follower still reads the last but one, the follower goes on at
// the newest. What can be seen is a stretch of time without lines, at a moment when
// more than a file's worth of lines was waiting to be read. A container that writes
// that fast and then pauses for as long looks the same, so a count is an estimate.
type gaps struct {
	file float64       // bytes that one of the log's files holds at least
	last time.Time     // of the newest line
	lag  time.Duration // how old that was when it was read
	seen time.Time     // of the line after which a gap was noticed, and not believed
	kept bool          // that line has been read again since

	start        time.Time // of the window
	bytes, lines float64   // in it
	pace, rate   float64   // bytes and lines a second, as last measured
}

// before tells about how many lines are missing before one that is read now. When it
// first notices a gap it fails with errGap: read again from the line before. A log that
// still begins before that line has no gap after it.
func (g *gaps) before(l runtime.Line, now time.Time) (lost int, err error) {
	if gap := l.At.Sub(g.last); g.missing(gap) {
		if !g.seen.Equal(g.last) {
			g.seen, g.kept = g.last, false
			return 0, errGap
		}
		if !g.kept {
			lost = max(1, int(g.rate*gap.Seconds()))
		}
		g.start = time.Time{}
	}
	g.measure(l)
	if l.At.After(g.last) {
		g.last, g.lag = l.At, now.Sub(l.At)
	}
	return lost, nil
}

// again notes that a line was read again that has been told.
func (g *gaps) again(l runtime.Line) { g.kept = g.kept || l.At.Equal(g.seen) }

// missing tells whether a stretch without lines may have had some. What is missing is
// whole files. A pace that is measured under load may be far off; a stretch that is
// suspected for nothing costs no more than reading the log again.
func (g *gaps) missing(gap time.Duration) bool {
	return gap > 0 && g.pace*gap.Seconds() > g.file/8 && g.pace*g.lag.Seconds() > g.file/4
}

// measure counts a line to the pace of the log.
func (g *gaps) measure(l runtime.Line) {
	if g.start.IsZero() || l.At.Before(g.start) {
		g.start, g.bytes, g.lines = l.At, 0, 0
	}
	g.bytes += float64(len(l.Text) + lineExtra)
	if !l.Partial {
		g.lines++
	}
	if d := l.At.Sub(g.start); d >= window {
		g.pace, g.rate = g.bytes/d.Seconds(), g.lines/d.Seconds()
		g.start, g.bytes, g.lines = l.At, 0, 0
	}
}
