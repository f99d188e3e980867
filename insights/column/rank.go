package column

import "steady/insights/value"

// Key is one key of a sort.
type Key struct {
	Node       Node
	Descending bool
}

// Rank is a value as sort compares it, read once.
type Rank struct {
	number float64
	text   string // of a number: the digits that the number lacks
	class  class
}

type class uint8

const (
	absent class = iota
	words
	figures
)

func rankOf(v value.Value) Rank {
	if n, ok := v.Number(); ok {
		return Rank{number: n, text: v.Digits(), class: figures}
	}
	if v.IsMissing() || v.IsStructure() {
		return Rank{}
	}
	return Rank{text: v.Text(), class: words}
}

func (a Rank) compare(b Rank) int {
	switch {
	case a.class != b.class:
		return int(a.class) - int(b.class)
	case a.class == words:
		return value.Natural(a.text, b.text)
	case a.number < b.number:
		return -1
	case a.number > b.number:
		return 1
	case a.class == figures:
		return value.CompareDigits(a.text, b.text)
	}
	return 0
}

// Ranks are the ranks of a frame's rows for each key.
func Ranks(keys []Key, f *Frame) [][]Rank {
	all := make([][]Rank, len(keys))
	for i, k := range keys {
		v := k.Node.Eval(f)
		all[i] = make([]Rank, f.N)
		if !v.IsDictionary() {
			for row := range f.N {
				all[i][row] = rankOf(v.At(row))
			}
			continue
		}
		entries := make([]Rank, v.Size()+1)
		for c := range entries {
			entries[c] = rankOf(v.Entry(int32(c) - 1))
		}
		for row := range f.N {
			all[i][row] = entries[v.codes[row]+1]
		}
	}
	return all
}

// CompareRanks compares a row with one of, perhaps, another frame.
func CompareRanks(keys []Key, as [][]Rank, a int32, bs [][]Rank, b int32) int {
	for i, k := range keys {
		c := as[i][a].compare(bs[i][b])
		if k.Descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}
