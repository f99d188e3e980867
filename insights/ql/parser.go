// Package ql reads the CloudWatch Logs Insights query language: a lexer, a parser,
// and the tree that they make. It never knows a function, nor what a field holds.
package ql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxLength is the length of a query in characters that AWS takes.
const MaxLength = 10000

// maxDepth is how deep expressions and queries may be nested.
const maxDepth = 200

// Parse reads a query. The error is a *Malformed.
func Parse(src string) (*Query, error) {
	if n := len([]rune(src)); n > MaxLength {
		return nil, Fail(src, Span{0, len(src)}, "the query has %d characters; at most %d are taken", n, MaxLength)
	}
	p := parser{lexer: lexer{src: src}}
	p.advance()
	q := p.query()
	if p.err == nil && p.kind != end {
		p.failHere(`expected "|" or the end of the query, found %s`, p.found())
	}
	if p.err != nil {
		return nil, p.err
	}
	return q, nil
}

// parser looks one token ahead. After the first error everything reads as the end.
type parser struct {
	lexer
	token
	last  int // where the token before ended
	depth int
	// noSlash holds where "/" cannot divide, since a regular expression may follow.
	noSlash bool
}

func (p *parser) advance() {
	p.last = p.End
	p.token = p.next()
	if p.err != nil {
		p.token = token{kind: end, Span: Span{len(p.src), len(p.src)}}
	}
}

func (p *parser) fail(s Span, format string, a ...any) {
	p.lexer.fail(s, format, a...)
	p.token = token{kind: end, Span: Span{len(p.src), len(p.src)}}
}

func (p *parser) failHere(format string, a ...any) { p.fail(p.Span, format, a...) }

func (p *parser) found() string {
	if p.kind == end {
		return "the end of the query"
	}
	return strconv.Quote(p.src[p.Start:p.End])
}

// since is the span from a start to the last token read.
func (p *parser) since(start int) Span { return Span{start, max(start, p.last)} }

func (p *parser) isSymbol(s string) bool { return p.kind == symbol && p.text() == s }
func (p *parser) isWord(w string) bool {
	return p.kind == name && !p.quoted && strings.EqualFold(p.text(), w)
}

func (p *parser) text() string { return p.token.text }

// symbol takes a symbol if it stands here.
func (p *parser) symbol(s string) bool {
	if !p.isSymbol(s) {
		return false
	}
	p.advance()
	return true
}

// word takes a keyword if it stands here.
func (p *parser) word(w string) bool {
	if !p.isWord(w) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expectSymbol(s string) {
	if !p.symbol(s) {
		p.failHere("expected %q, found %s", s, p.found())
	}
}

func (p *parser) expectWord(w string) {
	if !p.word(w) {
		p.failHere("expected %q, found %s", w, p.found())
	}
}

// deeper counts the nesting, so that a text cannot exhaust the stack.
func (p *parser) deeper() func() {
	if p.depth++; p.depth > maxDepth {
		p.failHere("the query is nested more than %d deep", maxDepth)
	}
	return func() { p.depth-- }
}

// query reads sources and commands up to a closing parenthesis or the end.
func (p *parser) query() *Query {
	defer p.deeper()()
	q := &Query{Text: p.src}
	for p.isWord("source") && p.err == nil {
		q.Sources = append(q.Sources, p.source())
		if !p.symbol("|") {
			return q
		}
	}
	if p.kind == end && len(q.Sources) == 0 {
		p.failHere("the query is empty")
	}
	for p.err == nil {
		if c := p.command(); c != nil {
			q.Commands = append(q.Commands, c)
		}
		if !p.symbol("|") {
			break
		}
	}
	return q
}

// name reads the name that something gets.
func (p *parser) name() string {
	if p.kind != name {
		p.failHere("expected a name, found %s%s", p.found(), hint(p.token))
		return ""
	}
	n := p.text()
	p.advance()
	return n
}

// hint helps with names that need back-ticks.
func hint(t token) string {
	if t.kind == symbol && (t.text == "-" || t.text[0] >= utf8.RuneSelf) {
		return ": a name with other characters than letters, digits, _, @ and dots stands in back-ticks"
	}
	return ""
}

func (p *parser) alias() string {
	if p.word("as") {
		return p.name()
	}
	return ""
}

// list reads one or more of something, separated by commas.
func (p *parser) list(one func()) {
	for one(); p.err == nil && p.symbol(","); {
		one()
	}
}

func (p *parser) items() []Item {
	var items []Item
	p.list(func() {
		x := p.expr()
		items = append(items, Item{X: x, Alias: p.alias()})
	})
	return items
}

// fields reads names of fields, separated by commas.
func (p *parser) fields() []Expr {
	var fields []Expr
	p.list(func() { fields = append(fields, p.expr()) })
	return fields
}

func (p *parser) string(what string) string {
	if p.kind != text {
		p.failHere("expected %s in quotes, found %s", what, p.found())
		return ""
	}
	s := p.text()
	p.advance()
	return s
}

func (p *parser) integer(what string) int {
	n, err := strconv.Atoi(p.src[p.Start:p.End])
	if p.kind != number || err != nil {
		p.failHere("expected %s, a whole number, found %s", what, p.found())
		return 0
	}
	p.advance()
	return n
}

func (p *parser) period() *Period {
	s := p.Span
	count, unit, ok := ParsePeriod(p.src[s.Start:s.End])
	if p.kind != period || !ok {
		p.failHere("expected a period such as 5m, found %s", p.found())
		return &Period{Span: s, Count: 1, Unit: Minute}
	}
	p.advance()
	return &Period{s, count, unit}
}
