// Package step has what commands do to rows: each step turns a frame into the next. It
// never knows the language.
package step

import (
	"slices"

	"steady/insights/column"
)

// Step turns a frame into the next. Steps hold no rows, so that partial results can
// be made at any time.
type Step interface {
	// Apply makes the next frame; the one that it gets stays as it is.
	Apply(f *column.Frame) (*column.Frame, error)
}

// Func is a step that is a function.
type Func func(f *column.Frame) (*column.Frame, error)

// Apply makes the next frame.
func (s Func) Apply(f *column.Frame) (*column.Frame, error) { return s(f) }

// Set computes a column.
type Set struct {
	Slot int
	Node column.Node
}

// Apply makes the next frame.
func (s Set) Apply(f *column.Frame) (*column.Frame, error) {
	f = f.Copied()
	f.Set(s.Slot, s.Node.Eval(f))
	return f, nil
}

// Filter keeps the rows for which a condition holds.
type Filter struct{ Condition column.Node }

// Apply makes the next frame.
func (s Filter) Apply(f *column.Frame) (*column.Frame, error) {
	keep, all := s.Condition.Eval(f).Where(f.N)
	if all {
		return f, nil
	}
	return f.Gather(keep), nil
}

// Limit keeps the first rows.
type Limit int

// Apply makes the next frame.
func (s Limit) Apply(f *column.Frame) (*column.Frame, error) { return f.Head(int(s)), nil }

// Sort orders rows; what is equal keeps its order.
type Sort []column.Key

// Apply makes the next frame.
func (s Sort) Apply(f *column.Frame) (*column.Frame, error) {
	ranks := column.Ranks(s, f)
	order := column.Sequence(f.N)
	slices.SortStableFunc(order, func(a, b int32) int { return column.CompareRanks(s, ranks, a, ranks, b) })
	return f.Gather(order), nil
}
