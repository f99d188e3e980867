// Package column has the rows that queries work on, column by column, and the
// expressions that are computed from them. It never knows a query.
package column

import (
	"steady/insights/value"
	"steady/scan"
)

// Vector is one column of a frame. It has one of three shapes: a dictionary with a
// code for each row; a value for each row; one value for all of them. What depends on
// one column only is thus computed once for each value of its dictionary.
type Vector struct {
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

// Missing has no value in any row.
var Missing = &Vector{}

// Single has the same value in all rows.
func Single(v value.Value) *Vector { return &Vector{absent: v} }

// Rows has a value for each row.
func Rows(values []value.Value) *Vector { return &Vector{values: values, shape: rows} }

// FromScan is a column of a block; times says that its numbers are times.
func FromScan(c *scan.Column, times bool) *Vector {
	return &Vector{codes: c.Codes, source: c.Values, times: times, shape: dictionary}
}

// IsDictionary tells whether the vector has a dictionary that has fewer values than
// rows, so that it is worth while to look at each value once.
func (v *Vector) IsDictionary() bool { return v.shape == dictionary && v.Size() <= len(v.codes) }

// Code is a row's code; 0 is the absent one, and others are one more than the vector has.
func (v *Vector) Code(row int) int32 {
	if v.shape != dictionary {
		return 0
	}
	return v.codes[row] + 1
}

// Size is how many values a dictionary has.
func (v *Vector) Size() int { return max(len(v.source), len(v.values)) }

// Entry is a value of a dictionary; -1 is the absent one.
func (v *Vector) Entry(code int32) value.Value {
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

// At is the value of a row.
func (v *Vector) At(row int) value.Value {
	switch v.shape {
	case dictionary:
		return v.Entry(v.codes[row])
	case rows:
		return v.values[row]
	}
	return v.absent
}

// Gather is the vector of some rows, in the given order.
func (v *Vector) Gather(keep []int32) *Vector {
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

// Where lists the rows whose value is true, or nil where all are.
func (v *Vector) Where(n int) (keep []int32, all bool) {
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

func (v *Vector) whereCodes() (keep []int32, all bool) {
	truth := make([]bool, v.Size()+1)
	for c := range truth {
		truth[c] = v.Entry(int32(c) - 1).Truth()
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

// Encoded makes a dictionary of a vector that has a value for each row. Lists and maps
// are absent in it.
func (v *Vector) Encoded() *Vector {
	if v.shape != rows {
		return v
	}
	d := &Vector{codes: make([]int32, len(v.values)), shape: dictionary}
	known := map[string]int32{}
	for row := range v.values {
		x := v.values[row]
		if x.IsMissing() || x.IsStructure() {
			d.codes[row] = -1
			continue
		}
		s := x.String()
		c, ok := known[s]
		if !ok {
			c = int32(len(d.values))
			known[s] = c
			d.values = append(d.values, x)
		}
		d.codes[row] = c
	}
	return d
}
