package filterpattern

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parser reads a pattern from left to right.
type parser struct {
	text    string
	pos     int
	depth   int // of parentheses
	regexes int
	// operand reads what a comparison compares.
	operand func(*parser) (selector, error)
}

func (p *parser) rest() string { return p.text[p.pos:] }
func (p *parser) end() bool    { return p.pos == len(p.text) }

// at tells whether c is next.
func (p *parser) at(c byte) bool { return p.pos < len(p.text) && p.text[p.pos] == c }

// take reads a text, if it is next.
func (p *parser) take(text string) bool {
	if !strings.HasPrefix(p.rest(), text) {
		return false
	}
	p.pos += len(text)
	return true
}

// while reads the characters that are in a set.
func (p *parser) while(in func(rune) bool) string {
	start := p.pos
	for p.pos < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.rest())
		if !in(r) {
			break
		}
		p.pos += size
	}
	return p.text[start:p.pos]
}

func (p *parser) space() { p.while(unicode.IsSpace) }

// keyword reads a word of the language, whatever its case.
func (p *parser) keyword(word string) bool {
	rest := p.rest()
	if len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) {
		return false
	}
	if len(rest) > len(word) && isName(rune(rest[len(word)])) {
		return false
	}
	p.pos += len(word)
	return true
}

func isName(r rune) bool {
	return r == '_' || r == '-' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// quoted reads a text in double quotes, in which a backslash keeps the next quote or
// backslash from its meaning.
func (p *parser) quoted() (string, error) {
	start := p.pos
	p.pos++
	var b strings.Builder
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		p.pos++
		switch {
		case c == '"':
			return b.String(), nil
		case c == '\\' && p.pos < len(p.text) && (p.at('"') || p.at('\\')):
			b.WriteByte(p.text[p.pos])
			p.pos++
		default:
			b.WriteByte(c)
		}
	}
	return "", invalidTerm(p.text[start:])
}

// maxRegexes: "There is a limit of 2 regex for each filter pattern".
const maxRegexes = 2

// regex reads a regular expression between percent signs. Parentheses, and characters
// that are no letters, digits, operators or some symbols, are not supported.
func (p *parser) regex() (*regexp.Regexp, error) {
	body, _, closed := strings.Cut(p.rest()[1:], "%")
	if !closed {
		return nil, invalidTerm(p.rest())
	}
	p.pos += len(body) + 2
	whole := "%" + body + "%"
	if body == "" {
		return nil, invalidTerm(whole)
	}
	for _, r := range body {
		if !isName(r) && !strings.ContainsRune(`:#=@/;,^$?[]{}|\*+.`, r) {
			return nil, invalidTerm(whole)
		}
	}
	re, err := regexp.Compile(body)
	if err != nil {
		return nil, invalidTerm(whole)
	}
	if p.regexes++; p.regexes > maxRegexes {
		return nil, invalid("it has more than %d regular expressions", maxRegexes)
	}
	return re, nil
}
