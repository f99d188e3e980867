package sim

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"steady/runtime"
)

// write adds lines to a container's output.
func (c *container) write(lines ...runtime.Line) {
	if len(lines) == 0 {
		return
	}
	c.lines = append(c.lines, lines...)
	c.written += len(lines)
	if extra := len(c.lines) - maxLines; extra > 0 {
		c.lines = slices.Clone(c.lines[extra:])
	}
	c.wake()
}

// writeScript plays the lines of a script, again and again if it says so.
func (r *Runtime) writeScript(c *container) {
	var lines []runtime.Line
	for _, l := range c.script.lines {
		l.At = time.Now()
		for text := l.Text; len(text) > runtime.PartBytes; text = l.Text {
			part := l
			part.Text, part.Partial = text[:runtime.PartBytes], true
			lines, l.Text = append(lines, part), text[runtime.PartBytes:]
		}
		lines = append(lines, l)
	}
	c.write(lines...)
	if c.script.logEvery > 0 {
		r.during(c, c.script.logEvery, func() { r.writeScript(c) })
	}
}

// wake tells those who read the output that there is news.
func (c *container) wake() {
	if c.news != nil {
		close(c.news)
		c.news = nil
	}
}

// Output yields the lines of the script.
func (r *Runtime) Output(ctx context.Context, id string, since time.Time) iter.Seq2[runtime.Line, error] {
	return func(yield func(runtime.Line, error) bool) {
		next := 0 // the line to tell, counted from the container's first
		for {
			lines, news, err := r.outputFrom(ctx, id, next)
			if err != nil {
				yield(runtime.Line{}, err)
				return
			}
			for _, l := range lines {
				next += 1 + l.Lost
				if !l.At.Before(since) && !yield(l, nil) {
					return
				}
			}
			if news == nil {
				return
			}
			select {
			case <-news:
			case <-ctx.Done():
			}
		}
	}
}

// outputFrom is the output from a line on. The channel is closed when there is news; it
// is nil when the container has ended.
func (r *Runtime) outputFrom(ctx context.Context, id string, next int) ([]runtime.Line, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.find(ctx, "CannotInspectContainerError", id)
	if err != nil {
		return nil, nil, err
	}
	kept := c.written - len(c.lines) // the number of the first line that is kept
	lines := slices.Clone(c.lines[max(0, next-kept):])
	if lost := kept - next; lost > 0 && len(lines) > 0 {
		lines[0].Lost = lost
	}
	if c.state == runtime.Exited {
		return lines, nil, nil
	}
	if c.news == nil {
		c.news = make(chan struct{})
	}
	return lines, c.news, nil
}

// Stats is what the script uses, for as long as the container has run.
func (r *Runtime) Stats(ctx context.Context, id string) (runtime.Stats, error) {
	const name = "CannotGetContainerStatsError"
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.find(ctx, name, id)
	if err != nil {
		return runtime.Stats{}, err
	}
	if c.run == nil {
		return runtime.Stats{}, &runtime.Error{Kind: runtime.NotFound, Name: name, Detail: "container " + id + " is not running"}
	}
	now := time.Now()
	ran := now.Sub(c.startedAt)
	use := c.script.use
	so := func(perSecond int64) int64 { return int64(float64(perSecond) * ran.Seconds()) }
	s := runtime.Stats{
		At: now, CPU: time.Duration(use.cpu * float64(ran)), Memory: use.memory,
		Rx: runtime.Traffic{Bytes: so(use.network), Packets: so(use.network) / 1000},
		Tx: runtime.Traffic{Bytes: so(use.network), Packets: so(use.network) / 1000},

		BlockRead: so(use.disk), BlockWrite: so(use.disk),
	}
	s.Raw = raw(s)
	return s, nil
}

// raw puts a sample into the engine's form.
func raw(s runtime.Stats) json.RawMessage {
	type object map[string]any
	b, err := json.Marshal(object{
		"read":         s.At,
		"cpu_stats":    object{"cpu_usage": object{"total_usage": s.CPU.Nanoseconds()}},
		"memory_stats": object{"usage": s.Memory},
		"networks":     object{"eth0": object{"rx_bytes": s.Rx.Bytes, "rx_packets": s.Rx.Packets, "tx_bytes": s.Tx.Bytes, "tx_packets": s.Tx.Packets}},
	})
	if err != nil {
		panic(err) // numbers and a time always have a JSON form
	}
	return b
}

// use is what a script makes a container use.
type use struct {
	cpu     float64 // processors
	memory  int64   // bytes
	network int64   // bytes a second, in each direction
	disk    int64   // bytes a second, read and written
}

// idle is what a container uses whose script says nothing of it.
var idle = use{memory: 4 << 20}
