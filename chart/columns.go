package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"steady/terminal"
)

// levels of a character, from the bottom.
var levels = []rune(" ▁▂▃▄▅▆▇█")

// height of a chart over time, in lines.
const height = 8

// series is the values of one name over time, by the ordinal of their bin.
type series struct {
	name   string
	values map[int]float64
}

// axis is the time of a chart.
type axis struct {
	first time.Time
	step  time.Duration // between two bins
	bins  int
	each  int // bins that share one character
}

// drawColumns draws a chart for each name, one below the other, on one scale.
func drawColumns(b *strings.Builder, t Table, at int, names []int, value, width int) {
	all, a := collect(t, at, names, value)
	most := 0.0
	for _, s := range all {
		for _, v := range s.values {
			most = math.Max(most, v)
		}
	}
	margin := max(utf8.RuneCountInString(short(most)), 1)
	room := max(width-margin-1, 1)
	a.each = max((a.bins+room-1)/room, 1)
	for i, s := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		title := terminal.Line(t.Columns[value])
		if s.name != "" {
			title += " · " + s.name
		}
		b.WriteString(title + "\n")
		s.draw(b, a, most, margin)
	}
	a.draw(b, margin)
}

// collect sorts the rows into series by name, and finds the time's step: the least
// between two rows.
func collect(t Table, at int, names []int, value int) ([]series, axis) {
	var times []time.Time
	for _, row := range t.Rows {
		if when, err := time.Parse(layout, row[at]); err == nil {
			times = append(times, when)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	times = slices.CompactFunc(times, time.Time.Equal)
	a := axis{first: times[0], bins: 1, step: time.Minute}
	for i := 1; i < len(times); i++ {
		if d := times[i].Sub(times[i-1]); i == 1 || d < a.step {
			a.step = d
		}
	}
	a.bins = int(times[len(times)-1].Sub(a.first)/a.step) + 1
	var all []series
	for _, row := range t.Rows {
		when, err := time.Parse(layout, row[at])
		if err != nil || row[value] == "" {
			continue
		}
		n := name(row, names)
		i := slices.IndexFunc(all, func(s series) bool { return s.name == n })
		if i < 0 {
			i, all = len(all), append(all, series{n, map[int]float64{}})
		}
		bin := int(when.Sub(a.first) / a.step)
		all[i].values[bin] = math.Max(all[i].values[bin], number(row[value]))
	}
	return all, a
}

// draw draws the columns. Where several bins share a character it shows the largest.
func (s series) draw(b *strings.Builder, a axis, most float64, margin int) {
	columns := make([]float64, (a.bins+a.each-1)/a.each)
	for bin, v := range s.values {
		columns[bin/a.each] = math.Max(columns[bin/a.each], v)
	}
	for line := height - 1; line >= 0; line-- {
		label := ""
		switch line {
		case height - 1:
			label = short(most)
		case 0:
			label = "0"
		}
		row := []rune(fmt.Sprintf("%*s ", margin, label))
		for _, v := range columns {
			row = append(row, levels[level(v, most, line)])
		}
		b.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
}

// level is how much of a line's character a value fills, in eighths.
func level(v, most float64, line int) int {
	if !(v > 0) || math.IsInf(most, 0) {
		return 0
	}
	filled := max(1, int(math.Round(v/most*8*height))) // what is not zero can be seen
	return min(max(filled-8*line, 0), 8)
}

// draw tells where the time begins and ends, and what a character stands for.
func (a axis) draw(b *strings.Builder, margin int) {
	const shown = "2006-01-02 15:04:05"
	last := a.first.Add(time.Duration(a.bins-1) * a.step)
	from, to := strings.TrimSuffix(a.first.Format(shown), ":00"), strings.TrimSuffix(last.Format(shown), ":00")
	indent := strings.Repeat(" ", margin+1)
	columns := (a.bins + a.each - 1) / a.each
	if a.bins == 1 {
		b.WriteString(indent + from + "\n")
	} else if gap := columns - len(from) - len(to); gap > 0 {
		b.WriteString(indent + from + strings.Repeat(" ", gap) + to + "\n")
	} else {
		b.WriteString(indent + from + "\n" + indent + "to " + to + "\n")
	}
	if a.each > 1 {
		fmt.Fprintf(b, "%sa column is the largest of %d bins\n", indent, a.each)
	}
}
