package docker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"steady/runtime"
)

const stamp = "2026-01-02T03:04:05.000000006Z"

// frame is one message of the engine's log stream.
func frame(stream byte, message string) string {
	h := []byte{stream, 0, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(h[4:], uint32(len(message)))
	return string(h) + message
}

func framed(in io.Reader) frames { return frames{in: bufio.NewReader(in)} }

// A container with a terminal writes one stream, without frames.
func TestReadLogOfATerminal(t *testing.T) {
	full := strings.Repeat("z", messageBytes)
	log := stamp + " one\r\n" + stamp + " \r\n" + stamp + " " + full + stamp + " end\n" + stamp + " open"
	var got []string
	for f := (frames{in: bufio.NewReader(strings.NewReader(log)), raw: true}); ; {
		l, err := f.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if want := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC); !l.At.Equal(want) || l.Stderr {
			t.Errorf("%+v", l)
		}
		if l.Partial {
			l.Text += "…"
		}
		got = append(got, l.Text)
	}
	if want := []string{"one", "", full + "…", "end", "open…"}; !slices.Equal(got, want) {
		t.Errorf("%.90q", got)
	}
	if _, err := readLog(frames{in: bufio.NewReader(strings.NewReader("no time here\n")), raw: true}, 9); err == nil {
		t.Error("what has no time is read")
	}
}

func TestReadLog(t *testing.T) {
	long := strings.Repeat("x", 16<<10)
	for _, c := range []struct {
		name string
		log  string
		n    int
		want []string
	}{
		{"empty", "", 9, nil},
		{"two streams", frame(1, stamp+" out\n") + frame(2, stamp+" err\n"), 9, []string{"out", "err(stderr)"}},
		{"the newest n", frame(1, stamp+" a\n") + frame(1, stamp+" b\n") + frame(1, stamp+" c\n"), 2, []string{"b", "c"}},
		{"empty lines count", frame(1, stamp+" \n") + frame(1, stamp+" b\n"), 9, []string{"", "b"}},
		{"no newline at the end", frame(1, stamp+" a\n") + frame(1, stamp+" open"), 9, []string{"a", "open"}},
		{"a line in two messages", frame(1, stamp+" ab") + frame(2, stamp+" other\n") + frame(1, stamp+" cd\n"), 9, []string{"other(stderr)", "abcd"}},
		{"carriage returns", frame(1, stamp+" a\r\n"), 9, []string{"a"}},
		{"longer than a line may be", frame(1, stamp+" "+long+"\n") + frame(1, stamp+" next\n"), 9, []string{long[:maxLine], "next"}},
		{"longer, in two messages", frame(1, stamp+" "+long) + frame(1, stamp+" "+long+"\n"), 9, []string{long[:maxLine]}},
		{"not UTF-8", frame(1, stamp+" a\xffb\n"), 9, []string{"ab"}},
		{"ends in the middle", frame(1, stamp+" a\n") + frame(1, stamp+" lost\n")[:20], 9, []string{"a"}},
		{"spaces are kept", frame(1, stamp+"   a  b \n"), 9, []string{"  a  b "}},
	} {
		lines, err := readLog(framed(strings.NewReader(c.log)), c.n)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		for _, l := range lines {
			if l.Stderr {
				l.Text += "(stderr)"
			}
			got = append(got, l.Text)
			if want := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC); !l.At.Equal(want) {
				t.Errorf("%s: time %v", c.name, l.At)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %.200q, want %.200q", c.name, got, c.want)
		}
	}
}

func TestReadLogErrors(t *testing.T) {
	for log, want := range map[string]string{
		frame(3, "log file is gone"): "log file is gone",
		"plain text, not frames":     "not one of a log",
	} {
		if _, err := readLog(framed(strings.NewReader(log)), 9); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v", log, err)
		}
	}
}

func TestTailIsBounded(t *testing.T) {
	var log bytes.Buffer
	for range 1000 {
		log.WriteString(frame(1, stamp+" "+strings.Repeat("y", 1000)+"\n"))
	}
	lines, err := readLog(framed(&log), 1000)
	if err != nil || len(lines) != maxTail/1000 {
		t.Errorf("%d lines, %v; want as many as fit into 64 KiB", len(lines), err)
	}
}

func FuzzReadLog(f *testing.F) {
	f.Add([]byte(frame(1, stamp+" a\n")+frame(2, stamp+" b")), 3)
	f.Add([]byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, 1)
	f.Fuzz(func(t *testing.T, log []byte, n int) {
		lines, err := readLog(framed(bytes.NewReader(log)), n)
		if err != nil {
			return
		}
		size := 0
		for _, l := range lines {
			size += len(l.Text)
			if len(l.Text) > maxLine || !utf8.ValidString(l.Text) {
				t.Errorf("line %q", l.Text)
			}
		}
		if size > maxTail || len(lines) > max(n, 0) {
			t.Errorf("%d lines of %d bytes", len(lines), size)
		}
	})
}

func TestTailOfARealContainer(t *testing.T) {
	r := needEngine(t)
	long := strings.Repeat("long ", 8000) // 40,000 bytes: three messages of the engine
	id := create(t, r, func(s *runtime.Spec) {
		s.Env = []string{"STEADY_SAMPLE_CRASH=1", "STEADY_SAMPLE_SAY=" + long}
	})
	if err := r.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	untilExited(t, r, id)
	lines, err := r.Tail(t.Context(), id, 50)
	if err != nil || len(lines) < 3 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	if lines[0].Text != long[:maxLine] || !strings.Contains(lines[1].Text, "starting") || time.Since(lines[0].At) > time.Minute {
		t.Errorf("lines at %v: %.80q, %.80q", lines[0].At, lines[0].Text, lines[1].Text)
	}
}
