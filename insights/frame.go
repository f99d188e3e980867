package insights

import (
	"slices"

	"steady/insights/value"
	"steady/scan"
)

// frame is a number of rows that steps work on: those of a block, or all that a step
// collected. Frames are not changed but by setting columns; steps make new ones.
type frame struct {
	space *space
	n     int
	times []int64  // @timestamp of log events; nil for other rows
	ids   []uint64 // decides between equal times
	cols  []*vector
	// block has the fields that no step asked for yet, and origin says which of its
	// rows each row is; nil where all are, in order.
	block  *scan.Block
	origin []int32
}

func blockFrame(s *space, b *scan.Block) *frame {
	return &frame{space: s, n: b.Len(), times: b.Times, ids: b.IDs, cols: make([]*vector, len(s.slots)), block: b}
}

// col is the column of a slot; one that is nowhere has no values.
func (f *frame) col(slot int) *vector {
	if f.cols[slot] == nil {
		f.cols[slot] = f.load(f.space.slots[slot])
	}
	return f.cols[slot]
}

func (f *frame) load(s slot) *vector {
	if f.times != nil && s.source == scan.Timestamp {
		values := make([]value.Value, f.n)
		for i, t := range f.times {
			values[i] = value.OfTime(t)
		}
		return rowsVector(values)
	}
	if f.block == nil || s.source == "" {
		return missing
	}
	c := f.block.Columns[s.source]
	if c == nil {
		return missing
	}
	v := columnVector(c, s.source == scan.IngestionTime)
	if f.origin != nil {
		v = v.gather(f.origin)
	}
	return v
}

func (f *frame) set(slot int, v *vector) { f.cols[slot] = v }

// gather is the frame of some rows, in the given order; a row may come several times.
func (f *frame) gather(keep []int32) *frame {
	g := &frame{space: f.space, n: len(keep), cols: make([]*vector, len(f.cols)), block: f.block}
	for i, v := range f.cols {
		if v != nil {
			g.cols[i] = v.gather(keep)
		}
	}
	if f.times != nil {
		g.times, g.ids = pick(f.times, keep), pick(f.ids, keep)
	}
	if f.block != nil {
		g.origin = keep
		if f.origin != nil {
			g.origin = pick(f.origin, keep)
		}
	}
	return g
}

func pick[T any](all []T, keep []int32) []T {
	some := make([]T, len(keep))
	for i, row := range keep {
		some[i] = all[row]
	}
	return some
}

// head is the frame of the first rows.
func (f *frame) head(n int) *frame {
	if n >= f.n {
		return f
	}
	return f.gather(sequence(n))
}

func sequence(n int) []int32 {
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// copied is a frame whose columns can be set without setting the other's.
func (f *frame) copied() *frame {
	c := *f
	c.cols = slices.Clone(f.cols)
	return &c
}
