package archive

import (
	"slices"
	"strconv"

	"steady/archive/match"
	"steady/archive/segment"
	"steady/archive/table"
	"steady/scan"
)

// readView gives the block of a table's records that a query may want; nil is none.
func (a *Archive) readView(v *table.View, q *segment.Query) (*scan.Block, error) {
	rows := make([]int32, 0, len(v.Times))
	for i, t := range v.Times {
		if t >= q.From && t <= q.To {
			rows = append(rows, int32(i))
		}
	}
	x := &viewReading{v: v, columns: map[string]*scan.Column{}}
	if q.Gone != nil {
		streams := x.column(scan.LogStream)
		rows = slices.DeleteFunc(rows, func(row int32) bool {
			return v.IDs[row] < q.Gone(streams.Values[streams.Codes[row]].Text)
		})
	}
	for _, c := range q.Where {
		if len(rows) > 0 && (c.Field == scan.LogStream || segment.IsField(c.Field)) {
			rows = match.Rows(c, x.column(c.Field), rows)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	out, err := x.rows(q, rows)
	if err != nil {
		return nil, err
	}
	return a.block(v.Group, out, q.Request), nil
}

// viewReading is one view being read.
type viewReading struct {
	v       *table.View
	columns map[string]*scan.Column // whole ones
}

// column is a whole column, nil where no record has the field.
func (x *viewReading) column(name string) *scan.Column {
	c := x.columns[name]
	switch {
	case c != nil:
	case name == scan.LogStream:
		c = x.v.Streams.Scan(len(x.v.Times))
	default:
		field, ok := x.v.Fields[name]
		if !ok {
			return nil
		}
		c = field.Scan(len(x.v.Times))
	}
	x.columns[name] = c
	return c
}

func (x *viewReading) rows(q *segment.Query, rows []int32) (*segment.Rows, error) {
	out := &segment.Rows{Columns: map[string]*scan.Column{}}
	for _, row := range rows {
		out.Times, out.IDs = append(out.Times, x.v.Times[row]), append(out.IDs, x.v.IDs[row])
		out.Ingested = append(out.Ingested, x.v.Ingested[row])
	}
	for name := range x.v.Fields {
		if q.Wants(name) {
			out.Columns[name] = match.Pick(x.column(name), rows)
		}
	}
	if q.Wants(scan.LogStream) {
		out.Columns[scan.LogStream] = match.Pick(x.column(scan.LogStream), rows)
	}
	if q.Wants(scan.Message) {
		texts, err := x.v.Messages.All()
		if err != nil {
			return nil, err
		}
		out.Columns[scan.Message] = each(len(rows), scan.String, func(i int) string { return texts[rows[i]] })
	}
	return out, nil
}

// block makes a block of rows: the columns that are not stored as such are added.
func (a *Archive) block(group string, rows *segment.Rows, r scan.Request) *scan.Block {
	if rows == nil {
		return nil
	}
	b := &scan.Block{Group: group, Times: rows.Times, IDs: rows.IDs, Columns: rows.Columns}
	for name, column := range map[string]func() *scan.Column{
		scan.Timestamp:     func() *scan.Column { return numbers(rows.Times) },
		scan.IngestionTime: func() *scan.Column { return numbers(rows.Ingested) },
		scan.Log: func() *scan.Column {
			return &scan.Column{Codes: make([]int32, b.Len()), Values: []scan.Value{{Text: a.options.Account + ":" + group}}}
		},
		scan.Ptr: func() *scan.Column {
			return each(b.Len(), scan.String, func(i int) string { return pointer{group, b.Times[i], b.IDs[i]}.String() })
		},
	} {
		if r.AllFields || slices.Contains(r.Fields, name) {
			b.Columns[name] = column()
		}
	}
	return b
}

func numbers(values []int64) *scan.Column {
	return each(len(values), scan.Number, func(i int) string { return strconv.FormatInt(values[i], 10) })
}

// each makes a column of n values.
func each(n int, kind scan.Kind, text func(i int) string) *scan.Column {
	c := &scan.Column{Codes: make([]int32, n), Values: make([]scan.Value, n)}
	for i := range n {
		c.Codes[i] = int32(i)
		c.Values[i] = scan.Value{Text: text(i), Kind: kind}
	}
	return c
}
