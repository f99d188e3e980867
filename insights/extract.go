package insights

import (
	"regexp"
	"strings"

	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/value"
	"steady/scan"
	"steady/scan/find"
)

// extract compiles parse. Where the pattern does not match, the fields are missing.
func (c *compiler) extract(e *ql.Extract) {
	var x ql.Expr = &ql.Field{Span: e.Span, Segments: []string{scan.Message}}
	if e.X != nil {
		x = e.X
	}
	from := c.expr(x)
	match := globMatcher(e.Glob)
	names := e.Names
	if e.Regex != nil {
		var groups []int
		names, groups = groupsOf(e)
		match = regexMatcher(e.Regex.Regexp, e.Regex.Source, groups)
	}
	all := column.NewCall(func(a []value.Value) value.Value {
		if a[0].IsMissing() || a[0].IsStructure() {
			return value.Value{}
		}
		return match(a[0].Text())
	}, []column.Node{from})
	list := c.space.add(slot{late: c.space.collected})
	c.each(setStep{list, all})
	for i, name := range names {
		slot := c.space.define(name)
		c.each(setStep{slot, column.NewCall(func(a []value.Value) value.Value { return a[0].Element(i) }, []column.Node{column.Slot(list)})})
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
func regexMatcher(re *regexp.Regexp, source string, groups []int) func(string) value.Value {
	quick := newQuick(source, re)
	return func(s string) value.Value {
		from, ok := quick.from(s)
		if !ok {
			return value.Value{}
		}
		s = s[from:]
		at := re.FindStringSubmatchIndex(s)
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

// globMatcher lists what the stars of a glob stand for: each for as little as
// possible, the last one, at the end of the glob, for all that is left. The glob may
// begin anywhere in the text.
func globMatcher(glob string) func(string) value.Value {
	parts := strings.Split(glob, "*")
	finders := make([]find.Finder, len(parts))
	for i, p := range parts {
		finders[i] = find.New(p)
	}
	return func(s string) value.Value {
		start := finders[0].Index(s)
		if start < 0 {
			return value.Value{}
		}
		s = s[start+len(parts[0]):]
		found := make([]value.Value, 0, len(parts)-1)
		for i, p := range parts[1:] {
			end := finders[i+1].Index(s)
			if p == "" && i == len(parts)-2 {
				end = len(s)
			}
			if end < 0 {
				return value.Value{}
			}
			found = append(found, value.Of(s[:end]))
			s = s[end+len(p):]
		}
		return value.OfList(found...)
	}
}
