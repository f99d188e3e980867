package tail

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// colors of tasks, in turn.
var colors = []string{"36", "33", "32", "35", "34", "31"}

// printer writes lines. In raw form they have nothing before them, as for one
// container.
type printer struct {
	out        io.Writer
	color      bool
	timestamps bool
	raw        bool
	location   *time.Location
	tasks      []string // in the order of their first lines, for their colours
}

// print writes one line; of a text with several, each.
func (p *printer) print(l line) error {
	var b strings.Builder
	for text := range strings.Lines(strings.TrimRight(l.text, "\r\n") + "\n") {
		text = strings.TrimRight(text, "\r\n")
		if p.timestamps {
			b.WriteString(l.at.UTC().Format("2006-01-02T15:04:05.000Z "))
		}
		if l.happening {
			b.WriteString(p.paint("2", "-- "+l.at.In(p.location).Format("15:04:05")+" "+printable(text)) + "\n")
			continue
		}
		if !p.raw {
			b.WriteString(p.paint(p.colorOf(l.from.task), short(l.from.task)+"/"+l.from.container+" |") + " ")
		}
		if p.color {
			text = printable(text)
		}
		b.WriteString(text)
		if p.color && strings.Contains(text, "\x1b[") {
			b.WriteString("\x1b[0m") // so that a line's colours end with it
		}
		b.WriteByte('\n')
	}
	if _, err := io.WriteString(p.out, b.String()); err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	return nil
}

func (p *printer) paint(color, text string) string {
	if !p.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (p *printer) colorOf(task string) string {
	for i, t := range p.tasks {
		if t == task {
			return colors[i%len(colors)]
		}
	}
	p.tasks = append(p.tasks, task)
	return colors[(len(p.tasks)-1)%len(colors)]
}

// control is what could command a terminal, but for colours.
var control = regexp.MustCompile(`\x1b\[[0-9;]*m|\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}]`)

// printable takes out what could command a terminal; colours may stay.
func printable(s string) string {
	return control.ReplaceAllStringFunc(s, func(c string) string {
		if strings.HasPrefix(c, "\x1b[") && strings.HasSuffix(c, "m") {
			return c
		}
		return ""
	})
}
