package insights

import (
	"encoding/binary"
	"slices"

	"steady/insights/value"
)

// statsSink aggregates frames.
type statsSink struct {
	*stats
	groups map[string]int32 // by the values that they have in common
	keys   [][]value.Value  // of each group
	aggs   []aggregate
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

func (k *statsSink) add(f *frame) {
	if f.n == 0 {
		return
	}
	groups := k.assign(f)
	for i, a := range k.aggs {
		a.grow(len(k.keys))
		v := missing
		if arg := k.calls[i].arg; arg != nil {
			v = arg.eval(f)
		}
		a.add(groups, v, f)
	}
}

func (k *statsSink) size() int64 {
	n := k.bytes
	for _, a := range k.aggs {
		n += a.size() + 40*int64(len(k.keys))
	}
	return n
}

// assign tells each row's group. The values of several columns are looked up as one
// number, which stands for a combination of their codes in this frame.
func (k *statsSink) assign(f *frame) []int32 {
	k.ids = slices.Grow(k.ids[:0], f.n)[:f.n]
	by := make([]*vector, len(k.by))
	cards := make([]uint64, len(k.by))
	combinations := uint64(1)
	for i, n := range k.by {
		by[i] = encoded(n.eval(f), f.n)
		cards[i] = uint64(by[i].size()) + 1
		combinations *= cards[i]
		if combinations > 1<<40 { // rather by their texts: this never is a number too large
			return k.assignByKey(f)
		}
	}
	if combinations <= uint64(4*f.n)+1024 {
		k.assignByTable(by, cards, make([]int32, combinations))
		return k.ids
	}
	k.assignByMap(by, cards)
	return k.ids
}

// combination is the number of a row's combination of codes.
func combination(by []*vector, cards []uint64, row int) uint64 {
	c := uint64(0)
	for i, v := range by {
		code := uint64(0)
		if v.shape == dictionary {
			code = uint64(v.codes[row] + 1)
		}
		c = c*cards[i] + code
	}
	return c
}

func (k *statsSink) assignByTable(by []*vector, cards []uint64, table []int32) {
	for row := range k.ids {
		c := combination(by, cards, row)
		if table[c] == 0 {
			table[c] = k.group(by, row) + 1
		}
		k.ids[row] = table[c] - 1
	}
}

func (k *statsSink) assignByMap(by []*vector, cards []uint64) {
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

func (k *statsSink) assignByKey(f *frame) []int32 {
	by := make([]*vector, len(k.by))
	for i, n := range k.by {
		by[i] = n.eval(f)
	}
	for row := range k.ids {
		k.ids[row] = k.group(by, row)
	}
	return k.ids
}

// group finds the group of a row by its values, or opens it.
func (k *statsSink) group(by []*vector, row int) int32 {
	var key []byte
	values := make([]value.Value, len(by))
	for i, v := range by {
		if x := v.at(row); !x.IsStructure() { // "maps and lists are not usable in stats"
			values[i] = x
		}
		key = appendKey(key, values[i])
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

// appendKey writes a value so that no other combination of values reads the same.
func appendKey(key []byte, v value.Value) []byte {
	if v.IsMissing() {
		return append(key, 0)
	}
	s := v.String()
	return append(binary.AppendUvarint(key, uint64(len(s))+1), s...)
}

// encoded makes a dictionary of a vector that has a value for each row.
func encoded(v *vector, n int) *vector {
	if v.shape != rows {
		return v
	}
	d := &vector{codes: make([]int32, n), shape: dictionary}
	known := map[string]int32{}
	for row := range n {
		x := v.values[row]
		if x.IsMissing() || x.IsStructure() {
			d.codes[row] = -1
			continue
		}
		s := x.String()
		c, ok := known[s]
		if !ok {
			c = int32(len(d.values))
			known[s] = c
			d.values = append(d.values, x)
		}
		d.codes[row] = c
	}
	return d
}

// finish makes the frame of the groups as they are now, in a definite order: bins
// from the newest on, other values ascending.
func (k *statsSink) finish() *frame {
	n := len(k.keys)
	f := &frame{space: k.to, n: n, cols: make([]*vector, len(k.to.slots))}
	order := sequence(n)
	slices.SortStableFunc(order, func(a, b int32) int { return compareKeys(k.keys[a], k.keys[b]) })
	for i, slot := range k.stats.groups {
		values := make([]value.Value, n)
		for row, g := range order {
			values[row] = k.keys[g][i]
		}
		f.set(slot, rowsVector(values))
	}
	for i, a := range k.aggs {
		a.grow(n)
		values := make([]value.Value, n)
		for row, g := range order {
			values[row] = a.result(int(g))
		}
		f.set(k.calls[i].slot, rowsVector(values))
	}
	for _, item := range k.items {
		f.set(item.slot, item.node.eval(f))
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
