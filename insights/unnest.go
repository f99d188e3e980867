package insights

import (
	"steady/insights/ql"
	"steady/insights/step"
)

// unnest makes a row of each element of a list; what is no list counts as a list of
// one element.
func (c *compiler) unnest(e *ql.Unnest) {
	list := c.expr(e.X)
	slot := c.space.define(e.Into)
	c.each(step.Unnest{List: list, Slot: slot})
	c.extracted(e.Into, slot)
}

// expand does so in the field itself, whose text is a list in JSON.
func (c *compiler) expand(e *ql.Expand) {
	list := c.expr(e.Field)
	slot := c.space.define(e.Field.Name())
	c.each(step.Unnest{List: list, Slot: slot, Parse: true})
	c.extracted(e.Field.Name(), slot)
}
