package aggregate

import (
	"math"

	"steady/insights/value"
)

// Rows counts rows.
func Rows() Aggregate { return &count{all: true} }

// Count counts values.
func Count() Aggregate { return &count{} }

// Sum sums numbers.
func Sum() Aggregate { return &moments{of: func(_, sum, _ float64) float64 { return sum }} }

// Avg is the mean of numbers.
func Avg() Aggregate { return &moments{of: func(n, sum, _ float64) float64 { return sum / n }} }

// Variance is that of the numbers as a whole, not as a sample.
func Variance() Aggregate {
	return &moments{spread: true, of: func(n, _, squares float64) float64 { return squares / n }}
}

// Stddev is the root of the variance.
func Stddev() Aggregate {
	return &moments{spread: true, of: func(n, _, squares float64) float64 { return math.Sqrt(squares / n) }}
}

// Min is the value that is sorted first.
func Min() Aggregate { return &extreme{} }

// Max is the value that is sorted last.
func Max() Aggregate { return &extreme{last: true} }

// Earliest is the value of the row with the lowest time.
func Earliest() Aggregate { return &extreme{byTime: true} }

// Latest is the value of the row with the highest time.
func Latest() Aggregate { return &extreme{byTime: true, last: true} }

// Percentile is exact: between two numbers it lies on the line that joins them.
func Percentile(percent float64) Aggregate {
	return &spread{of: func(sorted []float64) value.Value { return value.OfNumber(Quantile(sorted, percent/100)) }}
}

// Histogram counts numbers in ranges of the same width.
func Histogram(ranges int) Aggregate { return &spread{of: histogram(ranges)} }

// Distinct counts distinct values: exactly up to 32,768 of a group, beyond that by an
// estimate, as AWS does, within about 1%.
func Distinct() Aggregate { return &distinct{} }

// Values lists the distinct values.
func Values() Aggregate { return &tally{} }

// TopK lists the most frequent values.
func TopK(k int) Aggregate { return &tally{top: k} }

// Rate is how much a number changed from the first row to the last, for each interval
// of so many ms between them.
func Rate(interval float64) Aggregate { return newSlope(interval) }
