package insights

import (
	"strings"

	"steady/insights/column"
	"steady/insights/function"
	"steady/insights/ql"
	"steady/insights/step"
	"steady/insights/value"
	"steady/scan"
)

// compiler turns a query's tree into stages. It remembers the first error; whatever
// is compiled after it is not used.
type compiler struct {
	text  string
	query function.Query
	x     *Execution // nil when a query is only checked
	err   error
	plan  *plan
	space *space
	// inStats is set while the expressions of stats are compiled.
	inStats *statsCompiler
	before  []ql.Command // the commands in front of the one that is compiled
	joins   []*joined    // whose right sides are still open
	gaps    *step.Gaps   // those of the last stats, for fillmissing
}

func (c *compiler) fail(s ql.Span, format string, a ...any) {
	if c.err == nil {
		c.err = ql.Fail(c.text, s, format, a...)
	}
}

// expr compiles an expression in the space of the moment. What depends on nothing is
// computed at once.
func (c *compiler) expr(e ql.Expr) column.Node {
	n := c.bare(e)
	k, ok := n.(*column.Call)
	if !ok {
		return n
	}
	args := make([]value.Value, len(k.Args))
	for i, a := range k.Args {
		fixed, ok := a.(column.Constant)
		if !ok {
			return n
		}
		args[i] = fixed.Value
	}
	return column.Constant{Value: k.Fn(args)}
}

func (c *compiler) bare(e ql.Expr) column.Node {
	switch e.(type) {
	case *ql.Field, *ql.Number, *ql.Text, *ql.Bool:
	default:
		if i, ok := c.space.texts[e.String()]; ok {
			c.space.use(i)
			return column.Slot(i)
		}
	}
	switch e := e.(type) {
	case *ql.Number:
		return column.Constant{Value: value.OfWritten(e.Written, e.Value)}
	case *ql.Text:
		return column.Constant{Value: value.Of(e.Value)}
	case *ql.Bool:
		return column.Constant{Value: value.OfBool(e.Value)}
	case *ql.Field:
		return c.field(e.Span, e.Segments)
	case *ql.Access:
		return c.access(e)
	case *ql.Call:
		return c.call(e)
	case *ql.Unary:
		return c.unary(e)
	case *ql.Binary:
		return column.NewCall(operator(e.Op), []column.Node{c.expr(e.L), c.expr(e.R)})
	case *ql.Match:
		return column.NewCall(matcher(e), []column.Node{c.expr(e.X)})
	case *ql.In:
		return c.membership(e)
	case *ql.Period:
		c.fail(e.Span, "a period stands only in functions of time, such as bin(%s)", e)
	case *ql.Regex:
		c.fail(e.Span, "a regular expression stands only behind like and =~, and in parse and regexReplace")
	}
	return column.Constant{}
}

// field finds what a name means: a column that a command made, a member of a map in
// such a column, or a field of log events.
func (c *compiler) field(at ql.Span, segments []string) column.Node {
	name := strings.Join(segments, ".")
	if _, made := c.space.computed(name); !made {
		if i, n, ok := c.space.prefix(segments); ok {
			return path(column.Slot(i), segments[n:])
		}
	}
	if c.inStats != nil {
		return c.inStats.sibling(at, name)
	}
	if i, ok := c.space.find(name); ok {
		return column.Slot(i)
	}
	return column.Constant{} // stats dropped it: no row has a value
}

func path(x column.Node, names []string) column.Node {
	for _, n := range names {
		x = column.NewCall(func(a []value.Value) value.Value { return a[0].Member(n) }, []column.Node{x})
	}
	return x
}

// access takes from maps and lists; lists in log events are flattened: items[0] is
// the field items.0.
func (c *compiler) access(e *ql.Access) column.Node {
	if segments, ok := flat(e); ok && c.inStats == nil {
		name := strings.Join(segments, ".")
		if _, made := c.space.names[name]; made || !c.madeRoot(segments) {
			return c.field(e.Span, segments)
		}
	}
	x := c.expr(e.X)
	if e.List {
		return column.NewCall(func(a []value.Value) value.Value { return a[0].Element(e.Index) }, []column.Node{x})
	}
	return path(x, []string{e.Name})
}

// madeRoot tells whether a command made what a path begins with.
func (c *compiler) madeRoot(segments []string) bool {
	for n := 1; n < len(segments); n++ {
		if i, ok := c.space.names[strings.Join(segments[:n], ".")]; ok && c.space.source(i) == "" {
			return true
		}
	}
	return false
}

// flat is the path of a field that accesses go along.
func flat(e ql.Expr) ([]string, bool) {
	switch e := e.(type) {
	case *ql.Field:
		return e.Segments, true
	case *ql.Access:
		segments, ok := flat(e.X)
		next := e.Name
		if e.List {
			next = value.FormatNumber(float64(e.Index))
		}
		return append(segments[:len(segments):len(segments)], next), ok
	}
	return nil, false
}

func (c *compiler) unary(e *ql.Unary) column.Node {
	x := c.expr(e.X)
	if e.Op == "not" {
		return column.NewCall(func(a []value.Value) value.Value { return value.OfBool(!a[0].Truth()) }, []column.Node{x})
	}
	return column.NewCall(function.Arithmetic("-"), []column.Node{column.Constant{Value: value.OfNumber(0)}, x})
}

// call compiles a function.
func (c *compiler) call(e *ql.Call) column.Node {
	if _, is := aggregates[strings.ToLower(e.Name)]; is {
		if c.inStats != nil {
			return c.inStats.aggregate(e)
		}
		c.fail(e.Span, "%s aggregates rows: it stands only in stats", e.Name)
		return column.Constant{}
	}
	f, known := function.Named(e.Name)
	switch {
	case !known || e.Star:
		c.fail(e.Span, "there is no function %s%s", e.Name, map[bool]string{true: "(*)"}[e.Star && known])
	case len(e.Args) < f.Min || f.Max >= 0 && len(e.Args) > f.Max:
		c.fail(e.Span, "%s takes %s, not %d", e.Name, arguments(f.Min, f.Max), len(e.Args))
	case f.Constant != nil:
		return column.Constant{Value: f.Constant(c.query)}
	case f.Period != nil:
		return c.ofPeriod(e, f)
	case f.Pattern != nil:
		if re := c.regex(e.Args[1]); re != nil {
			return c.apply(f.Pattern(re.Regexp), []ql.Expr{e.Args[0], e.Args[2]})
		}
	case f.Layout:
		return c.ofLayout(e, f)
	case len(e.Args) == 0: // messageSize()
		return c.apply(f.Call, []ql.Expr{&ql.Field{Span: e.Span, Segments: []string{scan.Message}}})
	default:
		return c.apply(f.Call, e.Args)
	}
	return column.Constant{}
}

func (c *compiler) apply(fn function.Func, args []ql.Expr) column.Node {
	nodes := make([]column.Node, len(args))
	for i, a := range args {
		nodes[i] = c.expr(a)
	}
	return column.NewCall(fn, nodes)
}

// ofPeriod compiles a function whose last argument is a period.
func (c *compiler) ofPeriod(e *ql.Call, f function.Function) column.Node {
	last := len(e.Args) - 1
	p, ok := e.Args[last].(*ql.Period)
	switch {
	case !ok:
		c.fail(e.Args[last].Place(), "%s takes a period such as 5m here", e.Name)
		return column.Constant{}
	case last == 0:
		return c.bin(e, f, *p)
	}
	return c.apply(f.Period(*p), e.Args[:last])
}

// ofLayout compiles a function whose last argument is a pattern of dates.
func (c *compiler) ofLayout(e *ql.Call, f function.Function) column.Node {
	pattern := e.Args[len(e.Args)-1]
	if k, fixed := c.expr(pattern).(column.Constant); fixed && !function.IsLayout(k.Text()) {
		c.fail(pattern.Place(), "%s is no pattern of dates: write yyyy-MM-dd HH:mm:ss, or %%Y-%%m-%%d %%H:%%M:%%S", pattern)
	}
	return c.apply(f.Call, e.Args)
}

func (c *compiler) regex(e ql.Expr) *ql.Regex {
	switch e := e.(type) {
	case *ql.Regex:
		return e
	case *ql.Text:
		re, err := ql.Compile(e.Value)
		if err != nil {
			c.fail(e.Span, "the regular expression cannot be used: %v", err)
			return nil
		}
		return &ql.Regex{Span: e.Span, Source: e.Value, Regexp: re}
	}
	c.fail(e.Place(), "a regular expression stands here, in quotes or between slashes")
	return nil
}

// bin: "bin() always uses @timestamp"; it has no meaning behind a stats that lost it.
func (c *compiler) bin(e *ql.Call, f function.Function, p ql.Period) column.Node {
	if c.space.events {
		c.space.use(c.timestamp())
		return column.Bin{Period: p.Capped()}
	}
	i, ok := c.space.find(scan.Timestamp)
	if !ok {
		c.fail(e.Span, "bin uses @timestamp, which the stats before it did not keep")
		return column.Constant{}
	}
	return column.NewCall(f.Period(p), []column.Node{column.Slot(i)})
}

// timestamp is the slot of @timestamp of log events.
func (c *compiler) timestamp() int {
	i, _ := c.space.find(scan.Timestamp)
	return i
}

func arguments(least, most int) string {
	n := func(i int) string { return value.FormatNumber(float64(i)) }
	switch {
	case most < 0:
		return "at least " + arguments(least, least)
	case least == most && least == 1:
		return "1 argument"
	case least == most:
		return n(least) + " arguments"
	}
	return n(least) + " to " + n(most) + " arguments"
}
