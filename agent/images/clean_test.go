package images

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"steady/runtime"
)

// machine has images, and a disk of so much.
type machine struct {
	mu     sync.Mutex
	images []runtime.Image
	disk   int64
	block  chan struct{} // a removal waits for it; nil: none does
}

func (m *machine) Images(context.Context) ([]runtime.Image, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.images), nil
}

func (m *machine) RemoveImage(_ context.Context, i runtime.Image) error {
	if m.block != nil {
		<-m.block
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.images)
	m.images = slices.DeleteFunc(m.images, func(x runtime.Image) bool { return x.ID == i.ID })
	if len(m.images) == n {
		return errors.New("no such image")
	}
	return nil
}

func (m *machine) FreeSpace(context.Context) (int64, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	free := m.disk
	for _, i := range m.images {
		free -= i.Bytes
	}
	return free, true, nil
}

// pull brings the image of a name, as the engine would.
func (m *machine) pull(t *testing.T, r *Record, task, name string) {
	t.Helper()
	_, err := r.Pull(t.Context(), task, name, func(context.Context) (runtime.Pulled, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		id := "id of " + name
		if slices.ContainsFunc(m.images, func(i runtime.Image) bool { return i.ID == id }) {
			return runtime.Pulled{ID: id, Fetched: true}, nil
		}
		m.images = append(m.images, runtime.Image{ID: id, Tags: []string{name}, Bytes: 1})
		return runtime.Pulled{ID: id, Fetched: true, New: true}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (m *machine) has() string {
	all, _ := m.Images(context.Background())
	var names []string
	for _, i := range all {
		names = append(names, i.Tags...)
	}
	return strings.Join(names, " ")
}

func open(t *testing.T, file string) *Record {
	t.Helper()
	r, err := Open(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func cleaning(m *machine, r *Record) Cleaning {
	return Cleaning{Runtime: m, Record: r, Every: 30 * time.Minute, Rules: Rules{MinAge: time.Hour, Most: 5}, Log: slog.New(slog.DiscardHandler)}
}

func TestUnusedImagesGoWithAge(t *testing.T) {
	file := filepath.Join(t.TempDir(), "images.json")
	synctest.Test(t, func(t *testing.T) {
		m := &machine{images: []runtime.Image{{ID: "id of mine:1", Tags: []string{"mine:1"}}}}
		r := open(t, file)
		for i := range 7 {
			m.pull(t, r, fmt.Sprint("task", i), fmt.Sprintf("web:%d", i))
			time.Sleep(time.Second)
		}
		m.pull(t, r, "task7", "mine:1") // it was here
		ctx, cancel := context.WithCancel(t.Context())
		go cleaning(m, r).Run(ctx)
		is := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := m.has(); got != want {
				t.Errorf("after %v there are %q, want %q", time.Now(), got, want)
			}
		}
		time.Sleep(3*time.Hour + 30*time.Second)               // from here on between two looks
		is("mine:1 web:0 web:1 web:2 web:3 web:4 web:5 web:6") // tasks hold them
		for i := range 7 {
			r.Release(fmt.Sprint("task", i))
		}
		r.Release("task7")
		time.Sleep(59 * time.Minute)
		is("mine:1 web:0 web:1 web:2 web:3 web:4 web:5 web:6")
		time.Sleep(31 * time.Minute)
		if all, _ := m.Images(t.Context()); len(all) != 3 {
			t.Errorf("there are %q: five go at a time", m.has())
		}
		time.Sleep(30 * time.Minute)
		is("mine:1")
		if r.Pulled("web:1") || !r.Pulled("mine:1") {
			t.Error("an image that was removed counts as not pulled, one that is here as pulled")
		}
		cancel()
		synctest.Wait()
	})
}

func TestImagesGoWhenTheDiskIsFull(t *testing.T) {
	file := filepath.Join(t.TempDir(), "images.json")
	synctest.Test(t, func(t *testing.T) {
		m := &machine{disk: 10}
		r := open(t, file)
		for i := range 6 {
			m.pull(t, r, fmt.Sprint("task", i), fmt.Sprintf("web:%d", i))
			if i != 0 {
				r.Release(fmt.Sprint("task", i))
			}
			time.Sleep(time.Second)
		}
		c := cleaning(m, r)
		c.MinFree = 6
		ctx, cancel := context.WithCancel(t.Context())
		go c.Run(ctx)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := m.has(); got != "web:0 web:3 web:4 web:5" { // the first is in a task's hands
			t.Errorf("there are %q", got)
		}
		cancel()
		synctest.Wait()
	})
}

// What an agent knew when it was killed is what the next one knows.
func TestTheRecordSurvives(t *testing.T) {
	file := filepath.Join(t.TempDir(), "images.json")
	m := &machine{}
	r := open(t, file)
	m.pull(t, r, "task", "docker.io/library/web")
	again := open(t, file)
	if !again.Pulled("web:latest") || again.kept.Images["id of docker.io/library/web"].Names[0] != "web:latest" {
		t.Errorf("%+v", again.kept)
	}
	// Somebody removed it, and brought it back: it is theirs now.
	again.look(nil)
	if known, _ := open(t, file).look(m.images); len(known) != 0 || open(t, file).Pulled("web") {
		t.Errorf("%+v", known)
	}
}

func TestABrokenRecordIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "images.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
}

// A pull waits until the removal of its image is done, and is not harmed by it.
func TestAPullWaitsForARemoval(t *testing.T) {
	file := filepath.Join(t.TempDir(), "images.json")
	synctest.Test(t, func(t *testing.T) {
		m := &machine{block: make(chan struct{})}
		r := open(t, file)
		m.pull(t, r, "task", "web:1")
		r.Release("task")
		go cleaning(m, r).remove(t.Context(), m.images, "test")
		synctest.Wait()
		pulled := make(chan struct{})
		go func() {
			m.pull(t, r, "task2", "web:1")
			close(pulled)
		}()
		synctest.Wait()
		select {
		case <-pulled:
			t.Error("pulled while it was removed")
		default:
		}
		close(m.block)
		<-pulled
		if m.has() != "web:1" {
			t.Errorf("there are %q", m.has())
		}
		if removed, _ := r.remove("id of web:1", func() error { return nil }); removed {
			t.Error("removed though a task holds it")
		}
	})
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"images":{"a":{"Names":["web:1"]}},"names":{"web:1":"2026-11-21T12:00:00Z"}}`))
	f.Add([]byte(`{"images":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var k kept
		if k.decode(b) == nil && (k.Images == nil || k.Names == nil) {
			t.Error("a record without tables")
		}
	})
}
