package ql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type kind int

const (
	end    kind = iota
	name        // a field, a function, a keyword
	number      // 1, 0.5, 1e6
	period      // 5m
	text        // "…" or '…'
	symbol      // everything else
)

// token is one word of the query. Whether a slash divides or begins a regular
// expression only the parser knows, so it is a symbol here; see lexer.regex.
type token struct {
	kind kind
	Span
	text     string   // of a name or symbol: as written; of a text: its value
	segments []string // of a name: what stands between its dots
	quoted   bool     // of a name: it has back-ticks, so it is no keyword
	value    float64  // of a number
}

type lexer struct {
	src string
	pos int
	err *Malformed
}

// fail remembers the first error and moves to the end, so that all that reads on
// comes to an end too.
func (l *lexer) fail(s Span, format string, a ...any) {
	if l.err == nil {
		l.err = Fail(l.src, s, format, a...)
	}
	l.pos = len(l.src)
}

func (l *lexer) next() token {
	l.space()
	start := l.pos
	if start == len(l.src) {
		return token{kind: end, Span: Span{start, start}}
	}
	switch c := l.src[start]; {
	case c == '"' || c == '\'':
		return l.text(c)
	case c == '`' || isNameStart(c):
		return l.name()
	case isDigit(c), c == '.' && start+1 < len(l.src) && isDigit(l.src[start+1]):
		return l.number()
	}
	_, width := utf8.DecodeRuneInString(l.src[start:])
	l.pos += width
	if two := l.src[start:min(start+2, len(l.src))]; two == "!=" || two == "<=" || two == ">=" || two == "=~" {
		l.pos++
	}
	return token{kind: symbol, Span: Span{start, l.pos}, text: l.src[start:l.pos]}
}

// space skips white space and comments: "#" to the end of the line.
func (l *lexer) space() {
	for l.pos < len(l.src) {
		switch l.src[l.pos] {
		case ' ', '\t', '\n', '\r', '\f', '\v':
			l.pos++
		case '#':
			if i := strings.IndexByte(l.src[l.pos:], '\n'); i >= 0 {
				l.pos += i
			} else {
				l.pos = len(l.src)
			}
		default:
			return
		}
	}
}

// text reads a string. A backslash escapes quotes and itself, and writes \n, \t and
// \r; before anything else it stands for itself, so that "\d" needs no doubling.
func (l *lexer) text(quote byte) token {
	start := l.pos
	var b strings.Builder
	for i := start + 1; i < len(l.src); i++ {
		c := l.src[i]
		switch {
		case c == quote:
			l.pos = i + 1
			return token{kind: text, Span: Span{start, l.pos}, text: b.String()}
		case c == '\\' && i+1 < len(l.src):
			i++
			b.WriteString(unescape(l.src[i]))
		default:
			b.WriteByte(c)
		}
	}
	l.fail(Span{start, len(l.src)}, "the string that begins here has no closing %c", quote)
	return token{kind: end, Span: Span{len(l.src), len(l.src)}}
}

func unescape(c byte) string {
	switch c {
	case '"', '\'', '\\':
		return string(c)
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	}
	return string([]byte{'\\', c})
}

// name reads a bare name, a back-ticked one, or a chain of both: a.b.`c-d`.e
func (l *lexer) name() token {
	t := token{kind: name, Span: Span{Start: l.pos}}
	for {
		from := l.pos
		for l.pos < len(l.src) && isNamePart(l.src[l.pos]) {
			l.pos++
		}
		bare := l.src[from:l.pos]
		ticked := l.pos < len(l.src) && l.src[l.pos] == '`'
		chained := ticked && (bare == "" && !t.quoted || strings.HasSuffix(bare, "."))
		if chained {
			bare = strings.TrimSuffix(bare, ".")
		}
		if t.quoted {
			bare = strings.TrimPrefix(bare, ".")
		}
		if bare != "" {
			t.segments = append(t.segments, strings.Split(bare, ".")...)
		}
		if !chained {
			break
		}
		closing := strings.IndexByte(l.src[l.pos+1:], '`')
		if closing < 0 {
			l.fail(Span{l.pos, len(l.src)}, "the back-tick that opens this name is not closed")
			break
		}
		t.quoted = true
		t.segments = append(t.segments, l.src[l.pos+1:l.pos+1+closing])
		l.pos += closing + 2
		if l.pos >= len(l.src) || l.src[l.pos] != '.' {
			break
		}
	}
	t.End = l.pos
	t.text = strings.Join(t.segments, ".")
	return t
}

// number reads a number, a period such as 5m, or a name that begins with a digit.
func (l *lexer) number() token {
	start := l.pos
	for l.pos < len(l.src) && isNamePart(l.src[l.pos]) {
		l.pos++
	}
	// 1e-6 is one number.
	if run := l.src[start:l.pos]; strings.HasSuffix(strings.ToLower(run), "e") && isNumber(run[:len(run)-1]) &&
		l.pos+1 < len(l.src) && (l.src[l.pos] == '-' || l.src[l.pos] == '+') && isDigit(l.src[l.pos+1]) {
		for l.pos++; l.pos < len(l.src) && isDigit(l.src[l.pos]); l.pos++ {
		}
	}
	run := l.src[start:l.pos]
	t := token{kind: name, Span: Span{start, l.pos}, text: run, segments: strings.Split(run, ".")}
	digits := len(run) - len(strings.TrimLeft(run, "0123456789"))
	switch {
	case isNumber(run):
		t.kind = number
		t.value, _ = strconv.ParseFloat(run, 64)
	case digits > 0 && isLetters(run[digits:]):
		t.kind = period
	}
	return t
}

// regex reads a regular expression from its opening slash. A slash in brackets ends
// it only where there would be no end otherwise.
func (l *lexer) regex(start int) (string, Span) {
	for _, brackets := range []bool{true, false} {
		if i := closingSlash(l.src[start+1:], brackets); i >= 0 {
			l.pos = start + 1 + i + 1
			return l.src[start+1 : start+1+i], Span{start, l.pos}
		}
	}
	l.fail(Span{start, len(l.src)}, "the regular expression that begins here has no closing /")
	return "", Span{start, len(l.src)}
}

func closingSlash(s string, brackets bool) int {
	inside := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			inside = brackets
		case ']':
			inside = false
		case '/':
			if !inside {
				return i
			}
		}
	}
	return -1
}

func isNumber(s string) bool {
	if strings.ContainsAny(s, "_xXpPiInN") {
		return false // what Go reads as a number, and this language does not
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func isLetters(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) {
			return false
		}
	}
	return s != ""
}

func isLetter(c byte) bool    { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isNameStart(c byte) bool { return isLetter(c) || c == '_' || c == '@' }
func isNamePart(c byte) bool  { return isNameStart(c) || isDigit(c) || c == '.' }
