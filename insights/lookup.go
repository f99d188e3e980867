package insights

import (
	"fmt"
	"net/netip"
	"slices"

	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/step"
	"steady/insights/value"
)

// lookup compiles lookup and cidrlookup: the columns of the table's row that fits. A
// row that none fits keeps the values that it has.
func (c *compiler) lookup(e *ql.Lookup) {
	var keys []column.Node
	var columns []string
	for _, k := range e.Keys {
		field, column := k.As, k.Field // lookup: the table's name, as the field's
		if e.CIDR || k.As == "" {
			field, column = k.Field, k.As
		}
		if column == "" && !e.CIDR {
			column = field
		}
		keys = append(keys, c.field(e.Span, []string{field}))
		columns = append(columns, column)
	}
	find, t, err := c.finder(e, columns)
	if err != nil {
		if c.err == nil {
			c.err = err
		}
		return
	}
	row := c.space.add(slot{late: c.space.collected})
	c.each(step.Set{Slot: row, Node: column.NewCall(find, keys)})
	for _, o := range e.Output {
		c.output(e, o, t, row)
	}
}

// output defines one column from the row of the table that was found.
func (c *compiler) output(e *ql.Lookup, o ql.Pair, t *Table, row int) {
	name := o.As
	if name == "" {
		name = o.Field
	}
	before := c.field(e.Span, []string{name})
	at := slices.Index(t.Columns, o.Field)
	slot := c.space.define(name)
	c.each(step.Set{Slot: slot, Node: column.NewCall(func(a []value.Value) value.Value {
		n, found := a[0].Number()
		if !found || e.OnlyEmpty && a[1].Text() != "" {
			return a[1]
		}
		return value.Of(t.cell(int(n), at))
	}, []column.Node{column.Slot(row), before})})
	c.extracted(name, slot)
}

func (t *Table) cell(row, column int) string {
	if column >= len(t.Rows[row]) {
		return ""
	}
	return t.Rows[row][column]
}

// finder makes the function from keys to the number of a row. Without an execution
// there is no table, and all that is said of it is believed.
func (c *compiler) finder(e *ql.Lookup, columns []string) (func([]value.Value) value.Value, *Table, error) {
	if c.x == nil {
		return func([]value.Value) value.Value { return value.Value{} }, &Table{}, nil
	}
	if c.x.in.LookupTable == nil {
		return nil, nil, fmt.Errorf("there is no lookup table %s", e.Table)
	}
	t, err := c.x.in.LookupTable(e.Table)
	if err != nil {
		return nil, nil, fmt.Errorf("read the lookup table %s: %w", e.Table, err)
	}
	if e.CIDR && columns[0] == "" {
		columns[0] = t.networks()
	}
	for _, name := range columns {
		if !slices.Contains(t.Columns, name) {
			return nil, nil, fmt.Errorf("the lookup table %s has no column %q to look in: it has %q", e.Table, name, t.Columns)
		}
	}
	for _, o := range e.Output {
		if !slices.Contains(t.Columns, o.Field) {
			return nil, nil, fmt.Errorf("the lookup table %s has no column %q: it has %q", e.Table, o.Field, t.Columns)
		}
	}
	if e.CIDR {
		return t.byAddress(slices.Index(t.Columns, columns[0])), t, nil
	}
	return t.byKeys(columns), t, nil
}

// byKeys finds the first row with the same texts: "exact, case-sensitive".
func (t *Table) byKeys(columns []string) func([]value.Value) value.Value {
	index := map[string]int{}
	for i := len(t.Rows) - 1; i >= 0; i-- {
		var key []byte
		for _, name := range columns {
			key = value.AppendKey(key, value.Of(t.cell(i, slices.Index(t.Columns, name))))
		}
		index[string(key)] = i
	}
	return func(args []value.Value) value.Value {
		var key []byte
		for _, a := range args {
			if a.IsMissing() {
				return value.Value{}
			}
			key = value.AppendKey(key, a)
		}
		if i, ok := index[string(key)]; ok {
			return value.OfNumber(float64(i))
		}
		return value.Value{}
	}
}

// networks is the column of networks: one named cidr, else the first whose first
// value is one.
func (t *Table) networks() string {
	if slices.Contains(t.Columns, "cidr") || len(t.Rows) == 0 {
		return "cidr"
	}
	for i, name := range t.Columns {
		if _, err := netip.ParsePrefix(t.cell(0, i)); err == nil {
			return name
		}
	}
	return ""
}

// byAddress finds the row with the smallest network that has the address.
func (t *Table) byAddress(column int) func([]value.Value) value.Value {
	networks := make([]netip.Prefix, len(t.Rows))
	for i := range t.Rows {
		networks[i], _ = netip.ParsePrefix(t.cell(i, column)) // what is none has no address
	}
	return func(args []value.Value) value.Value {
		a, err := netip.ParseAddr(args[0].Text())
		best := -1
		for i, n := range networks {
			if err == nil && n.Contains(a) && (best < 0 || n.Bits() > networks[best].Bits()) {
				best = i
			}
		}
		if best < 0 {
			return value.Value{}
		}
		return value.OfNumber(float64(best))
	}
}
