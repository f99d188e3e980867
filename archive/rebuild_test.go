package archive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// damages are what may become of a catalog.
var damages = map[string]func(path string) error{
	"gone":       os.Remove,
	"empty":      func(p string) error { return os.Truncate(p, 0) },
	"cut short":  func(p string) error { return os.Truncate(p, 9000) },
	"text":       func(p string) error { return os.WriteFile(p, []byte("not a catalog"), 0o600) },
	"both metas": func(p string) error { return scribble(p, 0, 8192) },
	"the pages":  func(p string) error { return scribble(p, 8192, 1<<20) },
}

// scribble writes noise over a part of a file.
func scribble(path string, from, to int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := from; i < min(to, len(b)); i++ {
		b[i] = byte(random.Uint32())
	}
	return os.WriteFile(path, b, 0o600)
}

// TestADamagedCatalogIsMadeAnew: all records are there, once, whatever became of the
// catalog; the damaged one is moved aside, which the log and Health say; and the archive
// goes on.
func TestADamagedCatalogIsMadeAnew(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			a := open(t, dir, Options{})
			var want []string
			n := 0
			add := func(groups ...string) {
				for _, g := range groups {
					n++
					m := fmt.Sprintf(`{"n":%d,"group":%q}`, n, g)
					put(t, a, g, fmt.Sprint("stream-", n%3), line(int64(n), "%s", m))
					want = append(want, m)
				}
			}
			for range mergeAt + 2 {
				add("/a", "/b/c d")
				seal(t, a)
			}
			if err := a.Compact(); err != nil {
				t.Fatal(err)
			}
			add("/a")
			seal(t, a)
			add("/a", "/journal only")
			a.Close()

			if err := damage(filepath.Join(dir, storeFile)); err != nil {
				t.Fatal(err)
			}
			var logged quietly
			a, err := Open(dir, Options{Log: slog.New(slog.NewTextHandler(&logged, nil))})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { a.Close() }()
			check := func(when string) {
				t.Helper()
				if got := messages(t, a, "/a", "/b/c d", "/journal only"); !slices.Equal(sorted(got), sorted(want)) {
					t.Fatalf("%s: %d records, want %d: %q", when, len(got), len(want), got)
				}
			}
			check("made anew")
			if !strings.Contains(logged.String(), "catalog is damaged") {
				t.Errorf("the log does not say it:\n%s", logged.String())
			}
			if name != "gone" && !strings.Contains(strings.Join(a.Health().Damaged, "\n"), storeFile) {
				t.Errorf("health is %+v", a.Health())
			}
			streams, err := a.Streams("/b/c d")
			if err != nil || len(streams) != 3 || streams[0].FirstEvent == 0 || streams[0].LastEvent < streams[0].FirstEvent {
				t.Errorf("streams %+v, %v", streams, err)
			}
			add("/a", "/b/c d")
			seal(t, a)
			if err := a.Compact(); err != nil {
				t.Fatal(err)
			}
			check("after more")
			a.Close()
			a = open(t, dir, Options{})
			check("after another start")
			ids := map[uint64]bool{}
			for b, err := range a.Scan(context.Background(), everything("/a", "/b/c d", "/journal only")) {
				if err != nil {
					t.Fatal(err)
				}
				for _, id := range b.IDs {
					if ids[id] {
						t.Errorf("record %d is there twice", id)
					}
					ids[id] = true
				}
			}
		})
	}
}

// TestACatalogIsMadeAnewAfterACrash: files that a crash left, of a part that the journal
// has still or of a merge that was not committed, double nothing.
func TestACatalogIsMadeAnewAfterACrash(t *testing.T) {
	reached := 0
	for _, point := range []string{"segment named", "segment written", "before commit", "committed", "sealed", "compacted"} {
		for nth := range 3 {
			dir := t.TempDir()
			want := crash(t, dir, point, nth, &reached)
			if err := os.Remove(filepath.Join(dir, storeFile)); err != nil {
				t.Fatal(err)
			}
			a := open(t, dir, Options{Log: slog.New(slog.DiscardHandler)})
			if got := messages(t, a, "/a", "/b"); !slices.Equal(got, want) {
				t.Errorf("%s, time %d: %q, want %q", point, nth, got, want)
			}
			a.Close()
		}
	}
	if reached < 10 {
		t.Errorf("the archive died only %d times", reached)
	}
}

// TestADamagedSegmentBesideACatalogThatIsGone: it is moved aside, and all else is there.
func TestADamagedSegmentBesideACatalogThatIsGone(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, Options{})
	for _, group := range []string{"/a", "/b"} {
		put(t, a, group, "s", line(1, "of %s", group))
	}
	seal(t, a)
	a.Close()
	files, err := filepath.Glob(filepath.Join(dir, segmentsDir, "*", "*.parquet"))
	if err != nil || len(files) != 2 {
		t.Fatalf("segments %q, %v", files, err)
	}
	if err := errors.Join(os.Truncate(files[0], 10), os.Remove(filepath.Join(dir, storeFile))); err != nil {
		t.Fatal(err)
	}
	a, err = Open(dir, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if groups := a.Groups(); len(groups) != 1 {
		t.Errorf("groups %+v", groups)
	}
	if got := messages(t, a, "/b"); !slices.Equal(got, []string{"of /b"}) {
		t.Errorf("records %q", got)
	}
	if h := a.Health(); !strings.Contains(strings.Join(h.Damaged, "\n"), filepath.Base(files[0])) {
		t.Errorf("health is %+v", h)
	}
}

// TestACatalogIsMadeAnewBesideASealedPart: a part of the journal that was sealed, and could
// not be removed, is not read again, also where its segments have been merged since.
func TestACatalogIsMadeAnewBesideASealedPart(t *testing.T) {
	for name, more := range map[string]bool{"the newest with records": false, "with another behind it": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var stuck atomic.Bool
			a := open(t, dir, Options{failAt: func(point string) error {
				if point == "sealed" && stuck.Load() {
					return errors.New("permission denied")
				}
				return nil
			}})
			var want []string
			add := func(text string) {
				put(t, a, "/a", "s", line(int64(len(want)), "%s", text))
				want = append(want, text)
			}
			add("one")
			seal(t, a)
			stuck.Store(true)
			add("two")
			seal(t, a)
			if err := a.Compact(); err != nil || a.Health().Segments != 1 {
				t.Fatalf("%d segments, %v", a.Health().Segments, err)
			}
			if more {
				add("three")
			}
			a.Close()
			if err := os.Remove(filepath.Join(dir, storeFile)); err != nil {
				t.Fatal(err)
			}
			a = open(t, dir, Options{})
			add("new")
			for _, when := range []string{"at once", "after another start"} {
				if got := messages(t, a, "/a"); !slices.Equal(sorted(got), sorted(want)) {
					t.Errorf("%s: %q, want %q", when, got, want)
				}
				a.Close()
				a = open(t, dir, Options{})
			}
		})
	}
}
