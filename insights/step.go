package insights

import (
	"slices"

	"steady/insights/value"
)

// step turns a frame into the next. Steps hold no rows, so that partial results can
// be made at any time.
type step interface {
	apply(f *frame) (*frame, error)
}

// stepFunc is a step that is a function.
type stepFunc func(f *frame) (*frame, error)

func (s stepFunc) apply(f *frame) (*frame, error) { return s(f) }

// setStep computes a column.
type setStep struct {
	slot int
	node node
}

func (s setStep) apply(f *frame) (*frame, error) {
	f = f.copied()
	f.set(s.slot, s.node.eval(f))
	return f, nil
}

// filterStep keeps the rows for which a condition holds.
type filterStep struct{ condition node }

func (s filterStep) apply(f *frame) (*frame, error) {
	keep, all := s.condition.eval(f).where(f.n)
	if all {
		return f, nil
	}
	return f.gather(keep), nil
}

// limitStep keeps the first rows.
type limitStep int

func (s limitStep) apply(f *frame) (*frame, error) { return f.head(int(s)), nil }

// sortKey is one key of a sort.
type sortKey struct {
	node       node
	descending bool
}

// sortStep orders rows; what is equal keeps its order.
type sortStep []sortKey

func (s sortStep) apply(f *frame) (*frame, error) {
	ranks := ranksOf(s, f)
	order := sequence(f.n)
	slices.SortStableFunc(order, func(a, b int32) int { return compareRanks(s, ranks, a, ranks, b) })
	return f.gather(order), nil
}

// rank is a value as sort compares it, read once.
type rank struct {
	number float64
	text   string
	class  class
}

type class uint8

const (
	absent class = iota
	words
	figures
)

func rankOf(v value.Value) rank {
	if n, ok := v.Number(); ok {
		return rank{number: n, class: figures}
	}
	if v.IsMissing() || v.IsStructure() {
		return rank{}
	}
	return rank{text: v.Text(), class: words}
}

func (a rank) compare(b rank) int {
	switch {
	case a.class != b.class:
		return int(a.class) - int(b.class)
	case a.class == words:
		return value.Natural(a.text, b.text)
	case a.number < b.number:
		return -1
	case a.number > b.number:
		return 1
	}
	return 0
}

// ranksOf are the ranks of a frame's rows for each key.
func ranksOf(keys []sortKey, f *frame) [][]rank {
	all := make([][]rank, len(keys))
	for i, k := range keys {
		v := k.node.eval(f)
		all[i] = make([]rank, f.n)
		if v.shape != dictionary || v.size() > f.n {
			for row := range f.n {
				all[i][row] = rankOf(v.at(row))
			}
			continue
		}
		entries := make([]rank, v.size()+1)
		for c := range entries {
			entries[c] = rankOf(v.entry(int32(c) - 1))
		}
		for row := range f.n {
			all[i][row] = entries[v.codes[row]+1]
		}
	}
	return all
}

// compareRanks compares a row with one of, perhaps, another frame.
func compareRanks(keys []sortKey, as [][]rank, a int32, bs [][]rank, b int32) int {
	for i, k := range keys {
		c := as[i][a].compare(bs[i][b])
		if k.descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}
