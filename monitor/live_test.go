package monitor

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"steady/terminal"
)

// screen is what a terminal shows after all that was written to it, as far as the
// live block uses a terminal: lines, up, clear to the end.
func screen(t *testing.T, written string) []string {
	t.Helper()
	var lines []string
	at, line := 0, ""
	control := regexp.MustCompile("^\x1b\\[(\\??)(\\d*)([A-Za-z])")
	for len(written) > 0 {
		if m := control.FindStringSubmatch(written); m != nil {
			written = written[len(m[0]):]
			switch m[3] {
			case "A":
				n, _ := strconv.Atoi(m[2])
				if at -= n; at < 0 {
					t.Fatalf("goes %d lines above its own block", -at)
				}
			case "J":
				lines = lines[:at]
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(written)
		written = written[size:]
		switch r {
		case '\n':
			lines, at, line = append(lines[:at], line), at+1, ""
		case '\r':
			line = ""
		default:
			line += string(r)
		}
	}
	return lines
}

func TestLiveBlockIsRedrawnInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := play(rollbackScenes()...)
		crashing(f)
		_, out, err := watchedFake(t.Context(), Options{Terminal: true, Color: true}, f)
		if err != nil {
			t.Fatal(err)
		}
		want := `Service web in cluster default: rolling back, 12s
  web:6          rollback ███ 3 of 3 running
00:00:00  has started 3 tasks: (task task1) (task task2) (task task3).
00:00:09  (deployment ecs-svc/d2) deployment failed: tasks failed to start.
00:00:09  rolling back to deployment ecs-svc/d3.
00:00:10  was unable to place a task because no container instance met all of i…

ROLLED BACK: service web. The deployment of web:7 failed and was rolled back:
the service is steady on revision web:6.
Why: 3 tasks failed: Container "app" exits with code 1, within 2 s of its start.
Trying again will not help. The last lines of its log:
    starting
    DB_URL is not set
What to do:
  - Read the last lines of the log: most often a missing setting or an
    unreachable database.`
		if got := strings.Join(screen(t, out), "\n"); got != want {
			t.Errorf("shows\n%s\nwant\n%s", got, want)
		}
		if !strings.HasSuffix(out, showCursor) {
			t.Error("the cursor stays hidden")
		}
	})
}

func TestLiveBlockFitsTheTerminal(t *testing.T) {
	var b bytes.Buffer
	l := newLive(&b, false)
	many := view{at: t0, started: t0, service: "web", cluster: "default", phase: "deploying", rows: []row{
		{id: "d2", revision: "a-family-with-a-long-name:1234", role: "new", desired: 500, running: 250, pending: 100, failed: 3, unhealthy: 2},
		{id: "d1", revision: "web:6", role: "old", desired: 500, running: 400}}}
	for _, size := range [][2]int{{80, 24}, {60, 10}, {30, 4}, {12, 2}, {1, 1}} {
		l.size = func() (int, int) { return size[0], size[1] }
		b.Reset()
		l.show(many)
		l.tick(t0.Add(time.Second))
		if l.drawn > max(1, size[1]-1) {
			t.Errorf("%v: %d lines", size, l.drawn)
		}
		for _, line := range l.block(size[0]) {
			if utf8.RuneCountInString(line) > size[0] {
				t.Errorf("%v: %q is too long", size, line)
			}
		}
	}
	if bar := l.bar(many.rows[0], 24); bar != strings.Repeat("█", 12)+strings.Repeat("▒", 4)+strings.Repeat("░", 8) {
		t.Errorf("250 and 100 of 500 in 24 cells: %s", bar)
	}
}

// FuzzWrap: whatever was said, lines fit, words survive where they can, and nothing
// controls the terminal.
func FuzzWrap(f *testing.F) {
	f.Add("  - Read the \x1b[2Jlog", 10)
	f.Add("", 0)
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = max(1, width%200)
		for _, line := range wrap(terminal.Line(s), width) {
			if utf8.RuneCountInString(line) > width {
				t.Errorf("%q is longer than %d", line, width)
			}
			if strings.ContainsFunc(line, unicode.IsControl) {
				t.Errorf("%q has a control character", line)
			}
		}
	})
}
