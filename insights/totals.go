package insights

import (
	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/step"
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
		c.each(step.Set{Slot: total, Node: column.NewCall(step.Sum, args)})
		slots = append(slots, total)
	}
	if e.Col {
		c.all(step.Totals(slots))
	}
}

func (c *compiler) outlier(e *ql.Outlier) {
	c.collect()
	for _, x := range e.Fields {
		from, slot := c.target(x, "")
		mark := -1
		if e.Mark {
			mark = c.space.define(c.nameOf(ql.Item{X: x}) + "_outlier")
			c.extracted(c.space.slots[mark].name, mark)
		}
		c.all(step.Outlier{From: from, Slot: slot, Mark: mark, Remove: e.Remove, Lower: e.UseLower, Param: e.Param})
	}
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
		c.all(step.Sort{{Node: column.Slot(i), Descending: true}})
	}
}
