package ask

import (
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	taskARN    = "arn:aws:ecs:us-east-1:000000000000:task/default/c13b4cb40f1f4fe4a2971f76ae5a47ad"
	clusterARN = "arn:aws:ecs:us-east-1:000000000000:cluster/default"
)

// A table fits the terminal that it is shown on, and loses nothing that it need not.
func TestTables(t *testing.T) {
	long := strings.Repeat("long ", 30)
	for _, c := range []struct {
		name  string
		style Style
		cells [][]string // the columns first
		want  string
	}{
		{"no terminal: nothing is cut", Style{}, [][]string{{"k", "message"}, {taskARN, long + "."}},
			"k" + strings.Repeat(" ", len(taskARN)+1) + "message\n" + taskARN + "  " + long + ".\n"},
		{"ARNs become ids where that is asked", Style{Short: true}, [][]string{{"task", "list", "text"},
			{taskARN, `["` + taskARN + `","` + clusterARN + `"]`, "of " + clusterARN}},
			"task                              list                                      text\n" +
				"c13b4cb40f1f4fe4a2971f76ae5a47ad  c13b4cb40f1f4fe4a2971f76ae5a47ad default  of " + clusterARN + "\n"},
		{"or where there is no room for them", Style{Width: 60}, [][]string{{"task", "n"}, {taskARN, "12"}},
			"task                              n\nc13b4cb40f1f4fe4a2971f76ae5a47ad  12\n"},
		{"and stay where there is", Style{Width: 100}, [][]string{{"task"}, {taskARN}}, "task\n" + taskARN + "\n"},
		{"one column is cut", Style{Width: 30}, [][]string{{"n", "message"}, {"1", long}, {"2", "short"}},
			"n  message\n1  long long long long long l…\n2  short\n"},
		{"rows go on on further lines, and not on empty ones", Style{Width: 20},
			[][]string{{"a", "b", "c", "d"}, {"0123456789", "0123456", "0123456789", "x"}, {"1", "2", "", ""}, {"1", "", "", strings.Repeat("é", 30)}},
			"a           b\n    c\n    d\n0123456789  0123456\n    0123456789\n    x\n1           2\n1\n    ééééééééééééééé…\n"},
		{"other ARNs stay", Style{Short: true}, [][]string{{"a"}, {"arn:aws:sns:us-east-1:0:x/y"}, {`["arn:aws:sns:us-east-1:0:x/y"]`}, {`["arn:`}},
			"a\narn:aws:sns:us-east-1:0:x/y\n[\"arn:aws:sns:us-east-1:0:x/y\"]\n[\"arn:\n"},
	} {
		a := &Answer{Columns: c.cells[0], Rows: c.cells[1:], Pointers: make([]string, len(c.cells)-1)}
		var b strings.Builder
		if c.style.Format = "table"; a.Print(&b, c.style) != nil || b.String() != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, b.String(), c.want)
		}
		for _, format := range []string{"csv", "json"} {
			var whole, styled strings.Builder
			a.Print(&whole, Style{Format: format})
			if c.style.Format = format; a.Print(&styled, c.style) != nil || whole.String() != styled.String() {
				t.Errorf("%s: %s is not as it was:\n%s", c.name, format, styled.String())
			}
		}
	}
}

// However narrow a terminal is, no line is wider.
func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	a := &Answer{Columns: []string{"@timestamp", "task", "n", "message"}, Rows: [][]string{{"2026-01-02 12:00:00.000", taskARN, "", strings.Repeat("x", 300)}}, Pointers: []string{""}}
	for width := 1; width < 250; width++ {
		var b strings.Builder
		if err := a.Print(&b, Style{Format: "table", Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(line) - 1; n > max(width, len(indent)+1) {
				t.Fatalf("on %d columns a line has %d: %q", width, n, line)
			}
		}
	}
}
