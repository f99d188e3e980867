package archive

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"steady/archive/journal"
	"steady/archive/table"
)

// ErrClosed says that the archive has been closed.
var ErrClosed = errors.New("the archive is closed")

// FullError says that records of a class are refused for want of room.
type FullError struct {
	Class  Class
	Reason string // what is full, and by how much
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the archive takes no %s: %s", e.Class, e.Reason)
}

// request is what waits to be written: batches, or a change of the catalog.
type request struct {
	batches  []Batch
	payloads [][]byte // of the batches
	ingested int64
	change   *change

	accepted []accepted
	err      error
	done     chan struct{}
}

// accepted is a batch that is on disk, and the number of its first record.
type accepted struct {
	batch Batch
	first uint64
}

// queue holds what waits for the committer.
type queue struct {
	mu      sync.Mutex
	waiting []*request
	closed  bool
	wake    chan struct{}
}

func (q *queue) put(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.waiting = append(q.waiting, r)
	q.signal()
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) take() (requests []*request, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	requests, q.waiting = q.waiting, nil
	return requests, q.closed
}

// withdraw takes back a request that nobody has taken yet.
func (q *queue) withdraw(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, w := range q.waiting {
		if w == r {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

func (q *queue) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	was := q.closed
	q.closed = true
	q.signal()
	return !was
}

// Append stores batches, all or none, and returns when they are on disk and visible.
// Calls that come while the disk is busy share one fsync. It fails with a *FullError
// when there is no room for a batch's class. When it fails because of ctx, nothing has
// been stored.
func (a *Archive) Append(ctx context.Context, batches ...Batch) error {
	r := &request{ingested: now()}
	for _, b := range batches {
		b, err := check(b)
		if err != nil {
			return err
		}
		r.batches = append(r.batches, b)
		r.payloads = append(r.payloads, encode(b, r.ingested))
	}
	if err := a.submit(ctx, r); err != nil {
		return err
	}
	for _, b := range r.accepted {
		a.show(b, r.ingested)
	}
	return nil
}

// submit has a request written.
func (a *Archive) submit(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.done = make(chan struct{})
	if err := a.queue.put(r); err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
	}
	if a.queue.withdraw(r) {
		return ctx.Err()
	}
	<-r.done
	return r.err
}

// commit is the loop that writes the journal: whatever waits, with one fsync.
func (a *Archive) commit() {
	defer close(a.done)
	for range a.queue.wake {
		requests, closed := a.queue.take()
		if len(requests) > 0 {
			a.commitAll(requests)
		}
		if closed {
			return
		}
	}
}

// commitAll writes requests: each change by itself, as it may depend on what came
// before it, and the batches between changes together.
func (a *Archive) commitAll(requests []*request) {
	for len(requests) > 0 {
		n := 0
		for n < len(requests) && requests[n].change == nil {
			n++
		}
		if n > 0 {
			a.commitBatches(requests[:n])
		} else {
			n = 1
			a.commitChange(requests[0])
		}
		for _, r := range requests[:n] {
			close(r.done)
		}
		requests = requests[n:]
	}
}

func (a *Archive) commitBatches(requests []*request) {
	round := a.startRound()
	var frames []journal.Frame
	for _, r := range requests {
		for i, b := range r.batches {
			if !round.take(b) {
				continue
			}
			frames = append(frames, journal.Frame{Number: round.next, Payload: r.payloads[i]})
			r.accepted = append(r.accepted, accepted{b, round.next})
			round.next += uint64(len(b.Records))
		}
	}
	err := a.journal.Write(frames...)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range requests {
		if r.err = err; err != nil {
			continue
		}
		for i, b := range r.accepted {
			r.accepted[i].batch.Entity = a.catalog.accept(b.batch.header(r.ingested), b.batch.Records)
		}
	}
	if err == nil {
		a.catalog.next = round.next
	}
}

func (a *Archive) commitChange(r *request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.err = a.catalog.check(*r.change); r.err != nil {
		return
	}
	r.err = a.journal.Write(journal.Frame{Number: a.catalog.next, Payload: r.change.encode()})
	if r.err == nil {
		a.change(*r.change, a.catalog.next)
	}
}

// round is what is being committed and not in the catalog yet.
type round struct {
	catalog *catalog
	next    uint64
	origins map[string]uint64
}

func (a *Archive) startRound() *round {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &round{&a.catalog, a.catalog.next, map[string]uint64{}}
}

// take says whether a batch is new. Only the committer changes the catalog's origins,
// and only it calls take.
func (r *round) take(b Batch) bool {
	if b.Origin == "" {
		return true
	}
	highest, ok := r.origins[b.Origin]
	if !ok {
		highest, ok = r.catalog.origins[b.Origin]
	}
	if ok && b.Number <= highest {
		return false
	}
	r.origins[b.Origin] = b.Number
	return true
}

// show makes records visible that are on disk.
func (a *Archive) show(b accepted, ingested int64) {
	if len(b.batch.Records) == 0 {
		return
	}
	rows := table.Rows{
		Stream: b.batch.Stream, Entity: b.batch.Entity, Ingested: ingested, FirstID: b.first,
		Times: make([]int64, len(b.batch.Records)), Messages: make([]string, len(b.batch.Records)),
	}
	for i, r := range b.batch.Records {
		rows.Times[i], rows.Messages[i] = r.Time, r.Message
	}
	for len(rows.Times) > 0 {
		n := a.openTable(b.batch.Group).Add(rows)
		rows.Times, rows.Messages, rows.FirstID = rows.Times[n:], rows.Messages[n:], rows.FirstID+uint64(n)
	}
	a.tell(b, ingested)
}

// openTable is the table of a group that has room.
func (a *Archive) openTable(group string) *table.Table {
	a.mu.Lock()
	defer a.mu.Unlock()
	tables := a.tables[group]
	if len(tables) == 0 || tables[len(tables)-1].Full() {
		tables = append(tables, table.New(group))
		a.tables[group] = tables
	}
	return tables[len(tables)-1]
}

// replay takes in a frame of the journal at Open.
func (a *Archive) replay(_ uint64, f journal.Frame) error {
	if len(f.Payload) > 0 && f.Payload[0] == frameChange {
		c, err := decodeChange(f.Payload)
		if err != nil {
			return err
		}
		a.change(c, f.Number)
		return nil
	}
	if len(f.Payload) == 0 || f.Payload[0] != frameBatch {
		return errMalformed
	}
	h, records, err := decode(f.Payload)
	if err != nil {
		return err
	}
	b := Batch{Group: h.Group, Stream: h.Stream, Class: h.Class, Records: records}
	b.Entity = a.catalog.accept(h, records)
	a.catalog.next = f.Number + uint64(len(records))
	a.show(accepted{b, f.Number}, h.Ingested)
	return nil
}
