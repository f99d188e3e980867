package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"steady/scan"
)

func try(a *Archive, c Class) error {
	return a.Append(context.Background(), Batch{Group: "/" + c.String(), Stream: "s", Class: c, Records: []Record{line(1, "x")}})
}

func TestADiskThatFillsRefusesTelemetryFirstAndEventsLast(t *testing.T) {
	var free atomic.Int64
	var logged bytes.Buffer
	a, err := Open(t.TempDir(), Options{
		Reserve: 1000, Log: slog.New(slog.NewTextHandler(&logged, nil)),
		disk: func(string) (int64, int64, error) { return free.Load(), 1 << 40, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, c := range []struct {
		free    int64
		refused []Class
	}{
		{5000, nil}, {1000, nil}, {999, []Class{Telemetry}}, {999, []Class{Telemetry}}, {499, []Class{Telemetry, Logs}},
		{100, []Class{Telemetry, Logs}}, {99, []Class{Telemetry, Logs, Events}}, {700, []Class{Telemetry}}, {2000, nil},
	} {
		free.Store(c.free)
		for class := range classes {
			err := try(a, class)
			var full *FullError
			if refused := errors.As(err, &full); refused != slices.Contains(c.refused, class) || refused && full.Class != class || !refused && err != nil {
				t.Errorf("%d bytes free, %s: %v", c.free, class, err)
			}
			if _, told := a.Health().Refused[class]; told != slices.Contains(c.refused, class) {
				t.Errorf("%d bytes free: health is %+v", c.free, a.Health())
			}
		}
	}
	if n := strings.Count(logged.String(), "refused for want of room"); n != 3 {
		t.Errorf("refusals were logged %d times, want once each:\n%s", n, &logged)
	}
}

func TestRetentionRemovesWhatIsTooOld(t *testing.T) {
	a := open(t, t.TempDir(), Options{})
	day := func(n int) int64 { return time.Now().AddDate(0, 0, -n).UnixMilli() }
	put(t, a, "/g", "s", line(day(40), "very old"))
	seal(t, a)
	put(t, a, "/g", "s", line(day(20), "old"), line(day(2), "young"))
	seal(t, a)
	put(t, a, "/g", "s", line(day(19), "old"), line(day(1), "younger"))
	if err := a.SetRetention(context.Background(), "/g", 7); err != nil {
		t.Fatal(err)
	}
	if got := messages(t, a, "/g"); !slices.Equal(got, []string{"young", "younger"}) {
		t.Errorf("%q is shown", got)
	}
	a.keepHouse(false)
	if n := a.Health().Segments; n != 1 {
		t.Errorf("%d segments are left, want that with a young record", n)
	}
	if err := a.SetRetention(context.Background(), "/g", 0); err != nil {
		t.Fatal(err)
	}
	if got := messages(t, a, "/g"); slices.Contains(got, "very old") {
		t.Errorf("%q came back", got)
	}
}

// fill seals a segment of some size.
func fill(t *testing.T, a *Archive, c Class, n int) {
	t.Helper()
	r := Record{Time: int64(n), Message: fmt.Sprintf("%s %d", c, n)}
	b := Batch{Group: "/" + c.String(), Stream: "s", Class: c, Records: []Record{r}}
	if err := a.Append(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	seal(t, a)
}

func TestTheSizeCapRemovesTheLeastImportantAndOldestFirst(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, Options{})
	for i := range 3 {
		for c := range classes {
			fill(t, a, c, i)
		}
	}
	size := a.Health().Bytes
	a.Close()
	groups := []string{"/telemetry", "/logs", "/events"}
	for _, c := range []struct {
		share float64
		want  []string
	}{
		{1, []string{"telemetry 0", "logs 0", "events 0", "telemetry 1", "logs 1", "events 1", "telemetry 2", "logs 2", "events 2"}},
		{0.8, []string{"logs 0", "events 0", "logs 1", "events 1", "telemetry 2", "logs 2", "events 2"}},
		{0.5, []string{"events 0", "events 1", "logs 2", "events 2"}},
		{0.3, []string{"events 1", "events 2"}},
	} {
		a := open(t, dir, Options{MaxBytes: int64(c.share * float64(size))})
		a.shrinkNow()
		if got := messages(t, a, groups...); !slices.Equal(got, c.want) {
			t.Errorf("%.0f%%: %q, want %q", 100*c.share, got, c.want)
		}
		if h := a.Health(); h.Bytes > int64(c.share*float64(size)) {
			t.Errorf("%.0f%%: %d bytes of %d are left", 100*c.share, h.Bytes, size)
		}
		a.Close()
	}
	a = open(t, dir, Options{MaxBytes: size / 4})
	if err := try(a, Logs); !errors.As(err, new(*FullError)) {
		t.Errorf("logs are accepted though events take all room: %v", err)
	}
	if err := try(a, Events); err != nil {
		t.Errorf("events are refused: %v", err)
	}
}

func TestADamagedSegmentIsMovedAside(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"a page":     func(path string) error { return flip(path, 100) },
		"the footer": func(path string) error { return flip(path, -20) },
		"the end":    func(path string) error { return os.Truncate(path, 50) },
		"all of it":  os.Remove,
	} {
		dir := t.TempDir()
		a := open(t, dir, Options{})
		put(t, a, "/g", "s", line(1, `{"a":"one"}`))
		seal(t, a)
		a.mu.Lock()
		bad := a.segments[0].path
		a.mu.Unlock()
		put(t, a, "/g", "s", line(2, `{"a":"two"}`))
		seal(t, a)
		put(t, a, "/g", "s", line(3, `{"a":"three"}`))
		a.Close()
		if err := damage(bad); err != nil {
			t.Fatal(err)
		}
		a = open(t, dir, Options{})
		for range 2 {
			if got := messages(t, a, "/g"); !slices.Equal(got, []string{`{"a":"two"}`, `{"a":"three"}`}) {
				t.Errorf("%s: %q", name, got)
			}
			if n := skipped(t, a, scan.Request{Groups: []string{"/g"}, To: 9}); n != 1 {
				t.Errorf("%s: %d records are told as skipped, want that of the segment", name, n)
			}
			if h := a.Health(); len(h.Damaged) != 1 || h.Segments != 1 {
				t.Errorf("%s: health %+v", name, h)
			}
			if aside, err := filepath.Glob(filepath.Join(dir, damagedDir, "*")); err != nil || len(aside) != 1 && name != "all of it" {
				t.Errorf("%s: moved aside: %v, %v", name, aside, err)
			}
		}
		a.Close()
		a = open(t, dir, Options{})
		if got := found(t, a, scan.Request{Groups: []string{"/g"}, To: 9}); len(got) != 2 {
			t.Errorf("%s, opened again: %v", name, got)
		}
		again := int64(1)
		if name == "all of it" {
			again = 0 // whoever removes the file gives it up
		}
		if n := skipped(t, a, scan.Request{Groups: []string{"/g"}, To: 9}); n != again {
			t.Errorf("%s, opened again: %d records are told as skipped, want %d", name, n, again)
		}
		for why, r := range map[string]scan.Request{"another time": {Groups: []string{"/g"}, From: 2, To: 9}, "another group": {Groups: []string{"/h"}, To: 9}} {
			if n := skipped(t, a, r); n != 0 {
				t.Errorf("%s, %s: %d records are told as skipped", name, why, n)
			}
		}
		if err := a.DeleteGroup(t.Context(), "/g"); err != nil {
			t.Fatal(err)
		}
		put(t, a, "/g", "s", line(1, "new"))
		if n := skipped(t, a, scan.Request{Groups: []string{"/g"}, To: 9}); n != 0 {
			t.Errorf("%s: %d records are told as skipped of a group that is new", name, n)
		}
	}
}

// skipped is how many records a scan tells as skipped, for want of being read.
func skipped(t *testing.T, a *Archive, r scan.Request) (n int64) {
	t.Helper()
	for b, err := range a.Scan(t.Context(), r) {
		if err != nil {
			t.Fatal(err)
		}
		n += b.Work.SkippedRecords
	}
	return n
}

// flip damages a byte; a negative one is counted from the end.
func flip(path string, at int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 0xff
	return os.WriteFile(path, b, 0o600)
}
