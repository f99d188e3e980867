// Package state is the only seam between the parts of Steady: what is desired and
// what was observed, in typed tables, with transactions, immutable snapshots and
// a feed of commits. It holds no rule about what the values mean: what follows from a
// change is for the function that Derive is given.
//
// Invariants:
//
//   - Transactions run one at a time against the newest state, so each sees all
//     that was accepted before it and none is ever undone by another.
//   - A transaction is answered only when it is on disk. Transactions that arrive
//     while the disk is busy share one write (group commit).
//   - Snapshots and the feed show only what is on disk.
//   - A value that was put is shared by all readers and never changed again.
//   - When the disk refuses a write the store accepts nothing any more (Failed):
//     later transactions have seen what could not be kept.
package state

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// Store holds the state of one Steady server.
type Store struct {
	backend Backend
	derive  func(tx *Tx, changes []Change)

	mu      sync.Mutex // guards what follows, up to failed
	working tables
	index   uint64
	told    uint64 // number of the last event in the outbox
	pending *batch
	writing *batch // being written, nil when none is
	failed  error

	published atomic.Pointer[Snapshot]
	feed      feed

	wake   chan struct{}
	stop   chan struct{}
	done   chan struct{}
	broken chan struct{}
}

// batch is the transactions that share one write.
type batch struct {
	changes []Change
	done    chan struct{} // closed when err is final
	err     error
}

// Option is a choice at Open.
type Option func(*Store)

// Derive has fn look at every transaction that changed something, once it is complete
// and before it is accepted: changes are what it changed, in order. What fn writes is
// part of the transaction, and is not shown to it again. fn must be quick, and must
// have no effect but through tx.
func Derive(fn func(tx *Tx, changes []Change)) Option {
	return func(s *Store) { s.derive = fn }
}

// Open loads the state that the backend holds. Close it when done.
func Open(b Backend, options ...Option) (*Store, error) {
	s := &Store{
		backend: b,
		derive:  func(*Tx, []Change) {},
		working: newTables(),
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
		broken:  make(chan struct{}),
	}
	if err := b.Load(s.working.load); err != nil {
		return nil, fmt.Errorf("load the state: %w", err)
	}
	s.told = s.working.lastOutgoing()
	for _, option := range options {
		option(s)
	}
	s.published.Store(&Snapshot{tables: s.working.snapshot()})
	s.pending = newBatch()
	go s.commit()
	return s, nil
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// Snapshot returns the newest state that is on disk.
func (s *Store) Snapshot() *Snapshot { return s.published.Load() }

// Failed is closed when the backend refused a write; Err then tells why.
func (s *Store) Failed() <-chan struct{} { return s.broken }

// Err is the reason why the store accepts nothing any more, or nil.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// Update runs fn as a transaction and returns when what it wrote is on disk. When
// fn returns an error nothing is written and the error is returned as it is. fn
// must have no effect but through tx, and must not call the store.
//
// A transaction that wrote nothing also waits for what it may have read. If ctx
// ends first its error is returned, and whether the write lasted is unknown.
func (s *Store) Update(ctx context.Context, fn func(tx *Tx) error) error {
	b, err := s.stage(fn)
	if err != nil {
		return err
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stage runs fn against the newest state and leaves its writes in the batch.
func (s *Store) stage(fn func(tx *Tx) error) (*batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return nil, s.failed
	}
	tx := &Tx{Snapshot: Snapshot{Index: s.index, tables: s.working}, told: s.told}
	finished := false
	defer func() {
		if !finished { // fn failed or panicked
			tx.undo()
		}
	}()
	if err := fn(tx); err != nil {
		return nil, err
	}
	if changes := tx.changes; len(changes) > 0 {
		s.derive(tx, changes)
	}
	finished = true
	s.told = tx.told
	if len(tx.changes) == 0 && len(s.pending.changes) == 0 {
		if s.writing != nil {
			return s.writing, nil
		}
		return settledBatch, nil
	}
	if len(tx.changes) > 0 {
		s.index++
		s.pending.changes = append(s.pending.changes, tx.changes...)
	}
	s.nudge()
	return s.pending, nil
}

// settledBatch is the answer to a transaction that has nothing to wait for.
var settledBatch = func() *batch { b := newBatch(); close(b.done); return b }()

func (s *Store) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// commit writes batch after batch until Close.
func (s *Store) commit() {
	defer close(s.done)
	for {
		select {
		case <-s.wake:
			s.flush()
		case <-s.stop:
			s.flush()
			return
		}
	}
}

// flush writes what is pending, then shows it.
func (s *Store) flush() {
	s.mu.Lock()
	b := s.pending
	s.pending = newBatch()
	s.writing = b
	next := &Snapshot{Index: s.index, tables: s.working.snapshot()}
	err := s.failed
	s.mu.Unlock()
	if err == nil && len(b.changes) > 0 {
		err = s.append(b.changes)
	}
	if err == nil {
		s.published.Store(next)
		s.feed.publish(next, b.changes)
	}
	s.mu.Lock()
	s.writing = nil
	if err != nil && s.failed == nil {
		s.failed = err
		close(s.broken)
	}
	s.mu.Unlock()
	b.err = err
	close(b.done)
}

func (s *Store) append(changes []Change) error {
	rows, err := encode(changes)
	if err != nil {
		return fmt.Errorf("encode a commit: %w", err)
	}
	if err := s.backend.Append(rows); err != nil {
		return fmt.Errorf("write a commit to disk: %w", err)
	}
	return nil
}

// Close writes what is pending and closes the backend.
func (s *Store) Close() error {
	close(s.stop)
	<-s.done
	s.mu.Lock()
	if s.failed == nil {
		s.failed = fmt.Errorf("the state is closed")
	}
	s.mu.Unlock()
	return s.backend.Close()
}
