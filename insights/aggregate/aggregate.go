// Package aggregate has the aggregations of stats, each for all groups at once. It
// never knows what the groups are.
package aggregate

import (
	"math"

	"steady/insights/column"
	"steady/insights/function"
	"steady/insights/value"
)

// Aggregate computes one aggregation for all groups at once.
type Aggregate interface {
	// Grow makes room for this many groups.
	Grow(groups int)
	// Add takes a frame's rows: the group and the value of each.
	Add(groups []int32, v *column.Vector, f *column.Frame)
	// Result is what a group has come to.
	Result(group int) value.Value
	// Size is about how many bytes it holds beyond a few for each group.
	Size() int64
}

// grown lengthens a slice with zeros.
func grown[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	return append(s, make([]T, n-len(s))...)
}

// eachNumber calls f for each row whose value is a number. A dictionary's values are
// read once.
func eachNumber(groups []int32, v *column.Vector, f func(group int32, x float64)) {
	if !v.IsDictionary() {
		for row, g := range groups {
			if x, ok := v.At(row).Number(); ok {
				f(g, x)
			}
		}
		return
	}
	numbers := make([]float64, v.Size()+1)
	for c := range numbers {
		x, ok := v.Entry(int32(c) - 1).Number()
		if !ok {
			x = math.NaN()
		}
		numbers[c] = x
	}
	for row, g := range groups {
		if x := numbers[v.Code(row)]; !math.IsNaN(x) {
			f(g, x)
		}
	}
}

// count counts rows, or those that have a value.
type count struct {
	all    bool
	counts []int64
}

func (a *count) Grow(n int)               { a.counts = grown(a.counts, n) }
func (a *count) Size() int64              { return 0 }
func (a *count) Result(g int) value.Value { return value.OfNumber(float64(a.counts[g])) }

func (a *count) Add(groups []int32, v *column.Vector, _ *column.Frame) {
	if a.all {
		for _, g := range groups {
			a.counts[g]++
		}
		return
	}
	for row, g := range groups {
		if !v.At(row).IsMissing() {
			a.counts[g]++
		}
	}
}

// moments are the sums that sum, avg, variance and stddev come from; the mean and the
// squared distances from it are kept as Welford has it, which loses no digits.
type moments struct {
	of      func(n, sum, squares float64) float64
	n, sums []float64
	means   []float64
	squares []float64
	spread  bool // squares are wanted
}

func (a *moments) Grow(n int) {
	a.n, a.sums = grown(a.n, n), grown(a.sums, n)
	if a.spread {
		a.means, a.squares = grown(a.means, n), grown(a.squares, n)
	}
}

func (a *moments) Size() int64 { return 0 }

func (a *moments) Add(groups []int32, v *column.Vector, _ *column.Frame) {
	eachNumber(groups, v, func(g int32, x float64) {
		a.n[g]++
		a.sums[g] += x
		if a.spread {
			d := x - a.means[g]
			a.means[g] += d / a.n[g]
			a.squares[g] += d * (x - a.means[g])
		}
	})
}

func (a *moments) Result(g int) value.Value {
	if a.n[g] == 0 {
		return value.Value{} // no numbers: no value
	}
	squares := 0.0
	if a.spread {
		squares = a.squares[g]
	}
	return function.Finite(a.of(a.n[g], a.sums[g], squares))
}

// extreme keeps the value that comes first: by the order of values for min, max,
// sortsFirst and sortsLast, by time for earliest and latest.
type extreme struct {
	last   bool // the last one is wanted
	byTime bool
	values []value.Value
	times  []int64
	ids    []uint64
	bytes  int64
}

func (a *extreme) Grow(n int) {
	a.values = grown(a.values, n)
	if a.byTime {
		a.times, a.ids = grown(a.times, n), grown(a.ids, n)
	}
}

func (a *extreme) Size() int64              { return a.bytes }
func (a *extreme) Result(g int) value.Value { return a.values[g] }

func (a *extreme) Add(groups []int32, v *column.Vector, f *column.Frame) {
	if a.byTime {
		a.addByTime(groups, v, f)
		return
	}
	for row, g := range groups {
		x := v.At(row)
		if x.IsMissing() || x.IsStructure() {
			continue
		}
		old := a.values[g]
		if c := value.Compare(x, old); old.IsMissing() || a.last && c > 0 || !a.last && c < 0 {
			a.set(g, x)
		}
	}
}

func (a *extreme) addByTime(groups []int32, v *column.Vector, f *column.Frame) {
	for row, g := range groups {
		t, id := f.When(row)
		before := t < a.times[g] || t == a.times[g] && id < a.ids[g]
		if !a.values[g].IsMissing() && before != !a.last {
			continue
		}
		if x := v.At(row); !x.IsMissing() {
			a.times[g], a.ids[g] = t, id
			a.set(g, x)
		}
	}
}

func (a *extreme) set(g int32, x value.Value) {
	a.bytes += int64(x.Size()) - int64(a.values[g].Size())
	a.values[g] = x.Clone()
}

// spread keeps all numbers of a group, for percentiles and histograms.
type spread struct {
	of      func(sorted []float64) value.Value
	numbers [][]float64
	count   int64
}

func (a *spread) Grow(n int)  { a.numbers = grown(a.numbers, n) }
func (a *spread) Size() int64 { return a.count * 10 }

func (a *spread) Add(groups []int32, v *column.Vector, _ *column.Frame) {
	eachNumber(groups, v, func(g int32, x float64) {
		a.numbers[g] = append(a.numbers[g], x)
		a.count++
	})
}
