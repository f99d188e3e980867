package insights

import (
	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/value"
)

// unnest makes a row of each element of a list; what is no list counts as a list of
// one element.
func (c *compiler) unnest(e *ql.Unnest) {
	list := c.expr(e.X)
	slot := c.space.define(e.Into)
	c.each(unnestStep{list, slot, false})
	c.extracted(e.Into, slot)
}

// expand does so in the field itself, whose text is a list in JSON.
func (c *compiler) expand(e *ql.Expand) {
	list := c.expr(e.Field)
	slot := c.space.define(e.Field.Name())
	c.each(unnestStep{list, slot, true})
	c.extracted(e.Field.Name(), slot)
}

type unnestStep struct {
	list  column.Node
	slot  int
	parse bool // texts may be lists in JSON
}

func (s unnestStep) apply(f *column.Frame) (*column.Frame, error) {
	v := s.list.Eval(f)
	var origin []int32
	var elements []value.Value
	for row := range f.N {
		x := v.At(row)
		if s.parse && x.Kind() == value.Text {
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
	g.Set(s.slot, column.Rows(elements))
	return g, nil
}
