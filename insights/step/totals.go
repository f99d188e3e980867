package step

import (
	"slices"

	"steady/insights/column"
	"steady/insights/value"
)

// Sum adds what is a number.
func Sum(args []value.Value) value.Value {
	total, any := 0.0, false
	for _, a := range args {
		if x, ok := addend(a); ok {
			total, any = total+x, true
		}
	}
	if !any {
		return value.Value{}
	}
	return value.OfNumber(total)
}

func addend(v value.Value) (float64, bool) {
	if v.Kind() == value.Time || v.Kind() == value.Bool {
		return 0, false
	}
	return v.Number()
}

// Totals adds a row with the sums of some columns, and nothing else.
type Totals []int

// Apply makes the next frame.
func (s Totals) Apply(f *column.Frame) (*column.Frame, error) {
	g := column.NewFrame(f.Layout, f.N+1) // without times: the row at the end has none
	for i := range f.Sources {
		v := f.Col(i)
		values := make([]value.Value, f.N+1)
		for row := range f.N {
			values[row] = v.At(row)
		}
		if slices.Contains(s, i) {
			values[f.N] = Sum(values[:f.N])
		}
		g.Set(i, column.Rows(values))
	}
	return g, nil
}
