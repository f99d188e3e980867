package function

import "steady/insights/value"

var jsons = map[string]Function{
	"jsonparse": {Min: 1, Max: 1, Call: func(a []value.Value) value.Value { return structure(a[0]) }},
	"jsonstringify": {Min: 1, Max: 1, Call: func(a []value.Value) value.Value {
		if a[0].IsMissing() {
			return a[0]
		}
		return value.Of(a[0].JSON())
	}},
	"jsonarraysize": {Min: 1, Max: 1, Call: func(a []value.Value) value.Value {
		if l := structure(a[0]); l.Kind() == value.List {
			return value.OfNumber(float64(len(l.Tree().Values)))
		}
		return value.Value{}
	}},
	"jsonarraycontains": {Min: 2, Max: 2, Call: jsonArrayContains},
}

// structure is the list or map that a value is, or that its text is as JSON.
func structure(v value.Value) value.Value {
	if v.IsStructure() || v.IsMissing() {
		return v
	}
	return value.ParseJSON(v.Text())
}

func jsonArrayContains(a []value.Value) value.Value {
	l := structure(a[0])
	if l.Kind() != value.List || a[1].IsMissing() {
		return value.Value{}
	}
	for _, x := range l.Tree().Values {
		if value.Equal(x, a[1]) {
			return value.OfBool(true)
		}
	}
	return value.OfBool(false)
}
