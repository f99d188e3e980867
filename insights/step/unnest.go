package step

import (
	"steady/insights/column"
	"steady/insights/value"
)

// Unnest makes a row of each element of a list; what is no list counts as a list of
// one element.
type Unnest struct {
	List  column.Node
	Slot  int  // of the elements
	Parse bool // texts may be lists in JSON
}

// Apply makes the next frame.
func (s Unnest) Apply(f *column.Frame) (*column.Frame, error) {
	v := s.List.Eval(f)
	var origin []int32
	var elements []value.Value
	for row := range f.N {
		x := v.At(row)
		if s.Parse && x.Kind() == value.Text {
			if l := value.ParseJSON(x.Text()); l.Kind() == value.List {
				x = l
			}
		}
		if x.Kind() != value.List {
			origin, elements = append(origin, int32(row)), append(elements, x)
			continue
		}
		for _, one := range x.Tree().Values {
			origin, elements = append(origin, int32(row)), append(elements, one)
		}
	}
	g := f.Gather(origin)
	g.Set(s.Slot, column.Rows(elements))
	return g, nil
}
