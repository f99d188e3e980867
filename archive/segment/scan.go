package segment

import (
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sort"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"steady/archive/match"
	"steady/scan"
)

// Query says what is wanted of a row group.
type Query struct {
	scan.Request
	// Gone says before which number the records of a stream have been deleted; nil says
	// that none have.
	Gone func(stream string) uint64
}

// Rows are the records of a row group that a query wants, column by column. System
// columns are there when the query's fields name them.
type Rows struct {
	Times, Ingested []int64
	IDs             []uint64
	Columns         map[string]*scan.Column // fields, @logStream and @message
	NotPlain        int                     // in the whole row group
	Empties         []string                // in the whole row group
}

// Read gives the records of row group i that the query may want; nil is none. Errors
// are *DamageError where the file is not what it should be.
func (r *Reader) Read(i int, q *Query) (rows *Rows, err error) {
	defer func() {
		if err != nil {
			rows, err = nil, &DamageError{r.Path, err}
		}
	}()
	defer recovered(&err)
	g := &r.groups[i]
	if may, err := r.mayMatch(g, q); !may || err != nil {
		return nil, err
	}
	return r.readRows(g, q)
}

// mayMatch says, without reading a column, whether rows of a group may be wanted.
func (r *Reader) mayMatch(g *group, q *Query) (bool, error) {
	if g.maxTime < q.From || g.minTime > q.To {
		return false, nil
	}
	for _, c := range q.Where {
		chunk := r.chunk(g, c.Field)
		if chunk == nil {
			if IsField(c.Field) {
				return false, nil
			}
			continue
		}
		texts := chunk.possible(c)
		if c.Op == scan.Equals && len(texts) == 0 || c.Op == scan.Contains && len(texts) < len(c.Texts) {
			return false, nil
		}
		if c.Op != scan.Equals || slices.Contains(texts, "") {
			continue // an empty text may be a null, whose word the filter has
		}
		if may, err := r.mayHold(chunk, texts); !may || err != nil {
			return false, err
		}
	}
	return true, nil
}

// IsField says that a condition's field is one that some records lack.
func IsField(name string) bool {
	return !strings.HasPrefix(name, "@") || strings.HasPrefix(name, "@@") || strings.HasPrefix(name, scan.EntityPrefix)
}

// chunk is the column of a field or of the stream; nil where the group has none.
func (r *Reader) chunk(g *group, name string) *chunk {
	if name != scan.LogStream && !IsField(name) {
		return nil
	}
	i, ok := r.fields[name]
	if !ok || g.chunks[i].values == 0 {
		return nil
	}
	return &g.chunks[i]
}

// possible are the texts of a condition that the column's characters allow.
func (c *chunk) possible(cond scan.Condition) []string {
	var out []string
	for _, t := range cond.Texts {
		var chars charset
		chars.add(t)
		if chars.within(c.chars) {
			out = append(out, t)
		}
	}
	return out
}

// reading is one row group being read.
type reading struct {
	*Reader
	g *group
	q *Query
}

func (r *Reader) readRows(g *group, q *Query) (*Rows, error) {
	defer r.done()
	x := &reading{r, g, q}
	rows, err := x.inTime()
	if err == nil {
		rows, err = x.alive(rows)
	}
	if err == nil {
		rows, err = x.allMet(rows)
	}
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	out := &Rows{Columns: map[string]*scan.Column{}, NotPlain: g.notPlain, Empties: g.empties}
	if out.Times, err = r.integers(g, scan.Timestamp, rows); err != nil {
		return nil, err
	}
	if out.IDs, err = x.ids(rows); err != nil {
		return nil, err
	}
	return out, x.fill(out, rows)
}

// inTime are the rows that are in the query's range of time. The times are read only
// where the group's do not all lie in it.
func (x *reading) inTime() ([]int32, error) {
	all := x.rowsOf(x.g)
	if x.g.minTime >= x.q.From && x.g.maxTime <= x.q.To {
		return all, nil
	}
	times, err := x.integers(x.g, scan.Timestamp, all)
	if err != nil {
		return nil, err
	}
	rows := make([]int32, 0, len(times))
	for i, t := range times {
		if t >= x.q.From && t <= x.q.To {
			rows = append(rows, int32(i))
		}
	}
	return rows, nil
}

func (x *reading) ids(rows []int32) ([]uint64, error) {
	numbers, err := x.integers(x.g, Number, rows)
	if err != nil {
		return nil, err
	}
	ids := make([]uint64, len(numbers))
	for i, n := range numbers {
		ids[i] = uint64(n)
	}
	return ids, nil
}

// alive leaves the rows that have not been deleted.
func (x *reading) alive(rows []int32) ([]int32, error) {
	if x.q.Gone == nil {
		return rows, nil
	}
	streams, err := x.column(scan.LogStream, rows)
	if err != nil {
		return nil, err
	}
	ids, err := x.ids(rows)
	if err != nil {
		return nil, err
	}
	before := make([]uint64, len(streams.Values))
	for i, v := range streams.Values {
		before[i] = x.q.Gone(v.Text)
	}
	left := make([]int32, 0, len(rows))
	for i, row := range rows {
		if ids[i] >= before[streams.Codes[i]] {
			left = append(left, row)
		}
	}
	return left, nil
}

// allMet leaves the rows that may meet all conditions.
func (x *reading) allMet(rows []int32) ([]int32, error) {
	for _, c := range x.q.Where {
		var err error
		switch {
		case len(rows) == 0:
			return rows, nil
		case c.Field == scan.Message && c.Op == scan.Contains:
			rows, err = x.mentioning(c, rows)
		case x.chunk(x.g, c.Field) != nil:
			rows, err = x.meeting(c, rows, nil)
		}
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// meeting appends to out the rows whose value of the condition's field meets it.
func (x *reading) meeting(c scan.Condition, rows, out []int32) ([]int32, error) {
	col, err := x.begin(x.g, x.chunk(x.g, c.Field), c.Field == scan.LogStream)
	if err == nil {
		out, err = x.matching(col, c, rows, out)
	}
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", c.Field, err)
	}
	return out, nil
}

// column reads a column of some rows.
func (x *reading) column(name string, rows []int32) (*scan.Column, error) {
	col, err := x.begin(x.g, x.chunk(x.g, name), name == scan.LogStream)
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", name, err)
	}
	out, err := x.pick(col, rows)
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", name, err)
	}
	return out, nil
}

// mentioning leaves the rows whose message may contain the condition's texts. Where all
// messages of a group are JSON whose every part is in a column, the columns tell.
func (x *reading) mentioning(c scan.Condition, rows []int32) ([]int32, error) {
	for _, text := range c.Texts {
		if x.g.notPlain > 0 || !match.InField(text) || strings.Contains(nullText, text) ||
			slices.ContainsFunc(x.g.empties, func(key string) bool { return strings.Contains(key, text) }) {
			continue
		}
		var err error
		if rows, err = x.inColumns(text, rows); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// inColumns leaves the rows that have a text in the name or the value of any field.
func (x *reading) inColumns(text string, rows []int32) ([]int32, error) {
	has := make([]bool, x.g.rows)
	contains := scan.Condition{Op: scan.Contains, Texts: []string{text}}
	var found []int32
	for name := range x.fields {
		chunk := x.chunk(x.g, name)
		if chunk == nil || name == scan.LogStream || strings.HasPrefix(name, scan.EntityPrefix) {
			continue
		}
		cond := contains
		cond.Field = name
		if strings.Contains(name, text) {
			cond.Op = scan.Present
		} else if len(chunk.possible(cond)) == 0 {
			continue
		}
		var err error
		if found, err = x.meeting(cond, rows, found[:0]); err != nil {
			return nil, err
		}
		for _, row := range found {
			has[row] = true
		}
	}
	left := make([]int32, 0, len(rows))
	for _, row := range rows {
		if has[row] {
			left = append(left, row)
		}
	}
	return left, nil
}

// fill reads what the query wants to know of the rows.
func (x *reading) fill(out *Rows, rows []int32) error {
	for name, i := range x.fields {
		if x.g.chunks[i].values == 0 || !IsField(name) && name != scan.LogStream || !x.q.Wants(name) {
			continue
		}
		col, err := x.column(name, rows)
		if err != nil {
			return err
		}
		out.Columns[name] = col
		c := &x.g.chunks[i] // nobody asks for it again
		x.giveBack(c, x.open[c])
	}
	if x.q.Wants(scan.IngestionTime) {
		var err error
		if out.Ingested, err = x.integers(x.g, scan.IngestionTime, rows); err != nil {
			return err
		}
	}
	if !x.q.Wants(scan.Message) {
		return nil
	}
	texts, err := x.messages(rows)
	if err != nil {
		return fmt.Errorf("column %s: %w", scan.Message, err)
	}
	out.Columns[scan.Message] = texts
	return nil
}

// Wants says whether a field is to be shown.
func (q *Query) Wants(name string) bool {
	return q.AllFields || slices.Contains(q.Fields, name)
}

// messages reads the messages of some rows, and only the pages that have them.
func (x *reading) messages(rows []int32) (*scan.Column, error) {
	var index format.OffsetIndex
	b, err := x.read(x.g.index)
	if err != nil {
		return nil, err
	}
	if crc32.ChecksumIEEE(b) != x.g.indexSum {
		return nil, errors.New("the checksum of the index of pages is wrong")
	}
	if err := thrift.Unmarshal(&protocol, b, &index); err != nil {
		return nil, fmt.Errorf("index of pages: %w", err)
	}
	out := &scan.Column{Codes: make([]int32, len(rows)), Values: make([]scan.Value, 0, len(rows))}
	for i := range rows {
		out.Codes[i] = int32(i)
	}
	pages := index.PageLocations
	for len(rows) > 0 {
		p := sort.Search(len(pages), func(i int) bool { return pages[i].FirstRowIndex > int64(rows[0]) }) - 1
		if p < 0 {
			return nil, errors.New("a row has no page")
		}
		first := pages[p].FirstRowIndex
		end := int64(x.g.rows)
		if p+1 < len(pages) {
			end = pages[p+1].FirstRowIndex
		}
		here := sort.Search(len(rows), func(i int) bool { return int64(rows[i]) >= end })
		if out.Values, err = x.texts(pages[p], int32(first), rows[:here], out.Values); err != nil {
			return nil, err
		}
		rows = rows[here:]
	}
	return out, nil
}

// texts appends the messages of some rows of a page, whose first row's number is first.
func (x *reading) texts(p format.PageLocation, first int32, rows []int32, out []scan.Value) ([]scan.Value, error) {
	if p.CompressedPageSize < 0 || p.CompressedPageSize > x.g.chunks[x.fields[scan.Message]].length {
		return nil, errors.New("a page does not fit its column")
	}
	c := &x.g.chunks[x.fields[scan.Message]]
	packed, err := x.readInto(x.packed, span{p.Offset, p.CompressedPageSize})
	if err != nil {
		return nil, err
	}
	x.packed = packed
	h, body, _, err := x.header(packed)
	if err != nil {
		return nil, err
	}
	if body, err = sound(body, uint32(h.CRC), c.packed, int(h.UncompressedPageSize), x.raw); err != nil {
		return nil, err
	}
	if c.packed {
		x.raw = body
	}
	var text strings.Builder
	ends := make([]int, 0, len(rows))
	for at := first; len(ends) < len(rows); at++ {
		var value []byte
		if value, body, err = nextValue(body); err != nil {
			return nil, err
		}
		if at == rows[len(ends)] {
			text.Write(value)
			ends = append(ends, text.Len())
		}
	}
	start := 0
	for _, end := range ends {
		out = append(out, scan.Value{Text: text.String()[start:end]})
		start = end
	}
	return out, nil
}
