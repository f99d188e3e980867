package insights

import (
	"cmp"
	"slices"

	"steady/insights/column"
	"steady/insights/value"
	"steady/scan"
)

// order is how collected log events are ordered.
type order int

const (
	newest order = iota // by @timestamp, descending: the order without a sort
	oldest
	byKeys // what is equal, newest first
	anyway // as they come
)

// collector keeps log events: all of them, or the first of an order.
type collector struct {
	space *space
	slots []int // what it keeps of each
	order order
	keys  []column.Key
	limit int // 0: all

	n      int
	times  []int64
	ids    []uint64
	cols   [][]value.Value
	ranks  [][]column.Rank
	bytes  int64
	pruned bool // then the last of the limit's rows is the worst that counts
}

func (c *collector) size() int64 {
	return c.bytes + int64(c.n)*int64(16+40*len(c.cols)+32*len(c.ranks))
}

func (c *collector) add(f *column.Frame) {
	ranks := column.Ranks(c.keys, f)
	vectors := make([]*column.Vector, len(c.slots))
	for i, s := range c.slots {
		vectors[i] = f.Col(s)
	}
	if c.cols == nil {
		c.cols, c.ranks = make([][]value.Value, len(c.slots)), make([][]column.Rank, len(c.keys))
	}
	for row := range f.N {
		if c.order == anyway && c.full() {
			return
		}
		if c.pruned && c.compare(ranks, f.Times[row], f.IDs[row], int32(row), int32(c.limit-1)) > 0 {
			continue
		}
		c.take(f, vectors, ranks, row)
	}
	if c.limit > 0 && c.n > 2*c.limit+1024 {
		c.prune()
	}
}

func (c *collector) take(f *column.Frame, vectors []*column.Vector, ranks [][]column.Rank, row int) {
	c.times, c.ids = append(c.times, f.Times[row]), append(c.ids, f.IDs[row])
	for i, v := range vectors {
		x := v.At(row).Clone()
		c.bytes += int64(x.Size())
		c.cols[i] = append(c.cols[i], x)
	}
	for i := range ranks {
		c.ranks[i] = append(c.ranks[i], ranks[i][row])
	}
	c.n++
}

// compare orders a row of a frame, or of the collection, before or behind one of the
// collection.
func (c *collector) compare(ranks [][]column.Rank, t int64, id uint64, row, other int32) int {
	switch c.order {
	case oldest:
		return cmp.Or(cmp.Compare(t, c.times[other]), cmp.Compare(id, c.ids[other]))
	case byKeys:
		if d := column.CompareRanks(c.keys, ranks, row, c.ranks, other); d != 0 {
			return d
		}
	}
	return cmp.Or(cmp.Compare(c.times[other], t), cmp.Compare(c.ids[other], id))
}

// first lists the rows that count, in their order.
func (c *collector) first() []int32 {
	order := column.Sequence(c.n)
	if c.order != anyway {
		slices.SortFunc(order, func(a, b int32) int {
			return c.compare(c.ranks, c.times[a], c.ids[a], a, b)
		})
	}
	if c.limit > 0 && c.n > c.limit {
		order = order[:c.limit]
	}
	return order
}

// prune forgets the rows that do not count.
func (c *collector) prune() {
	keep := c.first()
	c.n = len(keep)
	c.times, c.ids = column.Pick(c.times, keep), column.Pick(c.ids, keep)
	c.bytes = 0
	for i := range c.cols {
		c.cols[i] = column.Pick(c.cols[i], keep)
		for _, x := range c.cols[i] {
			c.bytes += int64(x.Size())
		}
	}
	for i := range c.ranks {
		c.ranks[i] = column.Pick(c.ranks[i], keep)
	}
	c.pruned = c.n == c.limit
}

func (c *collector) full() bool { return c.limit > 0 && c.n >= c.limit }

// enough tells whether no later block can change what is collected, given the bound
// of the last.
func (c *collector) enough(bound int64) bool {
	if !c.full() || c.order == byKeys {
		return false
	}
	if c.order == anyway {
		return true
	}
	if !c.pruned || c.n > c.limit {
		c.prune()
	}
	worst := c.times[c.limit-1]
	return c.order == newest && worst > bound || c.order == oldest && worst < bound
}

// scanOrder is the order in which blocks are best read.
func (c *collector) scanOrder() scan.Order {
	switch {
	case c.limit > 0 && c.order == newest:
		return scan.NewestFirst
	case c.limit > 0 && c.order == oldest:
		return scan.OldestFirst
	}
	return scan.AnyOrder
}

// finish makes a frame of what is collected now.
func (c *collector) finish() *column.Frame {
	keep := c.first()
	f := column.NewFrame(c.space.layout, len(keep))
	f.Times, f.IDs = column.Pick(c.times, keep), column.Pick(c.ids, keep)
	for i, s := range c.slots {
		if c.cols == nil {
			f.Set(s, column.Missing)
			continue
		}
		f.Set(s, column.Rows(column.Pick(c.cols[i], keep)))
	}
	return f
}
