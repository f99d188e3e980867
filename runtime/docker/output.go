package docker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"steady/runtime"
)

const (
	// A followed log that says nothing is compared with the log itself, after this
	// long and then ever less often: the 20.10 engine's follower misses a rotation
	// that comes while it reads what was there before.
	firstCheck = 5 * time.Second
	lastCheck  = 10 * time.Minute
	// atOnce is the first pause before a log is opened again: a container whose log
	// has ended is about to be seen to have ended.
	atOnce = 5 * time.Millisecond
	// skew is by how much the stamps of stdout and stderr may be out of order: the
	// engine stamps the two apart, then writes them to one log.
	skew = time.Second
)

// errBehind says that a followed log has lines which the follower did not tell.
var errBehind = errors.New("the engine's follower missed lines")

// Output follows the engine's log of the container. The engine breaks a follower off
// when it restarts, and loses lines where it rotates the log faster than it is read: then
// the log is opened again at the last line that was told.
func (r *Runtime) Output(ctx context.Context, id string, since time.Time) iter.Seq2[runtime.Line, error] {
	return func(yield func(runtime.Line, error) bool) {
		o := &output{runtime: r, id: id, since: since, yield: yield}
		if !since.IsZero() {
			o.heard.Store(since.UnixNano())
		}
		if err := o.run(ctx); err != nil && !o.stopped {
			yield(runtime.Line{}, err)
		}
	}
}

// output is one call of Output.
type output struct {
	runtime *Runtime
	id      string
	since   time.Time
	yield   func(runtime.Line, error) bool
	stopped bool // the reader wants no more
	raw     bool // the container has a terminal

	place place
	gaps  gaps
	heard atomic.Int64 // Unix nanoseconds of the newest line told, for watch
}

// run reads until the container has ended and nothing is left to read.
func (o *output) run(ctx context.Context) error {
	pause := atOnce
	for {
		before := o.place
		over, err := o.look(ctx)
		if err == nil {
			err = o.read(ctx, !over)
		}
		if o.stopped || over && err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if missing(err) {
			return err
		}
		if o.place != before || errors.Is(err, errBehind) || errors.Is(err, errGap) {
			pause = atOnce
		}
		if err != nil && !errors.Is(err, errGap) {
			slog.Warn("follow the output of a container, trying again", "container", o.id, "pause", pause, "error", err)
		}
		if !wait(ctx, pause) {
			return ctx.Err()
		}
		pause = min(2*pause, lastPause)
	}
}

// missing tells whether there is no such container.
func missing(err error) bool {
	var e *runtime.Error
	return errors.As(err, &e) && e.Kind == runtime.NotFound
}

// look tells whether the container has ended, so that all it wrote is in its log, and
// learns how the engine keeps that.
func (o *output) look(ctx context.Context) (ended bool, err error) {
	c, err := o.runtime.engine.ContainerInspect(ctx, o.id, client.ContainerInspectOptions{})
	if err != nil {
		return false, failure("CannotInspectContainerError", o.id, err)
	}
	o.raw = terminal(c.Container)
	if h := c.Container.HostConfig; h != nil {
		o.gaps.file = fileBytes(h.LogConfig)
	}
	return fromEngine(c.Container).State == runtime.Exited, nil
}

// terminal tells whether a container has one.
func terminal(c container.InspectResponse) bool { return c.Config != nil && c.Config.Tty }

// read reads the log from the last place on, to its present end or as long as it is
// followed.
func (o *output) read(ctx context.Context, follow bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	options := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true, Follow: follow}
	if since := o.place.since(o.since); !since.IsZero() {
		options.Since = timestamp(since)
	}
	log, err := o.runtime.engine.ContainerLogs(ctx, o.id, options)
	if err != nil {
		return failure("CannotInspectContainerError", o.id, err)
	}
	defer log.Close()
	if follow {
		go o.watch(ctx, cancel)
	}
	o.place.rewind()
	err = o.tell(&frames{in: bufio.NewReader(log), raw: o.raw})
	if cause := context.Cause(ctx); errors.Is(cause, errBehind) {
		return cause
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// tell yields the lines of a log stream that have not been told yet.
func (o *output) tell(in *frames) error {
	for {
		l, err := in.next()
		if err != nil {
			return err
		}
		now := time.Now()
		if l.At.Before(o.since) {
			continue
		}
		if o.place.told(l, now) {
			o.gaps.again(l)
			continue
		}
		if l.Lost, err = o.gaps.before(l, now); err != nil {
			return err
		}
		o.place.move(l)
		o.heard.Store(max(o.heard.Load(), l.At.UnixNano()))
		if !o.yield(l, nil) {
			o.stopped = true
			return nil
		}
	}
}

// watch ends a follower that is silent although there are newer lines.
func (o *output) watch(ctx context.Context, end context.CancelCauseFunc) {
	pause, behind := firstCheck, false
	for heard := o.heard.Load(); wait(ctx, pause); heard = o.heard.Load() {
		if o.heard.Load() != heard {
			continue
		}
		lines, err := o.runtime.Tail(ctx, o.id, 1)
		newer := err == nil && len(lines) == 1 && lines[0].At.UnixNano() > heard
		switch {
		case newer && behind: // twice: it was not just about to be told
			end(fmt.Errorf("follow container %s: %w", o.id, errBehind))
			return
		case newer:
			behind, pause = true, firstCheck
		default:
			behind, pause = false, min(2*pause, lastCheck)
		}
	}
}

// place is how far the output has been told. The engine keeps the lines of one stream
// in the order of their times, several of which may be equal, and can be asked for the
// lines from a time on.
type place [2]mark // of stdout, of stderr

type mark struct {
	at   time.Time
	n    int // lines told with that time
	seen int // of those, passed again since the log was opened
}

// since is from when on the log has to be read.
func (p *place) since(first time.Time) time.Time {
	last := p[0].at
	if p[1].at.After(last) {
		last = p[1].at
	}
	if last.IsZero() {
		return first
	}
	return last.Add(-skew)
}

// rewind notes that the log is read again.
func (p *place) rewind() { p[0].seen, p[1].seen = 0, 0 }

// told tells whether a line that is read now has been told before: because the log was
// opened again, or because the engine's follower went back to a file that it had read, as
// that of 20.10 does when the log is rotated under it.
func (p *place) told(l runtime.Line, now time.Time) bool {
	m := p.of(l)
	switch {
	case l.At.After(m.at):
		m.seen = m.n
		return false
	case l.At.Before(m.at):
		m.seen = 0
		return !now.Before(m.at) // else the clock has been set back, and the line is new
	case m.seen < m.n:
		m.seen++
		return true
	}
	return false
}

// move notes that a line has been told.
func (p *place) move(l runtime.Line) {
	m := p.of(l)
	if !l.At.Equal(m.at) {
		*m = mark{at: l.At}
	}
	m.n++
	m.seen = m.n
}

func (p *place) of(l runtime.Line) *mark {
	if l.Stderr {
		return &p[1]
	}
	return &p[0]
}
