package insights

import (
	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/step"
	"steady/scan"
)

// command compiles one command.
func (c *compiler) command(command ql.Command) {
	switch e := command.(type) {
	case *ql.Fields:
		c.fields(e)
	case *ql.Filter:
		c.filter(e)
	case *ql.Stats:
		s := c.stats(e)
		s.order(e, c.nameOf)
		c.gaps = gaps(e, s)
		if e.Offset != nil && len(c.plan.stages) == 1 {
			shift := e.Offset.Duration().Milliseconds()
			c.plan.from, c.plan.to = c.plan.from-shift, c.plan.to-shift
		}
		c.aggregate(s, s.to)
	case *ql.Sort:
		c.sort(e)
	case *ql.Limit:
		c.limit(e)
	case *ql.Extract:
		c.extract(e)
	case *ql.Dedup:
		c.dedup(e)
	case *ql.Unmask:
		c.fields(&ql.Fields{Span: e.Span, Items: []ql.Item{{X: e.X}}})
	case *ql.Unnest:
		c.unnest(e)
	case *ql.Expand:
		c.expand(e)
	default:
		c.more(command)
	}
}

// column compiles an expression and gives it a slot under its name.
func (c *compiler) column(i ql.Item) (name string, slot int) {
	name = c.nameOf(i)
	n := c.expr(i.X)
	if s, ok := n.(column.Slot); ok {
		slot = int(s)
		if i.Alias != "" {
			c.space.names[name] = slot
		}
		return name, slot
	}
	slot = c.space.define(name)
	if _, is := i.X.(*ql.Field); !is {
		c.space.texts[i.X.String()] = slot
	}
	c.each(step.Set{Slot: slot, Node: n})
	return name, slot
}

func (c *compiler) fields(e *ql.Fields) {
	if e.Display {
		c.space.shown = nil
	} else if c.space.events && !c.space.explicit {
		c.space.explicit = true
	}
	for _, i := range e.Items {
		name, slot := c.column(i)
		c.space.show(name, slot)
	}
}

func (c *compiler) filter(e *ql.Filter) {
	for _, condition := range ql.Conjuncts(e.Condition) {
		n := c.expr(condition)
		if len(c.plan.stages) == 1 && !c.space.collected && c.space.joined == nil {
			c.push(condition)
		}
		c.each(step.Filter{Condition: n})
	}
}

// sort: "sort on an unknown field" does nothing.
func (c *compiler) sort(e *ql.Sort) {
	c.collect()
	var keys []column.Key
	for _, k := range e.Keys {
		n := c.expr(k.X)
		if k.Alias != "" {
			_, slot := c.column(k.Item)
			n = column.Slot(slot)
		}
		if _, fixed := n.(column.Constant); !fixed {
			keys = append(keys, column.Key{Node: n, Descending: k.Descending})
		}
	}
	if len(keys) == 0 {
		return
	}
	s := c.stage()
	if len(c.plan.stages) > 1 || len(s.whole) > 0 || s.order != newest || s.keys != nil || s.limit > 0 {
		c.all(step.Sort(keys))
		return
	}
	s.keys, s.order = keys, byKeys
	for i, k := range keys { // what is equal is newest first, so times behind it add nothing
		slot, is := k.Node.(column.Slot)
		if !is || c.space.source(int(slot)) != scan.Timestamp {
			break
		}
		if i == 0 {
			s.keys, s.order = nil, oldest
			if k.Descending {
				s.order = newest
			}
		}
	}
}

func (c *compiler) limit(e *ql.Limit) {
	const most = 100000
	if e.N > most {
		c.fail(e.Span, "the limit is at most %d", most)
	}
	c.collect()
	s := c.stage()
	if len(c.plan.stages) > 1 || len(s.whole) > 0 || s.limit > 0 {
		c.all(step.Limit(e.N))
	} else {
		s.limit = e.N
		if e.Any && s.order == newest && s.keys == nil {
			s.order = anyway
		}
	}
	c.plan.limited = true
}

// dedup: "keeps the first in sort order"; a row where one of the fields is missing is kept.
func (c *compiler) dedup(e *ql.Dedup) {
	c.collect()
	var nodes []column.Node
	for _, f := range e.Fields {
		nodes = append(nodes, c.expr(f))
	}
	c.all(step.Dedup(nodes))
}
