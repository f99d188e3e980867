package flatten

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"steady/scan"
)

// parser reads one JSON object (RFC 8259) without building it.
type parser struct {
	f     *Flattener
	s     string
	at    int
	plain bool
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (p *parser) skip() {
	for p.at < len(p.s) && space(p.s[p.at]) {
		p.at++
	}
}

// next passes over c, and says whether it was there.
func (p *parser) next(c byte) bool {
	p.skip()
	if p.at >= len(p.s) || p.s[p.at] != c {
		return false
	}
	p.at++
	return true
}

func (p *parser) object(path *Path, depth int) bool {
	if depth >= MaxDepth || !p.next('{') {
		return false
	}
	if p.next('}') {
		return p.empty(path)
	}
	var before *Path
	for {
		p.skip()
		key, ok := p.text()
		if !ok || !p.next(':') {
			return false
		}
		// Beyond the limit values are only checked; their paths are not remembered.
		if path != nil && len(p.f.leaves) >= MaxFields {
			path, before = nil, nil
		}
		var child *Path
		if path != nil {
			child = p.f.child(path, key, before)
			before = child
		}
		if !p.value(child, depth+1) {
			return false
		}
		if p.next(',') {
			continue
		}
		return p.next('}')
	}
}

func (p *parser) list(path *Path, depth int) bool {
	if depth >= MaxDepth || !p.next('[') {
		return false
	}
	if p.next(']') {
		return p.empty(path)
	}
	for i := 0; ; i++ {
		// An element can only hold a field while there is room for fields, so that a
		// list has at most that many paths.
		if i >= MaxFields || len(p.f.leaves) >= MaxFields {
			path, p.plain = nil, false
		}
		var child *Path
		if path != nil {
			child = p.f.element(path, i)
		}
		if !p.value(child, depth+1) {
			return false
		}
		if p.next(',') {
			continue
		}
		return p.next(']')
	}
}

func (p *parser) value(path *Path, depth int) bool {
	p.skip()
	if p.at >= len(p.s) {
		return false
	}
	switch c := p.s[p.at]; {
	case c == '"':
		text, ok := p.text()
		return ok && p.leaf(path, text, scan.String)
	case c == '{':
		return p.object(path, depth)
	case c == '[':
		return p.list(path, depth)
	case c == 't':
		return p.word("true") && p.leaf(path, "true", scan.Bool)
	case c == 'f':
		return p.word("false") && p.leaf(path, "false", scan.Bool)
	case c == 'n':
		return p.word("null") && p.leaf(path, "", scan.Null)
	}
	text, ok := p.number()
	return ok && p.leaf(path, text, scan.Number)
}

func (p *parser) leaf(path *Path, text string, kind scan.Kind) bool {
	if path == nil || len(p.f.leaves) >= MaxFields {
		p.plain = false
		return true
	}
	p.f.leaves = append(p.f.leaves, Leaf{p.f.found(path), text, kind})
	return true
}

func (p *parser) word(w string) bool {
	if !strings.HasPrefix(p.s[p.at:], w) {
		return false
	}
	p.at += len(w)
	return true
}

func (p *parser) digits() bool {
	start := p.at
	for p.at < len(p.s) && p.s[p.at] >= '0' && p.s[p.at] <= '9' {
		p.at++
	}
	return p.at > start
}

func (p *parser) is(c byte) bool { return p.at < len(p.s) && p.s[p.at] == c }

func (p *parser) number() (string, bool) {
	start := p.at
	if p.is('-') {
		p.at++
	}
	if p.is('0') {
		p.at++
	} else if !p.digits() {
		return "", false
	}
	if p.is('.') {
		p.at++
		if !p.digits() {
			return "", false
		}
	}
	if p.is('e') || p.is('E') {
		p.at++
		if p.is('+') || p.is('-') {
			p.at++
		}
		if !p.digits() {
			return "", false
		}
	}
	return p.s[start:p.at], true
}

// text reads a string; one without escapes is a part of the message.
func (p *parser) text() (string, bool) {
	if !p.is('"') {
		return "", false
	}
	p.at++
	start := p.at
	for p.at+8 <= len(p.s) && ordinary(p.s[p.at:p.at+8]) {
		p.at += 8
	}
	for p.at < len(p.s) {
		switch c := p.s[p.at]; {
		case c == '"':
			p.at++
			return p.s[start : p.at-1], true
		case c == '\\':
			p.plain = false
			return p.escaped(start)
		case c < ' ':
			return "", false
		}
		p.at++
	}
	return "", false
}

// ordinary says that none of eight bytes ends a string, begins an escape or is a control
// character: all at once.
func ordinary(s string) bool {
	_ = s[7]
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote, escape := x^ones*'"', x^ones*'\\'
	return ((x-ones*' ')&^x|(quote-ones)&^quote|(escape-ones)&^escape)&tops == 0
}

// escaped reads on in a string at its first escape.
func (p *parser) escaped(start int) (string, bool) {
	b := append(p.f.scratch[:0], p.s[start:p.at]...)
	for p.at < len(p.s) {
		c := p.s[p.at]
		p.at++
		switch {
		case c == '"':
			p.f.scratch = b
			return string(b), true
		case c < ' ':
			return "", false
		case c != '\\':
			b = append(b, c)
			continue
		}
		if p.at >= len(p.s) {
			return "", false
		}
		c = p.s[p.at]
		p.at++
		if c == 'u' {
			r, ok := p.unicode()
			if !ok {
				return "", false
			}
			b = utf8.AppendRune(b, r)
			continue
		}
		i := strings.IndexByte(`"\/bfnrt`, c)
		if i < 0 {
			return "", false
		}
		b = append(b, "\"\\/\b\f\n\r\t"[i])
	}
	return "", false
}

// unicode reads the four digits of \uXXXX, and the second half of a surrogate pair.
// A half that stands alone becomes U+FFFD.
func (p *parser) unicode() (rune, bool) {
	r, ok := p.hex4()
	if !ok {
		return 0, false
	}
	if !utf16.IsSurrogate(r) {
		return r, true
	}
	if !strings.HasPrefix(p.s[p.at:], `\u`) {
		return utf8.RuneError, true
	}
	back := p.at
	p.at += 2
	low, ok := p.hex4()
	if !ok {
		return 0, false
	}
	if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
		return both, true
	}
	p.at = back
	return utf8.RuneError, true
}

func (p *parser) hex4() (rune, bool) {
	if len(p.s)-p.at < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(p.s[p.at:p.at+4], 16, 16)
	p.at += 4
	return rune(n), err == nil
}
