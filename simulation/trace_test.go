package simulation

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// trace keeps what happened, for whoever has to find out why a seed fails.
type trace struct {
	mu    sync.Mutex
	begin time.Time
	at    time.Duration // of the newest line, since the begin
	lines []string
	ended bool // what comes after a violation may only follow from it
}

// traceKept bounds what is kept; what is printed is set by -lines.
const traceKept = 20000

func (t *trace) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	if len(t.lines) >= traceKept {
		t.lines = append(t.lines[:0], t.lines[traceKept/2:]...)
	}
	t.at = time.Since(t.begin)
	t.lines = append(t.lines, fmt.Sprintf("%12s  ", t.at.Round(time.Millisecond))+fmt.Sprintf(format, args...))
}

// now is how far virtual time has come, as far as anything happened.
func (t *trace) now() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

// end keeps the trace as it is.
func (t *trace) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
}

// log writes warnings and errors into the trace.
func (t *trace) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(t, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// Write is for the log.
func (t *trace) Write(line []byte) (int, error) {
	_, text, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	t.note("log: %s", text)
	return len(line), nil
}

// last is the newest lines.
func (t *trace) last(n int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines[max(0, len(t.lines)-n):], "\n")
}
