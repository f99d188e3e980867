package insights

import (
	"math"
	"strings"

	"steady/insights/column"
	"steady/insights/match"
	"steady/insights/ql"
	"steady/insights/value"
	"steady/scan"
)

// push hands a condition that all rows must meet on to the source, as far as that is
// sound: the source may leave out only rows that the condition leaves out too.
func (c *compiler) push(e ql.Expr) {
	if c.narrow(e) {
		return
	}
	if condition, ok := c.condition(e); ok {
		c.plan.where = append(c.plan.where, condition)
	}
}

// source is the field of log events that an expression is, if it is just one.
func (c *compiler) source(e ql.Expr) (string, bool) {
	if _, is := e.(*ql.Field); !is {
		return "", false
	}
	s, ok := c.expr(e).(column.Slot)
	if !ok {
		return "", false
	}
	name := c.space.source(int(s))
	return name, name != "" && name != scan.Timestamp && name != scan.IngestionTime
}

func (c *compiler) condition(e ql.Expr) (scan.Condition, bool) {
	switch e := e.(type) {
	case *ql.Binary:
		if e.Op == "or" {
			return c.either(e)
		}
		return c.comparison(e)
	case *ql.Match:
		return c.contains(e)
	case *ql.In:
		return c.oneOf(e)
	case *ql.Call:
		return c.ofCall(e)
	}
	return scan.Condition{}, false
}

// comparison: a missing field meets no comparison but "!=". Texts that are no numbers
// are equal only to themselves.
func (c *compiler) comparison(e *ql.Binary) (scan.Condition, bool) {
	field, other := e.L, e.R
	name, ok := c.source(field)
	if !ok {
		field, other = other, field
		name, ok = c.source(field)
	}
	fixed, constantly := c.expr(other).(column.Constant)
	switch {
	case !ok || !constantly:
		return scan.Condition{}, false
	case e.Op == "=" && plain(fixed.Value):
		return scan.Condition{Field: name, Op: scan.Equals, Texts: []string{fixed.Text()}}, true
	case e.Op == "=" || e.Op == "<" || e.Op == "<=" || e.Op == ">" || e.Op == ">=":
		return scan.Condition{Field: name, Op: scan.Present}, true
	}
	return scan.Condition{}, false
}

// plain tells whether a value equals nothing but its very text: numbers are equal by
// value, so 1 is 1.0, and true is 1.
func plain(v value.Value) bool {
	if v.Kind() != value.Text {
		return false
	}
	_, number := v.Number()
	return !number
}

// either joins "f = a or f = b".
func (c *compiler) either(e *ql.Binary) (scan.Condition, bool) {
	l, ok := c.condition(e.L)
	r, also := c.condition(e.R)
	if !ok || !also || l.Field != r.Field || l.Op != scan.Equals || r.Op != scan.Equals {
		return scan.Condition{}, false
	}
	l.Texts = append(l.Texts, r.Texts...)
	return l, true
}

func (c *compiler) contains(e *ql.Match) (scan.Condition, bool) {
	name, ok := c.source(e.X)
	if !ok || e.Not {
		return scan.Condition{}, false
	}
	texts := []string{e.Text}
	if e.Pattern != nil {
		texts = nil
		all, _ := match.Literals(e.Pattern.Source)
		for _, l := range all {
			if !l.Fold {
				texts = append(texts, l.Text)
			}
		}
	}
	if len(texts) == 0 {
		return scan.Condition{Field: name, Op: scan.Present}, true
	}
	return scan.Condition{Field: name, Op: scan.Contains, Texts: texts}, true
}

func (c *compiler) oneOf(e *ql.In) (scan.Condition, bool) {
	name, ok := c.source(e.X)
	if !ok || e.Not || e.Query != nil {
		return scan.Condition{}, false
	}
	condition := scan.Condition{Field: name, Op: scan.Equals}
	for _, one := range e.List {
		fixed, ok := c.expr(one).(column.Constant)
		if !ok || !plain(fixed.Value) {
			return scan.Condition{Field: name, Op: scan.Present}, true
		}
		condition.Texts = append(condition.Texts, fixed.Text())
	}
	return condition, len(condition.Texts) > 0
}

func (c *compiler) ofCall(e *ql.Call) (scan.Condition, bool) {
	if len(e.Args) == 0 {
		return scan.Condition{}, false
	}
	name, ok := c.source(e.Args[0])
	if !ok {
		return scan.Condition{}, false
	}
	switch lower(e.Name) {
	case "ispresent":
		return scan.Condition{Field: name, Op: scan.Present}, true
	case "strcontains", "startswith", "endswith":
		fixed, constantly := c.expr(e.Args[1]).(column.Constant)
		if len(e.Args) == 2 && constantly && !fixed.IsMissing() {
			return scan.Condition{Field: name, Op: scan.Contains, Texts: []string{fixed.Text()}}, true
		}
	}
	return scan.Condition{}, false
}

// narrow makes the time range of the scan smaller where a condition compares
// @timestamp with a number.
func (c *compiler) narrow(e ql.Expr) bool {
	b, ok := e.(*ql.Binary)
	if !ok {
		return false
	}
	f, ok := b.L.(*ql.Field)
	if !ok || f.Name() != scan.Timestamp || !c.space.events {
		return false
	}
	if i, made := c.space.computed(scan.Timestamp); made && i >= 0 {
		return false
	}
	fixed, constantly := c.expr(b.R).(column.Constant)
	n, number := fixed.Number()
	if !constantly || !number || math.Abs(n) >= 1<<53 {
		return false
	}
	switch strings.TrimSuffix(b.Op, "=") {
	case ">":
		c.plan.from = max(c.plan.from, int64(math.Floor(n)))
	case "<":
		c.plan.to = min(c.plan.to, int64(math.Ceil(n)))
	case "": // =
		c.plan.from, c.plan.to = max(c.plan.from, int64(math.Floor(n))), min(c.plan.to, int64(math.Ceil(n)))
	default:
		return false
	}
	return true
}
