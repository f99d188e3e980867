package insights

import (
	"slices"

	"steady/insights/aggregate"
	"steady/insights/column"
	"steady/insights/value"
)

// statsSink aggregates frames.
type statsSink struct {
	*stats
	groups map[string]int32 // by the values that they have in common
	keys   [][]value.Value  // of each group
	aggs   []aggregate.Aggregate
	bytes  int64 // of keys
	ids    []int32
}

func newStatsSink(s *stats) *statsSink {
	k := &statsSink{stats: s, groups: map[string]int32{}}
	for _, c := range s.calls {
		k.aggs = append(k.aggs, c.make())
	}
	return k
}

func (k *statsSink) add(f *column.Frame) {
	if f.N == 0 {
		return
	}
	groups := k.assign(f)
	for i, a := range k.aggs {
		a.Grow(len(k.keys))
		v := column.Missing
		if arg := k.calls[i].arg; arg != nil {
			v = arg.Eval(f)
		}
		a.Add(groups, v, f)
	}
}

func (k *statsSink) size() int64 {
	n := k.bytes
	for _, a := range k.aggs {
		n += a.Size() + 40*int64(len(k.keys))
	}
	return n
}

// assign tells each row's group. The values of several columns are looked up as one
// number, which stands for a combination of their codes in this frame.
func (k *statsSink) assign(f *column.Frame) []int32 {
	k.ids = slices.Grow(k.ids[:0], f.N)[:f.N]
	by := make([]*column.Vector, len(k.by))
	cards := make([]uint64, len(k.by))
	combinations := uint64(1)
	for i, n := range k.by {
		by[i] = n.Eval(f).Encoded()
		cards[i] = uint64(by[i].Size()) + 1
		combinations *= cards[i]
		if combinations > 1<<40 { // rather by their texts: this never is a number too large
			return k.assignByKey(f)
		}
	}
	if combinations <= uint64(4*f.N)+1024 {
		k.assignByTable(by, cards, make([]int32, combinations))
		return k.ids
	}
	k.assignByMap(by, cards)
	return k.ids
}

// combination is the number of a row's combination of codes.
func combination(by []*column.Vector, cards []uint64, row int) uint64 {
	c := uint64(0)
	for i, v := range by {
		c = c*cards[i] + uint64(v.Code(row))
	}
	return c
}

func (k *statsSink) assignByTable(by []*column.Vector, cards []uint64, table []int32) {
	for row := range k.ids {
		c := combination(by, cards, row)
		if table[c] == 0 {
			table[c] = k.group(by, row) + 1
		}
		k.ids[row] = table[c] - 1
	}
}

func (k *statsSink) assignByMap(by []*column.Vector, cards []uint64) {
	known := map[uint64]int32{}
	for row := range k.ids {
		c := combination(by, cards, row)
		g, ok := known[c]
		if !ok {
			g = k.group(by, row)
			known[c] = g
		}
		k.ids[row] = g
	}
}

func (k *statsSink) assignByKey(f *column.Frame) []int32 {
	by := make([]*column.Vector, len(k.by))
	for i, n := range k.by {
		by[i] = n.Eval(f)
	}
	for row := range k.ids {
		k.ids[row] = k.group(by, row)
	}
	return k.ids
}

// group finds the group of a row by its values, or opens it.
func (k *statsSink) group(by []*column.Vector, row int) int32 {
	var key []byte
	values := make([]value.Value, len(by))
	for i, v := range by {
		if x := v.At(row); !x.IsStructure() { // "maps and lists are not usable in stats"
			values[i] = x
		}
		key = value.AppendKey(key, values[i])
	}
	g, ok := k.groups[string(key)]
	if !ok {
		g = int32(len(k.keys))
		k.groups[string(key)] = g
		for i := range values {
			k.bytes += int64(values[i].Size()) + 48
			values[i] = values[i].Clone()
		}
		k.bytes += int64(len(key)) + 64
		k.keys = append(k.keys, values)
	}
	return g
}

// finish makes the frame of the groups as they are now, in a definite order: bins
// from the newest on, other values ascending.
func (k *statsSink) finish() *column.Frame {
	n := len(k.keys)
	f := column.NewFrame(k.to.layout, n)
	order := column.Sequence(n)
	slices.SortStableFunc(order, func(a, b int32) int { return compareKeys(k.keys[a], k.keys[b]) })
	for i, slot := range k.stats.groups {
		values := make([]value.Value, n)
		for row, g := range order {
			values[row] = k.keys[g][i]
		}
		f.Set(slot, column.Rows(values))
	}
	for i, a := range k.aggs {
		a.Grow(n)
		values := make([]value.Value, n)
		for row, g := range order {
			values[row] = a.Result(int(g))
		}
		f.Set(k.calls[i].slot, column.Rows(values))
	}
	for _, item := range k.items {
		f.Set(item.Slot, item.Node.Eval(f))
	}
	return f
}

func compareKeys(a, b []value.Value) int {
	for i := range a {
		c := value.Compare(a[i], b[i])
		if a[i].Kind() == value.Time {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}
