// Package terminal makes text from outside safe to show on one: what a container wrote
// must not move the cursor or change the terminal. It never prints.
package terminal

import (
	"strings"
	"unicode"
)

// Line is a text as one line: without control characters, and without those that reverse
// the direction in which the rest is read.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}

// Lines is Line for each line of a text.
func Lines(s string) []string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Line(lines[i])
	}
	return lines
}
