package state

import (
	"context"
	"sync"
)

// Commit is what one write to disk changed, and the state after it.
type Commit struct {
	Snapshot *Snapshot
	Changes  []Change
}

// feed hands every commit to every subscription, in order.
type feed struct {
	mu   sync.Mutex
	subs map[*Subscription]struct{}
}

// Subscription is one reader of the feed. Commits wait in it until they are read.
type Subscription struct {
	feed   *feed
	mu     sync.Mutex
	queue  []Commit
	notify chan struct{}
}

// Follow returns the newest snapshot and a subscription to all commits after it.
func (s *Store) Follow() (*Snapshot, *Subscription) {
	sub := &Subscription{feed: &s.feed, notify: make(chan struct{}, 1)}
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	if s.feed.subs == nil {
		s.feed.subs = map[*Subscription]struct{}{}
	}
	s.feed.subs[sub] = struct{}{}
	return s.Snapshot(), sub
}

// publish is called by one goroutine only, after the snapshot was made visible: a
// reader that follows in between may see a commit twice, never miss one.
func (f *feed) publish(snap *Snapshot, changes []Change) {
	if len(changes) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for sub := range f.subs {
		sub.push(Commit{snap, changes})
	}
}

func (s *Subscription) push(c Commit) {
	s.mu.Lock()
	s.queue = append(s.queue, c)
	s.mu.Unlock()
	select {
	case s.notify <- struct{}{}:
	default:
	}
}

// Ready receives when commits may be waiting; Take then returns them.
func (s *Subscription) Ready() <-chan struct{} { return s.notify }

// Take returns the commits that wait, oldest first; none when none do.
func (s *Subscription) Take() []Commit {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queue
	s.queue = nil
	return q
}

// Next waits for commits and returns them, oldest first.
func (s *Subscription) Next(ctx context.Context) ([]Commit, error) {
	for {
		if q := s.Take(); len(q) > 0 {
			return q, nil
		}
		select {
		case <-s.notify:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	delete(s.feed.subs, s)
}
