package docker

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"steady/runtime"
)

// Bounds of what Tail returns: a line is cut, and of the whole the newest lines kept.
const (
	maxLine = 4 << 10
	maxTail = 64 << 10
)

// Tail reads the last lines from the engine's log of the container.
func (r *Runtime) Tail(ctx context.Context, id string, n int) ([]runtime.Line, error) {
	if n <= 0 {
		return nil, nil
	}
	log, err := r.engine.ContainerLogs(ctx, id, client.ContainerLogsOptions{
		ShowStdout: true, ShowStderr: true, Timestamps: true, Tail: strconv.Itoa(n),
	})
	if err != nil {
		return nil, failure("CannotInspectContainerError", id, err)
	}
	defer log.Close()
	lines, err := readLog(log, n)
	if err != nil {
		return nil, fmt.Errorf("read the log of container %s: %w", id, err)
	}
	return lines, nil
}

// readLog reads the engine's log stream: frames of an eight-byte header (stream, then
// length) and a message ("<time> text\n"). The engine splits a long line into messages
// of which only the last ends in a newline; a line that its writer never ended has
// none at all.
func readLog(in io.Reader, n int) ([]runtime.Line, error) {
	r := bufio.NewReader(in)
	t := tail{max: n}
	var open [2]*runtime.Line // the line begun on stdout, on stderr
	for {
		stderr, message, ended, err := readFrame(r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		i := 0
		if stderr {
			i = 1
		}
		at, text := cutTime(message)
		if open[i] == nil {
			open[i] = &runtime.Line{At: at, Stderr: stderr}
		}
		open[i].Text = cut(open[i].Text + text)
		if ended {
			t.add(*open[i])
			open[i] = nil
		}
	}
	for _, l := range open {
		if l != nil {
			t.add(*l)
		}
	}
	return t.lines, nil
}

// readFrame reads one message, without its newline, and tells whether it had one. Of
// a message longer than a line may be, the rest is skipped.
func readFrame(r *bufio.Reader) (stderr bool, message string, ended bool, err error) {
	var header [8]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return false, "", false, io.EOF // the engine may end in the middle when it rotates
	}
	stream, size := header[0], int64(binary.BigEndian.Uint32(header[4:]))
	if stream > 3 || header[1] != 0 || header[2] != 0 || header[3] != 0 {
		return false, "", false, fmt.Errorf("frame header % x is not one of a log", header)
	}
	keep := min(size, maxLine+64)
	body := make([]byte, keep)
	if _, err := io.ReadFull(r, body); err != nil {
		return false, "", false, io.EOF
	}
	last := byte(0)
	if size > 0 {
		last = body[len(body)-1]
	}
	if size > keep {
		if last, err = skip(r, size-keep); err != nil {
			return false, "", false, io.EOF
		}
	}
	if stream == 3 { // the engine's own error, in the place of a message
		return false, "", false, errors.New(strings.TrimSpace(string(body)))
	}
	return stream == 2, strings.TrimSuffix(string(body), "\n"), last == '\n', nil
}

// skip drops n bytes, at least one, and returns the last of them.
func skip(r *bufio.Reader, n int64) (byte, error) {
	if _, err := io.CopyN(io.Discard, r, n-1); err != nil {
		return 0, err
	}
	return r.ReadByte()
}

// cutTime splits the engine's timestamp from a message.
func cutTime(message string) (time.Time, string) {
	stamp, text, _ := strings.Cut(message, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return time.Time{}, message
	}
	return at, text
}

// cut makes text valid UTF-8 of at most maxLine bytes.
func cut(text string) string {
	if len(text) > maxLine {
		text = text[:maxLine]
	}
	return strings.ToValidUTF8(text, "")
}

// tail keeps the newest lines within its bounds.
type tail struct {
	max   int
	bytes int
	lines []runtime.Line
}

func (t *tail) add(l runtime.Line) {
	l.Text = strings.TrimSuffix(l.Text, "\r")
	t.lines = append(t.lines, l)
	t.bytes += len(l.Text)
	for len(t.lines) > max(t.max, 0) || t.bytes > maxTail {
		t.bytes -= len(t.lines[0].Text)
		t.lines = t.lines[1:]
	}
}
