package output

import (
	"context"
	"sync"
	"time"
)

// lineExtra is what a line that waits takes beyond its text.
const lineExtra = 96

// buffer holds the lines that wait, within its bounds.
type buffer struct {
	max      int
	blocking bool

	mu      sync.Mutex
	lines   []line
	bytes   int
	dropped int           // since the last line that was taken in
	came    time.Time     // when that was
	closed  bool          // nothing more comes
	ended   time.Time     // since when
	busy    bool          // somebody is taking lines out
	full    chan struct{} // closed when a batch's worth waits, or nothing more comes
	room    chan struct{} // closed when lines were taken out
}

func newBuffer(max int, blocking bool) *buffer {
	return &buffer{max: max, blocking: blocking, full: make(chan struct{}), room: make(chan struct{})}
}

// put takes in a line, waits for room, or drops the line and counts it. It tells whether
// nobody is taking lines out.
func (b *buffer) put(ctx context.Context, l line) (idle bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := len(l.Text) + lineExtra
	for b.bytes > 0 && b.bytes+size > b.max {
		if !b.blocking || ctx.Err() != nil {
			b.drop(l)
			return false
		}
		room := b.room
		b.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
		}
		b.mu.Lock()
	}
	l.dropped, b.dropped = b.dropped, 0
	b.lines = append(b.lines, l)
	b.bytes += size
	b.came = time.Now()
	if b.bytes >= batchBytes {
		b.hurry()
	}
	idle = !b.busy
	b.busy = true
	return idle
}

func (b *buffer) drop(l line) {
	b.dropped += l.Lost
	if !l.Partial {
		b.dropped++
	}
}

func (b *buffer) hurry() {
	select {
	case <-b.full:
	default:
		close(b.full)
	}
}

// close says that nothing more comes. It tells whether nobody is taking lines out.
func (b *buffer) close() (idle bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.ended = true, time.Now()
	b.hurry()
	idle = !b.busy
	b.busy = true
	return idle
}

// taken is what was taken out of the buffer.
type taken struct {
	lines   []line
	came    time.Time // when the newest line came in
	dropped int       // after the last of them, once nothing more comes
	more    bool      // lines are left
	closed  bool      // nothing more comes
}

// take takes out a batch's worth of lines.
func (b *buffer) take() taken {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, bytes := 0, 0
	for n < len(b.lines) && bytes < batchBytes {
		bytes += len(b.lines[n].Text) + lineExtra
		n++
	}
	t := taken{lines: b.lines[:n:n], came: b.came, more: n < len(b.lines), closed: b.closed}
	b.lines = b.lines[n:]
	b.bytes -= bytes
	if n > 0 {
		close(b.room)
		b.room = make(chan struct{})
	}
	if !t.more {
		b.lines = nil
		if t.closed {
			t.dropped, b.dropped = b.dropped, 0
		} else {
			b.full = make(chan struct{})
		}
	}
	return t
}

// rest notes that nobody is taking lines out any more, unless there is something to do.
func (b *buffer) rest() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) > 0 || b.closed {
		return false
	}
	b.busy = false
	return true
}

// abandoned tells whether nothing more has come for so long that what is left may be
// given up.
func (b *buffer) abandoned() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed && time.Since(b.ended) > giveUpAfter
}

// hurried is closed when the next batch should be taken at once.
func (b *buffer) hurried() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.full
}
