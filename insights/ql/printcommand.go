package ql

import (
	"fmt"
	"strconv"
	"strings"
)

func (q *Query) String() string {
	var parts []string
	for _, s := range q.Sources {
		parts = append(parts, s.String())
	}
	for _, c := range q.Commands {
		parts = append(parts, c.String())
	}
	return strings.Join(parts, " | ")
}

func (s Source) String() string {
	var parts []string
	if len(s.Groups) > 0 {
		parts = append(parts, join(s.Groups, quote))
	}
	var args []string
	for _, a := range []struct {
		name   string
		values []string
	}{{"namePrefix", s.Prefixes}, {"accountIdentifiers", s.Accounts}, {"class", s.Classes}} {
		if a.values != nil {
			args = append(args, a.name+": ["+join(a.values, quote)+"]")
		}
	}
	if len(args) > 0 || len(s.Groups)+len(s.DataSources) == 0 {
		parts = append(parts, "logGroups("+strings.Join(args, ", ")+")")
	}
	if s.DataSources != nil {
		parts = append(parts, "dataSource(["+join(s.DataSources, quote)+"])")
	}
	return "SOURCE " + strings.Join(parts, " ")
}

func join[T any](all []T, print func(T) string) string {
	parts := make([]string, len(all))
	for i, one := range all {
		parts[i] = print(one)
	}
	return strings.Join(parts, ", ")
}

// path prints a name that a dotted path stands for.
func path(n string) string { return "`" + n + "`" }

func as(n string) string {
	if n == "" {
		return ""
	}
	return " as " + path(n)
}

func (i Item) String() string { return i.X.String() + as(i.Alias) }
func (p Pair) String() string { return path(p.Field) + as(p.As) }
func (k Key) String() string {
	if k.Descending {
		return k.Item.String() + " desc"
	}
	return k.Item.String()
}

func (c *Fields) String() string {
	if c.Display {
		return "display " + join(c.Items, Item.String)
	}
	return "fields " + join(c.Items, Item.String)
}

func (c *Filter) String() string { return c.Word + " " + c.Condition.String() }

func (c *Stats) String() string {
	s := "stats " + join(c.Items, Item.String)
	if len(c.By) > 0 {
		s += " by " + join(c.By, Item.String)
	}
	if c.Offset != nil {
		s += " offset " + c.Offset.String()
	}
	return s
}

func (c *Sort) String() string { return "sort " + join(c.Keys, Key.String) }

func (c *Limit) String() string {
	if c.Any {
		return "limit any " + strconv.Itoa(c.N)
	}
	return "limit " + strconv.Itoa(c.N)
}

func (c *Extract) String() string {
	s := "parse "
	if c.X != nil {
		s += c.X.String() + " "
	}
	if c.Regex != nil {
		s += c.Regex.String()
	} else {
		s += quote(c.Glob)
	}
	if len(c.Names) > 0 {
		s += " as " + join(c.Names, path)
	}
	return s
}

func (c *Dedup) String() string         { return "dedup " + join(c.Fields, Expr.String) }
func (c *Pattern) String() string       { return "pattern " + c.X.String() }
func (c *Diff) String() string          { return strings.TrimSpace("diff " + c.With) }
func (c *Unmask) String() string        { return "unmask " + c.X.String() }
func (c *Unnest) String() string        { return "unnest " + c.X.String() + " into " + path(c.Into) }
func (c *Expand) String() string        { return "expand " + c.Field.String() }
func (c *CountFrequent) String() string { return "countFrequent " + join(c.Fields, Expr.String) }
func (c *Accum) String() string         { return "accum " + c.Field.String() + as(c.Alias) }
func (c *LogCompare) String() string    { return "logcompare timeshift " + c.Shift.String() }

func (c *FillDown) String() string {
	names := append([]string{"filldown"}, c.Patterns...)
	for _, x := range c.Fields {
		names = append(names, x.String())
	}
	return strings.Join(names, " ")
}

func (c *Lookup) String() string {
	word, output := "lookup ", " OUTPUT "
	if c.CIDR {
		word = "cidrlookup "
	}
	if c.OnlyEmpty {
		output = " OUTPUTNEW "
	}
	return word + quote(c.Table) + " " + join(c.Keys, Pair.String) + output + join(c.Output, Pair.String)
}

func (c *Join) String() string {
	conditions := make([]string, len(c.Conditions))
	for i, k := range c.Conditions {
		conditions[i] = path(c.Left+"."+k.Left) + " = " + path(c.Right+"."+k.Right)
	}
	return fmt.Sprintf("join type=%s left=%s right=%s where %s (%s)", c.Type, path(c.Left), path(c.Right),
		strings.Join(conditions, " and "), c.Query)
}

func (c *FillMissing) String() string {
	if len(c.With) == 0 {
		return "fillmissing"
	}
	return "fillmissing with " + join(c.With, func(f Fill) string { return f.Value.String() + " for " + path(f.Field) })
}

func (c *AddTotals) String() string {
	return strings.TrimSpace(fmt.Sprintf("addtotals fieldname=%s row=%v col=%v %s", path(c.Name), c.Row, c.Col, join(c.Fields, Expr.String)))
}

func (c *Autoregress) String() string {
	return fmt.Sprintf("autoregress %s%s p=%d-%d", c.Field, as(c.Alias), c.From, c.To)
}

func (c *AppendCols) String() string {
	return fmt.Sprintf("appendcols override=%v max=%d (%s)", c.Override, c.Max, c.Query)
}

func (c *Sessionize) String() string {
	s := "sessionize " + join(c.Fields, Expr.String)
	if c.MaxSpan != nil {
		s += " maxspan " + c.MaxSpan.String()
	}
	return s + as(c.Alias)
}

func (c *Outlier) String() string {
	action := "transform"
	if c.Remove {
		action = "remove"
	}
	return fmt.Sprintf("outlier action=%s param=%s uselower=%v mark=%v %s", action,
		strconv.FormatFloat(c.Param, 'f', -1, 64), c.UseLower, c.Mark, join(c.Fields, Expr.String))
}

func (c *RelevantFields) String() string {
	s := "relevantfields "
	if len(c.Fields) > 0 {
		s += join(c.Fields, Expr.String) + " "
	}
	return s + "where " + c.Condition.String()
}
