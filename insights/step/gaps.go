package step

import (
	"fmt"
	"slices"

	"steady/insights/column"
	"steady/insights/function"
	"steady/insights/ql"
	"steady/insights/value"
)

// maxBins is how many rows fillmissing makes at most.
const maxBins = 100000

// Gaps adds rows for the empty bins between the first and the last one, for each
// combination of the other groups.
type Gaps struct {
	Period ql.Period
	Slot   int   // of the bins
	Others []int // of the other groups
	// With are values for the columns of the rows that are added.
	With map[int]value.Value
}

// Apply makes the next frame.
func (b *Gaps) Apply(f *column.Frame) (*column.Frame, error) {
	like, added, err := b.missing(f)
	if err != nil {
		return nil, err
	}
	g := f.Gather(append(column.Sequence(f.N), like...))
	for slot := range g.Sources {
		if !slices.Contains(b.Others, slot) {
			g.Set(slot, b.filled(f, slot, added, b.With[slot]))
		}
	}
	keys := []column.Key{{Node: column.Slot(b.Slot), Descending: true}}
	for _, s := range b.Others {
		keys = append(keys, column.Key{Node: column.Slot(s)})
	}
	return Sort(keys).Apply(g)
}

// missing lists the times of the bins that are not there, and for each a row of the
// same group.
func (b *Gaps) missing(f *column.Frame) (like []int32, added []int64, err error) {
	there := map[string]bool{}
	groups := map[string]int32{} // a row of each
	var first, last int64
	for row := range f.N {
		t, _ := f.Col(b.Slot).At(row).Millis()
		if row == 0 || t < first {
			first = t
		}
		if row == 0 || t > last {
			last = t
		}
		there[b.key(f, row, t)] = true
		groups[b.key(f, row, 0)] = int32(row)
	}
	for t := first; f.N > 0 && t <= last; t = function.Next(t, b.Period) {
		for _, row := range groups {
			if !there[b.key(f, int(row), t)] {
				like, added = append(like, row), append(added, t)
			}
		}
		if len(added) > maxBins {
			return nil, nil, fmt.Errorf("fillmissing would add more than %d rows: take a longer bin or a shorter time range", maxBins)
		}
	}
	return like, added, nil
}

// key stands for a bin of the group that a row is of.
func (b *Gaps) key(f *column.Frame, row int, t int64) string {
	key := value.AppendKey(nil, value.OfTime(t))
	for _, s := range b.Others {
		key = value.AppendKey(key, f.Col(s).At(row))
	}
	return string(key)
}

// filled is a column with the values of the rows that are added.
func (b *Gaps) filled(f *column.Frame, slot int, added []int64, with value.Value) *column.Vector {
	v := f.Col(slot)
	values := make([]value.Value, 0, f.N+len(added))
	for row := range f.N {
		values = append(values, v.At(row))
	}
	for _, t := range added {
		if slot == b.Slot {
			with = value.OfTime(t)
		}
		values = append(values, with)
	}
	return column.Rows(values)
}
