package insights

import (
	"cmp"
	"slices"
	"strings"

	"steady/insights/column"
	"steady/insights/contrast"
	"steady/insights/ql"
	"steady/insights/value"
)

// relevantFields ranks fields by how much their values differ between the rows for
// which a condition holds and all others.
type relevant struct {
	condition column.Node
	names     []string // those to look at; nil: all that occur
	nodes     []column.Node
	to        *space
	slots     []int
}

var relevantColumns = []string{"@fieldName", "@relevanceScore", "@topRelevanceContributors", "@conditionalMedian", "@baselineMedian"}

func (c *compiler) relevantFields(e *ql.RelevantFields) {
	if !c.space.events {
		c.fail(e.Span, "relevantfields looks at log events: it stands behind no stats")
		return
	}
	r := &relevant{condition: c.expr(e.Condition), to: newSpace(false)}
	for _, x := range e.Fields {
		r.nodes = append(r.nodes, c.expr(x))
		r.names = append(r.names, c.nameOf(ql.Item{X: x}))
	}
	if len(e.Fields) == 0 {
		if c.space.collected {
			c.fail(e.Span, "relevantfields without fields stands behind filters only")
			return
		}
		c.plan.allFields = true
	}
	for _, n := range relevantColumns {
		slot := r.to.define(n)
		r.to.show(n, slot)
		r.slots = append(r.slots, slot)
	}
	c.gaps = nil
	c.aggregate(r, r.to)
}

func (r *relevant) sink() sink {
	return &relevantSink{relevant: r, fields: map[string]*contrast.Contrast{}}
}

type relevantSink struct {
	*relevant
	fields map[string]*contrast.Contrast
	bytes  int64
}

func (s *relevantSink) size() int64 { return s.bytes }

func (s *relevantSink) add(f *column.Frame) {
	holds := s.condition.Eval(f)
	for i, n := range s.nodes {
		s.look(s.names[i], n.Eval(f), holds, f.N)
	}
	if s.nodes != nil {
		return
	}
	for name, v := range f.Fields() {
		if !strings.HasPrefix(name, "@") || strings.HasPrefix(name, "@@") { // no system field
			s.look(name, v, holds, f.N)
		}
	}
}

func (s *relevantSink) look(name string, v, holds *column.Vector, n int) {
	c := s.fields[name]
	if c == nil {
		c = contrast.New()
		s.fields[name] = c
	}
	before := c.Size()
	for row := range n {
		c.Add(v.At(row), holds.At(row).Truth())
	}
	s.bytes += c.Size() - before
}

func (s *relevantSink) finish() *column.Frame {
	type scored struct {
		name  string
		score float64
	}
	var all []scored
	for name, c := range s.fields {
		if score := c.Score(); score > 0 {
			all = append(all, scored{name, score})
		}
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.name, b.name)) })
	columns := make([][]value.Value, len(s.slots))
	for i := range columns {
		columns[i] = make([]value.Value, len(all))
	}
	for row, one := range all {
		c := s.fields[one.name]
		columns[0][row], columns[1][row] = value.Of(one.name), value.OfNumber(one.score)
		if c.Numeric() {
			columns[3][row], columns[4][row] = c.Median(true), c.Median(false)
		} else {
			columns[2][row] = c.Top()
		}
	}
	f := column.NewFrame(s.to.layout, len(all))
	for i, slot := range s.slots {
		f.Set(slot, column.Rows(columns[i]))
	}
	return f
}
