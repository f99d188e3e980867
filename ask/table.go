package ask

import (
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"steady/terminal"
)

// Between the columns of a table, and before the lines on which a row goes on.
const (
	gap    = 2
	indent = "    "
)

// table writes columns with two spaces between. A value takes one line, whatever is in
// it, and cannot command a terminal. What does not fit on a terminal's line is made to:
// ARNs become ids, and then one column that is too wide is cut if it keeps half the line;
// else rows go on on further lines.
func (a *Answer) table(w io.Writer, s Style) error {
	if len(a.Rows) == 0 {
		return nil
	}
	lines := [][]string{a.Columns}
	lines = append(lines, a.Rows...)
	shown := cells(lines, s.Short)
	widths := widthsOf(shown)
	if !s.Short && !fits(widths, s.Width) {
		shown = cells(lines, true)
		widths = widthsOf(shown)
	}
	folds := [][]int{all(len(widths))}
	if !fits(widths, s.Width) && !cutWidest(widths, s.Width) {
		folds = fold(widths, s.Width)
	}
	var b strings.Builder
	for _, line := range shown {
		for i, columns := range folds {
			if text := row(line, widths, columns); i == 0 {
				b.WriteString(text + "\n")
			} else if text != "" {
				b.WriteString(indent + text + "\n")
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cells are values as a table shows them.
func cells(lines [][]string, short bool) [][]string {
	out := make([][]string, len(lines))
	for k, line := range lines {
		out[k] = make([]string, len(line))
		for i, v := range line {
			if short {
				v = shortened(v)
			}
			out[k][i] = terminal.Line(v)
		}
	}
	return out
}

// arn is one of ECS; what is behind its last slash is an id, or a name.
var arn = regexp.MustCompile(`^arn:[a-z-]+:ecs:[^:\s]*:[^:\s]*:[^\s]*/([^/\s]+)$`)

// shortened is the id of an ARN of ECS, and the ids of a list of them. Other values stay.
func shortened(v string) string {
	if m := arn.FindStringSubmatch(v); m != nil {
		return m[1]
	}
	var list []string
	if !strings.HasPrefix(v, `["arn:`) || json.Unmarshal([]byte(v), &list) != nil {
		return v
	}
	for i, x := range list {
		m := arn.FindStringSubmatch(x)
		if m == nil {
			return v
		}
		list[i] = m[1]
	}
	return strings.Join(list, " ")
}

func widthsOf(lines [][]string) []int {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, v := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(v))
		}
	}
	return widths
}

// fits tells whether columns are no wider than the terminal, if it is one.
func fits(widths []int, width int) bool {
	return width == 0 || total(widths) <= width
}

func total(widths []int) int {
	sum := gap * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum
}

// cutWidest makes the widest column as narrow as it must be, unless less than half the
// terminal were left for it.
func cutWidest(widths []int, width int) bool {
	widest := slices.Index(widths, slices.Max(widths))
	left := width - (total(widths) - widths[widest])
	if left < max(width/2, 1) {
		return false
	}
	widths[widest] = left
	return true
}

// fold says which columns are on which line of a row. A column that is wider than a line
// is cut to it.
func fold(widths []int, width int) [][]int {
	var lines [][]int
	room := 0
	for i := range widths {
		if len(lines) > 0 && widths[i]+gap <= room {
			lines[len(lines)-1] = append(lines[len(lines)-1], i)
			room -= widths[i] + gap
			continue
		}
		room = width
		if len(lines) > 0 {
			room = max(width-len(indent), 1)
		}
		widths[i] = min(widths[i], room)
		lines = append(lines, []int{i})
		room -= widths[i]
	}
	return lines
}

func all(n int) []int {
	columns := make([]int, n)
	for i := range columns {
		columns[i] = i
	}
	return columns
}

// row is a line with some columns.
func row(values []string, widths []int, columns []int) string {
	text := ""
	for _, i := range columns {
		v := cut(values[i], widths[i])
		text += v + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(v)+gap)
	}
	return strings.TrimRight(text, " ")
}

// cut marks what it takes away.
func cut(v string, width int) string {
	if utf8.RuneCountInString(v) <= width {
		return v
	}
	return string([]rune(v)[:width-1]) + "…"
}
