package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// read opens a journal and gives its frames.
func read(t *testing.T, dir string) (frames []string, damages []Damage, j *Journal) {
	t.Helper()
	j, damages, err := Open(dir, 0, func(part uint64, f Frame) error {
		frames = append(frames, fmt.Sprintf("%d/%d:%s", part, f.Number, f.Payload))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return frames, damages, j
}

func write(t *testing.T, j *Journal, payloads ...string) {
	t.Helper()
	for i, p := range payloads {
		if err := j.Write(Frame{Number: uint64(i), Payload: []byte(p)}); err != nil {
			t.Fatal(err)
		}
	}
}

func only(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	return files[0]
}

// TestATornFrameIsCut cuts the last frame at each of its bytes.
func TestATornFrameIsCut(t *testing.T) {
	dir := t.TempDir()
	_, _, j := read(t, dir)
	write(t, j, "one")
	start := j.Size()
	write(t, j, "the second one")
	j.Close()
	file := only(t, dir)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := start; n < int64(len(whole)); n++ {
		if err := os.WriteFile(file, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		frames, damages, j := read(t, dir)
		if fmt.Sprint(frames) != "[1/0:one]" {
			t.Fatalf("cut at %d: %v", n, frames)
		}
		if n > start && (len(damages) != 1 || !damages[0].TornAtTail) {
			t.Fatalf("cut at %d: %+v", n, damages)
		}
		write(t, j, "again")
		j.Close()
		if frames, damages, _ := read(t, dir); fmt.Sprint(frames) != "[1/0:one 1/0:again]" || len(damages) > 0 {
			t.Fatalf("cut at %d, and written on: %v, %v", n, frames, damages)
		}
	}
}

// TestDamageInTheMiddleLosesOneFrame changes each byte of the second of three frames.
func TestDamageInTheMiddleLosesOneFrame(t *testing.T) {
	dir := t.TempDir()
	_, _, j := read(t, dir)
	write(t, j, "one")
	from := j.Size()
	write(t, j, "two")
	to := j.Size()
	write(t, j, "three")
	j.Close()
	file := only(t, dir)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < to; i++ {
		b := bytes.Clone(whole)
		b[i] ^= 0xff
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		frames, damages, j := read(t, dir)
		j.Close()
		if fmt.Sprint(frames) != "[1/0:one 1/0:three]" || len(damages) != 1 || damages[0].TornAtTail || damages[0].From != from || damages[0].To != to {
			t.Fatalf("byte %d changed: %v, %+v", i, frames, damages)
		}
	}
}

func TestPartsFollowEachOther(t *testing.T) {
	dir := t.TempDir()
	_, _, j := read(t, dir)
	write(t, j, "one")
	if err := j.Rotate(); err != nil {
		t.Fatal(err)
	}
	write(t, j, "two")
	if err := j.Rotate(); err != nil {
		t.Fatal(err)
	}
	write(t, j, "three")
	j.Close()
	if frames, _, _ := read(t, dir); fmt.Sprint(frames) != "[1/0:one 2/0:two 3/0:three]" {
		t.Errorf("%v", frames)
	}
	if err := Drop(dir, 1); err != nil {
		t.Fatal(err)
	}
	var frames []string
	j, _, err := Open(dir, 3, func(_ uint64, f Frame) error {
		frames = append(frames, string(f.Payload))
		return nil
	})
	if err != nil || fmt.Sprint(frames) != "[three]" || j.Part() != 3 {
		t.Errorf("from part 3: %v, %v", frames, err)
	}
	j.Close()
	if frames, _, _ := read(t, dir); fmt.Sprint(frames) != "[3/0:three]" {
		t.Errorf("what was before the first part is still there: %v", frames)
	}
}

func TestAReaderThatFailsStopsTheOpening(t *testing.T) {
	dir := t.TempDir()
	_, _, j := read(t, dir)
	write(t, j, "one")
	j.Close()
	no := errors.New("no")
	if _, _, err := Open(dir, 0, func(uint64, Frame) error { return no }); !errors.Is(err, no) {
		t.Errorf("%v", err)
	}
}

// FuzzReplay: any bytes are read without harm, every frame that was written is read as
// it was, and what is left after the cut reads the same again.
func FuzzReplay(f *testing.F) {
	f.Add([]byte(nil), []byte("payload"))
	f.Add([]byte("SJf1"), []byte("SJf1SJf1"))
	f.Add(Frame{Number: 7, Payload: []byte("x")}.append(nil), []byte{})
	f.Fuzz(func(t *testing.T, junk, payload []byte) {
		dir := t.TempDir()
		b := Frame{Number: 1, Payload: payload}.append(bytes.Clone(junk))
		if err := os.WriteFile(path(dir, 1), b, 0o600); err != nil {
			t.Fatal(err)
		}
		frames, _, j := read(t, dir)
		j.Close()
		if want := fmt.Sprintf("1/1:%s", payload); len(frames) == 0 || frames[len(frames)-1] != want {
			t.Errorf("frames %q, want %q last", frames, want)
		}
		again, _, j := read(t, dir)
		j.Close()
		if fmt.Sprint(frames) != fmt.Sprint(again) {
			t.Errorf("%q, then %q", frames, again)
		}
	})
}
