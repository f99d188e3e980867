package ql

import (
	"fmt"
	"unicode/utf8"
)

// Malformed is what a query is refused with: MalformedQueryException's
// queryCompileError. Start and End are offsets in the query text, counted in
// characters from 0; End is behind the last character meant.
type Malformed struct {
	Start, End int
	Message    string
}

func (m *Malformed) Error() string {
	return fmt.Sprintf("malformed query: %s (characters %d to %d)", m.Message, m.Start, m.End)
}

// Span is a place in the query text, as byte offsets: End is behind the last byte.
type Span struct{ Start, End int }

// Place returns the span itself; nodes that embed one thereby tell theirs.
func (s Span) Place() Span { return s }

// Fail makes the error for a place in a text.
func Fail(text string, s Span, format string, a ...any) *Malformed {
	start, end := min(s.Start, len(text)), min(max(s.Start, s.End), len(text))
	return &Malformed{
		Start:   utf8.RuneCountInString(text[:start]),
		End:     utf8.RuneCountInString(text[:end]),
		Message: fmt.Sprintf(format, a...),
	}
}
