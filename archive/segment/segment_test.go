package segment

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"steady/archive/table"
	"steady/scan"
)

// write makes a segment of messages, one record a second, in streams of a hundred.
func write(t *testing.T, messages ...string) (*File, Info) {
	t.Helper()
	tab := table.New("/g")
	for i, m := range messages {
		tab.Add(table.Rows{
			Stream: fmt.Sprintf("s%d", i/100), Entity: map[string]string{"Attributes.ECS.Cluster": "c"}, Ingested: 7,
			Rows: []table.Row{{ID: uint64(i + 1), Time: int64(i) * 1000, Message: m}},
		})
	}
	path := filepath.Join(t.TempDir(), "x.parquet")
	w, err := Create(path, "/g", Thorough)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add(tab.View(nil)); err != nil {
		t.Fatal(err)
	}
	info, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, info.Footer)
	if err != nil {
		t.Fatal(err)
	}
	return f, info
}

func all(where ...scan.Condition) *Query {
	return &Query{Request: scan.Request{From: math.MinInt64, To: math.MaxInt64, AllFields: true, Where: where}}
}

// read gives the records of a segment by number, as text.
func read(t *testing.T, f *File, q *Query) map[uint64]map[string]scan.Value {
	t.Helper()
	r, err := f.Reader()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out := map[uint64]map[string]scan.Value{}
	for i := range f.RowGroups() {
		rows, err := r.Read(i, q)
		if err != nil {
			t.Fatal(err)
		}
		if rows == nil {
			continue
		}
		maps.Copy(out, records(rows))
	}
	return out
}

func records(rows *Rows) map[uint64]map[string]scan.Value {
	out := map[uint64]map[string]scan.Value{}
	for row, id := range rows.IDs {
		out[id] = map[string]scan.Value{}
		for name, c := range rows.Columns {
			if code := c.Codes[row]; code >= 0 {
				out[id][name] = c.Values[code]
			}
		}
	}
	return out
}

// sample is messages of all sorts.
func sample(n int) []string {
	var out []string
	for i := range n {
		switch i % 4 {
		case 0:
			out = append(out, fmt.Sprintf(`{"arn":"task/%04d","id":"task-%04d","list":["a",{"b":%d}],"n":null,"empty":{},"same":"x"}`, i, i, i%7))
		case 1:
			out = append(out, fmt.Sprintf(`{"id":%d,"same":"x","t":true}`, i))
		case 2:
			out = append(out, "plain text, no JSON: "+strings.Repeat("é", i%50))
		default:
			out = append(out, "")
		}
	}
	return out
}

func TestASegmentGivesBackWhatItWasGiven(t *testing.T) {
	messages := sample(1000)
	f, info := write(t, messages...)
	if info.Records != 1000 || info.MinTime != 0 || info.MaxTime != 999_000 || info.MinNumber != 1 || info.MaxNumber != 1000 {
		t.Errorf("info %+v", info)
	}
	rows := read(t, f, all())
	if len(rows) != len(messages) {
		t.Fatalf("%d records, want %d", len(rows), len(messages))
	}
	for i, m := range messages {
		if got := rows[uint64(i+1)][scan.Message].Text; got != m {
			t.Errorf("message %d is %q, want %q", i, got, m)
		}
	}
	want := map[string]scan.Value{
		"arn": {Text: "task/0004"}, "id": {Text: "task-0004"}, "list.0": {Text: "a"}, "list.1.b": {Text: "4", Kind: scan.Number}, "n": {Kind: scan.Null},
		"same": {Text: "x"}, "@entity.Attributes.ECS.Cluster": {Text: "c"}, scan.LogStream: {Text: "s0"}, scan.Message: {Text: messages[4]},
	}
	if fmt.Sprint(rows[5]) != fmt.Sprint(want) {
		t.Errorf("record 5 is %v, want %v", rows[5], want)
	}
	if rows[6]["id"] != (scan.Value{Text: "5", Kind: scan.Number}) || rows[6]["t"] != (scan.Value{Text: "true", Kind: scan.Bool}) {
		t.Errorf("record 6 is %v", rows[6])
	}
}

// TestOtherReadersCanReadASegment reads one with parquet-go's own reader, which shares
// with ours no more than the footer's types.
func TestOtherReadersCanReadASegment(t *testing.T) {
	t.Run("a page a column", otherReaders)
	t.Run("many pages", func(t *testing.T) {
		smallPages(t, 64)
		otherReaders(t)
	})
}

func otherReaders(t *testing.T) {
	messages := sample(1000)
	f, _ := write(t, messages...)
	file, err := os.Open(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stat, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(file, stat.Size())
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]parquet.Row, 1000)
	reader := p.RowGroups()[0].Rows()
	defer reader.Close()
	if n, err := reader.ReadRows(rows); n != 1000 {
		t.Fatalf("%d rows, %v", n, err)
	}
	value := func(row parquet.Row, name string) parquet.Value { return row[p.Root().Column(name).Index()] }
	for _, row := range rows {
		i := value(row, Number).Int64() - 1
		if got := value(row, scan.Message).String(); got != messages[i] {
			t.Errorf("message %d is %q, want %q", i, got, messages[i])
		}
		if got, want := value(row, scan.LogStream).String(), fmt.Sprintf("s%d", i/100); got != want {
			t.Errorf("stream of %d is %s, want %s", i, got, want)
		}
		if got, want := value(row, "id").String(), fmt.Sprintf("task-%04d", i); i%4 == 0 && got != want {
			t.Errorf("id of %d is %s, want %s", i, got, want)
		}
		if i%4 == 3 && !value(row, "id").IsNull() {
			t.Errorf("record %d has an id: %v", i, value(row, "id"))
		}
	}
	arn := p.RowGroups()[0].ColumnChunks()[p.Root().Column("arn").Index()]
	if ok, err := arn.BloomFilter().Check(parquet.ValueOf("task/0004")); !ok || err != nil {
		t.Errorf("the bloom filter does not know a value that is there: %v", err)
	}
}

func TestConditionsLeaveOutOnlyWhatFailsThem(t *testing.T) {
	messages := sample(1000)
	f, _ := write(t, messages...)
	everything := read(t, f, all())
	for name, c := range map[string]scan.Condition{
		"equals":              {Field: "id", Op: scan.Equals, Texts: []string{"task-0400"}},
		"equals one of":       {Field: "id", Op: scan.Equals, Texts: []string{"nothing", "task-0400", "5"}},
		"equals nothing":      {Field: "id", Op: scan.Equals, Texts: []string{"task-0401"}},
		"equals null":         {Field: "n", Op: scan.Equals, Texts: []string{""}},
		"contains":            {Field: "id", Op: scan.Contains, Texts: []string{"-04", "8"}},
		"present":             {Field: "t", Op: scan.Present},
		"no such field":       {Field: "nowhere", Op: scan.Present},
		"stream":              {Field: scan.LogStream, Op: scan.Equals, Texts: []string{"s3"}},
		"message":             {Field: scan.Message, Op: scan.Contains, Texts: []string{"task-0400"}},
		"message, an empty":   {Field: scan.Message, Op: scan.Contains, Texts: []string{"empt"}},
		"message, no columns": {Field: scan.Message, Op: scan.Contains, Texts: []string{"no JSON"}},
	} {
		got := read(t, f, all(c))
		for id, fields := range got {
			if fmt.Sprint(fields) != fmt.Sprint(everything[id]) {
				t.Errorf("%s: record %d is %v, want %v", name, id, fields, everything[id])
			}
		}
		for id, fields := range everything {
			v, present := fields[c.Field]
			if _, there := got[id]; !there && present && meets(c, v) {
				t.Errorf("%s: record %d is left out", name, id)
			}
		}
		if strings.HasPrefix(name, "equals n") && len(got) != map[bool]int{true: 250, false: 0}[name == "equals null"] {
			t.Errorf("%s: %d records", name, len(got))
		}
	}
}

func meets(c scan.Condition, v scan.Value) bool {
	switch c.Op {
	case scan.Equals:
		for _, t := range c.Texts {
			if t == v.Text {
				return true
			}
		}
		return false
	case scan.Contains:
		for _, t := range c.Texts {
			if !strings.Contains(v.Text, t) {
				return false
			}
		}
	}
	return true
}

// TestJSONsMessagesAreFoundByTheirColumns: where all messages are JSON, texts are looked
// for in columns, and all records that have them are found.
func TestJSONsMessagesAreFoundByTheirColumns(t *testing.T) {
	var messages []string
	for i := range 300 {
		messages = append(messages, fmt.Sprintf(`{"reason":"cannot pull %d","deep":{"OutOfMemory":[]},"key%d":%d,"nil":null}`, i%50, i%3, i))
	}
	f, _ := write(t, messages...)
	for _, text := range []string{"pull 17", "key1", "OutOfMem", "deep", "nul", "29", `"reason"`, "}", ":null", "pull 1", "nil"} {
		c := scan.Condition{Field: scan.Message, Op: scan.Contains, Texts: []string{text}}
		got := read(t, f, all(c))
		for i, m := range messages {
			if _, there := got[uint64(i+1)]; !there && strings.Contains(m, text) {
				t.Fatalf("%q: %s is left out", text, m)
			}
		}
		if text == "pull 17" && len(got) != 6 {
			t.Errorf("%q: %d records, want those 6 that have it", text, len(got))
		}
	}
}

// TestDamageIsSeen changes bytes all over a segment, one after the other: what can be
// read then is what was written, or an error.
func TestDamageIsSeen(t *testing.T) {
	f, info := write(t, sample(40)...)
	whole, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint(read(t, f, all()))
	unseen := 0
	tried := 0
	for i := 0; i < len(whole); i += 5 {
		tried++
		b := slices.Clone(whole)
		b[i] ^= 0x55
		if err := os.WriteFile(f.Path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := tryRead(f.Path, info.Footer)
		switch {
		case err == nil && got == want:
			unseen++
		case err == nil:
			t.Fatalf("byte %d of %d changed: other records", i, len(whole))
		case !errors.As(err, new(*DamageError)):
			t.Fatalf("byte %d of %d changed: %v", i, len(whole), err)
		}
	}
	if unseen > tried/4 {
		t.Errorf("damage was not seen %d times in %d", unseen, tried)
	}
}

func tryRead(path string, sum uint32) (string, error) {
	f, err := Open(path, sum)
	if err != nil {
		return "", err
	}
	r, err := f.Reader()
	if err != nil {
		return "", err
	}
	defer r.Close()
	rows, err := r.Read(0, all())
	if err != nil {
		return "", err
	}
	return fmt.Sprint(records(rows)), nil
}
