package insights

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"steady/insights/column"
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
	c.bins = nil
	c.aggregate(r, r.to)
}

func (r *relevant) sink() sink { return &relevantSink{relevant: r, fields: map[string]*contrast{}} }

type relevantSink struct {
	*relevant
	fields map[string]*contrast
	bytes  int64
}

// contrast is what is known of one field: how often each value occurs where the
// condition does not hold (0), and where it does (1).
type contrast struct {
	counts  map[string]*[2]int64
	totals  [2]int64
	numeric bool // all values are numbers
}

// most is how many values of a field are told apart; the others count as one.
const most = 10000

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
		c = &contrast{counts: map[string]*[2]int64{}, numeric: true}
		s.fields[name] = c
	}
	for row := range n {
		x := v.At(row)
		if x.IsMissing() || x.IsStructure() {
			continue
		}
		side := 0
		if holds.At(row).Truth() {
			side = 1
		}
		if _, number := x.Number(); !number {
			c.numeric = false
		}
		text := x.String()
		count := c.counts[text]
		if count == nil {
			if len(c.counts) >= most {
				text = "(other)"
				count = c.counts[text]
			}
			if count == nil {
				count = &[2]int64{}
				c.counts[value.Of(text).Clone().String()] = count
				s.bytes += int64(len(text)) + 80
			}
		}
		count[side]++
		c.totals[side]++
	}
}

// score is the total variation distance of the two distributions: 0 where they are
// the same, 1 where they share no value. Numbers are compared by the greatest
// distance of their cumulated distributions.
func (c *contrast) score() float64 {
	if c.totals[0] == 0 || c.totals[1] == 0 {
		return 0
	}
	if c.numeric {
		return c.distance()
	}
	d := 0.0
	for _, n := range c.counts {
		d += math.Abs(c.share(n, 1) - c.share(n, 0))
	}
	return d / 2
}

func (c *contrast) share(n *[2]int64, side int) float64 {
	return float64(n[side]) / float64(c.totals[side])
}

// sorted are the values in their order.
func (c *contrast) sorted() []string {
	all := make([]string, 0, len(c.counts))
	for text := range c.counts {
		all = append(all, text)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(value.Compare(value.Of(a), value.Of(b)), cmp.Compare(a, b))
	})
	return all
}

func (c *contrast) distance() float64 {
	var a, b, d float64
	for _, text := range c.sorted() {
		n := c.counts[text]
		a, b = a+c.share(n, 0), b+c.share(n, 1)
		d = max(d, math.Abs(a-b))
	}
	return d
}

func (c *contrast) median(side int) value.Value {
	seen := int64(0)
	for _, text := range c.sorted() {
		if seen += c.counts[text][side]; 2*seen >= c.totals[side] && seen > 0 {
			return value.Of(text)
		}
	}
	return value.Value{}
}

// top lists the values whose share rose most where the condition holds.
func (c *contrast) top() value.Value {
	const shown = 5
	all := c.sorted()
	slices.SortStableFunc(all, func(a, b string) int {
		m, n := c.counts[a], c.counts[b]
		return cmp.Compare(c.share(n, 1)-c.share(n, 0), c.share(m, 1)-c.share(m, 0))
	})
	t := &value.Tree{Keys: []string{}}
	for _, text := range all[:min(shown, len(all))] {
		if rise := c.share(c.counts[text], 1) - c.share(c.counts[text], 0); rise > 0 {
			t.Keys = append(t.Keys, text)
			t.Values = append(t.Values, value.OfNumber(rise))
		}
	}
	return value.OfMap(t)
}

func (s *relevantSink) finish() *column.Frame {
	type scored struct {
		name  string
		score float64
	}
	var all []scored
	for name, c := range s.fields {
		if score := c.score(); score > 0 {
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
		if c.numeric {
			columns[3][row], columns[4][row] = c.median(1), c.median(0)
		} else {
			columns[2][row] = c.top()
		}
	}
	f := column.NewFrame(s.to.layout, len(all))
	for i, slot := range s.slots {
		f.Set(slot, column.Rows(columns[i]))
	}
	return f
}
