package step

import (
	"steady/insights/column"
	"steady/insights/value"
)

// Dedup keeps the first of the rows with the same values, and those where one is
// missing.
type Dedup []column.Node

// Apply makes the next frame.
func (s Dedup) Apply(f *column.Frame) (*column.Frame, error) {
	vectors := column.All(s, f)
	seen := map[string]bool{}
	var keep []int32
	var key []byte
	for row := range f.N {
		key = key[:0]
		null := false
		for _, v := range vectors {
			x := v.At(row)
			null = null || x.IsMissing()
			key = value.AppendKey(key, x)
		}
		if null || !seen[string(key)] {
			keep = append(keep, int32(row))
			seen[string(key)] = true
		}
	}
	return f.Gather(keep), nil
}
