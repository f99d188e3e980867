package docker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"steady/runtime"
)

// frames reads the engine's log stream: frames of an eight-byte header (stream, then
// length) and a message ("<time> text\n"). The engine splits a long line into messages
// of which only the last ends in a newline; a line that its writer never ended has
// none at all.
//
// Of a container with a terminal the stream has no frames (raw): only the messages, of
// which one that fills the engine's buffer is not the end of its line.
type frames struct {
	in   *bufio.Reader
	raw  bool
	rest int64        // bytes of the present frame that are not read yet
	line runtime.Line // its time and stream
}

// maxStamp bounds the time before a message, with its blank: "2026-01-02T03:04:05.000000006+01:00 ".
const maxStamp = 64

// next reads one part of a line. At the end of the stream, which the engine may cut
// anywhere when it rotates the log, it returns io.EOF.
func (f *frames) next() (runtime.Line, error) {
	if f.raw {
		return f.nextRaw()
	}
	var part []byte
	var err error
	if f.rest > 0 {
		part, err = f.take(runtime.PartBytes)
	} else {
		part, err = f.begin()
	}
	if err != nil {
		return runtime.Line{}, err
	}
	l := f.line
	text, ended := bytes.CutSuffix(part, []byte("\n"))
	l.Partial = f.rest > 0 || !ended
	if f.rest > 0 {
		text = part
	}
	l.Text = string(text)
	return l, nil
}

// messageBytes is what the engine puts into one message at most.
const messageBytes = 16 << 10

// nextRaw reads one message that is not framed. A terminal ends its lines with a carriage
// return, which is not its writer's.
func (f *frames) nextRaw() (runtime.Line, error) {
	stamp, err := f.in.ReadString(' ')
	if err != nil {
		return runtime.Line{}, short(err)
	}
	at, err := time.Parse(time.RFC3339Nano, strings.TrimSuffix(stamp, " "))
	if err != nil {
		return runtime.Line{}, fmt.Errorf("a message begins with %.40q, which is not a time", stamp)
	}
	l := runtime.Line{At: at, Partial: true}
	text := make([]byte, 0, 256)
	for len(text) < messageBytes && l.Partial {
		b, err := f.in.ReadByte()
		if err != nil && len(text) == 0 {
			return runtime.Line{}, short(err)
		}
		if err != nil {
			break
		}
		if l.Partial = b != '\n'; l.Partial {
			text = append(text, b)
		}
	}
	if !l.Partial {
		text = bytes.TrimSuffix(text, []byte("\r"))
	}
	l.Text = string(text)
	return l, nil
}

// begin reads the header of a frame and its first bytes.
func (f *frames) begin() ([]byte, error) {
	var header [8]byte
	if _, err := io.ReadFull(f.in, header[:]); err != nil {
		return nil, short(err)
	}
	if header[0] > 3 || header[1] != 0 || header[2] != 0 || header[3] != 0 {
		return nil, fmt.Errorf("frame header % x is not one of a log", header)
	}
	f.rest = int64(binary.BigEndian.Uint32(header[4:]))
	part, err := f.take(runtime.PartBytes)
	if err != nil {
		return nil, err
	}
	if header[0] == 3 { // the engine's own error, in the place of a message
		return nil, errors.New(strings.TrimSpace(string(part)))
	}
	f.line = runtime.Line{Stderr: header[0] == 2}
	f.line.At, part = cutTime(part)
	return part, nil
}

// take reads up to n bytes of the frame.
func (f *frames) take(n int) ([]byte, error) {
	b := make([]byte, min(f.rest, int64(n)))
	if _, err := io.ReadFull(f.in, b); err != nil {
		return nil, short(err)
	}
	f.rest -= int64(len(b))
	return b, nil
}

// short makes the end of the stream io.EOF wherever it comes.
func short(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}

// cutTime splits the engine's timestamp from a message.
func cutTime(message []byte) (time.Time, []byte) {
	i := bytes.IndexByte(message[:min(len(message), maxStamp)], ' ')
	if i < 0 {
		return time.Time{}, message
	}
	at, err := time.Parse(time.RFC3339Nano, string(message[:i]))
	if err != nil {
		return time.Time{}, message
	}
	return at, message[i+1:]
}
