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
	times := f.Col(b.Slot)
	others := make([]*column.Vector, len(b.Others))
	for i, s := range b.Others {
		others[i] = f.Col(s)
	}
	key := func(row int, t int64) string {
		key := value.AppendKey(nil, value.OfTime(t))
		for _, v := range others {
			key = value.AppendKey(key, v.At(row))
		}
		return string(key)
	}
	there := map[string]bool{}
	groups := map[string]int{} // a row of each
	var first, last int64
	for row := range f.N {
		t, _ := times.At(row).Millis()
		if row == 0 || t < first {
			first = t
		}
		last = max(last, t)
		there[key(row, t)] = true
		if g := key(row, 0); len(groups) == 0 || groups[g] == 0 {
			groups[g] = row + 1
		}
	}
	// The rows that are there, and for each new one, one of its group.
	origin := column.Sequence(f.N)
	var added []int64
	for t := first; f.N > 0 && t <= last; t = function.Next(t, b.Period) {
		for _, row := range groups {
			if !there[key(row-1, t)] {
				origin, added = append(origin, int32(row-1)), append(added, t)
			}
		}
		if len(added) > maxBins {
			return nil, fmt.Errorf("fillmissing would add more than %d rows: take a longer bin or a shorter time range", maxBins)
		}
	}
	g := f.Gather(origin)
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
