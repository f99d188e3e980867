package archive

import (
	"context"
	"slices"
	"sync"
)

// arrivalBytes is about what an arrival takes up beside its message.
const arrivalBytes = 128

// followed is how many bytes of messages wait for a follower before it loses the oldest.
const followed = 4 << 20

// Arrival is a record that has just been accepted.
type Arrival struct {
	Group, Stream string
	Time          int64 // ms since the epoch
	Ingested      int64 // ms since the epoch
	ID            uint64
	Message       string
}

// Follower is told of new records. Close it after use.
type Follower struct {
	archive *Archive
	groups  []string // nil is all

	mu      sync.Mutex
	waiting []Arrival
	bytes   int
	lost    int64
	ended   bool
	wake    chan struct{}
}

// Follow tells of records that are accepted from now on, of some groups or, without
// any, of all.
func (a *Archive) Follow(groups ...string) *Follower {
	f := &Follower{archive: a, groups: groups, wake: make(chan struct{}, 1)}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.followers[f] = true
	return f
}

// Next waits for records and gives them in the order of their acceptance, nearly. lost
// is how many there were besides that a slow reader has missed. It fails with ErrClosed
// when the follower or the archive is closed, and with ctx's error.
func (f *Follower) Next(ctx context.Context) (arrivals []Arrival, lost int64, err error) {
	for {
		f.mu.Lock()
		arrivals, lost = f.waiting, f.lost
		f.waiting, f.lost, f.bytes = nil, 0, 0
		ended := f.ended
		f.mu.Unlock()
		switch {
		case len(arrivals) > 0 || lost > 0:
			return arrivals, lost, nil
		case ended:
			return nil, 0, ErrClosed
		}
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-f.wake:
		}
	}
}

// Close ends the follower.
func (f *Follower) Close() {
	f.archive.mu.Lock()
	delete(f.archive.followers, f)
	f.archive.mu.Unlock()
	f.end()
}

func (f *Follower) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	f.signal()
}

func (f *Follower) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Follower) add(b accepted, ingested int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, r := range b.batch.Records {
		f.waiting = append(f.waiting, Arrival{b.batch.Group, b.batch.Stream, r.Time, ingested, b.first + uint64(i), r.Message})
		f.bytes += len(r.Message) + arrivalBytes
	}
	drop := 0
	for ; f.bytes > followed && drop < len(f.waiting)-1; drop++ {
		f.bytes -= len(f.waiting[drop].Message) + arrivalBytes
	}
	f.waiting = slices.Delete(f.waiting, 0, drop)
	f.lost += int64(drop)
	f.signal()
}

// tell tells the followers of a batch.
func (a *Archive) tell(b accepted, ingested int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for f := range a.followers {
		if len(f.groups) == 0 || slices.Contains(f.groups, b.batch.Group) {
			f.add(b, ingested)
		}
	}
}
