// Package shape tells what texts have in common: the pattern that is left when the
// parts that change are named. It never remembers a text.
package shape

import (
	"fmt"
	"regexp"
	"strings"
)

// tokens are what changes from one log event to the next of the same kind, tried in
// this order at each place where a word begins.
var tokens = []struct {
	name string
	re   *regexp.Regexp
}{
	{"UUID", regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b`)},
	{"Timestamp", regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2}\b)?`)},
	{"Date", regexp.MustCompile(`^\d{4}[-/]\d{2}[-/]\d{2}\b`)},
	{"Time", regexp.MustCompile(`^\d{2}:\d{2}:\d{2}(?:[.,]\d+)?\b`)},
	{"IPAddress", regexp.MustCompile(`^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)},
	{"Number", regexp.MustCompile(`^\d+(?:\.\d+)?\b`)},
	{"Token", regexp.MustCompile(`^[A-Za-z_]*\d\w*`)},
}

// Of writes <NAME-n> for each part of a text that changes; n counts the parts.
func Of(s string) string {
	var b strings.Builder
	n := 0
	word := false // the character before is of a word, so no token begins here
	for i := 0; i < len(s); {
		c := s[i]
		isWord := c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if isWord && !word {
			if name, length := tokenAt(s[i:]); length > 0 {
				n++
				fmt.Fprintf(&b, "<%s-%d>", name, n)
				i += length
				word = true
				continue
			}
		}
		word = isWord
		b.WriteByte(c)
		i++
	}
	return b.String()
}

func tokenAt(s string) (name string, length int) {
	first := s
	if end := strings.IndexAny(s, " \t\n"); end >= 0 {
		first = s[:end]
	}
	if !strings.ContainsAny(first, "0123456789") {
		return "", 0
	}
	for _, t := range tokens {
		if at := t.re.FindStringIndex(s); at != nil {
			return t.name, at[1]
		}
	}
	return "", 0
}

var severities = []struct{ label, words string }{
	{"Error", `(?i)\b(?:fatal|panic|critical|error|err|exception|severe)\b`},
	{"Warn", `(?i)\b(?:warn|warning)\b`},
	{"Info", `(?i)\b(?:info|notice)\b`},
	{"Debug", `(?i)\b(?:debug|trace)\b`},
}

var severityWords = func() []*regexp.Regexp {
	all := make([]*regexp.Regexp, len(severities))
	for i, s := range severities {
		all[i] = regexp.MustCompile(s.words)
	}
	return all
}()

// Severity is the gravest level that a pattern names.
func Severity(pattern string) string {
	for i, re := range severityWords {
		if re.MatchString(pattern) {
			return severities[i].label
		}
	}
	return "None"
}
