package pattern

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// kind is the kind of a token: its first character, or one of the letters below.
type kind byte

const (
	endOfText kind = 0
	name      kind = 'k' // of a member; its value is the next token
	text      kind = 's'
	number    kind = '0'
	literal   kind = 't' // true, false or null
)

// token is one token of JSON.
type token struct {
	kind kind
	text string // of a name or text: unquoted; of a number or literal: as it stands
}

// lexer reads the tokens of JSON. Error messages tell where AWS's reader stands when
// it stumbles, so this one moves as that does: with a name it reads the colon and the
// beginning of the value, and of a text only the first quote, until its content is
// asked for.
type lexer struct {
	text    string
	pos     int    // of the first character that is not read
	closing int    // of the text that was begun: behind its last quote; else 0
	nesting []byte // the brackets that are open
	opened  []int  // where they are
	first   bool   // of a list or structure: nothing has been read in it
	value   *token // of the name that was read
}

// next reads a token; at the end, endOfText.
func (l *lexer) next() (token, error) {
	if l.value != nil {
		t := *l.value
		l.value = nil
		return t, nil
	}
	l.finish()
	l.space()
	if l.pos == len(l.text) {
		return token{}, l.endEarly()
	}
	if len(l.nesting) == 0 {
		return l.begin()
	}
	open := l.nesting[len(l.nesting)-1]
	if c := l.text[l.pos]; c == '}' || c == ']' {
		return l.close(open, c)
	}
	if err := l.comma(open); err != nil {
		return token{}, err
	}
	if open == '[' {
		return l.begin()
	}
	return l.name()
}

// finish reads the rest of a text.
func (l *lexer) finish() {
	if l.closing > 0 {
		l.pos, l.closing = l.closing, 0
	}
}

func (l *lexer) space() {
	for l.pos < len(l.text) && strings.IndexByte(" \t\r\n", l.text[l.pos]) >= 0 {
		l.pos++
	}
}

// endEarly is the error at the end of the text, if something is still open.
func (l *lexer) endEarly() error {
	if len(l.nesting) == 0 {
		return nil
	}
	what := "Object"
	if l.nesting[len(l.nesting)-1] == '[' {
		what = "Array"
	}
	return l.errorf("Unexpected end-of-input: expected close marker for %s (start marker at %s)", what, l.location(l.opened[len(l.opened)-1]))
}

func (l *lexer) close(open, c byte) (token, error) {
	if want := map[byte]byte{'{': '}', '[': ']'}[open]; c != want {
		what := map[byte]string{'{': "Object", '[': "Array"}[open]
		return token{}, l.errorf("Unexpected close marker '%c': expected '%c' (for %s starting at %s)", c, want, what, l.location(l.opened[len(l.opened)-1]))
	}
	l.pos++
	l.nesting, l.opened = l.nesting[:len(l.nesting)-1], l.opened[:len(l.opened)-1]
	l.first = false
	return token{kind: kind(c)}, nil
}

// comma reads the comma between two members or elements.
func (l *lexer) comma(open byte) error {
	if l.first {
		l.first = false
		return nil
	}
	if l.text[l.pos] != ',' {
		return l.unexpected(map[byte]string{'{': "was expecting comma to separate Object entries", '[': "was expecting comma to separate Array entries"}[open])
	}
	l.pos++
	l.space()
	if l.pos == len(l.text) {
		return l.endEarly()
	}
	return nil
}

// name reads the name of a member and begins its value.
func (l *lexer) name() (token, error) {
	if l.text[l.pos] != '"' {
		return token{}, l.unexpected("was expecting double-quote to start field name")
	}
	t, err := l.begin()
	if err != nil {
		return token{}, err
	}
	l.finish()
	l.space()
	if l.pos == len(l.text) {
		return token{}, l.endEarly()
	}
	if l.text[l.pos] != ':' {
		return token{}, l.unexpected("was expecting a colon to separate field name and value")
	}
	l.pos++
	l.space()
	if l.pos == len(l.text) {
		return token{}, l.endEarly()
	}
	value, err := l.begin()
	if err != nil {
		return token{}, err
	}
	l.value = &value
	return token{name, t.text}, nil
}

// begin reads a number or literal, or the beginning of any other value.
func (l *lexer) begin() (token, error) {
	switch c := l.text[l.pos]; {
	case c == '{' || c == '[':
		l.nesting, l.opened, l.first = append(l.nesting, c), append(l.opened, l.pos), true
		l.pos++
		return token{kind: kind(c)}, nil
	case c == '"':
		return l.quoted()
	case c == '-' || '0' <= c && c <= '9':
		return l.word(number)
	case isLetter(c):
		return l.word(literal)
	}
	return token{}, l.unexpected("expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
}

// quoted reads the first quote of a text and looks for the last.
func (l *lexer) quoted() (token, error) {
	for end := l.pos + 1; end < len(l.text); end++ {
		if l.text[end] == '\\' {
			end++
		} else if l.text[end] == '"' {
			var s string
			if err := json.Unmarshal([]byte(l.text[l.pos:end+1]), &s); err != nil {
				return token{}, l.errorf("Illegal character or escape sequence in a JSON String: %v", err)
			}
			l.pos, l.closing = l.pos+1, end+1
			return token{text, s}, nil
		}
	}
	l.pos = len(l.text)
	return token{}, l.errorf("Unexpected end-of-input in VALUE_STRING")
}

// word reads a number or a literal.
func (l *lexer) word(k kind) (token, error) {
	end := l.pos
	for end < len(l.text) && (isLetter(l.text[end]) || strings.IndexByte("0123456789+-._", l.text[end]) >= 0) {
		end++
	}
	word := l.text[l.pos:end]
	l.pos = end
	if !json.Valid([]byte(word)) {
		return token{}, l.errorf("Unrecognized token '%s': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", word)
	}
	return token{k, word}, nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c >= utf8.RuneSelf }

func (l *lexer) unexpected(want string) error {
	r, _ := utf8.DecodeRuneInString(l.text[l.pos:])
	return l.errorf("Unexpected character ('%c' (code %d)): %s", r, r, want)
}

// errorf is an error at the place that has been reached.
func (l *lexer) errorf(format string, args ...any) error {
	return &Error{fmt.Sprintf(format, args...) + "\n at " + l.location(l.pos)}
}

// maxSource is how much of the text is told.
const maxSource = 500

// location names a place: line and column count from 1, columns in UTF-16.
func (l *lexer) location(pos int) string {
	line := 1 + strings.Count(l.text[:pos], "\n")
	row := l.text[strings.LastIndexByte(l.text[:pos], '\n')+1 : pos]
	column := 1 + len(utf16.Encode([]rune(row)))
	source, rest := []rune(l.text), ""
	if len(source) > maxSource {
		rest = fmt.Sprintf("[truncated %d chars]", len(source)-maxSource)
		source = source[:maxSource]
	}
	return fmt.Sprintf("[Source: (String)\"%s\"%s; line: %d, column: %d]", string(source), rest, line, column)
}
