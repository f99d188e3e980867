package archive

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"

	"steady/archive/segment"
	"steady/scan"
)

// answer is what became of a unit.
type answer struct {
	block *scan.Block // nil when nothing in it is wanted
	err   error
}

// run reads units on all cores and yields their blocks in the order of the units.
func (a *Archive) run(ctx context.Context, units []unit, r scan.Request, work scan.Work, yield func(*scan.Block, error) bool) {
	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()

	answers := make([]chan answer, len(units))
	for i := range answers {
		answers[i] = make(chan answer, 1)
	}
	// A worker may be this many units ahead of the reader: that bounds the memory.
	cores := min(runtime.GOMAXPROCS(0), len(units))
	ahead := make(chan struct{}, 2*cores)
	next := make(chan int)
	workers.Go(func() {
		defer close(next)
		for i := range units {
			select {
			case ahead <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	for range cores {
		workers.Go(func() {
			for i := range next {
				block, err := a.read(units[i], r)
				answers[i] <- answer{block, err}
			}
		})
	}

	ends := bounds(units, r.Order)
	for i, u := range units {
		var got answer
		select {
		case got = <-answers[i]:
		case <-ctx.Done():
			yield(nil, ctx.Err())
			return
		}
		<-ahead
		if got.err != nil {
			yield(nil, got.err)
			return
		}
		records, bytes := u.size()
		if got.block == nil {
			work.SkippedRecords += records
			work.SkippedBytes += bytes
			continue
		}
		work.Records += records
		work.Bytes += bytes
		got.block.Bound, got.block.Work = ends[i], work
		work = scan.Work{}
		if !yield(got.block, nil) {
			return
		}
	}
	if work != (scan.Work{}) && ctx.Err() == nil {
		yield(&scan.Block{Bound: end(r.Order), Work: work, Columns: map[string]*scan.Column{}}, nil)
	}
}

// end is the bound when nothing follows.
func end(o scan.Order) int64 {
	if o == scan.OldestFirst {
		return math.MaxInt64
	}
	return math.MinInt64
}

// read makes a block of a unit; nil is none.
func (a *Archive) read(u unit, r scan.Request) (*scan.Block, error) {
	q := &segment.Query{Request: r, Gone: a.gone(u.group, u.firstNumber())}
	q.From = u.from
	if u.view != nil {
		return a.readView(u.view, q)
	}
	reader, err := u.file.Reader()
	if err == nil {
		defer reader.Close()
		var rows *segment.Rows
		if rows, err = reader.Read(u.rowGroup, q); err == nil {
			return a.block(u.group, rows, r), nil
		}
	}
	return nil, a.damagedSegment(u.sealed, err)
}

// damagedSegment quarantines a segment if err says that it is damaged, and else is err.
func (a *Archive) damagedSegment(s *sealed, err error) error {
	var damage *segment.DamageError
	if !errors.As(err, &damage) {
		return err
	}
	return a.quarantine(s, damage.Err)
}

// firstNumber is the least number of a unit's records, or less.
func (u unit) firstNumber() uint64 {
	if u.view != nil {
		return slices.Min(u.view.IDs)
	}
	return u.sealed.MinNumber
}

// gone says before which number a stream's records have been deleted; nil says that no
// record from number first on has been.
func (a *Archive) gone(group string, first uint64) func(stream string) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.catalog.groups[group]
	if g != nil && first >= g.born && len(g.cleared) == 0 {
		return nil
	}
	return func(stream string) uint64 {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.catalog.goneBefore(group, stream)
	}
}
