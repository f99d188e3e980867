package query

import (
	"strings"
	"unicode/utf8"
)

// scanner reads an expression from left to right. What a character means depends
// on where the grammar is ("!" before a term is not, behind a subject it begins
// an operator), so the parser asks for the kind of token it expects.
type scanner struct {
	text string
	pos  int // byte offset of the next character
}

func (s *scanner) rest() string { return s.text[s.pos:] }

func (s *scanner) space() {
	for s.pos < len(s.text) && isSpace(s.text[s.pos]) {
		s.pos++
	}
}

func (s *scanner) end() bool {
	s.space()
	return s.pos == len(s.text)
}

// symbol takes the symbol if it is next.
func (s *scanner) symbol(sym string) bool {
	s.space()
	if !strings.HasPrefix(s.rest(), sym) {
		return false
	}
	s.pos += len(sym)
	return true
}

// keyword takes the word if it is next and ends there.
func (s *scanner) keyword(word string) bool {
	s.space()
	rest := s.rest()
	if len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) {
		return false
	}
	if len(rest) > len(word) && isNameByte(rest[len(word)]) {
		return false
	}
	s.pos += len(word)
	return true
}

// name takes a subject: letters, digits and the punctuation of attribute names.
func (s *scanner) name() string {
	s.space()
	start := s.pos
	for s.pos < len(s.text) && isNameByte(s.text[s.pos]) {
		s.pos++
	}
	return s.text[start:s.pos]
}

// spellings are the operators as they can be written, longest first so that ">="
// is not read as ">".
var spellings = []struct {
	text string
	op   Op
}{
	{"greater_than_equal", GreaterThanEqual},
	{"less_than_equal", LessThanEqual},
	{"greater_than", GreaterThan},
	{"not_matches", NotMatches},
	{"not_equals", NotEquals},
	{"not_exists", NotExists},
	{"less_than", LessThan},
	{"!exists", NotExists},
	{"matches", Matches},
	{"equals", Equals},
	{"exists", Exists},
	{"not_in", NotIn},
	{"!in", NotIn},
	{"in", In},
	{"==", Equals},
	{"!=", NotEquals},
	{">=", GreaterThanEqual},
	{"<=", LessThanEqual},
	{"=~", Matches},
	{"!~", NotMatches},
	{">", GreaterThan},
	{"<", LessThan},
}

// operator takes a comparison.
func (s *scanner) operator() (Op, bool) {
	for _, sp := range spellings {
		last := sp.text[len(sp.text)-1]
		if isNameByte(last) && s.keyword(sp.text) || !isNameByte(last) && s.symbol(sp.text) {
			return sp.op, true
		}
	}
	return "", false
}

// word takes an unquoted argument.
func (s *scanner) word() string {
	s.space()
	start := s.pos
	for s.pos < len(s.text) && isWordByte(s.text[s.pos]) {
		s.pos++
	}
	return s.text[start:s.pos]
}

// quoted takes an argument in single or double quotes: all up to the next such
// quote, as it stands, since patterns need their backslashes. Reports false if
// the closing quote is missing.
func (s *scanner) quoted() (string, bool) {
	mark := s.text[s.pos : s.pos+1]
	value, _, closed := strings.Cut(s.text[s.pos+1:], mark)
	if !closed {
		return "", false
	}
	s.pos += len(value) + 2
	return value, true
}

// column is the position in characters, from 1, of a byte offset.
func (s *scanner) column(offset int) int {
	return utf8.RuneCountInString(s.text[:offset]) + 1
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// isNameByte covers the characters of attribute names (ECS: letters, digits, "-",
// "_", ".", "/" and "\") and the colon of "attribute:" and "task:group".
func isNameByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte(`-_./\:`, c) >= 0
}

// isWordByte tells what may stand in an argument without quotes: all that does
// not begin something else.
func isWordByte(c byte) bool {
	return !isSpace(c) && strings.IndexByte(`()[],'"&|!=<>~`, c) < 0
}

func isBareWord(s string) bool {
	for i := range len(s) {
		if !isWordByte(s[i]) {
			return false
		}
	}
	return s != "" && !isReserved(s)
}

func isReserved(s string) bool {
	return strings.EqualFold(s, "and") || strings.EqualFold(s, "or") || strings.EqualFold(s, "not")
}
