package awsapi

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deep lists and structures may nest in a request. The deepest
// shape of ECS needs nine levels.
const maxDepth = 64

// parser reads one JSON document from left to right. It accepts what RFC 8259
// accepts, and replaces invalid UTF-8 in strings by U+FFFD.
type parser struct {
	data  []byte
	pos   int
	depth int
}

// peek skips white space and returns the byte that the next value starts with, or
// 0 at the end.
func (p *parser) peek() byte {
	for ; p.pos < len(p.data); p.pos++ {
		switch c := p.data[p.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

func (p *parser) malformed(want string) error {
	if p.pos >= len(p.data) {
		return wrongJSON(fmt.Sprintf("the request body ends where %s should be", want))
	}
	return wrongJSON(fmt.Sprintf("the request body has %q at byte %d where %s should be", p.data[p.pos], p.pos, want))
}

// expect consumes the byte c, white space before it skipped.
func (p *parser) expect(c byte) error {
	if p.peek() != c {
		return p.malformed(fmt.Sprintf("%q", c))
	}
	p.pos++
	return nil
}

func (p *parser) literal(word string) error {
	for i := range len(word) {
		if p.pos >= len(p.data) || p.data[p.pos] != word[i] {
			return p.malformed(word)
		}
		p.pos++
	}
	return nil
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return wrongJSON(fmt.Sprintf("the request body nests deeper than %d levels", maxDepth))
	}
	p.pos++
	return nil
}

// object reads a structure or map and calls value for each key, with the parser
// before the key's value.
func (p *parser) object(value func(key []byte) error) error {
	if err := p.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if first && p.peek() == '}' {
			break
		}
		if p.peek() != '"' {
			return p.malformed("a member name")
		}
		key, err := p.stringBytes()
		if err != nil {
			return err
		}
		if err := p.expect(':'); err != nil {
			return err
		}
		if err := value(key); err != nil {
			return err
		}
		if p.peek() != ',' {
			break
		}
		p.pos++
	}
	p.depth--
	return p.expect('}')
}

// array reads a list and calls value for each of its elements, with the parser
// before the element.
func (p *parser) array(value func(i int) error) error {
	if err := p.enter(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		if i == 0 && p.peek() == ']' {
			break
		}
		if err := value(i); err != nil {
			return err
		}
		if p.peek() != ',' {
			break
		}
		p.pos++
	}
	p.depth--
	return p.expect(']')
}

// stringBytes reads a string, and returns its text, which may share the
// document's memory.
func (p *parser) stringBytes() ([]byte, error) {
	start := p.pos
	plain := true
	for p.pos++; p.pos < len(p.data); p.pos++ {
		switch c := p.data[p.pos]; {
		case c == '"':
			p.pos++
			return unquote(p.data[start:p.pos], plain)
		case c < ' ':
			return nil, p.malformed("a character of a string")
		case c >= utf8.RuneSelf:
			plain = false
		case c == '\\':
			plain = false
			if err := p.escape(); err != nil {
				return nil, err
			}
		}
	}
	return nil, p.malformed("the closing quote of a string")
}

// escape moves from a backslash to the last byte of its escape sequence.
func (p *parser) escape() error {
	p.pos++
	if p.pos >= len(p.data) {
		return p.malformed("an escape sequence")
	}
	switch p.data[p.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
	default:
		return p.malformed("an escape sequence")
	}
	for range 4 {
		p.pos++
		if p.pos >= len(p.data) || !isHex(p.data[p.pos]) {
			return p.malformed("a hexadecimal digit")
		}
	}
	return nil
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func unquote(quoted []byte, plain bool) ([]byte, error) {
	inner := quoted[1 : len(quoted)-1]
	if plain {
		return inner, nil
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return nil, wrongJSON("the request body has a malformed string: " + err.Error())
	}
	return []byte(s), nil
}

// number reads a number and returns its text.
func (p *parser) number() (string, error) {
	start := p.pos
	if p.data[p.pos] == '-' {
		p.pos++
	}
	if p.at('0') {
		p.pos++
	} else if err := p.digits(); err != nil {
		return "", err
	}
	if p.at('.') {
		p.pos++
		if err := p.digits(); err != nil {
			return "", err
		}
	}
	if p.at('e') || p.at('E') {
		p.pos++
		if p.at('+') || p.at('-') {
			p.pos++
		}
		if err := p.digits(); err != nil {
			return "", err
		}
	}
	return string(p.data[start:p.pos]), nil
}

func (p *parser) at(c byte) bool { return p.pos < len(p.data) && p.data[p.pos] == c }

func (p *parser) digits() error {
	if p.pos >= len(p.data) || !isDigit(p.data[p.pos]) {
		return p.malformed("a digit")
	}
	for p.pos < len(p.data) && isDigit(p.data[p.pos]) {
		p.pos++
	}
	return nil
}

// skip reads any value and forgets it.
func (p *parser) skip() error {
	switch c := p.peek(); {
	case c == '{':
		return p.object(func([]byte) error { return p.skip() })
	case c == '[':
		return p.array(func(int) error { return p.skip() })
	case c == '"':
		_, err := p.stringBytes()
		return err
	case c == '-' || isDigit(c):
		_, err := p.number()
		return err
	case c == 't':
		return p.literal("true")
	case c == 'f':
		return p.literal("false")
	case c == 'n':
		return p.literal("null")
	}
	return p.malformed("a value")
}

// end checks that nothing but white space is left.
func (p *parser) end() error {
	if p.peek(); p.pos < len(p.data) {
		return p.malformed("the end")
	}
	return nil
}
