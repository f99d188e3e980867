package bus

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"steady/state"
)

// queue writes rows to a backend, in order. Writes that come while the disk is busy
// share one commit.
type queue struct {
	backend state.Backend
	log     *slog.Logger

	mu      sync.Mutex
	waiting []*write
	closed  bool
	wake    chan struct{}
	done    chan struct{}
}

type write struct {
	rows []state.Row
	done chan struct{} // nil: nobody waits
	err  error
}

var errClosed = errors.New("the event bus is closed")

func newQueue(b state.Backend, log *slog.Logger) *queue {
	q := &queue{backend: b, log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go q.run()
	return q
}

// write returns when the rows are on disk. When ctx ends first, they may be there.
func (q *queue) write(ctx context.Context, rows []state.Row) error {
	w := &write{rows: rows, done: make(chan struct{})}
	if err := q.put(w); err != nil {
		return err
	}
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// later writes a row that nobody waits for: if it is lost, a delivery is made again.
func (q *queue) later(r state.Row) {
	if err := q.put(&write{rows: []state.Row{r}}); err != nil {
		q.log.Warn("a delivery that is done is not recorded; it will be made again", "delivery", r.Key, "err", err)
	}
}

func (q *queue) put(w *write) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errClosed
	}
	q.waiting = append(q.waiting, w)
	q.signal()
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run writes until the queue is closed.
func (q *queue) run() {
	defer close(q.done)
	for range q.wake {
		q.mu.Lock()
		writes, closed := q.waiting, q.closed
		q.waiting = nil
		q.mu.Unlock()
		q.commit(writes)
		if closed {
			return
		}
	}
}

func (q *queue) commit(writes []*write) {
	var rows []state.Row
	for _, w := range writes {
		rows = append(rows, w.rows...)
	}
	if len(rows) == 0 {
		return
	}
	err := q.backend.Append(rows)
	if err != nil {
		q.log.Error("the event bus cannot write to disk", "rows", len(rows), "err", err)
	}
	for _, w := range writes {
		if w.err = err; w.done != nil {
			close(w.done)
		}
	}
}

// close writes what waits and closes the backend.
func (q *queue) close() error {
	q.mu.Lock()
	q.closed = true
	q.signal()
	q.mu.Unlock()
	<-q.done
	return q.backend.Close()
}
