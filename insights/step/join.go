package step

import (
	"fmt"
	"strconv"

	"steady/insights/column"
	"steady/insights/value"
)

// MaxKeys is how many different keys the right side of a join may have: "at most
// 50,000 distinct keys".
const MaxKeys = 50000

// Join finds for each row of the left side those of the right with the same keys.
type Join struct {
	Keys  []column.Node // on the left
	Outer bool          // rows that find none stay
	Fetch []Fetched
	rows  *column.Frame
	index map[string][]int32
}

// Fetched is a column of the right side, and the slot that it gets on the left.
type Fetched struct{ From, To int }

// Load takes the rows of the right side and the keys that they are found by.
func (s *Join) Load(rows *column.Frame, keys []column.Node) error {
	s.rows, s.index = rows, map[string][]int32{}
	vectors := column.All(keys, rows)
	for row := range rows.N {
		if key, ok := joinKey(vectors, row); ok {
			s.index[key] = append(s.index[key], int32(row))
		}
	}
	if len(s.index) > MaxKeys {
		return fmt.Errorf("the right side of the join has %d different keys, more than %d: add a filter to it", len(s.index), MaxKeys)
	}
	return nil
}

// joinKey is the same for keys that are equal: numbers by their value. A missing value
// is equal to none.
func joinKey(vectors []*column.Vector, row int) (string, bool) {
	var key []byte
	for _, v := range vectors {
		x := v.At(row)
		if x.IsMissing() || x.IsStructure() {
			return "", false
		}
		if n, ok := x.Number(); ok && n < 1<<53 && n > -1<<53 {
			key = value.AppendKey(append(key, 'n'), value.Of(strconv.FormatFloat(n, 'g', -1, 64)))
		} else {
			key = value.AppendKey(append(key, 't'), value.Of(x.Text()))
		}
	}
	return string(key), true
}

// Apply makes the next frame.
func (s *Join) Apply(f *column.Frame) (*column.Frame, error) {
	vectors := column.All(s.Keys, f)
	var left, right []int32
	for row := range f.N {
		key, ok := joinKey(vectors, row)
		found := s.index[key]
		if !ok {
			found = nil
		}
		for _, r := range found {
			left, right = append(left, int32(row)), append(right, r)
		}
		if len(found) == 0 && s.Outer {
			left, right = append(left, int32(row)), append(right, -1)
		}
	}
	g := f.Gather(left)
	for _, c := range s.Fetch {
		g.Set(c.To, optional(s.rows.Col(c.From), right))
	}
	return g, nil
}

// optional gathers rows of which some, at -1, are not there.
func optional(v *column.Vector, rows []int32) *column.Vector {
	values := make([]value.Value, len(rows))
	for i, r := range rows {
		if r >= 0 {
			values[i] = v.At(int(r))
		}
	}
	return column.Rows(values)
}
