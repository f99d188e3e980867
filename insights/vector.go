package insights

import (
	"steady/insights/value"
	"steady/scan"
)

// vector is one column of a frame. It has one of three shapes: a dictionary with a
// code for each row; a value for each row; one value for all of them. What depends on
// one column only is thus computed once for each value of its dictionary.
type vector struct {
	codes []int32 // for each row, of a dictionary: -1 is absent
	// The dictionary's values, in one of two forms; or those of the rows.
	source []scan.Value
	values []value.Value
	absent value.Value // what -1 stands for; or the value of all rows
	shape  shape
	times  bool // numbers of source are times
}

type shape uint8

const (
	single     shape = iota // absent, for every row
	dictionary              // codes
	rows                    // values
)

var missing = &vector{}

func singleVector(v value.Value) *vector { return &vector{absent: v} }

func rowsVector(values []value.Value) *vector { return &vector{values: values, shape: rows} }

func columnVector(c *scan.Column, times bool) *vector {
	return &vector{codes: c.Codes, source: c.Values, times: times, shape: dictionary}
}

// size is how many values a dictionary has.
func (v *vector) size() int { return max(len(v.source), len(v.values)) }

// entry is a value of a dictionary; -1 is the absent one.
func (v *vector) entry(code int32) value.Value {
	switch {
	case code < 0:
		return v.absent
	case v.source == nil:
		return v.values[code]
	}
	s := v.source[code]
	switch s.Kind {
	case scan.Null:
		return value.Value{}
	case scan.Bool:
		return value.OfBool(s.Text == "true")
	}
	if v.times {
		if ms, ok := value.Of(s.Text).Millis(); ok {
			return value.OfTime(ms)
		}
	}
	return value.Of(s.Text)
}

// at is the value of a row.
func (v *vector) at(row int) value.Value {
	switch v.shape {
	case dictionary:
		return v.entry(v.codes[row])
	case rows:
		return v.values[row]
	}
	return v.absent
}

// gather is the vector of some rows, in the given order.
func (v *vector) gather(keep []int32) *vector {
	g := *v
	switch v.shape {
	case dictionary:
		g.codes = make([]int32, len(keep))
		for i, row := range keep {
			g.codes[i] = v.codes[row]
		}
	case rows:
		g.values = make([]value.Value, len(keep))
		for i, row := range keep {
			g.values[i] = v.values[row]
		}
	}
	return &g
}

// sameCodes tells whether two dictionaries are of the same column.
func sameCodes(a, b []int32) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// where lists the rows whose value is true, or nil where all are.
func (v *vector) where(n int) (keep []int32, all bool) {
	switch v.shape {
	case single:
		return nil, v.absent.Truth()
	case dictionary:
		return v.whereCodes()
	}
	for i := range n {
		if v.values[i].Truth() {
			keep = append(keep, int32(i))
		}
	}
	return keep, len(keep) == n
}

func (v *vector) whereCodes() (keep []int32, all bool) {
	truth := make([]bool, v.size()+1)
	for c := range truth {
		truth[c] = v.entry(int32(c) - 1).Truth()
	}
	count := 0
	for _, c := range v.codes {
		if truth[c+1] {
			count++
		}
	}
	if count == len(v.codes) {
		return nil, true
	}
	keep = make([]int32, 0, count)
	for i, c := range v.codes {
		if truth[c+1] {
			keep = append(keep, int32(i))
		}
	}
	return keep, false
}
