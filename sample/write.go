package sample

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// speak writes what -say and -say-stderr tell it to.
func (s settings) speak(out io.Writer) {
	if s.say != "" {
		fmt.Fprintln(out, s.say)
	}
	for _, name := range strings.FieldsFunc(s.hashEnv, func(r rune) bool { return r == ',' }) {
		value, ok := os.LookupEnv(name)
		if !ok {
			fmt.Fprintln(out, name, "is not set")
			continue
		}
		fmt.Fprintf(out, "%s has %d bytes, sha256 %x\n", name, len(value), sha256.Sum256([]byte(value)))
	}
	if s.sayStderr != "" {
		fmt.Fprintln(os.Stderr, s.sayStderr)
	}
}

// write writes the lines of -log-lines and -flood, numbered from 1, and says how many
// they were.
func (s settings) write(ctx context.Context, out io.Writer) {
	if s.logLines == 0 && s.flood == 0 {
		return
	}
	w := bufio.NewWriterSize(out, 64<<10)
	end, n := time.Now().Add(s.flood), 0
	for n < s.logLines || s.flood > 0 && time.Now().Before(end) {
		n++
		fmt.Fprintln(w, pad(fmt.Sprintf("line %d ", n), s.logBytes))
		if n%64 == 0 && ctx.Err() != nil {
			break
		}
	}
	fmt.Fprintf(w, "wrote %d lines\n", n)
	w.Flush()
}

// burn keeps one processor busy until ctx ends.
func burn(ctx context.Context) {
	for ctx.Err() == nil {
	}
}
