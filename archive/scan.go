package archive

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"steady/archive/table"
	"steady/scan"
)

// Scan implements scan.Source.
func (a *Archive) Scan(ctx context.Context, r scan.Request) iter.Seq2[*scan.Block, error] {
	views := a.views(r)
	order(views, r.Order)
	return func(yield func(*scan.Block, error) bool) {
		for i, v := range views {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			block, err := a.read(v, r)
			if err != nil {
				yield(nil, err)
				return
			}
			block.Bound = bound(views[i+1:], r.Order)
			if !yield(block, nil) {
				return
			}
		}
	}
}

// views are the tables that a request may find something in, as they are now.
func (a *Archive) views(r scan.Request) []table.View {
	a.mu.Lock()
	var tables []*table.Table
	for i, g := range r.Groups {
		if !slices.Contains(r.Groups[:i], g) {
			tables = append(tables, a.tables[g]...)
		}
	}
	a.mu.Unlock()
	var views []table.View
	for _, t := range tables {
		v := t.View(func(name string) bool { return r.AllFields || slices.Contains(r.Fields, name) })
		first, last := v.Span()
		if len(v.Times) > 0 && last >= r.From && first <= r.To {
			views = append(views, v)
		}
	}
	return views
}

func order(views []table.View, o scan.Order) {
	slices.SortStableFunc(views, func(x, y table.View) int {
		xFirst, xLast := x.Span()
		yFirst, yLast := y.Span()
		switch o {
		case scan.NewestFirst:
			return compare(yLast, xLast)
		case scan.OldestFirst:
			return compare(xFirst, yFirst)
		}
		return 0
	})
}

func compare(x, y int64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// bound is what scan.Block.Bound says when these follow.
func bound(rest []table.View, o scan.Order) int64 {
	newest, oldest := int64(math.MinInt64), int64(math.MaxInt64)
	for _, v := range rest {
		first, last := v.Span()
		newest, oldest = max(newest, last), min(oldest, first)
	}
	if o == scan.OldestFirst {
		return oldest
	}
	return newest
}

// read makes a block of the rows of a view that are in the request's time.
func (a *Archive) read(v table.View, r scan.Request) (*scan.Block, error) {
	rows := a.rows(v, r)
	b := &scan.Block{Group: v.Group, Columns: map[string]*scan.Column{}}
	for _, row := range rows {
		b.Times, b.IDs = append(b.Times, v.Times[row]), append(b.IDs, v.IDs[row])
	}
	b.Work = scan.Work{Records: int64(len(v.Times)), Bytes: v.Bytes}
	for name, c := range v.Fields {
		b.Columns[name] = pick(c.Scan(len(v.Times)), rows)
	}
	wanted := r.Fields
	if r.AllFields {
		wanted = []string{scan.Timestamp, scan.IngestionTime, scan.Message, scan.LogStream, scan.Log, scan.Ptr}
	}
	for _, name := range wanted {
		c, err := a.system(v, name, rows)
		if err != nil {
			return nil, err
		}
		if c != nil {
			b.Columns[name] = c
		}
	}
	return b, nil
}

// rows are the places of the rows that are asked for and not deleted.
func (a *Archive) rows(v table.View, r scan.Request) []int {
	gone := a.goneIn(v)
	rows := make([]int, 0, len(v.Times))
	for i, t := range v.Times {
		if t >= r.From && t <= r.To && v.IDs[i] >= gone[int(v.Streams.Codes[i])] {
			rows = append(rows, i)
		}
	}
	return rows
}

// goneIn says for each stream of a view, by its code, before which number its records
// have been deleted.
func (a *Archive) goneIn(v table.View) []uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	gone := make([]uint64, v.Streams.Len()+1)
	for code := range gone[1:] {
		gone[code+1] = a.catalog.goneBefore(v.Group, v.Streams.Value(code+1).Text)
	}
	return gone
}

func pick(c *scan.Column, rows []int) *scan.Column {
	if len(rows) == len(c.Codes) {
		return c
	}
	codes := make([]int32, len(rows))
	for i, row := range rows {
		codes[i] = c.Codes[row]
	}
	return &scan.Column{Codes: codes, Values: c.Values}
}

// system is the column of a field that every record has; nil for other names.
func (a *Archive) system(v table.View, name string, rows []int) (*scan.Column, error) {
	switch name {
	case scan.Timestamp:
		return each(rows, scan.Number, func(row int) string { return fmt.Sprint(v.Times[row]) }), nil
	case scan.IngestionTime:
		return each(rows, scan.Number, func(row int) string { return fmt.Sprint(v.Ingested[row]) }), nil
	case scan.Log:
		c := &scan.Column{Codes: make([]int32, len(rows)), Values: []scan.Value{{Text: a.options.Account + ":" + v.Group}}}
		return c, nil
	case scan.Ptr:
		return each(rows, scan.String, func(row int) string { return pointer{v.Group, v.Times[row], v.IDs[row]}.String() }), nil
	case scan.LogStream:
		return pick(v.Streams.Scan(len(v.Times)), rows), nil
	case scan.Message:
		texts := make([]string, 0, len(v.Times))
		if err := v.Messages.Each(func(text string) { texts = append(texts, text) }); err != nil {
			return nil, err
		}
		return each(rows, scan.String, func(row int) string { return texts[row] }), nil
	}
	return nil, nil
}

// each makes a column of a value per row.
func each(rows []int, kind scan.Kind, text func(row int) string) *scan.Column {
	c := &scan.Column{Codes: make([]int32, len(rows)), Values: make([]scan.Value, len(rows))}
	for i, row := range rows {
		c.Codes[i] = int32(i)
		c.Values[i] = scan.Value{Text: text(row), Kind: kind}
	}
	return c
}

// pointer is what @ptr says: where a record is.
type pointer struct {
	group string
	time  int64
	id    uint64
}

func (p pointer) String() string {
	b := binary.AppendVarint(nil, p.time)
	b = binary.AppendUvarint(b, p.id)
	return base64.RawURLEncoding.EncodeToString(append(b, p.group...))
}

func parsePointer(ptr string) (pointer, bool) {
	b, err := base64.RawURLEncoding.DecodeString(ptr)
	if err != nil {
		return pointer{}, false
	}
	p := payload{b: b}
	at, id := p.varint(), p.uvarint()
	return pointer{string(p.b), at, id}, !p.bad && len(p.b) > 0
}

// Record is one record whole, by its @ptr: every field, the system's too. Fails with
// ErrNotFound when ptr names none, or one that is gone.
func (a *Archive) Record(ctx context.Context, ptr string) (map[string]scan.Value, error) {
	p, ok := parsePointer(ptr)
	if !ok {
		return nil, fmt.Errorf("record %q %w: that is no @ptr", ptr, ErrNotFound)
	}
	request := scan.Request{Groups: []string{p.group}, From: p.time, To: p.time, AllFields: true}
	for b, err := range a.Scan(ctx, request) {
		if err != nil {
			return nil, err
		}
		if row := slices.Index(b.IDs, p.id); row >= 0 {
			return whole(b, row), nil
		}
	}
	return nil, fmt.Errorf("record %s %w any more", strings.TrimSpace(ptr), ErrNotFound)
}

func whole(b *scan.Block, row int) map[string]scan.Value {
	fields := map[string]scan.Value{}
	for name, c := range b.Columns {
		if code := c.Codes[row]; code >= 0 {
			fields[name] = c.Values[code]
		}
	}
	return fields
}
