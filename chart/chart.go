// Package chart draws the result of a query in plain text: bars for values by name,
// columns for values over time.
// It never asks for a result, and never measures a terminal.
package chart

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"steady/terminal"
)

// Table is what is drawn: rows of texts by column; an empty text is no value.
type Table struct {
	Columns []string
	Rows    [][]string
}

// ErrNothing says that a table has nothing that could be drawn.
var ErrNothing = errors.New("there is nothing to draw: a chart needs numbers, such as those of stats … by …")

const (
	// MinWidth is the least width that a chart is drawn in.
	MinWidth = 40
	layout   = "2006-01-02 15:04:05.000" // of times in results
)

// Draw draws a table so that no line is longer than width characters: over time where a
// column has only times, such as those of bin(), and otherwise by name. A column that
// is neither time nor number names its rows.
func Draw(t Table, width int) (string, error) {
	width = max(width, MinWidth)
	var times, numbers, names []int
	for c := range t.Columns {
		switch {
		case all(t, c, isTime):
			times = append(times, c)
		case all(t, c, isNumber):
			numbers = append(numbers, c)
		default:
			names = append(names, c)
		}
	}
	if len(times) == 0 && len(names) == 0 && len(numbers) > 1 && len(t.Rows) > 1 {
		names, numbers = numbers[:1], numbers[1:] // "by status": the first number is a name
	}
	if len(numbers) == 0 || len(t.Rows) == 0 {
		return "", ErrNothing
	}
	var b strings.Builder
	for i, c := range numbers {
		if i > 0 {
			b.WriteByte('\n')
		}
		if len(times) > 0 {
			drawColumns(&b, t, times[0], names, c, width)
		} else {
			drawBars(&b, t, names, c, width)
		}
	}
	return b.String(), nil
}

// all tells whether a column has a value that is of a kind, and none that is not.
func all(t Table, column int, is func(string) bool) bool {
	some := false
	for _, row := range t.Rows {
		if v := row[column]; v != "" {
			if some = true; !is(v) {
				return false
			}
		}
	}
	return some
}

func isTime(s string) bool {
	_, err := time.Parse(layout, s)
	return err == nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func number(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

// name is what the naming columns of a row say.
func name(row []string, columns []int) string {
	var parts []string
	for _, c := range columns {
		if row[c] == "" {
			parts = append(parts, "-")
		} else {
			parts = append(parts, row[c])
		}
	}
	return terminal.Line(strings.Join(parts, " "))
}

// fit cuts or fills a text to n characters.
func fit(s string, n int) string {
	length := utf8.RuneCountInString(s)
	if length <= n {
		return s + strings.Repeat(" ", n-length)
	}
	return string([]rune(s)[:n-1]) + "…"
}

// short is a number in few characters.
func short(f float64) string {
	return strconv.FormatFloat(f, 'g', 6, 64)
}
