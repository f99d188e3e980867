package insights

import (
	"math"
	"slices"
	"strings"

	"steady/insights/ql"
)

// aggregates are the functions of stats: each reads its constant arguments, and says
// what aggregates, and which argument.
var aggregates map[string]func(s *statsCompiler, e *ql.Call) (make func() aggregate, arg ql.Expr)

func init() {
	aggregates = map[string]func(*statsCompiler, *ql.Call) (func() aggregate, ql.Expr){
		"count": counted,
		"avg": one(func() aggregate {
			return &moments{of: func(n, sum, _ float64) float64 { return sum / n }}
		}),
		"sum": one(func() aggregate { return &moments{of: func(_, sum, _ float64) float64 { return sum }} }),
		"stddev": one(func() aggregate {
			return &moments{spread: true, of: func(n, _, squares float64) float64 { return math.Sqrt(squares / n) }}
		}),
		"variance": one(func() aggregate {
			return &moments{spread: true, of: func(n, _, squares float64) float64 { return squares / n }}
		}),
		"min": one(func() aggregate { return &extreme{} }), "max": one(func() aggregate { return &extreme{last: true} }),
		"sortsfirst": one(func() aggregate { return &extreme{} }), "sortslast": one(func() aggregate { return &extreme{last: true} }),
		"earliest": timed(func() aggregate { return &extreme{byTime: true} }),
		"latest":   timed(func() aggregate { return &extreme{byTime: true, last: true} }),
		"median":   one(func() aggregate { return &spread{of: percentile(50)} }),
		"pct":      pct, "percentile": pct,
		"count_distinct": one(func() aggregate { return &distinct{} }), "countdistinct": one(func() aggregate { return &distinct{} }),
		"values": one(func() aggregate { return &tally{} }), "collect_values": one(func() aggregate { return &tally{} }),
		"topk":          topK,
		"rate":          rate,
		"countovertime": one(func() aggregate { return &count{} }), "count_over_time": one(func() aggregate { return &count{} }),
		"histogram": buckets,
	}
	aggregates["sumovertime"], aggregates["sum_over_time"] = aggregates["sum"], aggregates["sum"]
}

// one is an aggregation with one argument.
func one(make func() aggregate) func(*statsCompiler, *ql.Call) (func() aggregate, ql.Expr) {
	return func(s *statsCompiler, e *ql.Call) (func() aggregate, ql.Expr) {
		if len(e.Args) != 1 {
			s.fail(e.Span, "%s takes 1 argument, not %d", e.Name, len(e.Args))
			return make, nil
		}
		return make, e.Args[0]
	}
}

// timed is one that goes by @timestamp.
func timed(make func() aggregate) func(*statsCompiler, *ql.Call) (func() aggregate, ql.Expr) {
	return func(s *statsCompiler, e *ql.Call) (func() aggregate, ql.Expr) {
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
func counted(s *statsCompiler, e *ql.Call) (func() aggregate, ql.Expr) {
	if len(e.Args) == 0 {
		return func() aggregate { return &count{all: true} }, nil
	}
	return one(func() aggregate { return &count{} })(s, e)
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

func pct(s *statsCompiler, e *ql.Call) (func() aggregate, ql.Expr) {
	p, arg := s.number(e, 1, 0, 100)
	return func() aggregate { return &spread{of: percentile(p)} }, arg
}

func topK(s *statsCompiler, e *ql.Call) (func() aggregate, ql.Expr) {
	k, arg := s.number(e, 0, 1, 10000)
	return func() aggregate { return &tally{top: int(k)} }, arg
}

func buckets(s *statsCompiler, e *ql.Call) (func() aggregate, ql.Expr) {
	n, arg := s.number(e, 1, 1, 1000)
	return func() aggregate { return &spread{of: histogram(int(n))} }, arg
}

func rate(s *statsCompiler, e *ql.Call) (func() aggregate, ql.Expr) {
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
	return func() aggregate { return newSlope(interval) }, e.Args[0]
}

// isAggregate tells whether an expression aggregates anywhere within.
func isAggregate(e ql.Expr) bool {
	return slices.ContainsFunc(ql.Nodes(e), func(n ql.Expr) bool {
		c, ok := n.(*ql.Call)
		return ok && aggregates[strings.ToLower(c.Name)] != nil
	})
}
