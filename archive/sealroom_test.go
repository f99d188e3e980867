package archive

import (
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// segmentFiles are those on the disk, finished or not.
func segmentFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, segmentsDir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Messages that do not get smaller take as much room again when they are sealed. What is
// of logs leaves the rest to events; it is sealed once there is room.
func TestSealingRespectsTheReserves(t *testing.T) {
	const MiB = 1 << 20
	var free atomic.Int64
	free.Store(100 * MiB)
	dir := t.TempDir()
	a := open(t, dir, Options{Reserve: 40 * MiB, disk: func(string) (int64, int64, error) { return free.Load(), 1 << 40, nil }})
	put := func(c Class, n int) {
		t.Helper()
		for i := range n {
			if err := append1(a, Batch{Group: "/" + c.String(), Stream: "s", Class: c, Records: []Record{line(int64(i), "%s", noise(i))}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(Logs, 3*MiB/(48<<10))
	put(Events, 1)

	free.Store(21 * MiB) // 20 of them are not for logs
	sealing := make(chan error, 1)
	go func() { sealing <- a.Seal(t.Context()) }()
	for a.Health().Failing == "" {
		select {
		case err := <-sealing:
			t.Fatalf("it was sealed (%v)", err)
		case <-time.After(time.Millisecond):
		}
	}
	if why := a.Health().Failing; !strings.Contains(why, "must stay so; make room on it") {
		t.Errorf("it fails %s", why)
	}
	if files := segmentFiles(t, dir); len(files) > 0 {
		t.Errorf("%v are left", files)
	}
	if err := try(a, Logs); err != nil {
		t.Error(err)
	}
	free.Store(50 * MiB)
	if err := <-sealing; err != nil {
		t.Error(err)
	}
	for a.Health().Failing != "" { // which is noted a moment after
		time.Sleep(time.Millisecond)
	}
	if h := a.Health(); h.Segments != 2 {
		t.Errorf("health is %+v", h)
	}
}

// Of an attempt that fails nothing stays to take up room.
func TestAnAttemptToSealThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	written := 0
	var broken atomic.Bool
	broken.Store(true)
	a := open(t, dir, Options{failAt: func(point string) error {
		if point == "segment written" && broken.Load() {
			if written++; written%2 == 0 {
				return errors.New("no space left on device")
			}
		}
		return nil
	}})
	put(t, a, "/a", "s", line(1, "a"))
	put(t, a, "/b", "s", line(2, "b"))
	sealing := make(chan error, 1)
	go func() { sealing <- a.Seal(t.Context()) }()
	for a.Health().Failing == "" {
		time.Sleep(time.Millisecond)
	}
	if files := segmentFiles(t, dir); len(files) > 0 {
		t.Errorf("%v are left", files)
	}
	broken.Store(false)
	if err := <-sealing; err != nil {
		t.Error(err)
	}
}

func TestTheClassOfAPartIsThatOfMostOfIt(t *testing.T) {
	for want, bytes := range map[Class][classes]int64{
		Telemetry: {2, 1, 1}, Logs: {1, 3, 2}, Events: {1, 2, 2},
	} {
		if got := (&part{byClass: bytes}).class(); got != want {
			t.Errorf("%v is %s, want %s", bytes, got, want)
		}
	}
}

// What is merged is written before what it is made of goes.
func TestMergingRespectsTheReserves(t *testing.T) {
	var free atomic.Int64
	free.Store(1 << 30)
	a := open(t, t.TempDir(), Options{Reserve: 1 << 20, disk: func(string) (int64, int64, error) { return free.Load(), 1 << 40, nil }})
	for i := range 2 {
		put(t, a, "/g", "s", line(int64(i), "%s", noise(i)))
		seal(t, a)
	}
	free.Store(1<<19 + 100)
	if err := a.Compact(); err == nil || !strings.Contains(err.Error(), "make room") {
		t.Errorf("%v", err)
	}
	free.Store(1 << 30)
	if err := a.Compact(); err != nil || a.Health().Segments != 1 {
		t.Errorf("%v, %+v", err, a.Health())
	}
}
