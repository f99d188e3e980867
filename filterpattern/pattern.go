// Package filterpattern has CloudWatch Logs' filter patterns: which log events a
// FilterLogEvents or a live tail asks for. It reads a pattern and matches messages.
// It never reads a log.
//
// A pattern is one of:
//
//	ERROR "exact phrase" -not %regex%     all of the terms, in any order
//	?ERROR ?WARN                          any of the terms
//	{ $.code = 4* && $.user IS NULL }     of messages that are JSON
//	[ip, ..., status = 404, bytes > 100]  of messages that are fields with spaces between
//
// An empty pattern matches every message. Upper and lower case differ throughout.
package filterpattern

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxLength is how many characters a pattern may have.
const MaxLength = 1024

// Pattern is a pattern that was understood. It may be used by many at once.
type Pattern struct {
	match    func(message string) bool
	required []string
}

// Match tells whether a message is one that the pattern asks for.
func (p *Pattern) Match(message string) bool { return p.match(message) }

// Required lists texts that every message which matches contains. There may be none.
func (p *Pattern) Required() []string { return p.required }

// Parse reads a pattern. Its errors are one line, in CloudWatch's words where those
// are known.
func Parse(text string) (*Pattern, error) {
	if utf8.RuneCountInString(text) > MaxLength {
		return nil, invalid("it has more than %d characters", MaxLength)
	}
	s := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(s, "{"):
		return parseJSON(s)
	case strings.HasPrefix(s, "["):
		return parseFields(s)
	}
	return parseTerms(s)
}

// invalid is the error of a pattern that is not understood, in AWS's words.
func invalid(format string, args ...any) error {
	return fmt.Errorf("Invalid filter pattern: "+format, args...)
}

func invalidTerm(term string) error { return invalid("Invalid character(s) in term '%s'", term) }
