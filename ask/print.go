package ask

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/chart"
)

// Style is how an answer is printed.
type Style struct {
	Format string // table, json, csv or chart
	Width  int    // of the terminal; 0 is none, where a table has no bounds
	Short  bool   // a table shows ids in place of the ARNs of ECS
}

// noTerminal is how wide a chart is where there is no terminal.
const noTerminal = 80

// Print writes the answer. Tables are for people and may shorten what they show; json and
// csv have every value as it is.
func (a *Answer) Print(w io.Writer, s Style) error {
	switch s.Format {
	case "json":
		return a.json(w)
	case "csv":
		return a.csv(w)
	case "chart":
		text, err := chart.Draw(a.filled(), cmp.Or(s.Width, noTerminal))
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, text)
		return err
	}
	return a.table(w, s)
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
