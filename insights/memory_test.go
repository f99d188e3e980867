package insights

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"steady/scan"
)

// event is a log event of a memory.
type event struct {
	group, stream, message string
	time                   int64
	id                     uint64
	fields                 map[string]scan.Value
}

// memory is a scan.Source of a few events.
type memory struct {
	events []event
	// blockRows is how many rows a block has at most.
	blockRows int
	// heedless sources leave out nothing that a condition would let them.
	heedless bool
	requests []scan.Request
}

func (m *memory) load(group, stream string, time int64, message string) {
	e := event{group: group, stream: stream, message: message, time: time, id: uint64(len(m.events) + 1)}
	text := func(s string) scan.Value { return scan.Value{Text: s} }
	number := func(n int64) scan.Value { return scan.Value{Text: strconv.FormatInt(n, 10), Kind: scan.Number} }
	e.fields = map[string]scan.Value{
		scan.Message: text(message), scan.LogStream: text(stream), scan.Log: text("123456789012:" + group),
		scan.IngestionTime: number(time + 500), scan.Ptr: text(fmt.Sprintf("ptr-%d", e.id)),
		scan.EntityPrefix + "KeyAttributes.Name": text(stream),
	}
	if i := strings.IndexByte(message, '{'); i >= 0 {
		d := json.NewDecoder(strings.NewReader(message[i:]))
		d.UseNumber()
		var v map[string]any
		if d.Decode(&v) == nil {
			flatten(e.fields, "", v)
		}
	}
	m.events = append(m.events, e)
}

func flatten(fields map[string]scan.Value, path string, v any) {
	member := func(name string) string {
		switch {
		case path != "":
			return path + "." + name
		case strings.HasPrefix(name, "@"):
			return "@" + name
		}
		return name
	}
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			flatten(fields, member(name), x)
		}
	case []any:
		for i, x := range v {
			flatten(fields, member(strconv.Itoa(i)), x)
		}
	case string:
		fields[path] = scan.Value{Text: v}
	case json.Number:
		fields[path] = scan.Value{Text: v.String(), Kind: scan.Number}
	case bool:
		fields[path] = scan.Value{Text: strconv.FormatBool(v), Kind: scan.Bool}
	case nil:
		fields[path] = scan.Value{Kind: scan.Null}
	}
}

func (m *memory) Scan(_ context.Context, r scan.Request) iter.Seq2[*scan.Block, error] {
	m.requests = append(m.requests, r)
	var found []event
	for _, e := range m.events {
		if slices.Contains(r.Groups, e.group) && e.time >= r.From && e.time <= r.To {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b event) int {
		switch r.Order {
		case scan.NewestFirst:
			return cmp.Compare(b.time, a.time)
		case scan.OldestFirst:
			return cmp.Compare(a.time, b.time)
		}
		return 0
	})
	return func(yield func(*scan.Block, error) bool) {
		for rows := range slices.Chunk(found, m.blockRows) {
			work := scan.Work{Records: int64(len(rows))}
			for _, e := range rows {
				work.Bytes += int64(len(e.message))
			}
			bound := rows[len(rows)-1].time
			rows = slices.DeleteFunc(slices.Clone(rows), func(e event) bool {
				return !m.heedless && slices.ContainsFunc(r.Where, func(c scan.Condition) bool { return !meets(e, c) })
			})
			b := blockOf(rows, r)
			b.Work, b.Bound = work, bound
			if !yield(b, nil) {
				return
			}
		}
	}
}

func meets(e event, c scan.Condition) bool {
	v, ok := e.fields[c.Field]
	switch c.Op {
	case scan.Equals:
		return ok && slices.Contains(c.Texts, v.Text)
	case scan.Contains:
		return ok && !slices.ContainsFunc(c.Texts, func(t string) bool { return !strings.Contains(v.Text, t) })
	}
	return ok
}

func blockOf(rows []event, r scan.Request) *scan.Block {
	b := &scan.Block{Columns: map[string]*scan.Column{}}
	fields := slices.Clone(r.Fields)
	for _, e := range rows {
		b.Group = e.group
		b.Times, b.IDs = append(b.Times, e.time), append(b.IDs, e.id)
		if r.AllFields {
			for f := range e.fields {
				if !slices.Contains(fields, f) {
					fields = append(fields, f)
				}
			}
		}
	}
	for _, f := range fields {
		c := &scan.Column{}
		codes := map[scan.Value]int32{}
		for _, e := range rows {
			v, ok := e.fields[f]
			if !ok {
				c.Codes = append(c.Codes, -1)
				continue
			}
			code, known := codes[v]
			if !known {
				code = int32(len(c.Values))
				codes[v] = code
				c.Values = append(c.Values, v)
			}
			c.Codes = append(c.Codes, code)
		}
		if len(c.Values) > 0 {
			b.Columns[f] = c
		}
	}
	return b
}

// table writes a result as the test files have it.
func table(r *Result) string {
	var b bytes.Buffer
	fmt.Fprintln(&b, strings.Join(r.Columns, " | "))
	for _, row := range r.Rows {
		cells := make([]string, len(r.Columns))
		for i, c := range r.Columns {
			cells[i] = "∅"
			for _, f := range row {
				if f.Name == c {
					if cells[i] = strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(f.Value); f.Value == "" {
						cells[i] = `""`
					}
				}
			}
		}
		fmt.Fprintln(&b, strings.Join(cells, " | "))
	}
	return b.String()
}
