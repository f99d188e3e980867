package insights

import (
	"slices"
	"strings"

	"steady/insights/aggregate"
	"steady/insights/ql"
)

// aggregates are the functions of stats: each reads its constant arguments, and says
// what aggregates, and which argument.
var aggregates map[string]func(s *statsCompiler, e *ql.Call) (make func() aggregate.Aggregate, arg ql.Expr)

func init() { // a map of functions that lead back to it cannot be initialized where it stands
	aggregates = map[string]func(*statsCompiler, *ql.Call) (func() aggregate.Aggregate, ql.Expr){
		"count": counted, "sum": one(aggregate.Sum), "avg": one(aggregate.Avg),
		"stddev": one(aggregate.Stddev), "variance": one(aggregate.Variance),
		"min": one(aggregate.Min), "max": one(aggregate.Max),
		"sortsfirst": one(aggregate.Min), "sortslast": one(aggregate.Max),
		"earliest": timed(aggregate.Earliest), "latest": timed(aggregate.Latest),
		"median": one(func() aggregate.Aggregate { return aggregate.Percentile(50) }),
		"pct":    pct, "percentile": pct,
		"count_distinct": one(aggregate.Distinct), "countdistinct": one(aggregate.Distinct),
		"values": one(aggregate.Values), "collect_values": one(aggregate.Values),
		"topk": topK, "rate": rate, "histogram": buckets,
		"countovertime": one(aggregate.Count), "count_over_time": one(aggregate.Count),
		"sumovertime": one(aggregate.Sum), "sum_over_time": one(aggregate.Sum),
	}
}

// one is an aggregation with one argument.
func one(make func() aggregate.Aggregate) func(*statsCompiler, *ql.Call) (func() aggregate.Aggregate, ql.Expr) {
	return func(s *statsCompiler, e *ql.Call) (func() aggregate.Aggregate, ql.Expr) {
		if len(e.Args) != 1 {
			s.fail(e.Span, "%s takes 1 argument, not %d", e.Name, len(e.Args))
			return make, nil
		}
		return make, e.Args[0]
	}
}

// timed is one that goes by @timestamp.
func timed(make func() aggregate.Aggregate) func(*statsCompiler, *ql.Call) (func() aggregate.Aggregate, ql.Expr) {
	return func(s *statsCompiler, e *ql.Call) (func() aggregate.Aggregate, ql.Expr) {
		s.needTime(e)
		return one(make)(s, e)
	}
}

func (s *statsCompiler) needTime(e *ql.Call) {
	if _, ok := s.from.find("@timestamp"); !ok {
		s.fail(e.Span, "%s uses @timestamp, which the stats before it did not keep", e.Name)
	}
}

// counted is count(*), count() or count(field).
func counted(s *statsCompiler, e *ql.Call) (func() aggregate.Aggregate, ql.Expr) {
	if len(e.Args) == 0 {
		return aggregate.Rows, nil
	}
	return one(aggregate.Count)(s, e)
}

// number reads an argument that is a constant number between two others, at a place.
func (s *statsCompiler) number(e *ql.Call, at int, least, most float64) (float64, ql.Expr) {
	if len(e.Args) != 2 {
		s.fail(e.Span, "%s takes 2 arguments, not %d", e.Name, len(e.Args))
		return least, nil
	}
	n, ok := e.Args[at].(*ql.Number)
	if !ok || n.Value < least || n.Value > most {
		s.fail(e.Args[at].Place(), "%s takes a number from %v to %v here", e.Name, least, most)
		return least, e.Args[1-at]
	}
	return n.Value, e.Args[1-at]
}

func pct(s *statsCompiler, e *ql.Call) (func() aggregate.Aggregate, ql.Expr) {
	p, arg := s.number(e, 1, 0, 100)
	return func() aggregate.Aggregate { return aggregate.Percentile(p) }, arg
}

func topK(s *statsCompiler, e *ql.Call) (func() aggregate.Aggregate, ql.Expr) {
	k, arg := s.number(e, 0, 1, 10000)
	return func() aggregate.Aggregate { return aggregate.TopK(int(k)) }, arg
}

func buckets(s *statsCompiler, e *ql.Call) (func() aggregate.Aggregate, ql.Expr) {
	n, arg := s.number(e, 1, 1, 1000)
	return func() aggregate.Aggregate { return aggregate.Histogram(int(n)) }, arg
}

func rate(s *statsCompiler, e *ql.Call) (func() aggregate.Aggregate, ql.Expr) {
	if len(e.Args) != 2 {
		s.fail(e.Span, "%s takes a field and a period", e.Name)
		return nil, nil
	}
	p, ok := e.Args[1].(*ql.Period)
	if !ok {
		s.fail(e.Args[1].Place(), "%s takes a period such as 5m here", e.Name)
		return nil, nil
	}
	s.needTime(e)
	interval := float64(p.Duration().Milliseconds())
	return func() aggregate.Aggregate { return aggregate.Rate(interval) }, e.Args[0]
}

// isAggregate tells whether an expression aggregates anywhere within.
func isAggregate(e ql.Expr) bool {
	return slices.ContainsFunc(ql.Nodes(e), func(n ql.Expr) bool {
		c, ok := n.(*ql.Call)
		return ok && aggregates[strings.ToLower(c.Name)] != nil
	})
}
