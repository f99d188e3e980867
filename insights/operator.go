package insights

import (
	"steady/insights/column"
	"steady/insights/function"
	"steady/insights/match"
	"steady/insights/ql"
	"steady/insights/value"
	"steady/scan/find"
)

// operator is the function of a binary operator. A comparison with a missing value
// does not hold, but for "!=", which is not "=".
func operator(op string) function.Func {
	switch op {
	case "and":
		return truth(func(a, b value.Value) bool { return a.Truth() && b.Truth() })
	case "or":
		return truth(func(a, b value.Value) bool { return a.Truth() || b.Truth() })
	case "=":
		return truth(value.Equal)
	case "!=":
		return truth(func(a, b value.Value) bool { return !value.Equal(a, b) })
	case "<":
		return truth(less)
	case ">":
		return truth(func(a, b value.Value) bool { return less(b, a) })
	case "<=":
		return truth(func(a, b value.Value) bool { return less(a, b) || value.Equal(a, b) })
	case ">=":
		return truth(func(a, b value.Value) bool { return less(b, a) || value.Equal(a, b) })
	}
	return function.Arithmetic(op)
}

func less(a, b value.Value) bool {
	l, ok := value.Less(a, b)
	return l && ok
}

func truth(f func(a, b value.Value) bool) function.Func {
	return func(args []value.Value) value.Value { return value.OfBool(f(args[0], args[1])) }
}

// matcher is the function of like and =~.
func matcher(e *ql.Match) function.Func {
	text := find.New(e.Text)
	is := text.In
	if e.Pattern != nil {
		is = match.NewRegex(e.Pattern.Regexp).In
	}
	return func(args []value.Value) value.Value {
		a := args[0]
		matches := !a.IsMissing() && !a.IsStructure() && is(a.Text())
		return value.OfBool(matches != e.Not)
	}
}

// membership compiles a look into a list, or into what a subquery finds.
func (c *compiler) membership(e *ql.In) column.Node {
	x := c.expr(e.X)
	if e.Query != nil {
		return c.inSubquery(e, x)
	}
	args := []column.Node{x}
	for _, one := range e.List {
		args = append(args, c.expr(one))
	}
	if set := newSet(args[1:]); set != nil {
		return column.NewCall(func(a []value.Value) value.Value {
			return value.OfBool(set.has(a[0]) != e.Not)
		}, args[:1])
	}
	return column.NewCall(func(a []value.Value) value.Value {
		is := false
		for _, one := range a[1:] {
			is = is || value.Equal(a[0], one)
		}
		return value.OfBool(is != e.Not)
	}, args)
}

// set is a set of values in the sense of value.Equal.
type set struct {
	texts   map[string]bool
	numbers map[float64][]value.Value
}

// newSet makes a set of constants, or nil where they are none.
func newSet(nodes []column.Node) *set {
	s := &set{map[string]bool{}, map[float64][]value.Value{}}
	for _, n := range nodes {
		k, ok := n.(column.Constant)
		if !ok {
			return nil
		}
		s.add(k.Value)
	}
	return s
}

func (s *set) add(v value.Value) {
	if v.IsMissing() {
		return
	}
	s.texts[v.Text()] = true
	if n, ok := v.Number(); ok {
		s.numbers[n] = append(s.numbers[n], v)
	}
}

func (s *set) has(v value.Value) bool {
	if v.IsMissing() {
		return false
	}
	if n, ok := v.Number(); ok {
		for _, one := range s.numbers[n] {
			if value.Equal(v, one) {
				return true
			}
		}
	}
	return s.texts[v.Text()]
}
