package terminal

import (
	"strings"
	"testing"
)

func TestWhatATerminalWouldObeyIsTaken(t *testing.T) {
	for text, want := range map[string]string{
		"plain – text":                   "plain – text",
		"a\tb\r\nc":                      "a b  c",
		"\x1b[2J\x1b]0;title\x07cleared": "[2J]0;titlecleared",
		"\u009b31mred":                   "31mred",
		"user\u202egnp.exe":              "usergnp.exe",
	} {
		if got := Line(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	if got := strings.Join(Lines("one\n\x1btwo"), "|"); got != "one|two" {
		t.Errorf("lines %q", got)
	}
}
