package ql

import (
	"math"
	"strconv"
	"strings"
)

// The canonical text of a tree reads as the same tree.

func (e *Text) String() string  { return quote(e.Value) }
func (e *Bool) String() string  { return strconv.FormatBool(e.Value) }
func (e *Regex) String() string { return "/" + e.Source + "/" }

// String is the number as it is written where a float64 would lose digits of it.
func (e *Number) String() string {
	if math.Abs(e.Value) >= 1<<53 {
		return e.Written
	}
	return strconv.FormatFloat(e.Value, 'f', -1, 64)
}

func (e *Period) String() string {
	return strconv.FormatInt(e.Count, 10) + [...]string{"ms", "s", "m", "h", "d", "w", "mo", "q", "y"}[e.Unit]
}

// Name is the field's name with its dots, without back-ticks.
func (e *Field) Name() string { return strings.Join(e.Segments, ".") }

func (e *Field) String() string {
	parts := make([]string, len(e.Segments))
	for i, s := range e.Segments {
		parts[i] = ticked(s, i == 0)
	}
	return strings.Join(parts, ".")
}

// ticked puts back-ticks around what is no bare name.
func ticked(s string, first bool) string {
	bare := s != "" && (!first || isNameStart(s[0])) && !reserved[strings.ToLower(s)]
	for i := range len(s) {
		bare = bare && isNamePart(s[i]) && s[i] != '.'
	}
	if bare {
		return s
	}
	return "`" + s + "`"
}

var reserved = map[string]bool{"and": true, "or": true, "not": true, "like": true, "in": true, "as": true,
	"by": true, "true": true, "false": true, "asc": true, "desc": true, "source": true, "where": true}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s) + `"`
}

func (e *Access) String() string {
	if e.List {
		return e.X.String() + "[" + strconv.Itoa(e.Index) + "]"
	}
	return e.X.String() + "." + ticked(e.Name, false)
}

func (e *Call) String() string {
	args := make([]string, len(e.Args))
	for i, a := range e.Args {
		args[i] = a.String()
	}
	if e.Star {
		args = []string{"*"}
	}
	return strings.ToLower(e.Name) + "(" + strings.Join(args, ", ") + ")"
}

func (e *Unary) String() string {
	if e.Op == "-" {
		return "(-" + e.X.String() + ")"
	}
	return "(not " + e.X.String() + ")"
}

func (e *Binary) String() string {
	return "(" + e.L.String() + " " + e.Op + " " + e.R.String() + ")"
}

func (e *Match) String() string {
	pattern := quote(e.Text)
	if e.Pattern != nil {
		pattern = e.Pattern.String()
	}
	return "(" + e.X.String() + negated(e.Not) + e.Op + " " + pattern + ")"
}

func (e *In) String() string {
	if e.Query != nil {
		return "(" + e.X.String() + negated(e.Not) + "in (" + e.Query.String() + "))"
	}
	all := make([]string, len(e.List))
	for i, x := range e.List {
		all[i] = x.String()
	}
	return "(" + e.X.String() + negated(e.Not) + "in [" + strings.Join(all, ", ") + "])"
}

func negated(not bool) string {
	if not {
		return " not "
	}
	return " "
}
