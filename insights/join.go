package insights

import (
	"context"
	"strings"

	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/step"
	"steady/insights/value"
)

// joined is a join: the names of both sides mean something in the space behind it.
type joined struct {
	leftAlias, rightAlias string
	right                 *compiler
	fetch                 []step.Fetched
	known                 map[string]int // slots of fetched, by the name on the right
}

// find is what alias.name means.
func (j *joined) find(s *space, name string) (int, bool) {
	if n, ok := strings.CutPrefix(name, j.leftAlias+"."); ok {
		return s.find(n)
	}
	n, ok := strings.CutPrefix(name, j.rightAlias+".")
	if !ok {
		return 0, false
	}
	if i, ok := j.known[n]; ok {
		s.use(i)
		return i, true
	}
	j.right.collect()
	from, ok := j.right.space.find(n)
	if !ok {
		return 0, false
	}
	to := s.add(slot{name: name})
	s.use(to)
	j.known[n] = to
	j.fetch = append(j.fetch, step.Fetched{From: from, To: to})
	return to, true
}

func (c *compiler) join(e *ql.Join) {
	j := &joined{leftAlias: e.Left, rightAlias: e.Right, known: map[string]int{}}
	s := &step.Join{Outer: e.Type == "left"}
	for _, k := range e.Conditions {
		s.Keys = append(s.Keys, c.field(e.Span, strings.Split(k.Left, ".")))
	}
	j.right = c.sub(e.Query)
	if c.err != nil {
		return
	}
	j.right.collect()
	var rightKeys []column.Node
	for _, k := range e.Conditions {
		rightKeys = append(rightKeys, j.right.field(e.Span, strings.Split(k.Right, ".")))
	}
	c.space.joined = j
	c.joins = append(c.joins, j)
	if right := j.right.space; right.explicit {
		for _, col := range right.shown {
			name := e.Right + "." + col.name
			if slot, ok := j.find(c.space, name); ok {
				c.extracted(name, slot)
			}
		}
	}
	c.each(s)
	c.prepare(func(ctx context.Context) error {
		rows, err := j.right.rows(ctx, e.Query)
		if err != nil {
			return err
		}
		s.Fetch = j.fetch
		return s.Load(rows, rightKeys)
	})
}

// appendCols adds the columns of another query's rows, the first to the first.
func (c *compiler) appendCols(e *ql.AppendCols) {
	s := c.sub(e.Query)
	if c.err != nil {
		return
	}
	s.show()
	var rows *column.Frame
	c.prepare(func(ctx context.Context) (err error) {
		rows, err = s.rows(ctx, e.Query)
		return err
	})
	c.collect()
	for _, col := range s.plan.shown {
		if _, there := c.space.names[col.name]; there && !e.Override {
			continue
		}
		var before column.Node = column.Constant{}
		if i, there := c.space.names[col.name]; there {
			c.space.use(i)
			before = column.Slot(i)
		}
		slot := c.space.define(col.name)
		c.extracted(col.name, slot)
		c.derive(slot, func(f *column.Frame) []value.Value {
			old, added := before.Eval(f), rows.Col(col.slot)
			values := make([]value.Value, f.N)
			for row := range values {
				if values[row] = old.At(row); row < min(rows.N, e.Max) {
					values[row] = added.At(row)
				}
			}
			return values
		})
	}
}
