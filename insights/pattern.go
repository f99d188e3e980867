package insights

import (
	"context"
	"math"
	"slices"
	"strings"

	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/shape"
	"steady/insights/value"
)

// Columns of pattern, and of diff besides.
const (
	patternColumn    = "@pattern"
	ratioColumn      = "@ratio"
	countColumn      = "@sampleCount"
	severityColumn   = "@severityLabel"
	differenceColumn = "@differenceCount"
)

// patterns counts the texts of the same shape.
type patterns struct {
	text column.Node
	to   *space
	// slots of the columns, in the order of patternColumns
	slots []int
	// before are the counts of an earlier time, for diff; else nil.
	before *map[string]int64
}

var patternColumns = []string{patternColumn, ratioColumn, countColumn, severityColumn}

func (c *compiler) pattern(x ql.Expr, before *map[string]int64) {
	p := &patterns{text: c.expr(x), to: newSpace(false), before: before}
	names := patternColumns
	if before != nil {
		names = append(slices.Clip(names), differenceColumn)
	}
	for _, n := range names {
		slot := p.to.define(n)
		p.to.show(n, slot)
		p.slots = append(p.slots, slot)
	}
	c.gaps = nil
	c.aggregate(p, p.to)
}

func (p *patterns) sink() sink { return &patternSink{patterns: p, counts: map[string]int64{}} }

type patternSink struct {
	*patterns
	counts map[string]int64
	total  int64
	bytes  int64
}

func (s *patternSink) size() int64 { return s.bytes }

func (s *patternSink) add(f *column.Frame) {
	v := s.text.Eval(f)
	for row := range f.N {
		x := v.At(row)
		if x.IsMissing() || x.IsStructure() {
			continue
		}
		p := shape.Of(x.Text())
		if _, known := s.counts[p]; !known {
			s.bytes += int64(len(p)) + 64
		}
		s.counts[p]++
		s.total++
	}
}

func (s *patternSink) finish() *column.Frame {
	type line struct {
		pattern    string
		n, changed int64
	}
	var lines []line
	for p, n := range s.counts {
		lines = append(lines, line{p, n, n})
	}
	if s.before != nil {
		for i, l := range lines {
			lines[i].changed -= (*s.before)[l.pattern]
		}
		for p, n := range *s.before {
			if s.counts[p] == 0 {
				lines = append(lines, line{p, 0, -n})
			}
		}
	}
	slices.SortFunc(lines, func(a, b line) int {
		x, y := a.n, b.n
		if s.before != nil {
			x, y = abs(a.changed), abs(b.changed)
		}
		if x != y {
			return int(y - x)
		}
		return strings.Compare(a.pattern, b.pattern)
	})
	f := column.NewFrame(s.to.layout, len(lines))
	columns := make([][]value.Value, len(s.slots))
	for _, l := range lines {
		ratio := math.Round(float64(l.n)/max(1, float64(s.total))*10000) / 10000
		row := []value.Value{value.Of(l.pattern), value.OfNumber(ratio), value.OfNumber(float64(l.n)),
			value.Of(shape.Severity(l.pattern)), value.OfNumber(float64(l.changed))}
		for i := range columns {
			columns[i] = append(columns[i], row[i])
		}
	}
	for i, slot := range s.slots {
		f.Set(slot, column.Rows(columns[i]))
	}
	return f
}

func abs(n int64) int64 { return max(n, -n) }

// diff compares the patterns of the query's time with those of an earlier time of the
// same length: of the time right before, or of the period's length before.
func (c *compiler) diff(e ql.Command, shift int64) {
	var x ql.Expr = &ql.Field{Span: e.Place(), Segments: []string{"@message"}}
	commands := c.before
	if n := len(commands); n > 0 {
		if p, is := commands[n-1].(*ql.Pattern); is { // pattern … | diff
			x, commands = p.X, commands[:n-1]
			c.undoPattern()
		}
	}
	if !c.space.events {
		c.fail(e.Place(), "diff and logcompare compare log events: they stand behind no stats")
		return
	}
	counts := map[string]int64{}
	c.pattern(x, &counts)
	if shift == 0 {
		shift = c.query.To - c.query.From + 1
	}
	earlier := newCompiler(c.text, c.query, c.x)
	earlier.commands(&ql.Query{Text: c.text, Commands: append(slices.Clip(commands), &ql.Pattern{Span: e.Place(), X: x})})
	earlier.show()
	if c.x == nil || earlier.err != nil {
		return // what is wrong with it is wrong here too
	}
	earlier.plan.from, earlier.plan.to = earlier.plan.from-shift, earlier.plan.to-shift
	sources := c.x.q.Sources
	c.prepare(func(ctx context.Context) error {
		f, err := earlier.rows(ctx, &ql.Query{Text: c.text, Sources: sources})
		if err != nil {
			return err
		}
		texts, ns := f.Col(earlier.plan.shown[0].slot), f.Col(earlier.plan.shown[2].slot)
		for row := range f.N {
			n, _ := ns.At(row).Number()
			counts[texts.At(row).Text()] = int64(n)
		}
		return nil
	})
}

// undoPattern goes back to the rows that the pattern before came from.
func (c *compiler) undoPattern() {
	c.plan.stages = c.plan.stages[:len(c.plan.stages)-1]
	c.stage().reduce = nil
	c.space = c.stage().space
}

// shifts are diff's words in ms.
var shifts = map[string]int64{"": 0, "previousDay": 86400000, "previousWeek": 7 * 86400000, "previousMonth": 30 * 86400000}
