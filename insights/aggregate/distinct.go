package aggregate

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"steady/insights/column"
	"steady/insights/value"
)

// exactly is how many distinct values of a group are counted exactly; beyond it the
// count is an estimate, as AWS's is, within about 1%.
const exactly = 1 << 15

// distinct counts distinct values by their hashes.
type distinct struct {
	sets     []map[uint64]struct{}
	sketches map[int32]*sketch
	count    int64
}

func (a *distinct) Grow(n int) { a.sets = grown(a.sets, n) }

func (a *distinct) Size() int64 {
	return a.count*20 + int64(len(a.sketches))*(1<<sketchBits)
}

func (a *distinct) Add(groups []int32, v *column.Vector, _ *column.Frame) {
	if !v.IsDictionary() {
		for row, g := range groups {
			if x := v.At(row); !x.IsMissing() {
				a.insert(g, hash(x.String()))
			}
		}
		return
	}
	hashes := make([]uint64, v.Size()+1)
	for c := range hashes {
		if x := v.Entry(int32(c) - 1); !x.IsMissing() {
			hashes[c] = hash(x.String()) | 1 // so that 0 means none
		}
	}
	for row, g := range groups {
		if h := hashes[v.Code(row)]; h != 0 {
			a.insert(g, h)
		}
	}
}

func (a *distinct) insert(g int32, h uint64) {
	h |= 1
	if s := a.sketches[g]; s != nil {
		s.insert(h)
		return
	}
	if a.sets[g] == nil {
		a.sets[g] = map[uint64]struct{}{}
	}
	if _, there := a.sets[g][h]; there {
		return
	}
	a.sets[g][h] = struct{}{}
	if a.count++; len(a.sets[g]) > exactly {
		a.estimate(g)
	}
}

// estimate goes over from a set to a sketch.
func (a *distinct) estimate(g int32) {
	s := &sketch{}
	for h := range a.sets[g] {
		s.insert(h)
	}
	if a.sketches == nil {
		a.sketches = map[int32]*sketch{}
	}
	a.count -= int64(len(a.sets[g]))
	a.sketches[g], a.sets[g] = s, nil
}

func (a *distinct) Result(g int) value.Value {
	if s := a.sketches[int32(g)]; s != nil {
		return value.OfNumber(math.Round(s.estimate()))
	}
	return value.OfNumber(float64(len(a.sets[g])))
}

// sketchBits: 2^16 registers, a standard error of 0.4%.
const sketchBits = 16

// sketch is a HyperLogLog.
type sketch [1 << sketchBits]uint8

func (s *sketch) insert(h uint64) {
	i := h >> (64 - sketchBits)
	rank := uint8(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1)) + 1)
	s[i] = max(s[i], rank)
}

func (s *sketch) estimate() float64 {
	m := float64(len(s))
	sum, zeros := 0.0, 0.0
	for _, r := range s {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			zeros++
		}
	}
	e := 0.7213 / (1 + 1.079/m) * m * m / sum
	if e <= 2.5*m && zeros > 0 {
		return m * math.Log(m/zeros)
	}
	return e
}

// hash is FNV-1a with the finish of MurmurHash3: the same in every run, so that
// estimates are.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// tally counts each value of a group: for values and topk.
type tally struct {
	top    int // how many of the most frequent values; 0: all, in their order
	counts []map[string]int64
	bytes  int64
}

func (a *tally) Grow(n int)  { a.counts = grown(a.counts, n) }
func (a *tally) Size() int64 { return a.bytes }

func (a *tally) Add(groups []int32, v *column.Vector, _ *column.Frame) {
	for row, g := range groups {
		x := v.At(row)
		if x.IsMissing() {
			continue
		}
		s := x.String()
		if a.counts[g] == nil {
			a.counts[g] = map[string]int64{}
		}
		n, there := a.counts[g][s]
		if !there {
			s = x.Clone().String()
			a.bytes += int64(len(s)) + 48
		}
		a.counts[g][s] = n + 1
	}
}

func (a *tally) Result(g int) value.Value {
	type counted struct {
		value.Value
		n int64
	}
	var all []counted
	for s, n := range a.counts[g] {
		all = append(all, counted{value.Of(s), n})
	}
	slices.SortFunc(all, func(x, y counted) int {
		if c := cmp.Compare(y.n, x.n); c != 0 && a.top > 0 {
			return c
		}
		return cmp.Or(value.Compare(x.Value, y.Value), cmp.Compare(x.String(), y.String()))
	})
	if a.top > 0 && len(all) > a.top {
		all = all[:a.top]
	}
	list := make([]value.Value, len(all))
	for i, c := range all {
		list[i] = c.Value
	}
	return value.OfList(list...)
}

// slope is rate: how much a number changed from the first to the last row, for each
// interval of time between them.
type slope struct {
	interval    float64 // ms
	first, last extreme
}

func newSlope(interval float64) *slope {
	return &slope{interval: interval, first: extreme{byTime: true}, last: extreme{byTime: true, last: true}}
}

func (a *slope) Size() int64 { return a.first.bytes + a.last.bytes }
func (a *slope) Grow(n int) {
	a.first.Grow(n)
	a.last.Grow(n)
}

func (a *slope) Add(groups []int32, v *column.Vector, f *column.Frame) {
	a.first.Add(groups, v, f)
	a.last.Add(groups, v, f)
}

func (a *slope) Result(g int) value.Value {
	from, ok := a.first.values[g].Number()
	to, also := a.last.values[g].Number()
	elapsed := float64(a.last.times[g] - a.first.times[g])
	if !ok || !also || elapsed <= 0 {
		return value.Value{}
	}
	return value.OfNumber((to - from) / elapsed * a.interval)
}
