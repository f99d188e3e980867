package archive

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// smallDisk is a file system of its own of so many bytes, which only root can make.
func smallDisk(t *testing.T, bytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Skipf("cannot mount a small file system here, so that nothing fills one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// noise does not get smaller when it is compressed.
func noise(n int) string {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, 48<<10)
	for i := range b {
		b[i] = byte('!' + random.IntN(90))
	}
	return fmt.Sprintf("%06d %s", n, b)
}

// TestARealDiskThatFills fills a file system for real, first through the archive, which
// refuses telemetry first and events last, then by another's file, to the last byte. Once
// there is room again all is accepted, and nothing that was accepted is lost.
func TestARealDiskThatFills(t *testing.T) {
	disk := smallDisk(t, 32<<20)
	dir := filepath.Join(disk, "archive")
	a := open(t, dir, Options{Reserve: 16 << 20})
	var want []string
	var order []Class
	n := 0
	put := func(c Class) error {
		n++
		m := noise(n)
		err := append1(a, Batch{Group: "/" + c.String(), Stream: "s", Class: c, Records: []Record{line(int64(n), "%s", m)}})
		if err == nil {
			want = append(want, m)
		}
		return err
	}
	for len(order) < int(classes) {
		for c := range classes {
			if slices.Contains(order, c) {
				continue
			}
			var full *FullError
			if err := put(c); errors.As(err, &full) && full.Class == c {
				order = append(order, c)
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	if !slices.Equal(order, []Class{Telemetry, Logs, Events}) {
		t.Errorf("refused in the order %v", order)
	}

	// Somebody else takes the rest, to the last byte.
	ballast := filepath.Join(disk, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := 1 << 20; chunk > 0; {
		if _, err := f.Write(make([]byte, chunk)); errors.Is(err, syscall.ENOSPC) {
			chunk /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	for c := range classes {
		if err := put(c); !errors.As(err, new(*FullError)) {
			t.Errorf("%s on a disk without a byte: %v", c, err)
		}
	}
	if h := a.Health(); len(h.Refused) != int(classes) {
		t.Errorf("health is %+v", h)
	}
	check := func(when string) {
		t.Helper()
		if got := messages(t, a, "/telemetry", "/logs", "/events"); !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("%s: %d records, want %d", when, len(got), len(want))
		}
	}
	check("on the full disk")

	// A crash now loses nothing either; a start needs a little room of its own.
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	a.Close()
	a = open(t, dir, Options{Reserve: 1 << 20})
	check("after a restart")
	for c := range classes {
		if err := put(c); err != nil {
			t.Errorf("%s once there is room: %v", c, err)
		}
	}
	check("once there is room")
	if h := a.Health(); len(h.Refused) > 0 || len(h.Damaged) > 0 {
		t.Errorf("health is %+v", h)
	}
}

// TestAFullDiskWithoutAReserve meets the end of the disk in the middle of a write: what is
// refused leaves nothing, what was accepted is there.
func TestAFullDiskWithoutAReserve(t *testing.T) {
	disk := smallDisk(t, 8<<20)
	a := open(t, filepath.Join(disk, "archive"), Options{Reserve: 1})
	var want []string
	var err error
	for n := range 1000 {
		m := noise(n)
		if err = append1(a, Batch{Group: "/g", Stream: "s", Class: Events, Records: []Record{line(int64(n), "%s", m)}}); err != nil {
			break
		}
		want = append(want, m)
	}
	if !errors.As(err, new(*FullError)) {
		t.Fatalf("after %d records: %v", len(want), err)
	}
	if got := messages(t, a, "/g"); !slices.Equal(sorted(got), sorted(want)) {
		t.Errorf("%d records, want %d", len(got), len(want))
	}
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT, fmt.Sprintf("size=%d", 32<<20)); err != nil {
		t.Fatal(err)
	}
	if err := append1(a, Batch{Group: "/g", Stream: "s", Class: Events, Records: []Record{line(1, "after")}}); err != nil {
		t.Fatal(err)
	}
	want = append(want, "after")
	seal(t, a)
	if got := messages(t, a, "/g"); !slices.Equal(sorted(got), sorted(want)) {
		t.Errorf("%d records once sealed, want %d", len(got), len(want))
	}
}
