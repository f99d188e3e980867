package insights

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"steady/insights/column"
	"steady/insights/ql"
	"steady/insights/value"
)

// joined is a join: the names of both sides mean something in the space behind it.
type joined struct {
	leftAlias, rightAlias string
	right                 *compiler
	fetch                 []fetched
	known                 map[string]int // slots of fetched, by the name on the right
}

// fetched is a column of the right side that is wanted on the left.
type fetched struct{ from, to int }

// find is what alias.name means.
func (j *joined) find(s *space, name string) (int, bool) {
	if n, ok := strings.CutPrefix(name, j.leftAlias+"."); ok {
		return s.find(n)
	}
	n, ok := strings.CutPrefix(name, j.rightAlias+".")
	if !ok {
		return 0, false
	}
	if i, ok := j.known[n]; ok {
		s.use(i)
		return i, true
	}
	j.right.collect()
	from, ok := j.right.space.find(n)
	if !ok {
		return 0, false
	}
	to := s.add(slot{name: name})
	s.use(to)
	j.known[n] = to
	j.fetch = append(j.fetch, fetched{from, to})
	return to, true
}

// joinStep finds for each row of the left those of the right.
type joinStep struct {
	*joined
	keys  []column.Node // on the left
	outer bool          // rows that find none stay
	rows  *column.Frame
	index map[string][]int32
}

func (c *compiler) join(e *ql.Join) {
	j := &joined{leftAlias: e.Left, rightAlias: e.Right, known: map[string]int{}}
	step := &joinStep{joined: j, outer: e.Type == "left", index: map[string][]int32{}}
	for _, k := range e.Conditions {
		step.keys = append(step.keys, c.field(e.Span, strings.Split(k.Left, ".")))
	}
	j.right = c.sub(e.Query)
	if c.err != nil {
		return
	}
	j.right.collect()
	var rightKeys []column.Node
	for _, k := range e.Conditions {
		rightKeys = append(rightKeys, j.right.field(e.Span, strings.Split(k.Right, ".")))
	}
	c.space.joined = j
	c.joins = append(c.joins, j)
	if s := j.right.space; s.explicit {
		for _, col := range s.shown {
			name := e.Right + "." + col.name
			if slot, ok := j.find(c.space, name); ok {
				c.extracted(name, slot)
			}
		}
	}
	c.each(step)
	c.prepare(func(ctx context.Context) error {
		rows, err := j.right.rows(ctx, e.Query)
		if err != nil {
			return err
		}
		return step.load(rows, rightKeys)
	})
}

func (s *joinStep) load(rows *column.Frame, keys []column.Node) error {
	s.rows = rows
	vectors := evalAll(keys, rows)
	for row := range rows.N {
		if key, ok := joinKey(vectors, row); ok {
			s.index[key] = append(s.index[key], int32(row))
		}
	}
	if len(s.index) > maxKeys {
		return fmt.Errorf("the right side of the join has %d different keys, more than %d: add a filter to it", len(s.index), maxKeys)
	}
	return nil
}

func evalAll(nodes []column.Node, f *column.Frame) []*column.Vector {
	vectors := make([]*column.Vector, len(nodes))
	for i, n := range nodes {
		vectors[i] = n.Eval(f)
	}
	return vectors
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
			key = appendKey(append(key, 'n'), value.Of(strconv.FormatFloat(n, 'g', -1, 64)))
		} else {
			key = appendKey(append(key, 't'), value.Of(x.Text()))
		}
	}
	return string(key), true
}

func (s *joinStep) apply(f *column.Frame) (*column.Frame, error) {
	vectors := evalAll(s.keys, f)
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
		if len(found) == 0 && s.outer {
			left, right = append(left, int32(row)), append(right, -1)
		}
	}
	g := f.Gather(left)
	for _, c := range s.fetch {
		g.Set(c.to, optional(s.rows.Col(c.from), right))
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

// appendCols adds the columns of another query's rows, the first to the first.
func (c *compiler) appendCols(e *ql.AppendCols) {
	s := c.sub(e.Query)
	if c.err != nil {
		return
	}
	s.show()
	var rows *column.Frame
	c.prepare(func(ctx context.Context) (err error) {
		rows, err = s.rows(ctx, e.Query)
		return err
	})
	c.collect()
	for _, col := range s.plan.shown {
		if _, there := c.space.names[col.name]; there && !e.Override {
			continue
		}
		slot := c.space.define(col.name)
		c.extracted(col.name, slot)
		c.all(stepFunc(func(f *column.Frame) (*column.Frame, error) {
			at := make([]int32, f.N)
			for i := range at {
				if at[i] = int32(i); i >= rows.N || i >= e.Max {
					at[i] = -1
				}
			}
			f = f.Copied()
			f.Set(slot, optional(rows.Col(col.slot), at))
			return f, nil
		}))
	}
}
