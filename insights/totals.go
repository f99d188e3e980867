package insights

import (
	"slices"

	"steady/insights/aggregate"
	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/value"
)

// addTotals sums columns: those named, else all shown ones with numbers; times are
// none. Row totals are a column, column totals a row at the end.
func (c *compiler) addTotals(e *ql.AddTotals) {
	var slots []int
	if e.Col {
		c.collect()
	}
	for _, x := range e.Fields {
		_, slot := c.column(ql.Item{X: x})
		slots = append(slots, slot)
	}
	if len(e.Fields) == 0 {
		for _, col := range c.space.shown {
			c.space.use(col.slot)
			slots = append(slots, col.slot)
		}
	}
	if e.Row {
		total := c.space.define(e.Name)
		c.extracted(e.Name, total)
		args := make([]column.Node, len(slots))
		for i, s := range slots {
			args[i] = column.Slot(s)
		}
		c.each(setStep{total, column.NewCall(sum, args)})
		slots = append(slots, total)
	}
	if e.Col {
		c.all(stepFunc(func(f *column.Frame) (*column.Frame, error) { return columnTotals(f, slots), nil }))
	}
}

// sum adds what is a number.
func sum(args []value.Value) value.Value {
	total, any := 0.0, false
	for _, a := range args {
		if x, ok := addend(a); ok {
			total, any = total+x, true
		}
	}
	if !any {
		return value.Value{}
	}
	return value.OfNumber(total)
}

func addend(v value.Value) (float64, bool) {
	if v.Kind() == value.Time || v.Kind() == value.Bool {
		return 0, false
	}
	return v.Number()
}

// columnTotals adds a row with the sums of some columns, and nothing else.
func columnTotals(f *column.Frame, slots []int) *column.Frame {
	g := column.NewFrame(f.Layout, f.N+1) // without times: the row at the end has none
	for i := range f.Sources {
		v := f.Col(i)
		values := make([]value.Value, f.N+1)
		for row := range f.N {
			values[row] = v.At(row)
		}
		if slices.Contains(slots, i) {
			values[f.N] = sum(values[:f.N])
		}
		g.Set(i, column.Rows(values))
	}
	return g
}

// outlier finds numbers that lie further from the quartiles than param times their
// distance, and drops their rows, or moves them to that boundary.
func (c *compiler) outlier(e *ql.Outlier) {
	c.collect()
	for _, x := range e.Fields {
		from, slot := c.target(x, "")
		mark := -1
		if e.Mark {
			mark = c.space.define(c.nameOf(ql.Item{X: x}) + "_outlier")
			c.extracted(c.space.slots[mark].name, mark)
		}
		c.all(outlierStep{from, slot, mark, e})
	}
}

type outlierStep struct {
	from       column.Node
	slot, mark int
	*ql.Outlier
}

func (s outlierStep) apply(f *column.Frame) (*column.Frame, error) {
	v := s.from.Eval(f)
	var numbers []float64
	for row := range f.N {
		if x, ok := v.At(row).Number(); ok {
			numbers = append(numbers, x)
		}
	}
	f = f.Copied()
	if len(numbers) == 0 {
		f.Set(s.slot, v)
		return f, nil
	}
	slices.Sort(numbers)
	q1, q3 := aggregate.Quantile(numbers, 0.25), aggregate.Quantile(numbers, 0.75)
	low, high := q1-s.Param*(q3-q1), q3+s.Param*(q3-q1)
	values, marks := make([]value.Value, f.N), make([]value.Value, f.N)
	var keep []int32
	for row := range f.N {
		values[row] = v.At(row)
		x, ok := values[row].Number()
		out := ok && (x > high || s.UseLower && x < low)
		marks[row] = value.OfBool(out)
		if !out || !s.Remove {
			keep = append(keep, int32(row))
		}
		if out {
			values[row] = value.OfNumber(min(max(x, low), high))
		}
	}
	f.Set(s.slot, column.Rows(values))
	if s.mark >= 0 {
		f.Set(s.mark, column.Rows(marks))
	}
	return f.Gather(keep), nil
}

// countFrequent is stats count(*) by the fields, the most frequent first. The counts
// are exact.
func (c *compiler) countFrequent(e *ql.CountFrequent) {
	const name = "_approxcount"
	by := make([]ql.Item, len(e.Fields))
	for i, x := range e.Fields {
		by[i] = ql.Item{X: x}
	}
	c.command(&ql.Stats{Span: e.Span, By: by, Items: []ql.Item{{X: &ql.Call{Span: e.Span, Name: "count", Star: true}, Alias: name}}})
	if i, ok := c.space.find(name); ok {
		c.all(sortStep{{Node: column.Slot(i), Descending: true}})
	}
}
