package aggregate

import (
	"math"
	"slices"

	"steady/insights/value"
)

func (a *spread) Result(g int) value.Value {
	if len(a.numbers[g]) == 0 {
		return value.Value{}
	}
	sorted := slices.Clone(a.numbers[g])
	slices.Sort(sorted)
	return a.of(sorted)
}

// Quantile is the value at a part, from 0 to 1, of sorted numbers.
func Quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(math.Floor(at))
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (sorted[i+1]-sorted[i])*(at-float64(i))
}

// histogram counts the numbers in ranges of the same width, by the lower end of each.
func histogram(buckets int) func([]float64) value.Value {
	return func(sorted []float64) value.Value {
		low := sorted[0]
		width := (sorted[len(sorted)-1] - low) / float64(buckets)
		counts := make([]int, buckets)
		for _, x := range sorted {
			i := 0
			if width > 0 {
				i = min(int((x-low)/width), buckets-1)
			}
			counts[i]++
		}
		t := &value.Tree{Keys: []string{}}
		for i, n := range counts {
			t.Keys = append(t.Keys, value.FormatNumber(low+width*float64(i)))
			t.Values = append(t.Values, value.OfNumber(float64(n)))
			if width == 0 {
				break
			}
		}
		return value.OfMap(t)
	}
}
