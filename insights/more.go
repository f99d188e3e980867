package insights

import (
	"steady/insights/ql"
)

// more compiles the commands that are rarely used.
func (c *compiler) more(command ql.Command) {
	c.fail(command.Place(), "%s is not available", command)
}

func (c *compiler) inSubquery(e *ql.In, x node) node {
	c.fail(e.Span, "subqueries are not available")
	return constant{}
}

type joined struct{}

func (j *joined) find(s *space, name string) (int, bool) { return 0, false }
