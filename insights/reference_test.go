package insights

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"steady/scan"
)

// The reference executor: straight over events, a row at a time, everything by the
// most obvious means. It shares no code with the real one.

// refValue is a value as text; a computed number keeps all its digits in number.
type refValue struct {
	there    bool
	text     string
	computed bool
	number   float64
	isBool   bool
}

func (v refValue) asNumber() (float64, bool) {
	switch {
	case !v.there:
		return 0, false
	case v.computed:
		return v.number, true
	case v.isBool:
		return map[string]float64{"true": 1, "false": 0}[v.text], true
	}
	n, err := strconv.ParseFloat(v.text, 64)
	return n, err == nil && !strings.ContainsAny(v.text, "xXnNiIpP_")
}

func (v refValue) shown() string {
	switch {
	case v.isBool:
		return map[string]string{"true": "1", "false": "0"}[v.text]
	case v.computed && v.number == math.Trunc(v.number):
		return strconv.FormatFloat(v.number, 'f', -1, 64)
	case v.computed:
		return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(v.number, 'f', 4, 64), "0"), ".")
	}
	return v.text
}

func refNumber(n float64) refValue {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return refValue{}
	}
	return refValue{there: true, computed: true, number: n + 0} // no -0
}

func refBool(b bool) refValue {
	return refValue{there: true, isBool: true, text: strconv.FormatBool(b)}
}

func refText(s string) refValue { return refValue{there: true, text: s} }

func (v refValue) holds() bool {
	n, ok := v.asNumber()
	return ok && n != 0 || v.there && v.text == "true"
}

// refRow is one row; at and id are of the event that it is.
type refRow struct {
	at     int64
	id     uint64
	values map[string]refValue
}

// refExpr is an expression as text and as what it computes.
type refExpr struct {
	text string
	eval func(refRow) refValue
}

func refRows(m *memory) []refRow {
	var rows []refRow
	for _, e := range m.events {
		r := refRow{e.time, e.id, map[string]refValue{}}
		for name, v := range e.fields {
			r.values[name] = refValue{there: v.Kind != scan.Null, text: v.Text, isBool: v.Kind == scan.Bool}
		}
		rows = append(rows, r)
	}
	newestFirst(rows)
	return rows
}

func newestFirst(rows []refRow) {
	slices.SortFunc(rows, func(a, b refRow) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.id, a.id)) })
}

func refField(name string) refExpr {
	return refExpr{name, func(r refRow) refValue { return r.values[name] }}
}

// operands are what random expressions are made of.
func operands(fields []string) *rapid.Generator[refExpr] {
	return rapid.Custom(func(t *rapid.T) refExpr {
		switch rapid.IntRange(0, 9).Draw(t, "operand") {
		case 0:
			n := rapid.SampledFrom([]string{"0", "1", "2", "10", "1.5"}).Draw(t, "number")
			x, _ := strconv.ParseFloat(n, 64)
			return refExpr{n, func(refRow) refValue { return refNumber(x) }}
		case 1:
			s := rapid.SampledFrom([]string{"1", "1.0", "x", "X", "", "true", "abc"}).Draw(t, "text")
			return refExpr{strconv.Quote(s), func(refRow) refValue { return refText(s) }}
		}
		return refField(rapid.SampledFrom(fields).Draw(t, "field"))
	})
}

func expressions(fields []string, depth int) *rapid.Generator[refExpr] {
	return rapid.Custom(func(t *rapid.T) refExpr {
		if depth == 0 {
			return operands(fields).Draw(t, "leaf")
		}
		x := expressions(fields, depth-1).Draw(t, "x")
		y := operands(fields).Draw(t, "y")
		switch rapid.IntRange(0, 8).Draw(t, "expression") {
		case 0, 1:
			op := rapid.SampledFrom([]string{"+", "-", "*", "/"}).Draw(t, "op")
			return refExpr{"(" + x.text + " " + op + " " + y.text + ")", func(r refRow) refValue {
				a, ok := x.eval(r).asNumber()
				b, also := y.eval(r).asNumber()
				if !ok || !also {
					return refValue{}
				}
				return refNumber(map[string]float64{"+": a + b, "-": a - b, "*": a * b, "/": a / b}[op])
			}}
		case 2:
			return refExpr{"coalesce(" + x.text + ", " + y.text + ")", func(r refRow) refValue {
				if v := x.eval(r); v.there {
					return v
				}
				return y.eval(r)
			}}
		case 3:
			return refExpr{"concat(" + x.text + ", '-', " + y.text + ")", func(r refRow) refValue {
				return refText(x.eval(r).shown() + "-" + y.eval(r).shown())
			}}
		case 4:
			return conditions(fields, 0).Draw(t, "condition")
		}
		return x
	})
}

func conditions(fields []string, depth int) *rapid.Generator[refExpr] {
	return rapid.Custom(func(t *rapid.T) refExpr {
		if depth > 0 {
			a := conditions(fields, depth-1).Draw(t, "a")
			b := conditions(fields, depth-1).Draw(t, "b")
			switch rapid.IntRange(0, 3).Draw(t, "logic") {
			case 0:
				return refExpr{"(" + a.text + " and " + b.text + ")", func(r refRow) refValue { return refBool(a.eval(r).holds() && b.eval(r).holds()) }}
			case 1:
				return refExpr{"(" + a.text + " or " + b.text + ")", func(r refRow) refValue { return refBool(a.eval(r).holds() || b.eval(r).holds()) }}
			case 2:
				return refExpr{"not " + a.text, func(r refRow) refValue { return refBool(!a.eval(r).holds()) }}
			}
			return a
		}
		x := operands(fields).Draw(t, "x")
		switch rapid.IntRange(0, 5).Draw(t, "test") {
		case 0:
			part := rapid.SampledFrom([]string{"x", "1", "ab", "tru", "."}).Draw(t, "part")
			return refExpr{"(" + x.text + " like " + strconv.Quote(part) + ")", func(r refRow) refValue {
				v := x.eval(r)
				text := v.text
				if v.computed {
					text = v.shown()
				}
				return refBool(v.there && strings.Contains(text, part))
			}}
		case 1:
			return refExpr{"ispresent(" + x.text + ")", func(r refRow) refValue { return refBool(x.eval(r).there) }}
		case 2:
			y, z := operands(fields).Draw(t, "y"), operands(fields).Draw(t, "z")
			return refExpr{"(" + x.text + " in [" + y.text + ", " + z.text + "])", func(r refRow) refValue {
				return refBool(refEqual(x.eval(r), y.eval(r)) || refEqual(x.eval(r), z.eval(r)))
			}}
		}
		y := operands(fields).Draw(t, "y")
		op := rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">="}).Draw(t, "comparison")
		return refExpr{"(" + x.text + " " + op + " " + y.text + ")", func(r refRow) refValue {
			return refBool(refCompare(op, x.eval(r), y.eval(r)))
		}}
	})
}

func refEqual(a, b refValue) bool {
	if !a.there || !b.there {
		return false
	}
	m, ok := a.asNumber()
	n, also := b.asNumber()
	if ok && also {
		return m == n
	}
	if a.computed || b.computed {
		return a.shown() == b.shown()
	}
	return a.text == b.text
}

func refCompare(op string, a, b refValue) bool {
	m, ok := a.asNumber()
	n, also := b.asNumber()
	comparable := a.there && b.there && ok == also
	less, more := m < n, m > n
	if !ok {
		less, more = a.text < b.text, a.text > b.text
	}
	switch op {
	case "=":
		return refEqual(a, b)
	case "!=":
		return !refEqual(a, b)
	case "<":
		return comparable && less
	case "<=":
		return comparable && less || refEqual(a, b)
	case ">":
		return comparable && more
	}
	return comparable && more || refEqual(a, b)
}

// query is a random query: its text, and what the reference makes of its rows.
type refQuery struct {
	text    []string
	rows    []refRow
	ordered bool
}

func (q *refQuery) step(t *rapid.T, fields []string) []string {
	switch rapid.IntRange(0, 3).Draw(t, "command") {
	case 0, 1:
		c := conditions(fields, rapid.IntRange(0, 2).Draw(t, "depth")).Draw(t, "filter")
		q.text = append(q.text, "filter "+c.text)
		q.rows = slices.DeleteFunc(q.rows, func(r refRow) bool { return !c.eval(r).holds() })
	case 2:
		x := expressions(fields, rapid.IntRange(0, 2).Draw(t, "depth")).Draw(t, "fields")
		name := fmt.Sprintf("new%d", len(q.text))
		q.text = append(q.text, "fields "+x.text+" as "+name)
		for _, r := range q.rows {
			r.values[name] = x.eval(r)
		}
		return append(fields, name)
	case 3:
		n := rapid.IntRange(0, len(q.text)).Draw(t, "n")
		name, rest := fmt.Sprintf("left%d-%d", len(q.text), n), fmt.Sprintf("right%d", len(q.text))
		name = strings.ReplaceAll(name, "-", "_")
		q.text = append(q.text, "parse s '*-*' as "+name+", "+rest)
		for _, r := range q.rows {
			if a, b, ok := strings.Cut(r.values["s"].text, "-"); ok && r.values["s"].there {
				r.values[name], r.values[rest] = refText(a), refText(b)
			}
		}
		return append(fields, name, rest)
	}
	return fields
}

func (q *refQuery) finish(t *rapid.T, fields []string) {
	switch rapid.IntRange(0, 3).Draw(t, "end") {
	case 0:
		q.stats(t, fields)
		return
	case 1:
		descending := rapid.Bool().Draw(t, "descending")
		q.text = append(q.text, "sort n"+map[bool]string{true: " desc", false: " asc"}[descending])
		slices.SortStableFunc(q.rows, func(a, b refRow) int {
			m, ok := a.values["n"].asNumber()
			n, also := b.values["n"].asNumber()
			c := cmp.Compare(m, n)
			if ok != also {
				c = map[bool]int{true: 1, false: -1}[ok]
			}
			if descending {
				return -c
			}
			return c
		})
	case 2:
		q.text = append(q.text, "sort @timestamp asc")
		slices.SortFunc(q.rows, func(a, b refRow) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
	}
	q.ordered = true
	if rapid.Bool().Draw(t, "limited") {
		n := rapid.IntRange(1, 12).Draw(t, "limit")
		q.text = append(q.text, fmt.Sprintf("limit %d", n))
		q.rows = q.rows[:min(n, len(q.rows))]
	}
	if rapid.Bool().Draw(t, "dedup") {
		f := rapid.SampledFrom(fields).Draw(t, "dedup field")
		q.text = append(q.text, "dedup "+f)
		seen := map[string]bool{}
		q.rows = slices.DeleteFunc(q.rows, func(r refRow) bool {
			v := r.values[f]
			again := v.there && seen[v.shown()]
			seen[v.shown()] = seen[v.shown()] || v.there
			return again
		})
	}
}

func (q *refQuery) stats(t *rapid.T, fields []string) {
	by := rapid.SampledFrom(fields).Draw(t, "by")
	of := rapid.SampledFrom(fields).Draw(t, "of")
	binned := rapid.Bool().Draw(t, "binned")
	command := fmt.Sprintf("stats count(*) as c, count(%[2]s) as present, sum(%[2]s) as total, total / c as mean, min(n) as least, count_distinct(%[2]s) as kinds by %[1]s as g", by, of)
	if binned {
		command += ", bin(1m) as t"
	}
	q.text = append(q.text, command)
	groups := map[string][]refRow{}
	for _, r := range q.rows {
		key := fmt.Sprint(r.values[by].there, r.values[by].shown())
		if binned {
			key += fmt.Sprint("|", r.at/60000)
		}
		groups[key] = append(groups[key], r)
	}
	q.rows = nil
	for _, rows := range groups {
		q.rows = append(q.rows, refGroup(rows, by, of, binned))
	}
}

func refGroup(rows []refRow, by, of string, binned bool) refRow {
	g := refRow{values: map[string]refValue{"g": rows[0].values[by], "c": refNumber(float64(len(rows)))}}
	present, total, least, any := 0, 0.0, math.Inf(1), false
	kinds := map[string]bool{}
	for _, r := range rows {
		v := r.values[of]
		if v.there {
			present++
			kinds[v.shown()] = true
		}
		if n, ok := v.asNumber(); ok {
			total, any = total+n, true
		}
		if n, ok := r.values["n"].asNumber(); ok {
			least = min(least, n)
		}
	}
	g.values["present"], g.values["kinds"] = refNumber(float64(present)), refNumber(float64(len(kinds)))
	if any {
		g.values["total"], g.values["mean"] = refNumber(total), refNumber(total/float64(len(rows)))
	}
	g.values["least"] = refNumber(least)
	if binned {
		g.values["t"] = refText(time.UnixMilli(rows[0].at / 60000 * 60000).UTC().Format("2006-01-02 15:04:05.000"))
	}
	return g
}

// randomMemory has events with the same fields, in all the kinds that a value can be.
func randomMemory(t *rapid.T) *memory {
	m := &memory{blockRows: rapid.IntRange(1, 20).Draw(t, "block rows"), heedless: rapid.Bool().Draw(t, "heedless")}
	values := []string{`1`, `1.0`, `"1"`, `"01"`, `2`, `-3`, `"x"`, `"X"`, `"abc"`, `""`, `true`, `false`, `null`, `"true"`, `10`, `"1e1"`}
	for i := range rapid.IntRange(0, 40).Draw(t, "events") {
		var members []string
		for _, f := range []string{"a", "b"} {
			if v := rapid.SampledFrom(append(values, "-")).Draw(t, f); v != "-" {
				members = append(members, fmt.Sprintf("%q:%s", f, v))
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "has n") > 0 {
			members = append(members, fmt.Sprintf(`"n":%d`, rapid.IntRange(-2, 5).Draw(t, "n")))
		}
		members = append(members, fmt.Sprintf(`"s":%q,"id":%d`, rapid.SampledFrom([]string{"k-v", "k", "-", "a-b-c", ""}).Draw(t, "s"), i))
		at := day.UnixMilli() + int64(rapid.IntRange(0, 200).Draw(t, "second"))*1000
		m.load("/r", "s", at, "{"+strings.Join(members, ",")+"}")
	}
	return m
}

// TestLikeReference: the executor gives what the reference gives, for random queries
// over random events.
func TestLikeReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := randomMemory(t)
		q := &refQuery{rows: refRows(m)}
		fields := []string{"a", "b", "n", "s", "absent"}
		for range rapid.IntRange(0, 4).Draw(t, "commands") {
			fields = q.step(t, fields)
		}
		q.finish(t, fields)
		text := strings.Join(append([]string{"fields id, a, b, n, s, absent"}, q.text...), " | ")
		parsed, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		r, err := Run(t.Context(), m, parsed, Input{Groups: []string{"/r"}, From: day.UnixMilli(), To: day.Add(time.Hour).UnixMilli(), Now: day})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want := q.table(r.Columns)
		got := strings.Split(strings.TrimRight(table(r), "\n"), "\n")[1:]
		if !q.ordered {
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s\ncolumns %v\ngot:\n%s\nwant:\n%s", text, r.Columns, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func (q *refQuery) table(columns []string) []string {
	var lines []string
	for _, r := range q.rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			if cells[i] = "∅"; r.values[c].there {
				if cells[i] = r.values[c].shown(); cells[i] == "" {
					cells[i] = `""`
				}
			}
		}
		lines = append(lines, strings.Join(cells, " | "))
	}
	return lines
}
