package insights

import (
	"context"
	"strings"

	"steady/insights/column"
	"steady/insights/function"
	"steady/insights/ql"
	"steady/insights/step"
	"steady/scan"
)

// plan is what is done to answer a query.
type plan struct {
	from, to  int64 // ms since the epoch, both inclusive
	where     []scan.Condition
	allFields bool
	stages    []*stage
	// prepare is done before the scan: subqueries, right sides of joins, tables.
	prepare []func(ctx context.Context) error
	shown   []heading
	ptr     int // the slot of @ptr, or -1 where rows are no log events
	limited bool
}

// stage is the work on rows of one space. The first stage's come in blocks: stream is
// done to each, and then they are aggregated, or collected for whole, which needs all
// of them. A later stage's rows are there at once.
type stage struct {
	space  *space
	stream []step.Step
	whole  []step.Step
	order  order
	keys   []column.Key
	limit  int
	reduce reducer // nil in the last stage
}

// reducer makes other rows of all rows.
type reducer interface {
	sink() sink
}

// sink takes frames and can at any time make one of them.
type sink interface {
	add(f *column.Frame)
	finish() *column.Frame
	size() int64 // about how many bytes it holds
}

func (s *stats) sink() sink { return newStatsSink(s) }

// MaxStats is how many stats commands a query may have.
const MaxStats = 10

func newCompiler(text string, q function.Query, x *Execution) *compiler {
	return &compiler{text: text, query: q, x: x, plan: &plan{from: q.From, to: q.To, ptr: -1}}
}

// compile makes the plan of a query.
func (c *compiler) compile(q *ql.Query) (*plan, error) {
	c.commands(q)
	c.show()
	return c.plan, c.err
}

func (c *compiler) commands(q *ql.Query) {
	c.check(q.Commands)
	c.enter(newSpace(true))
	commands := hoisted(q.Commands)
	for i, command := range commands {
		if c.err != nil {
			return
		}
		c.before = commands[:i]
		c.command(command)
	}
}

// enter begins a stage.
func (c *compiler) enter(s *space) {
	c.space = s
	c.plan.stages = append(c.plan.stages, &stage{space: s})
}

func (c *compiler) stage() *stage { return c.plan.stages[len(c.plan.stages)-1] }

// each adds a step that works on any part of the rows.
func (c *compiler) each(s step.Step) {
	if c.space.collected {
		c.stage().whole = append(c.stage().whole, s)
	} else {
		c.stage().stream = append(c.stage().stream, s)
	}
}

// all adds a step that needs all rows, in their order.
func (c *compiler) all(s step.Step) {
	c.collect()
	c.stage().whole = append(c.stage().whole, s)
}

// collect says that what follows needs all rows.
func (c *compiler) collect() { c.space.collected = true }

// aggregate ends a stage with a reducer and begins the next.
func (c *compiler) aggregate(r reducer, to *space) {
	c.stage().reduce = r
	c.enter(to)
}

// show decides which columns results have: those of the last display, else all that
// commands named, else what every log event has, and what was extracted from it.
func (c *compiler) show() {
	s := c.space
	c.collect()
	if s.events {
		c.plan.ptr, _ = s.find(scan.Ptr)
		if !s.explicit {
			extracted := s.shown
			s.shown = nil
			for _, n := range []string{scan.Timestamp, scan.Message} {
				i, _ := s.find(n)
				s.show(n, i)
			}
			for _, e := range extracted {
				s.show(e.name, e.slot)
			}
		}
	}
	for _, col := range s.shown {
		s.use(col.slot)
	}
	c.plan.shown = s.shown
	for _, j := range c.joins { // all that is wanted of their right sides is known now
		j.right.collect()
	}
}

// check refuses what stands in a place where it may not.
func (c *compiler) check(commands []ql.Command) {
	last, count := -1, 0
	for i, command := range commands {
		if s, is := command.(*ql.Stats); is {
			if last, count = i, count+1; count > MaxStats {
				c.fail(s.Span, "a query has at most %d stats commands", MaxStats)
			}
		}
	}
	joins := 0
	for i, command := range commands {
		switch command.(type) {
		case *ql.Sort, *ql.Limit:
			if count > 1 && i < last {
				c.fail(command.Place(), "with several stats, sort and limit stand behind the last of them")
			}
		case *ql.Dedup:
			for _, next := range commands[i+1:] {
				if _, is := next.(*ql.Limit); !is {
					c.fail(next.Place(), "only limit may stand behind dedup")
				}
			}
		case *ql.Join:
			if joins++; joins > 1 {
				c.fail(command.Place(), "a query has at most one join")
			}
		}
	}
}

// nameOf is the name of a column: its alias, else the field's name, else the text of
// the expression as the query has it.
func (c *compiler) nameOf(i ql.Item) string {
	if i.Alias != "" {
		return i.Alias
	}
	if f, ok := i.X.(*ql.Field); ok {
		return f.Name()
	}
	at := i.X.Place()
	return strings.Join(strings.Fields(c.text[at.Start:at.End]), " ")
}

func lower(s string) string { return strings.ToLower(s) }
