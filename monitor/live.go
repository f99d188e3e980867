package monitor

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/term"

	"steady/diagnose"
	"steady/terminal"
)

// Control sequences of ANSI terminals.
const (
	upLines     = "\x1b[%dA"
	clearToEnd  = "\r\x1b[J"
	hideCursor  = "\x1b[?25l"
	showCursor  = "\x1b[?25h"
	reset       = "\x1b[0m"
	bold        = "\x1b[1m"
	dim         = "\x1b[2m"
	red         = "\x1b[31m"
	green       = "\x1b[32m"
	yellow      = "\x1b[33m"
	eventsShown = 5  // the last ones
	barCells    = 24 // at most, for the tasks of one deployment
)

// live shows a watch as a small block that is redrawn in place.
type live struct {
	out    io.Writer
	color  bool
	size   func() (width, height int)
	drawn  int // lines of the block on the screen
	last   view
	events []types.ServiceEvent
	notice string
	begun  bool
}

func newLive(out io.Writer, color bool) *live {
	return &live{out: out, color: color, size: sizeOf(out)}
}

// sizeOf asks the terminal each time, since it may be resized.
func sizeOf(out io.Writer) func() (int, int) {
	return func() (int, int) {
		if f, ok := out.(*os.File); ok {
			if w, h, err := term.GetSize(int(f.Fd())); err == nil && w > 0 && h > 0 {
				return w, h
			}
		}
		return 80, 24
	}
}

func (l *live) show(v view) {
	l.last = v
	l.events = append(l.events, v.fresh...)
	l.events = l.events[max(0, len(l.events)-eventsShown):]
	l.draw()
}

func (l *live) tick(now time.Time) {
	if l.last.at.IsZero() {
		return
	}
	l.last.at = now
	l.draw()
}

func (l *live) note(_ time.Time, text string) {
	l.notice = text
	if strings.HasPrefix(text, "in contact") {
		l.notice = ""
	}
}

// end leaves the last state on the screen.
func (l *live) end(v view) {
	l.notice = ""
	told := v
	v.findings, v.outlook = nil, diagnose.Outlook{} // the verdict tells them
	l.show(v)
	l.last, l.drawn = told, 0
}

// verdict is below the last state.
func (l *live) verdict(_ time.Time, verdict Verdict, _ bool) {
	width, _ := l.size()
	var b strings.Builder
	for i, line := range strings.Split("\n"+verdict.Text, "\n") {
		for _, part := range wrap(line, width) {
			if i == 1 {
				part = l.paint(colorOf(verdict.Outcome)+bold, part)
			}
			b.WriteString(part + "\n")
		}
	}
	io.WriteString(l.out, b.String())
}

// close gives the cursor back, whatever happened.
func (l *live) close() {
	if l.begun {
		io.WriteString(l.out, showCursor)
	}
}

// draw replaces the block on the screen, in one write so that it does not flicker.
func (l *live) draw() {
	width, height := l.size()
	lines := l.block(width)
	if most := max(1, height-1); len(lines) > most {
		lines = lines[:most] // a block higher than the screen could not be redrawn
	}
	var b strings.Builder
	if !l.begun {
		l.begun = true
		b.WriteString(hideCursor)
	}
	if l.drawn > 0 {
		fmt.Fprintf(&b, upLines, l.drawn)
	}
	b.WriteString(clearToEnd)
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
	l.drawn = len(lines)
	io.WriteString(l.out, b.String())
}

// block is what is shown, each line no longer than the width.
func (l *live) block(width int) []string {
	v := l.last
	head := fmt.Sprintf("Service %s in cluster %s: %s, %s", v.service, v.cluster, v.phase, progress(v))
	lines := []string{l.paint(bold, cut(terminal.Line(head), width))}
	for _, r := range v.rows {
		lines = append(lines, l.row(r, width))
	}
	if text := v.pull.text(v.at); text != "" {
		lines = append(lines, l.paint(dim, cut(text, width)))
	}
	if l.notice != "" {
		lines = append(lines, l.paint(yellow, cut(l.notice, width)))
	}
	lines = append(lines, l.outlook(v.outlook, width)...)
	because, _ := why(v)
	for i, text := range because {
		if i == 0 {
			text = "Why: " + text
		}
		for _, part := range wrap(text, width) {
			lines = append(lines, l.paint(red, part))
		}
	}
	for _, e := range l.events {
		text := strings.TrimPrefix(terminal.Line(aws.ToString(e.Message)), "(service "+v.service+") ")
		lines = append(lines, l.paint(dim, cut(aws.ToTime(e.CreatedAt).Local().Format(time.TimeOnly)+"  "+text, width)))
	}
	return lines
}

func (l *live) outlook(o diagnose.Outlook, width int) []string {
	text := terminal.Line(o.String())
	if text == "" {
		return nil
	}
	color := yellow
	if o.Hopeless != nil {
		color = red
	}
	var lines []string
	for _, part := range wrap(strings.ToUpper(text[:1])+text[1:], width) {
		lines = append(lines, l.paint(color, part))
	}
	return lines
}

// row is one deployment: its name, a bar of its tasks and the numbers.
func (l *live) row(r row, width int) string {
	name := fmt.Sprintf("  %-14s %-8s ", cut(r.revision, 14), r.role)
	numbers := fmt.Sprintf(" %d of %d running", r.running, r.desired)
	if r.pending > 0 {
		numbers += fmt.Sprintf(", %d pending", r.pending)
	}
	if r.unhealthy > 0 {
		numbers += fmt.Sprintf(", %d unhealthy", r.unhealthy)
	}
	if r.failed > 0 {
		numbers += fmt.Sprintf(", %d failed", r.failed)
	}
	room := width - utf8.RuneCountInString(name+numbers)
	if room < 3 {
		return cut(name+numbers, width)
	}
	bar := l.bar(r, min(room, barCells))
	if r.rollout == "FAILED" {
		numbers = l.paint(red, numbers)
	}
	return name + bar + numbers
}

// bar draws a cell for each task, or for a share of them when there are more tasks
// than cells.
func (l *live) bar(r row, cells int) string {
	total := max(r.desired, r.running+r.pending)
	if total == 0 {
		return ""
	}
	cells = min(cells, total)
	running := r.running * cells / total
	pending := (r.running+r.pending)*cells/total - running
	return l.paint(green, strings.Repeat("█", running)) +
		l.paint(yellow, strings.Repeat("▒", pending)) +
		l.paint(dim, strings.Repeat("░", cells-running-pending))
}

func (l *live) paint(sequence, text string) string {
	if !l.color || text == "" {
		return text
	}
	return sequence + text + reset
}

func colorOf(o Outcome) string {
	switch o {
	case Succeeded:
		return green
	case Failed, RolledBack:
		return red
	}
	return yellow
}

// cut shortens a line to a width in characters.
func cut(s string, width int) string {
	r := []rune(s)
	if len(r) <= width {
		return s
	}
	if width < 2 {
		return string(r[:max(0, width)])
	}
	return string(r[:width-1]) + "…"
}

// wrap breaks a line at spaces to a width; the lines after the first are indented
// as the first is.
func wrap(s string, width int) []string {
	indent := s[:len(s)-len(strings.TrimLeft(s, " -"))]
	follow := strings.Repeat(" ", len(indent))
	var lines []string
	line := indent
	for _, word := range strings.Fields(s[len(indent):]) {
		switch {
		case line == indent || strings.TrimSpace(line) == "":
			line += word
		case len([]rune(line))+1+len([]rune(word)) <= width:
			line += " " + word
		default:
			lines = append(lines, cut(line, width))
			line = follow + word
		}
	}
	return append(lines, cut(line, width))
}
