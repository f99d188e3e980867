package chart

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden texts anew")

// over is a table of a value each minute.
func over(n int, value func(i int) float64) Table {
	t := Table{Columns: []string{"bin(1m)", "count(*)"}}
	start := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for i := range n {
		t.Rows = append(t.Rows, []string{start.Add(time.Duration(i) * time.Minute).Format(layout), fmt.Sprint(value(i))})
	}
	return t
}

func TestDraw(t *testing.T) {
	wave := func(i int) float64 { return math.Round(50 + 50*math.Sin(float64(i)/6)) }
	gaps := over(40, wave)
	gaps.Rows = append(gaps.Rows[:10], gaps.Rows[20:]...)
	named := Table{Columns: []string{"bin(5m)", "service", "n"}}
	for i, row := range over(60, wave).Rows {
		named.Rows = append(named.Rows, []string{row[0], []string{"web", "db"}[i%2], row[1]})
	}
	for name, tt := range map[string]struct {
		table Table
		width int
	}{
		"bars": {Table{Columns: []string{"stoppedReason", "n"}, Rows: [][]string{
			{"Essential container in task exited", "40"}, {"OutOfMemory\x1b[31m", "7"}, {"", "1"}, {"none", "0"}}}, 60},
		"two-values":         {Table{Columns: []string{"service", "n", "avg"}, Rows: [][]string{{"web", "4", "0.25"}, {"db", "2", "1234567.891"}}}, 50},
		"numbers-as-names":   {Table{Columns: []string{"status", "n"}, Rows: [][]string{{"200", "90"}, {"404", "10"}}}, 40},
		"one-number":         {Table{Columns: []string{"count(*)"}, Rows: [][]string{{"42"}}}, 40},
		"long-names":         {Table{Columns: []string{"a", "n"}, Rows: [][]string{{strings.Repeat("very ", 20), "1"}}}, 40},
		"over-time":          {over(60, wave), 80},
		"gaps":               {gaps, 80},
		"more-bins-than-fit": {over(300, wave), 60},
		"series":             {named, 80},
		"one-bin":            {over(1, wave), 40},
	} {
		got, err := Draw(tt.table, tt.width)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, line := range strings.Split(got, "\n") {
			if utf8.RuneCountInString(line) > tt.width {
				t.Errorf("%s: a line has more than %d characters: %q", name, tt.width, line)
			}
		}
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != got {
			t.Errorf("%s differs (look, then run with -update): %v\n%s", file, err, got)
		}
	}
}

func TestNothingToDraw(t *testing.T) {
	for _, table := range []Table{
		{}, {Columns: []string{"n"}}, {Columns: []string{"@message"}, Rows: [][]string{{"x"}}}, {Columns: []string{"n"}, Rows: [][]string{{""}}},
	} {
		if s, err := Draw(table, 80); !errors.Is(err, ErrNothing) {
			t.Errorf("%v gives %q (%v)", table, s, err)
		}
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("web", "5", "2026-01-02 12:00:00.000", "NaN", 80)
	f.Add("-1", "1e308", "9999-12-31 23:59:59.999", "Inf", 1)
	f.Fuzz(func(t *testing.T, a, b, c, d string, width int) {
		s, err := Draw(Table{Columns: []string{"x", "y"}, Rows: [][]string{{a, b}, {c, d}}}, width%500)
		if err == nil && strings.ContainsAny(s, "\x1b\r") {
			t.Errorf("%q", s)
		}
	})
}
