package chart

import (
	"math"
	"strings"
	"unicode/utf8"

	"steady/terminal"
)

// eighths of a character, from the left.
var eighths = []rune("▏▎▍▌▋▊▉█")

// drawBars draws a bar for each row, with its name before and its value behind it.
func drawBars(b *strings.Builder, t Table, names []int, value, width int) {
	b.WriteString(terminal.Line(t.Columns[value]) + "\n")
	labels, values := make([]string, len(t.Rows)), make([]string, len(t.Rows))
	label, digits, most := 0, 0, 0.0
	for i, row := range t.Rows {
		labels[i], values[i] = name(row, names), row[value]
		label = max(label, utf8.RuneCountInString(labels[i]))
		digits = max(digits, utf8.RuneCountInString(values[i]))
		most = math.Max(most, number(row[value]))
	}
	label, digits = min(label, width/2), min(digits, width/4)
	room := width - label - digits - 2
	for i := range t.Rows {
		line := fit(labels[i], label) + " " + bar(number(values[i]), most, room) + " " + fit(values[i], digits)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// bar is as long as a value is large; it is followed by no space.
func bar(value, most float64, room int) string {
	if !(value > 0) || math.IsInf(most, 0) {
		return ""
	}
	n := max(1, int(math.Round(value/most*float64(8*room)))) // what is not zero can be seen
	s := strings.Repeat(string(eighths[7]), n/8)
	if n%8 > 0 {
		s += string(eighths[n%8-1])
	}
	return s
}
