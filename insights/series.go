package insights

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"steady/insights/column"
	"steady/insights/function"
	"steady/insights/ql"
	"steady/insights/value"
	"steady/scan"
)

// Commands that look from row to row, in the order that rows have.

// target is the column that a command writes: of the alias, else of the field itself.
func (c *compiler) target(field ql.Expr, alias string) (from column.Node, slot int) {
	from = c.expr(field)
	name := alias
	if name == "" {
		name = c.nameOf(ql.Item{X: field})
	}
	slot = c.space.define(name)
	c.extracted(name, slot)
	return from, slot
}

// derive adds a step that computes a column from all rows.
func (c *compiler) derive(slot int, of func(f *column.Frame) []value.Value) {
	c.all(stepFunc(func(f *column.Frame) (*column.Frame, error) {
		f = f.Copied()
		f.Set(slot, column.Rows(of(f)))
		return f, nil
	}))
}

// fillDown repeats the value of the row before where a row has none.
func (c *compiler) fillDown(e *ql.FillDown) {
	c.collect()
	for _, x := range e.Fields {
		from, slot := c.target(x, "")
		c.derive(slot, func(f *column.Frame) []value.Value {
			v := from.Eval(f)
			values := make([]value.Value, f.N)
			for row := range values {
				if values[row] = v.At(row); values[row].IsMissing() && row > 0 {
					values[row] = values[row-1]
				}
			}
			return values
		})
	}
}

// accum keeps a running total; a row without a number has none.
func (c *compiler) accum(e *ql.Accum) {
	c.collect()
	from, slot := c.target(e.Field, e.Alias)
	c.derive(slot, func(f *column.Frame) []value.Value {
		v := from.Eval(f)
		total := 0.0
		values := make([]value.Value, f.N)
		for row := range values {
			if x, ok := v.At(row).Number(); ok {
				total += x
				values[row] = value.OfNumber(total)
			}
		}
		return values
	})
}

// autoregress copies the values of earlier rows: bytes_p1 is that of the row before.
func (c *compiler) autoregress(e *ql.Autoregress) {
	c.collect()
	from := c.expr(e.Field)
	name := c.nameOf(ql.Item{X: e.Field, Alias: e.Alias})
	for p := e.From; p <= e.To; p++ {
		n := fmt.Sprintf("%s_p%d", name, p)
		if e.From == e.To && e.Alias != "" {
			n = e.Alias
		}
		slot := c.space.define(n)
		c.extracted(n, slot)
		c.derive(slot, func(f *column.Frame) []value.Value {
			v := from.Eval(f)
			values := make([]value.Value, f.N)
			for row := p; row < f.N; row++ {
				values[row] = v.At(row - p)
			}
			return values
		})
	}
}

// sessionize numbers the sessions of each combination of values: a new one begins
// when nothing happened for longer than maxspan.
func (c *compiler) sessionize(e *ql.Sessionize) {
	c.collect()
	var fields []column.Node
	for _, x := range e.Fields {
		fields = append(fields, c.expr(x))
	}
	i, ok := c.space.find(scan.Timestamp)
	if !ok {
		c.fail(e.Span, "sessionize uses @timestamp, which the stats before it did not keep")
		return
	}
	gap := int64(30 * 60 * 1000)
	if e.MaxSpan != nil {
		gap = e.MaxSpan.Duration().Milliseconds()
	}
	slot := c.space.define(e.Alias)
	c.extracted(e.Alias, slot)
	c.derive(slot, func(f *column.Frame) []value.Value { return sessions(evalAll(fields, f), f.Col(i), gap, f.N) })
}

func sessions(fields []*column.Vector, times *column.Vector, gap int64, n int) []value.Value {
	type session struct {
		last   int64
		number int
	}
	at := make([]int64, n)
	for row := range at {
		at[row], _ = times.At(row).Millis()
	}
	order := column.Sequence(n)
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(at[a], at[b]) })
	known := map[string]*session{}
	values := make([]value.Value, n)
	for _, row := range order {
		var who []string
		for _, v := range fields {
			who = append(who, v.At(int(row)).String())
		}
		id := strings.Join(who, ":")
		s := known[id]
		if s == nil {
			s = &session{last: at[row], number: 1}
			known[id] = s
		}
		if at[row]-s.last > gap {
			s.number++
		}
		s.last = at[row]
		values[row] = value.Of(fmt.Sprintf("%s-%d", id, s.number))
	}
	return values
}

// bins is what fillmissing knows of the last stats: the column of its bins, and those
// of its other groups.
type bins struct {
	period ql.Period
	slot   int
	others []int
}

// newBins finds bin(period) among what a stats groups by.
func newBins(e *ql.Stats, s *stats) *bins {
	var b *bins
	var others []int
	for i, by := range e.By {
		k, is := by.X.(*ql.Call)
		if is && lower(k.Name) == "bin" && b == nil && len(k.Args) == 1 && i < len(s.groups) {
			if p, is := k.Args[0].(*ql.Period); is {
				b = &bins{period: p.Capped(), slot: s.groups[i]}
				continue
			}
		}
		if i < len(s.groups) {
			others = append(others, s.groups[i])
		}
	}
	if b != nil {
		b.others = others
	}
	return b
}

// maxBins is how many rows fillmissing makes at most.
const maxBins = 100000

// fillMissing adds rows for the empty bins between the first and the last one, for
// each combination of the other groups.
func (c *compiler) fillMissing(e *ql.FillMissing) {
	b := c.bins
	if b == nil || c.space.events {
		c.fail(e.Span, "fillmissing stands behind stats … by bin(…)")
		return
	}
	with := map[int]value.Value{}
	for _, w := range e.With {
		k, fixed := c.expr(w.Value).(column.Constant)
		slot, ok := c.space.find(w.Field)
		if !fixed || !ok {
			c.fail(e.Span, "fillmissing takes constants, for columns of the stats before it")
			return
		}
		with[slot] = k.Value
	}
	c.all(stepFunc(func(f *column.Frame) (*column.Frame, error) { return b.fill(f, with) }))
}

func (b *bins) fill(f *column.Frame, with map[int]value.Value) (*column.Frame, error) {
	times := f.Col(b.slot)
	others := make([]*column.Vector, len(b.others))
	for i, s := range b.others {
		others[i] = f.Col(s)
	}
	key := func(row int, t int64) string {
		key := appendKey(nil, value.OfTime(t))
		for _, v := range others {
			key = appendKey(key, v.At(row))
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
	for t := first; f.N > 0 && t <= last; t = function.Next(t, b.period) {
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
		if !slices.Contains(b.others, slot) {
			g.Set(slot, b.filled(f, slot, added, with[slot]))
		}
	}
	keys := []column.Key{{Node: column.Slot(b.slot), Descending: true}}
	for _, s := range b.others {
		keys = append(keys, column.Key{Node: column.Slot(s)})
	}
	return sortStep(keys).apply(g)
}

// filled is a column with the values of the rows that are added.
func (b *bins) filled(f *column.Frame, slot int, added []int64, with value.Value) *column.Vector {
	v := f.Col(slot)
	values := make([]value.Value, 0, f.N+len(added))
	for row := range f.N {
		values = append(values, v.At(row))
	}
	for _, t := range added {
		if slot == b.slot {
			with = value.OfTime(t)
		}
		values = append(values, with)
	}
	return column.Rows(values)
}
