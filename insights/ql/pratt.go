package ql

import (
	"errors"
	"regexp"
	"strings"
)

// How strongly operators bind; a comparison takes no comparison as its operand.
const (
	bindOr = iota + 1
	bindAnd
	bindNot
	bindCompare
	bindAdd
	bindMultiply
	bindPower
	bindSign
)

func (p *parser) expr() Expr { return p.binding(bindOr) }

// binding reads an expression of operators that bind at least as strongly.
func (p *parser) binding(least int) Expr {
	defer p.deeper()()
	start := p.Start
	left := p.prefix()
	for p.err == nil {
		op, bind := p.infix()
		if op == "" || bind < least {
			return left
		}
		switch {
		case bind == bindCompare:
			left = p.comparison(start, left, op)
			least = min(least, bindCompare)
			if _, again := p.infix(); again == bindCompare {
				p.failHere("a comparison cannot be compared: write parentheses, or join comparisons by and")
			}
		case op == "^": // a ^ b ^ c is a ^ (b ^ c)
			p.advance()
			right := p.binding(bindPower)
			left = &Binary{p.since(start), op, left, right}
		default:
			p.advance()
			right := p.binding(bind + 1)
			left = &Binary{p.since(start), op, left, right}
		}
	}
	return left
}

// infix tells the operator that stands here, without taking it.
func (p *parser) infix() (op string, bind int) {
	switch {
	case p.kind == name && !p.quoted:
		switch w := strings.ToLower(p.text()); w {
		case "or":
			return w, bindOr
		case "and":
			return w, bindAnd
		case "like", "in", "not":
			return w, bindCompare
		}
	case p.kind == symbol:
		switch s := p.text(); s {
		case "=", "!=", "<", "<=", ">", ">=", "=~":
			return s, bindCompare
		case "+", "-":
			return s, bindAdd
		case "*", "%":
			return s, bindMultiply
		case "/":
			if !p.noSlash {
				return s, bindMultiply
			}
		case "^":
			return s, bindPower
		}
	}
	return "", 0
}

// comparison reads what follows the left side of = < like in and so on.
func (p *parser) comparison(start int, left Expr, op string) Expr {
	p.advance()
	not := op == "not"
	if not {
		if op = strings.ToLower(p.text()); p.kind != name || op != "like" && op != "in" {
			p.failHere(`expected "like" or "in" behind "not", found %s`, p.found())
			return left
		}
		p.advance()
	}
	switch op {
	case "like", "=~":
		return p.match(start, left, op, not)
	case "in":
		return p.in(start, left, not)
	}
	if p.isSymbol("=") { // ==
		p.failHere(`equality is written with one "="`)
	}
	right := p.binding(bindCompare + 1)
	return &Binary{p.since(start), op, left, right}
}

func (p *parser) match(start int, x Expr, op string, not bool) Expr {
	m := &Match{X: x, Op: op, Not: not}
	switch {
	case p.isSymbol("/"):
		m.Pattern = p.regex()
	case p.kind == text && op == "like":
		m.Text = p.text()
		p.advance()
	case p.kind == text: // =~ "re": as a regular expression
		m.Pattern = p.compile(p.text(), p.Span)
		p.advance()
	default:
		p.failHere("expected a text in quotes or a /regular expression/ behind %s, found %s", op, p.found())
	}
	m.Span = p.since(start)
	return m
}

// regex reads the regular expression whose opening slash stands here.
func (p *parser) regex() *Regex {
	source, s := p.lexer.regex(p.Start)
	re := p.compile(source, s)
	p.End = s.End
	p.advance()
	return re
}

// Compile reads a regular expression of RE2's syntax. Its errors say what is wrong.
func Compile(source string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(source)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}

func (p *parser) compile(source string, s Span) *Regex {
	re, err := Compile(source)
	if err != nil {
		p.fail(s, "the regular expression cannot be used: %v", err)
	}
	return &Regex{s, source, re}
}

func (p *parser) in(start int, x Expr, not bool) Expr {
	in := &In{X: x, Not: not}
	switch {
	case p.symbol("["):
		if !p.isSymbol("]") {
			p.list(func() { in.List = append(in.List, p.binding(bindAdd)) })
		}
		p.expectSymbol("]")
	case p.symbol("("):
		if p.isWord("source") {
			in.Query = p.query()
		} else {
			p.list(func() { in.List = append(in.List, p.binding(bindAdd)) })
		}
		p.expectSymbol(")")
	default:
		p.failHere(`expected "[" or "(" behind in, found %s`, p.found())
	}
	in.Span = p.since(start)
	return in
}

// prefix reads an operand with what stands before and behind it.
func (p *parser) prefix() Expr {
	start := p.Start
	switch {
	case p.isWord("not") || p.isSymbol("!"):
		p.advance()
		x := p.binding(bindNot)
		return &Unary{p.since(start), "not", x}
	case p.symbol("-"):
		x := p.binding(bindSign)
		if n, ok := x.(*Number); ok {
			return &Number{p.since(start), -n.Value, "-" + n.Written}
		}
		return &Unary{p.since(start), "-", x}
	}
	x := p.operand()
	for p.err == nil {
		switch {
		case p.isSymbol("["):
			p.advance()
			i := p.integer("the place of an element")
			p.expectSymbol("]")
			x = &Access{p.since(start), x, "", i, true}
		case p.isSymbol(".") && p.Start == p.last:
			p.advance()
			if p.kind != name {
				p.failHere("expected the name of a member, found %s", p.found())
			}
			for _, s := range p.segments {
				x = &Access{Span{start, p.End}, x, s, 0, false}
			}
			p.advance()
		default:
			return x
		}
	}
	return x
}

func (p *parser) operand() Expr {
	t := p.token
	switch t.kind {
	case number:
		p.advance()
		return &Number{t.Span, t.value, t.text}
	case text:
		p.advance()
		return &Text{t.Span, t.text}
	case period:
		return p.period()
	case name:
		return p.fieldOrCall()
	}
	switch {
	case p.symbol("("):
		outer := p.noSlash
		p.noSlash = false
		x := p.expr()
		p.noSlash = outer
		p.expectSymbol(")")
		return x
	case p.isSymbol("/"):
		return p.regex()
	}
	p.failHere("expected a field, a value or a function, found %s%s", p.found(), hint(t))
	return &Bool{Span: t.Span}
}

func (p *parser) fieldOrCall() Expr {
	t := p.token
	word := strings.ToLower(t.text)
	if !t.quoted && (word == "and" || word == "or" || word == "like" || word == "in" || word == "as" || word == "by") {
		p.failHere("expected a field, a value or a function, found %s", p.found())
		return &Bool{Span: t.Span}
	}
	p.advance()
	switch {
	case !t.quoted && p.isSymbol("("):
		return p.call(t)
	case !t.quoted && (word == "true" || word == "false"):
		return &Bool{t.Span, word == "true"}
	}
	return &Field{t.Span, t.segments}
}

func (p *parser) call(t token) Expr {
	p.advance()
	outer := p.noSlash
	p.noSlash = false
	c := &Call{Name: t.text}
	switch {
	case p.symbol("*"):
		c.Star = true
	case !p.isSymbol(")"):
		p.list(func() { c.Args = append(c.Args, p.expr()) })
	}
	p.noSlash = outer
	p.expectSymbol(")")
	c.Span = p.since(t.Start)
	return c
}
