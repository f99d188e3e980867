package insights

import (
	"context"
	"fmt"
	"slices"

	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/step"
	"steady/insights/value"
)

// sub compiles a query inside this one; what its rows must have is still open.
func (c *compiler) sub(q *ql.Query) *compiler {
	s := newCompiler(c.text, c.query, c.x)
	s.commands(q)
	if s.err != nil && c.err == nil {
		c.err = s.err
	}
	return s
}

// rows runs a compiled query inside this one. What it reads counts for the whole.
func (s *compiler) rows(ctx context.Context, q *ql.Query) (*column.Frame, error) {
	x := &Execution{src: s.x.src, in: s.x.in, q: q}
	if err := x.run(ctx, s.plan); err != nil {
		return nil, err
	}
	f, err := x.finish()
	if err != nil {
		return nil, err
	}
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	s.x.statistics.add(x.statistics)
	return f, nil
}

func (s *Statistics) add(o Statistics) {
	s.RecordsScanned += o.RecordsScanned
	s.BytesScanned += o.BytesScanned
	s.EstimatedRecordsSkipped += o.EstimatedRecordsSkipped
	s.EstimatedBytesSkipped += o.EstimatedBytesSkipped
	s.LogGroupsScanned += o.LogGroupsScanned
}

// prepare adds what is done before the scan. A subquery's is done by itself.
func (c *compiler) prepare(f func(ctx context.Context) error) {
	c.plan.prepare = append(c.plan.prepare, f)
}

// lastFieldsOnly is a query that shows only what its last fields command names: that is
// the one field of a subquery, whatever the commands before it show.
func lastFieldsOnly(q *ql.Query) *ql.Query {
	only := *q
	only.Commands = slices.Clone(q.Commands)
	for i, command := range slices.Backward(only.Commands) {
		if f, ok := command.(*ql.Fields); ok {
			last := *f
			last.Display = true
			only.Commands[i] = &last
			return &only
		}
	}
	return &only
}

// inSubquery compiles a look into what a subquery finds: its one column.
func (c *compiler) inSubquery(e *ql.In, x column.Node) column.Node {
	q := lastFieldsOnly(e.Query)
	s := c.sub(q)
	if c.err != nil {
		return column.Constant{}
	}
	if s.show(); len(s.plan.shown) != 1 {
		c.fail(e.Span, "the subquery must give one field: end it with fields and the name of one")
		return column.Constant{}
	}
	found := &set{map[string]bool{}, map[float64][]value.Value{}}
	c.prepare(func(ctx context.Context) error {
		f, err := s.rows(ctx, q)
		if err != nil {
			return err
		}
		v := f.Col(s.plan.shown[0].slot)
		for row := range f.N {
			if found.add(v.At(row)); len(found.texts) > step.MaxKeys {
				return fmt.Errorf("the subquery finds more than %d different values of %s: add a filter to it", step.MaxKeys, s.plan.shown[0].name)
			}
		}
		return nil
	})
	return column.NewCall(func(a []value.Value) value.Value { return value.OfBool(found.has(a[0]) != e.Not) }, []column.Node{x})
}
