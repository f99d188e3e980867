package output

import (
	"context"
	"sync"
	"time"

	"steady/runtime"
)

const (
	// batchBytes is when lines are passed on without waiting for more.
	batchBytes = 1 << 20
	// pace is how long lines are gathered else.
	pace = 100 * time.Millisecond
	// skew is by how much the times of stdout and stderr may be out of order, and how
	// long nothing may come until all that was written is taken to have come.
	skew = 50 * time.Millisecond
	// An event of several lines ends when no line has come for a moment, or when it has
	// been open so long: whoever waits for it shall see it within about a second.
	joinQuiet = 300 * time.Millisecond
	joinLimit = time.Second
	// heldBytes is how much may be held back for the sake of an exact number. Only a
	// line of that length that takes its time comes to this.
	heldBytes = 4 << 20
	// giveUpAfter is how long the last lines of an ended container are offered to a
	// sink that does not take them.
	giveUpAfter = time.Minute
	// sayEvery bounds how often the log tells of dropped lines.
	sayEvery = 10 * time.Second

	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Collector takes the output of one container to a sink until the container has ended.
type Collector struct {
	Config
	buffer *buffer
	done   chan struct{}
	sender sync.WaitGroup

	// Only whoever takes lines out of the buffer touches what follows.
	joiner  joiner
	number  uint64    // of the last batch
	newest  time.Time // the time of the newest line
	missing int       // lines dropped and not told to the log yet
	said    time.Time
}

// Collect begins to collect. It goes on until the container has ended and all that it
// wrote is kept, or ctx ends: then a later call goes on where this one was.
func Collect(ctx context.Context, c Config) *Collector {
	col := &Collector{
		Config: c, buffer: newBuffer(c.Options.BufferBytes, c.Options.Blocking), done: make(chan struct{}),
		joiner: joiner{start: c.Options.Start, buffer: c.Options.BufferBytes},
	}
	go col.run(ctx)
	return col
}

// Done is closed when nothing more will be collected.
func (c *Collector) Done() <-chan struct{} { return c.done }

func (c *Collector) run(ctx context.Context) {
	defer close(c.done)
	defer c.sender.Wait()
	if c.After != nil {
		select {
		case <-c.After:
		case <-ctx.Done():
			return
		}
	}
	if !c.resume(ctx) {
		return
	}
	after := time.Unix(0, int64(c.number))
	for l, err := range c.Runtime.Output(ctx, c.Container, after) {
		if err != nil {
			if ctx.Err() == nil {
				c.Log.Warn("read the output of a container", "error", err)
			}
			break
		}
		if l.At.After(after) && c.buffer.put(ctx, line{Line: l}) {
			c.sender.Go(func() { c.send(ctx) })
		}
	}
	if c.buffer.close() {
		c.sender.Go(func() { c.send(ctx) })
	}
}

// resume learns from where to read.
func (c *Collector) resume(ctx context.Context) bool {
	return c.try(ctx, "ask what is kept of a container's output", func() (err error) {
		c.number, err = c.Sink.Kept(ctx, c.Stream.Origin)
		return err
	})
}

// send passes lines on until none is left.
func (c *Collector) send(ctx context.Context) {
	for {
		select {
		case <-time.After(pace):
		case <-c.buffer.hurried():
		case <-ctx.Done():
			return
		}
		t := c.buffer.take()
		c.join(t)
		if !c.pass(ctx, t) {
			return
		}
		over := t.closed && !t.more
		if !over && (len(c.joiner.out) > 0 || !c.joiner.since().IsZero()) {
			continue
		}
		c.say(time.Now(), true)
		if over || c.buffer.rest() { // from then on another may send
			return
		}
	}
}

// join makes events of lines that were taken out of the buffer.
func (c *Collector) join(t taken) {
	now := time.Now()
	for _, l := range t.lines {
		c.newest = later(c.newest, l.At)
		c.missing += l.dropped + l.Lost
		c.joiner.add(l)
	}
	c.say(now, false)
	switch j := c.joiner.joined; {
	case t.more:
	case t.closed:
		c.joiner.end()
		c.missing += t.dropped
		c.joiner.say(line{Line: runtime.Line{At: c.newest}, dropped: t.dropped})
	case j != nil && (now.Sub(t.came) >= joinQuiet || now.Sub(j.first) >= joinLimit):
		c.joiner.flush()
	}
}

// pass has the events kept that can be.
func (c *Collector) pass(ctx context.Context, t taken) bool {
	events, settled := c.joiner.out, c.newest.Add(-skew)
	if !t.more && (t.closed || time.Since(t.came) >= skew) {
		settled = c.newest.Add(1)
	}
	n, through := cut(events, c.joiner.since(), settled)
	if n == 0 && size(events) > heldBytes {
		n, through = len(events), c.newest
	}
	if n == 0 {
		return true
	}
	b := Batch{Number: max(c.number+1, uint64(through.UnixNano()))}
	for _, e := range events[:n] {
		b.Events = append(b.Events, e.Event)
	}
	if !c.try(ctx, "store the output of a container", func() error { return c.Sink.Append(ctx, c.Stream, b) }) {
		return false
	}
	c.number = b.Number
	c.joiner.out = append([]event(nil), events[n:]...)
	return true
}

func size(events []event) (bytes int) {
	for _, e := range events {
		bytes += len(e.Message)
	}
	return bytes
}

// try does something until it works, ctx ends, or the container has ended so long ago
// that its output is given up.
func (c *Collector) try(ctx context.Context, what string, do func() error) bool {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := do()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if c.buffer.abandoned() {
			c.Log.Error(what+", given up: its last lines are not in the log", "group", c.Stream.Group, "stream", c.Stream.Name, "error", err)
			return false
		}
		c.Log.Warn(what+", trying again", "group", c.Stream.Group, "stream", c.Stream.Name, "pause", pause, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// say tells the log of dropped lines, now and then.
func (c *Collector) say(now time.Time, last bool) {
	if c.missing == 0 || !last && now.Sub(c.said) < sayEvery {
		return
	}
	c.Log.Warn("lines of a container's output were dropped: it writes faster than they can be stored", "lines", c.missing, "group", c.Stream.Group, "stream", c.Stream.Name)
	c.missing, c.said = 0, now
}
