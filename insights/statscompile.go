package insights

import (
	"slices"

	"steady/insights/aggregate"
	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/step"
)

// stats is a compiled stats command.
type stats struct {
	from, to *space
	by       []column.Node // in from
	groups   []int         // the slots in to that hold by's values
	calls    []aggregation
	// items are computed from groups and aggregations, in this order.
	items []step.Set
}

// aggregation is one use of an aggregating function.
type aggregation struct {
	make func() aggregate.Aggregate
	arg  column.Node // in from; nil for count(*)
	slot int         // in to
}

// statsCompiler compiles the expressions of one stats: aggregations see the rows that
// come in, and what stands around them sees what comes out.
type statsCompiler struct {
	*compiler
	from    *space
	stats   *stats
	items   map[string]ql.Item // those with an alias that are not compiled yet
	pending map[string]bool    // those that are being compiled
}

func (c *compiler) stats(e *ql.Stats) *stats {
	s := &statsCompiler{compiler: c, from: c.space, items: map[string]ql.Item{}, pending: map[string]bool{}}
	s.stats = &stats{from: c.space, to: newSpace(false)}
	for _, by := range e.By {
		s.group(by, e.Offset)
	}
	for _, i := range e.Items {
		if i.Alias != "" {
			s.items[i.Alias] = i
		}
	}
	c.space, c.inStats = s.stats.to, s
	for _, i := range e.Items {
		s.item(i)
	}
	c.inStats = nil
	return s.stats
}

// group compiles one expression behind by.
func (s *statsCompiler) group(i ql.Item, offset *ql.Period) {
	n := s.expr(i.X)
	if b, ok := n.(column.Bin); ok && offset != nil {
		b.Shift = offset.Duration().Milliseconds()
		n = b
	}
	if isAggregate(i.X) {
		return // already refused
	}
	s.stats.by = append(s.stats.by, n)
	name := s.nameOf(i)
	slot := s.stats.to.define(name)
	s.stats.to.show(name, slot)
	s.stats.groups = append(s.stats.groups, slot)
	s.know(i, slot)
}

// know lets later expressions of the same text find a column.
func (s *statsCompiler) know(i ql.Item, slot int) {
	if f, ok := i.X.(*ql.Field); ok {
		if _, taken := s.stats.to.names[f.Name()]; !taken {
			s.stats.to.names[f.Name()] = slot
		}
		return
	}
	s.stats.to.texts[i.X.String()] = slot
}

// item compiles one expression of stats, once.
func (s *statsCompiler) item(i ql.Item) {
	name := s.nameOf(i)
	if i.Alias != "" {
		if _, waiting := s.items[name]; !waiting {
			return // a sibling needed it
		}
		if s.pending[name] {
			s.fail(i.X.Place(), "%s is computed from itself", name)
			return
		}
		s.pending[name] = true
	}
	n := s.expr(i.X)
	delete(s.items, name)
	slot := s.stats.to.define(name)
	s.stats.to.show(name, slot)
	s.know(i, slot)
	s.stats.items = append(s.stats.items, step.Set{Slot: slot, Node: n})
}

// sibling is what a name means among the expressions of a stats: another alias of the
// same stats, or what the rows are grouped by.
func (s *statsCompiler) sibling(at ql.Span, name string) column.Node {
	if i, is := s.items[name]; is {
		s.item(i)
	}
	if slot, ok := s.stats.to.names[name]; ok {
		return column.Slot(slot)
	}
	s.fail(at, "%s is neither aggregated nor grouped by in this stats", name)
	return column.Constant{}
}

// aggregate compiles a use of an aggregating function, once for each text.
func (s *statsCompiler) aggregate(e *ql.Call) column.Node {
	if i, ok := s.stats.to.texts[e.String()]; ok {
		return column.Slot(i)
	}
	s.inStats = nil
	s.space = s.from
	make, arg := aggregates[lower(e.Name)](s, e)
	a := aggregation{make: make}
	if arg != nil {
		a.arg = s.expr(arg)
	}
	s.space = s.stats.to
	s.inStats = s
	a.slot = s.stats.to.add(slot{name: e.String()})
	s.stats.to.texts[e.String()] = a.slot
	s.stats.calls = append(s.stats.calls, a)
	return column.Slot(a.slot)
}

// order puts the items in the place that the query has them in, whichever needed
// which.
func (s *stats) order(e *ql.Stats, name func(ql.Item) string) {
	place := map[string]int{}
	for i, item := range slices.Concat(e.By, e.Items) {
		place[name(item)] = i
	}
	slices.SortStableFunc(s.to.shown, func(a, b heading) int { return place[a.name] - place[b.name] })
}
