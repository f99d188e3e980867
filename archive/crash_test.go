package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

var errDead = errors.New("the archive is dead")

// TestACrashAtAnyStepOfSealingLosesAndDoublesNothing has the archive die at each point at
// which it may, and opens it again.
func TestACrashAtAnyStepOfSealingLosesAndDoublesNothing(t *testing.T) {
	reached := 0
	for _, point := range []string{"segment named", "segment written", "before commit", "committed", "sealed", "compacted"} {
		for nth := range 3 {
			dir := t.TempDir()
			want := crash(t, dir, point, nth, &reached)
			for range 2 {
				a := open(t, dir, Options{})
				if got := messages(t, a, "/a", "/b"); !slices.Equal(got, want) {
					t.Errorf("%s, time %d: %q, want %q", point, nth, got, want)
				}
				seal(t, a)
				if err := a.Compact(); err != nil {
					t.Error(err)
				}
				a.Close()
			}
		}
	}
	if reached < 10 {
		t.Errorf("the archive died only %d times", reached)
	}
}

// crash fills an archive that dies when it comes to a point for the nth time, and tells
// what it had accepted.
func crash(t *testing.T, dir, point string, nth int, reached *int) (accepted []string) {
	t.Helper()
	dead := false
	var mu sync.Mutex
	lives, died := context.WithCancel(context.Background())
	defer died()
	a, err := Open(dir, Options{Log: slog.New(slog.DiscardHandler), failAt: func(p string) error {
		mu.Lock()
		defer mu.Unlock()
		if p == point && !dead {
			if nth--; nth < 0 {
				dead = true
				*reached++
				died()
			}
		}
		if dead {
			return errDead
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range mergeAt + 1 {
		for _, group := range []string{"/a", "/b"} {
			m := fmt.Sprintf(`{"group":%q,"n":%d}`, group, i)
			put(t, a, group, "s", line(int64(i), "%s", m))
			accepted = append(accepted, m)
		}
		if a.Seal(lives) == nil && i == mergeAt {
			a.Compact() // it may die of it
		}
		if a.isSealing() { // and so it is dead, and seals no more
			break
		}
	}
	a.Close()
	return accepted
}

func (a *Archive) isSealing() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sealing != nil
}

const childDir = "STEADY_ARCHIVE_TEST_DIR"

// TestWhatWasAnsweredSurvivesAKill kills a process that appends, and finds each record
// that it had been told of, once.
func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		appendForEver(dir)
	}
	dir := t.TempDir()
	told := 0
	for range 3 {
		told = runAndKill(t, dir, told, 25)
		a := open(t, dir, Options{})
		got := messages(t, a, "/g")
		a.Close()
		if len(got) < told {
			t.Fatalf("%d records of %d that were answered", len(got), told)
		}
		for i, m := range got {
			if m != fmt.Sprintf(`{"n":%d}`, i) {
				t.Fatalf("record %d is %s", i, m)
			}
		}
		told = len(got)
	}
}

// appendForEver appends numbered records, each with its number as an origin's, and prints
// each number that was answered.
func appendForEver(dir string) {
	a, err := Open(dir, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		b := Batch{Group: "/g", Stream: "s", Origin: "o", Number: uint64(i + 1), Records: []Record{line(int64(i), `{"n":%d}`, i)}}
		if err := a.Append(context.Background(), b); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(i)
		if i%5 == 4 {
			go a.Seal(context.Background())
		}
	}
}

// runAndKill runs appendForEver, which begins at 0 again, until it has told of some more
// numbers than before, and kills it.
func runAndKill(t *testing.T, dir string, before, more int) (told int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestWhatWasAnsweredSurvivesAKill$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for told < before+more && lines.Scan() {
		if _, err := fmt.Sscan(lines.Text(), &told); err != nil {
			t.Errorf("the process says %q", lines.Text())
		}
		told++
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what was printed before it died
		if n := 0; strings.TrimSpace(lines.Text()) != "" {
			if _, err := fmt.Sscan(lines.Text(), &n); err == nil {
				told = n + 1
			}
		}
	}
	cmd.Wait() // it was killed
	return told
}

// FuzzDecode: any payload of a frame is read or refused, and what encode wrote is read.
func FuzzDecode(f *testing.F) {
	payload, _ := encode(Batch{Group: "g", Stream: "s", Records: []Record{{1, "a"}, {-5, "bc"}}}, 7)
	f.Add(payload)
	f.Add([]byte{frameBatch})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 || len(b) > 1<<16 {
			return
		}
		if b[0] == frameChange {
			decodeChange(b)
			return
		}
		h, records, _, err := decode(b)
		if err != nil {
			return
		}
		again, _ := encode(Batch{Group: h.Group, Stream: h.Stream, Class: h.Class, Records: records}, h.Ingested)
		if _, same, _, err := decode(again); err != nil || !slices.Equal(same, records) {
			t.Errorf("%v became %v, %v", records, same, err)
		}
	})
}
