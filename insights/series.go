package insights

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/step"
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
	c.all(step.Func(func(f *column.Frame) (*column.Frame, error) {
		f = f.Copied()
		f.Set(slot, column.Rows(of(f)))
		return f, nil
	}))
}

// fillDown repeats the value of the row before where a row has none.
func (c *compiler) fillDown(e *ql.FillDown) {
	c.collect()
	for _, col := range slices.Clone(c.space.shown) {
		if c.fills(e, col.name) {
			c.space.use(col.slot)
			slot := c.space.define(col.name)
			c.extracted(col.name, slot)
			c.repeat(column.Slot(col.slot), slot)
		}
	}
	for _, x := range e.Fields {
		c.repeat(c.target(x, ""))
	}
}

// fills tells whether a shown column is one that the command names by a pattern, or by
// naming none.
func (c *compiler) fills(e *ql.FillDown, name string) bool {
	return len(e.Fields)+len(e.Patterns) == 0 || slices.ContainsFunc(e.Patterns, func(pattern string) bool {
		parts := strings.Split(pattern, "*")
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		return regexp.MustCompile("^(?s:" + strings.Join(parts, ".*") + ")$").MatchString(name)
	})
}

func (c *compiler) repeat(from column.Node, slot int) {
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
	c.derive(slot, func(f *column.Frame) []value.Value { return step.Sessions(column.All(fields, f), f.Col(i), gap, f.N) })
}

// gaps finds bin(period) among what a stats groups by, for fillmissing; nil where there
// is none.
func gaps(e *ql.Stats, s *stats) *step.Gaps {
	var b *step.Gaps
	var others []int
	for i, by := range e.By {
		k, is := by.X.(*ql.Call)
		if is && lower(k.Name) == "bin" && b == nil && len(k.Args) == 1 && i < len(s.groups) {
			if p, is := k.Args[0].(*ql.Period); is {
				b = &step.Gaps{Period: p.Capped(), Slot: s.groups[i]}
				continue
			}
		}
		if i < len(s.groups) {
			others = append(others, s.groups[i])
		}
	}
	if b != nil {
		b.Others = others
	}
	return b
}

func (c *compiler) fillMissing(e *ql.FillMissing) {
	b := c.gaps
	if b == nil || c.space.events {
		c.fail(e.Span, "fillmissing stands behind stats … by bin(…)")
		return
	}
	with := map[int]value.Value{}
	for _, w := range e.With {
		k, fixed := c.expr(w.Value).(column.Constant)
		slot, ok := c.space.find(w.Field)
		if _, field := w.Value.(*ql.Field); field || !fixed || !ok {
			c.fail(e.Span, "fillmissing takes constants, for columns of the stats before it")
			return
		}
		with[slot] = k.Value
	}
	b.With = with
	c.all(b)
}
