package segment

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"steady/archive/table"
	"steady/scan"
)

// smallPages has columns divided into pages of so many rows.
func smallPages(t *testing.T, rows int) {
	wasRows, wasRuns := pageRows, pageRuns
	pageRows, pageRuns = rows, 2
	t.Cleanup(func() { pageRows, pageRuns = wasRows, wasRuns })
}

// varied is n messages whose fields are missing for long and for short, constant for
// long, of several kinds, numbers in texts, or nearly all different.
func varied(n int) []string {
	random := rand.New(rand.NewPCG(3, 4))
	var out []string
	for i := range n {
		m := fmt.Sprintf(`{"arn":"task/%06d","kind":"%s"`, i/2, []string{"a", "A", "b*", ""}[i*4/n])
		if i%100 < 50 {
			m += fmt.Sprintf(`,"sometimes":%d`, random.IntN(5))
		}
		if i > n/2 {
			m += `,"late":"x"`
		}
		switch random.IntN(6) {
		case 0:
			m += `,"mixed":null`
		case 1:
			m += `,"mixed":"null"`
		case 2:
			m += `,"mixed":1.0`
		case 3:
			m += `,"mixed":"1"`
		case 4:
			m += `,"mixed":true,"rare":"` + strings.Repeat("y", random.IntN(3)) + `"`
		}
		out = append(out, m+"}")
	}
	return out
}

func conditions() []scan.Condition {
	var all []scan.Condition
	for _, field := range []string{"arn", "kind", "sometimes", "late", "mixed", "rare", "nowhere", scan.LogStream, scan.Message} {
		for _, texts := range [][]string{{"a"}, {"A"}, {"b*"}, {""}, {"null"}, {"1"}, {"1.0"}, {"true", "x"}, {"task/000123"}, {"00012", "3"}, {"no such"}, {"s1"}, {"Y"}, {"yy"}} {
			all = append(all, scan.Condition{Field: field, Op: scan.Equals, Texts: texts}, scan.Condition{Field: field, Op: scan.Contains, Texts: texts})
		}
		all = append(all, scan.Condition{Field: field, Op: scan.Present})
	}
	return all
}

// TestPagesOfAnySizeGiveTheSame: which pages a column has changes neither what is found,
// nor what is left out, with conditions alone, in pairs and within a range of time.
func TestPagesOfAnySizeGiveTheSame(t *testing.T) {
	messages := varied(3000)
	for _, rows := range []int{1, 7, 64, 16384} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			smallPages(t, rows)
			if rows == 1 {
				messages = messages[:300]
				defer func() { messages = varied(3000) }()
			}
			f, _ := write(t, messages...)
			everything := read(t, f, all())
			for i, m := range messages {
				if got := everything[uint64(i+1)][scan.Message].Text; got != m {
					t.Fatalf("message %d is %q, want %q", i, got, m)
				}
			}
			given := conditions()
			for i, c := range given {
				where := []scan.Condition{c}
				if i%2 == 1 {
					where = append(where, given[(i*7)%len(given)])
				}
				q := all(where...)
				if i%3 == 0 {
					q.From, q.To = 20_500, int64(len(messages))*500
				}
				checkScan(t, q, everything, read(t, f, q))
			}
		})
	}
}

// checkScan says what a query has left out wrongly, or changed.
func checkScan(t *testing.T, q *Query, everything, got map[uint64]map[string]scan.Value) {
	t.Helper()
	for id, fields := range everything {
		want := true
		for _, c := range q.Where {
			v, there := fields[c.Field]
			want = want && there && meets(c, v)
		}
		at := int64(id-1) * 1000
		inTime := at >= q.From && at <= q.To
		found, there := got[id]
		switch {
		case want && inTime && !there:
			t.Fatalf("%+v: record %d is left out", q.Where, id)
		case there && !inTime:
			t.Fatalf("%+v: record %d is not in time", q.Where, id)
		case there && fmt.Sprint(found) != fmt.Sprint(fields):
			t.Fatalf("%+v: record %d is %v, want %v", q.Where, id, found, fields)
		}
	}
}

// TestFieldsOfAKnownColumnAreExact: conditions on a field of the log are not only allowed
// to leave out rows, they do.
func TestFieldsOfAKnownColumnAreExact(t *testing.T) {
	smallPages(t, 64)
	messages := varied(3000)
	f, _ := write(t, messages...)
	everything := read(t, f, all())
	for _, c := range conditions() {
		if c.Field == scan.Message || c.Field == "nowhere" {
			continue
		}
		want := 0
		for _, fields := range everything {
			if v, there := fields[c.Field]; there && meets(c, v) {
				want++
			}
		}
		if got := len(read(t, f, all(c))); got != want {
			t.Errorf("%+v: %d records, want %d", c, got, want)
		}
	}
}

// TestDamageOfPagesIsSeen is TestDamageIsSeen where columns have many pages.
func TestDamageOfPagesIsSeen(t *testing.T) {
	smallPages(t, 8)
	messages := varied(40)
	f, info := write(t, messages...)
	whole, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint(read(t, f, all()))
	for i := 0; i < len(whole); i += 3 {
		b := slices.Clone(whole)
		b[i] ^= 0x15
		if err := os.WriteFile(f.Path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := tryRead(f.Path, info.Footer); err == nil && got != want {
			t.Fatalf("byte %d of %d changed: other records", i, len(whole))
		}
	}
}

// TestBothEffortsGiveTheSame: how hard a writer tries changes no record.
func TestBothEffortsGiveTheSame(t *testing.T) {
	messages := varied(2000)
	tab := table.New("/g")
	for i, m := range messages {
		tab.Add(table.Rows{Stream: "s", Ingested: 7, Rows: []table.Row{{ID: uint64(i + 1), Time: int64(i) * 1000, Message: m}}})
	}
	var written []string
	for _, effort := range []Effort{Fast, Thorough} {
		w, err := Create(filepath.Join(t.TempDir(), "x.parquet"), "/g", effort)
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
		f, err := Open(w.file.Name(), info.Footer)
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, fmt.Sprint(read(t, f, all())))
	}
	if written[0] != written[1] {
		t.Error("a segment written fast has other records than one that was written thoroughly")
	}
}
