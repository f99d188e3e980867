// Package contrast tells how much the values of a field differ between the rows for
// which a condition holds and all others. It never reads a row.
package contrast

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"steady/insights/value"
)

// Contrast is what is known of one field: how often each value occurs where the
// condition does not hold (0), and where it does (1).
type Contrast struct {
	counts  map[string]*[2]int64
	totals  [2]int64
	numeric bool // all values are numbers
	bytes   int64
}

// most is how many values of a field are told apart; the others count as one.
const most = 10000

const other = "(other)"

// New makes a contrast that knows no value.
func New() *Contrast { return &Contrast{counts: map[string]*[2]int64{}, numeric: true} }

// Size is about how many bytes it holds.
func (c *Contrast) Size() int64 { return c.bytes }

// Numeric tells whether all values are numbers.
func (c *Contrast) Numeric() bool { return c.numeric }

// Add counts a value of a row; lists, maps and what is missing do not count.
func (c *Contrast) Add(x value.Value, holds bool) {
	if x.IsMissing() || x.IsStructure() {
		return
	}
	if _, number := x.Number(); !number {
		c.numeric = false
	}
	text := x.String()
	count := c.counts[text]
	if count == nil && len(c.counts) >= most {
		text = other
		count = c.counts[text]
	}
	if count == nil {
		count = &[2]int64{}
		c.counts[strings.Clone(text)] = count
		c.bytes += int64(len(text)) + 80
	}
	side := sideOf(holds)
	count[side]++
	c.totals[side]++
}

func sideOf(holds bool) int {
	if holds {
		return 1
	}
	return 0
}

// Score is the total variation distance of the two distributions: 0 where they are
// the same, 1 where they share no value. Numbers are compared by the greatest
// distance of their cumulated distributions.
func (c *Contrast) Score() float64 {
	if c.totals[0] == 0 || c.totals[1] == 0 {
		return 0
	}
	if c.numeric {
		return c.distance()
	}
	d := 0.0
	for _, n := range c.counts {
		d += math.Abs(c.share(n, 1) - c.share(n, 0))
	}
	return d / 2
}

func (c *Contrast) share(n *[2]int64, side int) float64 {
	return float64(n[side]) / float64(c.totals[side])
}

// sorted are the values in their order.
func (c *Contrast) sorted() []string {
	all := make([]string, 0, len(c.counts))
	for text := range c.counts {
		all = append(all, text)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(value.Compare(value.Of(a), value.Of(b)), cmp.Compare(a, b))
	})
	return all
}

func (c *Contrast) distance() float64 {
	var a, b, d float64
	for _, text := range c.sorted() {
		n := c.counts[text]
		a, b = a+c.share(n, 0), b+c.share(n, 1)
		d = max(d, math.Abs(a-b))
	}
	return d
}

// Median is that of the values where the condition holds, or of the others.
func (c *Contrast) Median(holds bool) value.Value {
	side := sideOf(holds)
	seen := int64(0)
	for _, text := range c.sorted() {
		if seen += c.counts[text][side]; 2*seen >= c.totals[side] && seen > 0 {
			return value.Of(text)
		}
	}
	return value.Value{}
}

// Top lists the values whose share rose most where the condition holds.
func (c *Contrast) Top() value.Value {
	const shown = 5
	all := c.sorted()
	slices.SortStableFunc(all, func(a, b string) int {
		m, n := c.counts[a], c.counts[b]
		return cmp.Compare(c.share(n, 1)-c.share(n, 0), c.share(m, 1)-c.share(m, 0))
	})
	t := &value.Tree{Keys: []string{}}
	for _, text := range all[:min(shown, len(all))] {
		if rise := c.share(c.counts[text], 1) - c.share(c.counts[text], 0); rise > 0 {
			t.Keys = append(t.Keys, text)
			t.Values = append(t.Values, value.OfNumber(rise))
		}
	}
	return value.OfMap(t)
}
