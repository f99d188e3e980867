package step

import (
	"slices"

	"steady/insights/aggregate"
	"steady/insights/column"
	"steady/insights/value"
)

// Outlier finds numbers that lie further from the quartiles than Param times their
// distance, and drops their rows, or moves them to that boundary.
type Outlier struct {
	From column.Node
	Slot int // of the numbers as they become
	Mark int // of whether they lie outside, or -1
	// Remove drops rows. Lower looks below the first quartile too.
	Remove, Lower bool
	Param         float64
}

// Apply makes the next frame.
func (s Outlier) Apply(f *column.Frame) (*column.Frame, error) {
	v := s.From.Eval(f)
	var numbers []float64
	for row := range f.N {
		if x, ok := v.At(row).Number(); ok {
			numbers = append(numbers, x)
		}
	}
	f = f.Copied()
	if len(numbers) == 0 {
		f.Set(s.Slot, v)
		return f, nil
	}
	slices.Sort(numbers)
	q1, q3 := aggregate.Quantile(numbers, 0.25), aggregate.Quantile(numbers, 0.75)
	low, high := q1-s.Param*(q3-q1), q3+s.Param*(q3-q1)
	values, marks := make([]value.Value, f.N), make([]value.Value, f.N)
	var keep []int32
	for row := range f.N {
		values[row] = v.At(row)
		x, ok := values[row].Number()
		out := ok && (x > high || s.Lower && x < low)
		marks[row] = value.OfBool(out)
		if !out || !s.Remove {
			keep = append(keep, int32(row))
		}
		if out {
			values[row] = value.OfNumber(min(max(x, low), high))
		}
	}
	f.Set(s.Slot, column.Rows(values))
	if s.Mark >= 0 {
		f.Set(s.Mark, column.Rows(marks))
	}
	return f.Gather(keep), nil
}
