package insights

import (
	"regexp"

	"steady/insights/column"
	"steady/insights/match"
	"steady/insights/ql"
	"steady/insights/step"
	"steady/insights/value"
	"steady/scan"
)

// extract compiles parse. Where the pattern does not match, the fields are missing.
func (c *compiler) extract(e *ql.Extract) {
	var x ql.Expr = &ql.Field{Span: e.Span, Segments: []string{scan.Message}}
	if e.X != nil {
		x = e.X
	}
	from := c.expr(x)
	find := globMatcher(e.Glob, len(e.Names))
	names := e.Names
	if e.Regex != nil {
		var groups []int
		names, groups = groupsOf(e)
		find = regexMatcher(e.Regex.Regexp, groups)
	}
	all := column.NewCall(func(a []value.Value) value.Value {
		if a[0].IsMissing() || a[0].IsStructure() {
			return value.Value{}
		}
		return find(a[0].Text())
	}, []column.Node{from})
	list := c.space.add(slot{late: c.space.collected})
	c.each(step.Set{Slot: list, Node: all})
	for i, name := range names {
		slot := c.space.define(name)
		c.each(step.Set{Slot: slot, Node: column.NewCall(func(a []value.Value) value.Value { return a[0].Element(i) }, []column.Node{column.Slot(list)})})
		c.extracted(name, slot)
	}
}

// extracted shows a field that a command extracted beside those that are shown.
func (c *compiler) extracted(name string, slot int) {
	was := c.space.explicit
	c.space.show(name, slot)
	c.space.explicit = was
}

// groupsOf are the names that the groups of a regular expression get.
func groupsOf(e *ql.Extract) (names []string, groups []int) {
	for i, n := range e.Regex.SubexpNames() {
		switch {
		case i > 0 && len(e.Names) > 0:
			n = e.Names[i-1]
		case n == "":
			continue
		}
		names = append(names, n)
		groups = append(groups, i)
	}
	return names, groups
}

// regexMatcher lists what the groups match; a group that is not a part of the match
// is missing.
func regexMatcher(re *regexp.Regexp, groups []int) func(string) value.Value {
	fast := match.NewRegex(re)
	return func(s string) value.Value {
		at := fast.Groups(s)
		if at == nil {
			return value.Value{}
		}
		found := make([]value.Value, len(groups))
		for i, g := range groups {
			if from := at[2*g]; from >= 0 {
				found[i] = value.Of(s[from:at[2*g+1]])
			}
		}
		return value.OfList(found...)
	}
}

// globMatcher lists what the stars of a glob stand for.
func globMatcher(glob string, stars int) func(string) value.Value {
	g := match.NewGlob(glob)
	return func(s string) value.Value {
		found := make([]value.Value, stars)
		if !g.Find(s, func(star int, text string) { found[star] = value.Of(text) }) {
			return value.Value{}
		}
		return value.OfList(found...)
	}
}
