package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

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
	packed   [][]byte // the messages of each
	ingested int64
	change   *change
	seal     bool // ask that the part be sealed

	accepted []accepted
	err      error
	done     chan struct{}
}

// accepted is a batch that is on disk, the number of its first record, and the part
// that it is in.
type accepted struct {
	batch  Batch
	first  uint64
	part   *part
	packed []byte // its messages
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
		payload, packed := encode(b, r.ingested)
		r.payloads, r.packed = append(r.payloads, payload), append(r.packed, packed)
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
	defer close(a.committerDone)
	tick := time.NewTicker(a.options.SealAfter / 4)
	defer tick.Stop()
	for {
		select {
		case <-a.queue.wake:
		case <-tick.C:
		}
		requests, closed := a.queue.take()
		a.commitAll(requests)
		if closed {
			return
		}
		if a.full(a.active) || a.old(a.active) {
			a.rotate()
		}
	}
}

// commitAll writes requests: the batches between others together, and each other by
// itself, as it may depend on what came before it.
func (a *Archive) commitAll(requests []*request) {
	for len(requests) > 0 {
		n := 0
		for n < len(requests) && len(requests[n].batches) > 0 {
			n++
		}
		switch {
		case n > 0:
			a.commitBatches(requests[:n])
		case requests[0].change != nil:
			a.commitChange(requests[0])
		case requests[0].seal && a.active.changed():
			a.rotate()
		}
		n = max(n, 1)
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
		if r.err = round.room(r.batches); r.err != nil {
			continue
		}
		for i, b := range r.batches {
			if !round.take(b) {
				continue
			}
			frames = append(frames, journal.Frame{Number: round.next, Payload: r.payloads[i]})
			r.accepted = append(r.accepted, accepted{b, round.next, a.active, r.packed[i]})
			round.next += uint64(len(b.Records))
		}
	}
	err := a.journal.Write(frames...)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range requests {
		if err != nil {
			r.err, r.accepted = cmp.Or(r.err, a.writeFailed(err, r.batches)), nil
			continue
		}
		for i := range r.accepted {
			a.accept(&r.accepted[i], r.ingested)
		}
	}
	if err == nil {
		a.catalog.next = round.next
	}
}

// accept takes in a batch that is on disk. a.mu is held.
func (a *Archive) accept(b *accepted, ingested int64) {
	b.batch.Entity = a.catalog.accept(b.batch.header(ingested), b.batch.Records)
	bytes := int64(0)
	for _, r := range b.batch.Records {
		bytes += int64(len(r.Message))
	}
	b.part.count(b.batch.Class, len(b.batch.Records), bytes)
	b.part.coming.Add(1)
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
		a.active.count(Events, 0, 0)
	}
}

// round is what is being committed and not in the catalog yet.
type round struct {
	archive *Archive
	catalog *catalog
	next    uint64
	origins map[string]uint64
	lacking map[Class]string // what classes lack that were asked about
}

func (a *Archive) startRound() *round {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &round{a, &a.catalog, a.catalog.next, map[string]uint64{}, map[Class]string{}}
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
	defer b.part.coming.Done()
	rows := table.Rows{
		Stream: b.batch.Stream, Entity: b.batch.Entity, Ingested: ingested,
		Rows: make([]table.Row, len(b.batch.Records)), Packed: b.packed,
	}
	for i, r := range b.batch.Records {
		rows.Rows[i] = table.Row{ID: b.first + uint64(i), Time: r.Time, Message: r.Message}
	}
	for len(rows.Rows) > 0 {
		a.mu.Lock()
		t := b.part.table(b.batch.Group)
		a.mu.Unlock()
		if n := t.Add(rows); n < len(rows.Rows) {
			rows.Rows, rows.Packed = rows.Rows[n:], nil
			continue
		}
		break
	}
	a.tell(b, ingested)
}

// replay takes in a frame of the journal at Open.
func (a *Archive) replay(number uint64, f journal.Frame) error {
	if a.active == nil || a.active.number != number {
		if err := a.replayPart(number); err != nil {
			return err
		}
	}
	if len(f.Payload) > 0 && f.Payload[0] == frameChange {
		c, err := decodeChange(f.Payload)
		if err != nil {
			return err
		}
		a.change(c, f.Number)
		a.active.count(Events, 0, 0)
		return nil
	}
	if len(f.Payload) == 0 || f.Payload[0] != frameBatch {
		return errMalformed
	}
	h, records, packed, err := decode(f.Payload)
	if err != nil {
		return err
	}
	b := accepted{Batch{Group: h.Group, Stream: h.Stream, Class: h.Class, Entity: h.Entity, Origin: h.Origin, Number: h.Number, Records: records}, f.Number, a.active, packed}
	a.accept(&b, h.Ingested)
	a.catalog.next = f.Number + uint64(len(records))
	a.show(b, h.Ingested)
	return nil
}
