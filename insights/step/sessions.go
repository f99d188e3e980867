package step

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"steady/insights/column"
	"steady/insights/value"
)

// Sessions names the session that each row is of: a new one begins when nothing
// happened for longer than a number of ms among the rows with the same values.
func Sessions(fields []*column.Vector, times *column.Vector, gap int64, n int) []value.Value {
	type session struct {
		last   int64
		number int
	}
	at := make([]int64, n)
	for row := range at {
		at[row], _ = times.At(row).Millis()
	}
	order := column.Sequence(n)
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(at[a], at[b]) })
	known := map[string]*session{}
	values := make([]value.Value, n)
	for _, row := range order {
		var who []string
		for _, v := range fields {
			who = append(who, v.At(int(row)).String())
		}
		id := strings.Join(who, ":")
		s := known[id]
		if s == nil {
			s = &session{last: at[row], number: 1}
			known[id] = s
		}
		if at[row]-s.last > gap {
			s.number++
		}
		s.last = at[row]
		values[row] = value.Of(fmt.Sprintf("%s-%d", id, s.number))
	}
	return values
}
