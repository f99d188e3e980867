package docker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

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
	c, err := r.engine.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return nil, failure("CannotInspectContainerError", id, err)
	}
	log, err := r.engine.ContainerLogs(ctx, id, client.ContainerLogsOptions{
		ShowStdout: true, ShowStderr: true, Timestamps: true, Tail: strconv.Itoa(n),
	})
	if err != nil {
		return nil, failure("CannotInspectContainerError", id, err)
	}
	defer log.Close()
	lines, err := readLog(frames{in: bufio.NewReader(log), raw: terminal(c.Container)}, n)
	if err != nil {
		return nil, fmt.Errorf("read the log of container %s: %w", id, err)
	}
	return lines, nil
}

// readLog reads the last n lines of a log stream.
func readLog(f frames, n int) ([]runtime.Line, error) {
	t := tail{max: n}
	var open [2]*runtime.Line // the line begun on stdout, on stderr
	for {
		part, err := f.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		i := 0
		if part.Stderr {
			i = 1
		}
		if open[i] == nil {
			open[i] = &runtime.Line{At: part.At, Stderr: part.Stderr}
		}
		open[i].Text = cut(open[i].Text + part.Text)
		if !part.Partial {
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
