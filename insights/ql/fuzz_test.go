package ql

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// seeds are the queries of the scripts of package insights.
func seeds(f *testing.F) {
	files, err := filepath.Glob("../testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal(len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range bytes.Split(b, []byte("\nquery\n"))[1:] {
			query, _, _ := bytes.Cut(part, []byte("\ne")) // expect, error
			f.Add(string(bytes.ReplaceAll(query, []byte("\n  "), []byte("\n"))))
		}
	}
}

// FuzzParse: any text is parsed, or refused with a place inside it; what is parsed is
// printed as a query that is parsed and printed the same.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		q, err := Parse(src)
		if err != nil {
			inside(t, src, err)
			return
		}
		printed := q.String()
		again, err := Parse(printed)
		if err != nil {
			if len(printed) > MaxLength {
				return
			}
			t.Fatalf("%q\nis printed as\n%q\nwhich is refused: %v", src, printed, err)
		}
		if second := again.String(); second != printed {
			t.Fatalf("%q\nis printed as\n%q\nand that as\n%q", src, printed, second)
		}
	})
}

// FuzzLexer: every text has an end, and its tokens stand one behind the other.
func FuzzLexer(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		l := lexer{src: src}
		at := 0
		for n := 0; ; n++ {
			token := l.next()
			if token.Start < at || token.End < token.Start || token.End > len(src) || n > len(src) {
				t.Fatalf("token %d of %q is %v behind %d", n, src, token, at)
			}
			if at = token.End; token.kind == end {
				break
			}
		}
		if l.err != nil {
			inside(t, src, l.err)
		}
	})
}

func inside(t *testing.T, src string, err error) {
	var m *Malformed
	if !errors.As(err, &m) || m.Start < 0 || m.End < m.Start || m.End > len([]rune(src)) || m.Message == "" {
		t.Fatalf("%q: %#v", src, err)
	}
}
