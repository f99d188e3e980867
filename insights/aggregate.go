package insights

import (
	"math"

	"steady/insights/function"
	"steady/insights/value"
)

// aggregate computes one aggregation for all groups at once.
type aggregate interface {
	// grow makes room for this many groups.
	grow(groups int)
	// add takes a frame's rows: the group and the value of each.
	add(groups []int32, v *vector, f *frame)
	// result is what a group has come to.
	result(group int) value.Value
	// size is about how many bytes it holds beyond a few for each group.
	size() int64
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
func eachNumber(groups []int32, v *vector, f func(group int32, x float64)) {
	if v.shape != dictionary || v.size() > len(groups) {
		for row, g := range groups {
			if x, ok := v.at(row).Number(); ok {
				f(g, x)
			}
		}
		return
	}
	numbers := make([]float64, v.size()+1)
	for c := range numbers {
		x, ok := v.entry(int32(c) - 1).Number()
		if !ok {
			x = math.NaN()
		}
		numbers[c] = x
	}
	for row, g := range groups {
		if x := numbers[v.codes[row]+1]; !math.IsNaN(x) {
			f(g, x)
		}
	}
}

// count counts rows, or those that have a value.
type count struct {
	all    bool
	counts []int64
}

func (a *count) grow(n int)               { a.counts = grown(a.counts, n) }
func (a *count) size() int64              { return 0 }
func (a *count) result(g int) value.Value { return value.OfNumber(float64(a.counts[g])) }

func (a *count) add(groups []int32, v *vector, _ *frame) {
	if a.all {
		for _, g := range groups {
			a.counts[g]++
		}
		return
	}
	for row, g := range groups {
		if !v.at(row).IsMissing() {
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

func (a *moments) grow(n int) {
	a.n, a.sums = grown(a.n, n), grown(a.sums, n)
	if a.spread {
		a.means, a.squares = grown(a.means, n), grown(a.squares, n)
	}
}

func (a *moments) size() int64 { return 0 }

func (a *moments) add(groups []int32, v *vector, _ *frame) {
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

func (a *moments) result(g int) value.Value {
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

func (a *extreme) grow(n int) {
	a.values = grown(a.values, n)
	if a.byTime {
		a.times, a.ids = grown(a.times, n), grown(a.ids, n)
	}
}

func (a *extreme) size() int64              { return a.bytes }
func (a *extreme) result(g int) value.Value { return a.values[g] }

func (a *extreme) add(groups []int32, v *vector, f *frame) {
	if a.byTime {
		a.addByTime(groups, v, f)
		return
	}
	for row, g := range groups {
		x := v.at(row)
		if x.IsMissing() || x.IsStructure() {
			continue
		}
		old := a.values[g]
		if c := value.Compare(x, old); old.IsMissing() || a.last && c > 0 || !a.last && c < 0 {
			a.set(g, x)
		}
	}
}

func (a *extreme) addByTime(groups []int32, v *vector, f *frame) {
	for row, g := range groups {
		t, id := f.when(row)
		before := t < a.times[g] || t == a.times[g] && id < a.ids[g]
		if !a.values[g].IsMissing() && before != !a.last {
			continue
		}
		if x := v.at(row); !x.IsMissing() {
			a.times[g], a.ids[g] = t, id
			a.set(g, x)
		}
	}
}

func (a *extreme) set(g int32, x value.Value) {
	a.bytes += int64(x.Size()) - int64(a.values[g].Size())
	a.values[g] = x.Clone()
}

// when is the time of a row that decides what is earliest.
func (f *frame) when(row int) (int64, uint64) {
	if f.times != nil {
		return f.times[row], f.ids[row]
	}
	i, ok := f.space.names["@timestamp"]
	if !ok {
		return 0, uint64(row)
	}
	t, _ := f.col(i).at(row).Millis()
	return t, uint64(row)
}

// spread keeps all numbers of a group, for percentiles and histograms.
type spread struct {
	of      func(sorted []float64) value.Value
	numbers [][]float64
	count   int64
}

func (a *spread) grow(n int)  { a.numbers = grown(a.numbers, n) }
func (a *spread) size() int64 { return a.count * 10 }

func (a *spread) add(groups []int32, v *vector, _ *frame) {
	eachNumber(groups, v, func(g int32, x float64) {
		a.numbers[g] = append(a.numbers[g], x)
		a.count++
	})
}
