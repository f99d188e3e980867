// Package function has the scalar functions of the Logs Insights language. They are
// pure: the time is given, and the same arguments have the same result.
package function

import (
	"regexp"
	"strings"
	"time"

	"steady/insights/ql"
	"steady/insights/value"
)

// Func computes a function's result.
type Func func(args []value.Value) value.Value

// Query is what functions may ask of the query that they stand in.
type Query struct {
	Now      time.Time
	From, To int64 // ms since the epoch
}

// Function is one function. Exactly one of Call, Period, Pattern and Constant is set.
type Function struct {
	// Min and Max are how many arguments it takes, with period and pattern; Max is
	// -1 where there is no limit.
	Min, Max int
	Call     Func
	// Period makes the function from its last argument, a period.
	Period func(ql.Period) Func
	// Pattern makes the function from its second argument, a regular expression; the
	// others are its arguments.
	Pattern func(*regexp.Regexp) Func
	// Layout says that the last argument is a pattern of dates; see IsLayout.
	Layout bool
	// Constant is the same for the whole query.
	Constant func(Query) value.Value
}

// Named finds a function; names are not case-sensitive.
func Named(name string) (Function, bool) {
	name = strings.ToLower(name)
	for _, group := range []map[string]Function{numeric, general, datetime, texts, encodings, jsons, addresses} {
		if f, ok := group[name]; ok {
			return f, true
		}
	}
	return Function{}, false
}

// strict makes a function that has no result where an argument is missing. "Maps and
// lists are null for scalar functions."
func strict(min, max int, f Func) Function {
	return Function{Min: min, Max: max, Call: func(args []value.Value) value.Value {
		for _, a := range args {
			if a.IsMissing() || a.IsStructure() {
				return value.Value{}
			}
		}
		return f(args)
	}}
}

// ofNumbers makes a function that has no result where an argument is no number.
func ofNumbers(min, max int, f func(n []float64) float64) Function {
	return Function{Min: min, Max: max, Call: func(args []value.Value) value.Value {
		var few [4]float64
		n := few[:0]
		for _, a := range args {
			x, ok := a.Number()
			if !ok {
				return value.Value{}
			}
			n = append(n, x)
		}
		return Finite(f(n))
	}}
}

// ofText makes a function of one text.
func ofText(f func(string) value.Value) Function {
	return strict(1, 1, func(args []value.Value) value.Value { return f(args[0].Text()) })
}
