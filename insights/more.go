package insights

import "steady/insights/ql"

// more compiles the commands that are less common.
func (c *compiler) more(command ql.Command) {
	switch e := command.(type) {
	case *ql.Pattern:
		c.pattern(e.X, nil)
	case *ql.Diff:
		c.diff(e, shifts[e.With])
	case *ql.LogCompare:
		c.diff(e, e.Shift.Duration().Milliseconds())
	case *ql.Lookup:
		c.lookup(e)
	case *ql.Join:
		c.join(e)
	case *ql.AppendCols:
		c.appendCols(e)
	case *ql.FillMissing:
		c.fillMissing(e)
	case *ql.FillDown:
		c.fillDown(e)
	case *ql.CountFrequent:
		c.countFrequent(e)
	case *ql.AddTotals:
		c.addTotals(e)
	case *ql.Accum:
		c.accum(e)
	case *ql.Autoregress:
		c.autoregress(e)
	case *ql.Sessionize:
		c.sessionize(e)
	case *ql.Outlier:
		c.outlier(e)
	case *ql.RelevantFields:
		c.relevantFields(e)
	default:
		c.fail(command.Place(), "%s is not available", command)
	}
}
