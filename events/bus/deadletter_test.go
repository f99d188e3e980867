package bus

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDeadLettersAreBounded: a file that is full is set aside, and the newest letters stay.
func TestDeadLettersAreBounded(t *testing.T) {
	var logged strings.Builder
	l := &deadLetters{dir: t.TempDir(), log: slog.New(slog.NewTextHandler(&logged, nil)), max: 4000}
	for i := range 50 {
		d := Delivery{Rule: "r", Target: "t", EventID: fmt.Sprint("event-", i), Payload: strings.Repeat("p", 100)}
		if err := l.add("arn:rule", d, targetRemoved); err != nil {
			t.Fatal(err)
		}
	}
	var all string
	for _, name := range []string{"r_t.jsonl.1", "r_t.jsonl"} {
		b, err := os.ReadFile(filepath.Join(l.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 4000 {
			t.Errorf("%s has %d bytes", name, len(b))
		}
		all += string(b)
	}
	if files, _ := filepath.Glob(filepath.Join(l.dir, "*")); len(files) != 2 {
		t.Errorf("files %v", files)
	}
	lines := strings.Split(strings.TrimSpace(all), "\n")
	for i, line := range lines {
		if want := fmt.Sprintf(`"eventId":"event-%d"`, 50-len(lines)+i); !strings.Contains(line, want) {
			t.Fatalf("line %d of %d is %s, want %s", i, len(lines), line, want)
		}
	}
	if !strings.Contains(logged.String(), "removed to make room") {
		t.Error("the log does not say that dead letters were removed")
	}
	// A letter longer than a file is kept nevertheless.
	if err := l.add("arn:rule", Delivery{Rule: "r", Target: "t", EventID: "long", Payload: strings.Repeat("p", 9000)}, targetRemoved); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(filepath.Join(l.dir, "r_t.jsonl")); !strings.Contains(string(b), `"long"`) {
		t.Error("a long dead letter is not there")
	}
}
