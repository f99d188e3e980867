package insights

import (
	"slices"

	"steady/insights/column"
)

// step turns a frame into the next. Steps hold no rows, so that partial results can
// be made at any time.
type step interface {
	apply(f *column.Frame) (*column.Frame, error)
}

// stepFunc is a step that is a function.
type stepFunc func(f *column.Frame) (*column.Frame, error)

func (s stepFunc) apply(f *column.Frame) (*column.Frame, error) { return s(f) }

// setStep computes a column.
type setStep struct {
	slot int
	node column.Node
}

func (s setStep) apply(f *column.Frame) (*column.Frame, error) {
	f = f.Copied()
	f.Set(s.slot, s.node.Eval(f))
	return f, nil
}

// filterStep keeps the rows for which a condition holds.
type filterStep struct{ condition column.Node }

func (s filterStep) apply(f *column.Frame) (*column.Frame, error) {
	keep, all := s.condition.Eval(f).Where(f.N)
	if all {
		return f, nil
	}
	return f.Gather(keep), nil
}

// limitStep keeps the first rows.
type limitStep int

func (s limitStep) apply(f *column.Frame) (*column.Frame, error) { return f.Head(int(s)), nil }

// sortStep orders rows; what is equal keeps its order.
type sortStep []column.Key

func (s sortStep) apply(f *column.Frame) (*column.Frame, error) {
	ranks := column.Ranks(s, f)
	order := column.Sequence(f.N)
	slices.SortStableFunc(order, func(a, b int32) int { return column.CompareRanks(s, ranks, a, ranks, b) })
	return f.Gather(order), nil
}
