package monitor

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
)

// Each change is a line of its own, and the verdict is the last.
func TestNDJSON(t *testing.T) {
	_, out, _, err := watched(t, Options{NDJSON: true},
		scene{service: web(new7(inProgress, 0), old(3), started)},
		scene{from: 2 * sec, err: errRefused},
		scene{from: 9 * sec, service: web(new7(completed, 3), started)})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for s := bufio.NewScanner(strings.NewReader(out)); s.Scan(); {
		var l Line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil || l.Cluster != "default" || l.Service != "web" || l.At.IsZero() {
			t.Fatalf("%s: %v", s.Text(), err)
		}
		what := l.Kind + " " + l.Revision + l.State
		if l.Numbers != nil && l.Numbers.Running == 3 {
			what += " 3"
		}
		told = append(told, strings.TrimSpace(what))
	}
	want := "event, deployment web:7IN_PROGRESS, deployment web:6COMPLETED 3, contact, contact, deployment web:7COMPLETED 3, deployment web:6, verdict web:7"
	if got := strings.Join(told, ", "); got != want {
		t.Errorf("told %s\n%s", got, out)
	}
}
