package function

import (
	"strings"

	"steady/insights/value"
)

var general = map[string]Function{
	"ispresent": {Min: 1, Max: 1, Call: func(a []value.Value) value.Value { return value.OfBool(!a[0].IsMissing()) }},
	"coalesce":  {Min: 1, Max: -1, Call: coalesce},
	// case(condition, value, …[, default]) with up to ten conditions
	"case": {Min: 2, Max: 21, Call: choose},
	"if":   {Min: 3, Max: 3, Call: choose},
	"isnumeric": {Min: 1, Max: 1, Call: func(a []value.Value) value.Value {
		_, ok := a[0].Number()
		return value.OfBool(ok && a[0].Kind() != value.Bool)
	}},
	// messageSize() is called with @message.
	"messagesize": strict(0, 1, func(a []value.Value) value.Value { return value.OfNumber(float64(len(a[0].Text()))) }),
	"unmask":      {Min: 1, Max: 1, Call: func(a []value.Value) value.Value { return a[0] }},
	// "isempty: true if the field is missing or is an empty string"
	"isempty": {Min: 1, Max: 1, Call: func(a []value.Value) value.Value {
		return value.OfBool(!a[0].IsStructure() && a[0].Text() == "")
	}},
	"isblank": {Min: 1, Max: 1, Call: func(a []value.Value) value.Value {
		return value.OfBool(!a[0].IsStructure() && strings.TrimSpace(a[0].Text()) == "")
	}},
	"querystarttime": {Constant: func(q Query) value.Value { return value.OfTime(q.From) }},
	"queryendtime":   {Constant: func(q Query) value.Value { return value.OfTime(q.To) }},
	"querytimerange": {Constant: func(q Query) value.Value { return value.OfNumber(float64(q.To - q.From)) }},
}

func coalesce(args []value.Value) value.Value {
	for _, a := range args {
		if !a.IsMissing() {
			return a
		}
	}
	return value.Value{}
}

// choose returns the value behind the first condition that holds.
func choose(args []value.Value) value.Value {
	for len(args) > 1 {
		if args[0].Truth() {
			return args[1]
		}
		args = args[2:]
	}
	if len(args) == 1 {
		return args[0]
	}
	return value.Value{}
}
