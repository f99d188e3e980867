package ask

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/chart"
)

// Print writes the answer in a format: table, json, csv or chart. A chart is at most
// width characters wide.
func (a *Answer) Print(w io.Writer, format string, width int) error {
	switch format {
	case "json":
		return a.json(w)
	case "csv":
		return a.csv(w)
	case "chart":
		text, err := chart.Draw(a.filled(), width)
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, text)
		return err
	}
	return a.table(w)
}

// filled are the columns that have a value at all: a chart draws nothing else.
func (a *Answer) filled() chart.Table {
	t := chart.Table{Rows: make([][]string, len(a.Rows))}
	for c, name := range a.Columns {
		if !slices.ContainsFunc(a.Rows, func(row []string) bool { return row[c] != "" }) {
			continue
		}
		t.Columns = append(t.Columns, name)
		for i, row := range a.Rows {
			t.Rows[i] = append(t.Rows[i], row[c])
		}
	}
	return t
}

// json writes a list of objects, each with the fields that its row has.
func (a *Answer) json(w io.Writer) error {
	var b strings.Builder
	b.WriteByte('[')
	for i, row := range a.Rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n  {")
		sep := ""
		for c, v := range row {
			if v != "" {
				b.WriteString(sep + quoted(a.Columns[c]) + ": " + quoted(v))
				sep = ", "
			}
		}
		if a.Pointers[i] != "" {
			b.WriteString(sep + quoted("@ptr") + ": " + quoted(a.Pointers[i]))
		}
		b.WriteByte('}')
	}
	if len(a.Rows) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

func (a *Answer) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	if len(a.Columns) > 0 {
		c.Write(a.Columns)
	}
	for _, row := range a.Rows {
		c.Write(row)
	}
	c.Flush()
	return c.Error()
}

// table writes columns with two spaces between. A value takes one line, whatever is in
// it, and cannot command a terminal.
func (a *Answer) table(w io.Writer) error {
	if len(a.Rows) == 0 {
		return nil
	}
	widths := make([]int, len(a.Columns))
	lines := [][]string{clean(a.Columns)}
	for _, row := range a.Rows {
		lines = append(lines, clean(row))
	}
	for _, line := range lines {
		for i, v := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(v))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		text := ""
		for i, v := range line {
			text += v + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(v)+2)
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func clean(row []string) []string {
	out := make([]string, len(row))
	for i, v := range row {
		out[i] = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
				return ' '
			}
			return r
		}, v)
	}
	return out
}

// Summary is one line about what was done.
func (a *Answer) Summary() string {
	s := a.Statistics
	return fmt.Sprintf("%s; %s of %s records matched, %s scanned in %s, %s",
		plural(float64(len(a.Rows)), "row"), count(s.RecordsMatched), count(s.RecordsScanned), size(s.BytesScanned),
		plural(s.LogGroupsScanned, "log group"), a.Took.Round(1e6))
}

func plural(n float64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return count(n) + " " + what + "s"
}

// count is a whole number with commas.
func count(f float64) string {
	s := fmt.Sprintf("%.0f", f)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func size(bytes float64) string {
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if bytes < 1024 {
			return fmt.Sprintf("%.4g %s", bytes, unit)
		}
		bytes /= 1024
	}
	return fmt.Sprintf("%.4g TiB", bytes)
}

// Progress is what to say while a query runs.
func Progress(s types.QueryStatistics) string {
	return fmt.Sprintf("running: %s records and %s scanned, %s matched", count(s.RecordsScanned), size(s.BytesScanned), count(s.RecordsMatched))
}
