package column

import (
	"slices"

	"steady/insights/value"
	"steady/scan"
)

// Layout says what the slots of frames hold.
type Layout struct {
	// Sources are the fields of log events that slots have, or empty where steps set
	// them.
	Sources []string
	// Time is the slot of @timestamp where rows are no log events, or -1.
	Time int
}

// Frame is a number of rows that steps work on: those of a block, or all that a step
// collected. Frames are not changed but by setting columns; steps make new ones.
type Frame struct {
	*Layout
	N     int
	Times []int64  // @timestamp of log events; nil for other rows
	IDs   []uint64 // decides between equal times
	cols  []*Vector
	// block has the fields that no step asked for yet, and origin says which of its
	// rows each row is; nil where all are, in order.
	block  *scan.Block
	origin []int32
}

// NewFrame makes a frame of n rows that has no column yet.
func NewFrame(l *Layout, n int) *Frame {
	return &Frame{Layout: l, N: n, cols: make([]*Vector, len(l.Sources))}
}

// OfBlock makes a frame of the rows of a block.
func OfBlock(l *Layout, b *scan.Block) *Frame {
	f := NewFrame(l, b.Len())
	f.Times, f.IDs, f.block = b.Times, b.IDs, b
	return f
}

// Col is the column of a slot; one that is nowhere has no values.
func (f *Frame) Col(slot int) *Vector {
	if f.cols[slot] == nil {
		f.cols[slot] = f.load(f.Sources[slot])
	}
	return f.cols[slot]
}

func (f *Frame) load(source string) *Vector {
	if f.Times != nil && source == scan.Timestamp {
		values := make([]value.Value, f.N)
		for i, t := range f.Times {
			values[i] = value.OfTime(t)
		}
		return Rows(values)
	}
	if f.block == nil || source == "" {
		return Missing
	}
	c := f.block.Columns[source]
	if c == nil {
		return Missing
	}
	return f.ofBlock(c, source == scan.IngestionTime)
}

func (f *Frame) ofBlock(c *scan.Column, times bool) *Vector {
	v := FromScan(c, times)
	if f.origin != nil {
		v = v.Gather(f.origin)
	}
	return v
}

// Fields are all the fields of the block that the rows come from.
func (f *Frame) Fields() map[string]*Vector {
	all := map[string]*Vector{}
	if f.block != nil {
		for name, c := range f.block.Columns {
			all[name] = f.ofBlock(c, false)
		}
	}
	return all
}

// When is the time of a row, and what decides between equal times.
func (f *Frame) When(row int) (int64, uint64) {
	if f.Times != nil {
		return f.Times[row], f.IDs[row]
	}
	if f.Time < 0 {
		return 0, uint64(row)
	}
	t, _ := f.Col(f.Time).At(row).Millis()
	return t, uint64(row)
}

// Set sets the column of a slot.
func (f *Frame) Set(slot int, v *Vector) { f.cols[slot] = v }

// Gather is the frame of some rows, in the given order; a row may come several times.
func (f *Frame) Gather(keep []int32) *Frame {
	g := NewFrame(f.Layout, len(keep))
	g.block = f.block
	for i, v := range f.cols {
		if v != nil {
			g.cols[i] = v.Gather(keep)
		}
	}
	if f.Times != nil {
		g.Times, g.IDs = Pick(f.Times, keep), Pick(f.IDs, keep)
	}
	if f.block != nil {
		g.origin = keep
		if f.origin != nil {
			g.origin = Pick(f.origin, keep)
		}
	}
	return g
}

// Pick lists some elements, in the given order.
func Pick[T any](all []T, keep []int32) []T {
	some := make([]T, len(keep))
	for i, row := range keep {
		some[i] = all[row]
	}
	return some
}

// Head is the frame of the first rows.
func (f *Frame) Head(n int) *Frame {
	if n >= f.N {
		return f
	}
	return f.Gather(Sequence(n))
}

// Sequence is 0, 1, 2 and so on, of n numbers.
func Sequence(n int) []int32 {
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// Copied is a frame whose columns can be set without setting the other's.
func (f *Frame) Copied() *Frame {
	c := *f
	c.cols = slices.Clone(f.cols)
	return &c
}
