package query

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Parse reads an expression. The error is an *Error.
func Parse(text string) (Expr, error) {
	p := parser{scanner{text: text}}
	if len(text) > MaxLength {
		return nil, p.fail(MaxLength, "the expression is longer than %d characters", MaxLength)
	}
	if p.end() {
		return nil, p.fail(p.pos, "the expression is empty")
	}
	expr, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.end() {
		return nil, p.fail(p.pos, `expected "and", "or" or the end, found %q`, p.glimpse())
	}
	return expr, nil
}

type parser struct{ scanner }

// or := and { ("||" | "or") and }
func (p *parser) or() (Expr, error) {
	left, err := p.and()
	for err == nil && (p.symbol("||") || p.keyword("or")) {
		var right Expr
		right, err = p.and()
		left = &Or{left, right}
	}
	return left, err
}

// and := not { ("&&" | "and") not }
func (p *parser) and() (Expr, error) {
	left, err := p.not()
	for err == nil && (p.symbol("&&") || p.keyword("and")) {
		var right Expr
		right, err = p.not()
		left = &And{left, right}
	}
	return left, err
}

// not := ("!" | "not") not | "(" or ")" | term
func (p *parser) not() (Expr, error) {
	if p.symbol("!") || p.keyword("not") {
		operand, err := p.not()
		return &Not{operand}, err
	}
	open := p.pos
	if !p.symbol("(") {
		return p.term()
	}
	expr, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.symbol(")") {
		return nil, p.fail(p.pos, `expected ")" for the "(" at character %d`, p.column(open))
	}
	return expr, nil
}

// term := subject operator [argument]
func (p *parser) term() (Expr, error) {
	t := &Term{}
	if err := p.subject(t); err != nil {
		return nil, err
	}
	p.space()
	start := p.pos
	op, ok := p.operator()
	if !ok {
		return nil, p.fail(start, "expected an operator behind %s: one of %s", t.Subject, list(operators[t.Subject]))
	}
	if !slices.Contains(operators[t.Subject], op) {
		return nil, p.fail(start, "%s does not work with %s: use one of %s", op, t.Subject, list(operators[t.Subject]))
	}
	t.Op = op
	return p.arguments(t)
}

func (p *parser) subject(t *Term) error {
	p.space()
	start := p.pos
	name := p.name()
	if attribute, found := strings.CutPrefix(name, string(AttributeOf)+":"); found {
		if attribute == "" {
			return p.fail(p.pos, `expected the name of an attribute behind "attribute:"`)
		}
		t.Subject, t.Attribute = AttributeOf, attribute
		return nil
	}
	t.Subject = Subject(name)
	if _, known := operators[t.Subject]; known && t.Subject != AttributeOf {
		return nil
	}
	found := name
	if found == "" {
		found = p.glimpse()
	}
	return p.fail(start, "expected agentConnected, agentVersion, attribute:NAME, ec2InstanceId, "+
		"registeredAt, runningTasksCount or task:group, found %q", found)
}

func (p *parser) arguments(t *Term) (Expr, error) {
	p.space()
	start := p.pos
	var err error
	switch t.Op {
	case Exists, NotExists:
		return t, nil
	case In, NotIn:
		t.Args, err = p.list()
	default:
		var arg string
		arg, err = p.argument()
		t.Args = []string{arg}
	}
	if err != nil {
		return nil, err
	}
	for _, arg := range t.Args {
		if problem := t.convert(arg); problem != "" {
			return nil, p.fail(start, "%s", problem)
		}
	}
	return t, nil
}

// list := "[" argument { "," argument } "]" | argument
func (p *parser) list() ([]string, error) {
	if !p.symbol("[") {
		arg, err := p.argument()
		return []string{arg}, err
	}
	var args []string
	for {
		arg, err := p.argument()
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
		if p.symbol("]") {
			return args, nil
		}
		if !p.symbol(",") {
			return nil, p.fail(p.pos, `expected "," or "]" in the list, found %q`, p.glimpse())
		}
	}
}

// argument := word | quoted
func (p *parser) argument() (string, error) {
	p.space()
	start := p.pos
	if start < len(p.text) && (p.text[start] == '\'' || p.text[start] == '"') {
		value, closed := p.quoted()
		if !closed {
			return "", p.fail(start, "the closing %c is missing", p.text[start])
		}
		return value, nil
	}
	word := p.word()
	if word == "" || isReserved(word) {
		p.pos = start
		return "", p.fail(start, "expected a value, found %q (put it in quotes if it is meant literally)", p.glimpse())
	}
	return word, nil
}

// convert turns the argument into the subject's own type, or says why it cannot.
func (t *Term) convert(arg string) (problem string) {
	if t.Op == Matches || t.Op == NotMatches {
		return t.compile(arg)
	}
	var ok bool
	switch t.Subject {
	case AgentConnected:
		if arg != "true" && arg != "false" {
			return fmt.Sprintf("agentConnected is true or false, found %q", arg)
		}
	case RunningTasksCount:
		n, err := strconv.Atoi(arg)
		if err != nil {
			return fmt.Sprintf("runningTasksCount needs a whole number, found %q", arg)
		}
		t.number = n
	case RegisteredAt:
		if t.at, ok = parseTime(arg); !ok {
			return fmt.Sprintf("registeredAt needs a date such as 2018-06-18 or 2018-06-18T22:28:28Z, found %q", arg)
		}
	case AgentVersion:
		if t.version, ok = parseVersion(arg); !ok {
			return fmt.Sprintf("agentVersion needs a version such as 1.14.5, found %q", arg)
		}
	}
	return ""
}

// compile prepares a pattern to be matched against whole values: the longest
// match from the left is the whole value if any match is.
func (t *Term) compile(pattern string) (problem string) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return fmt.Sprintf("the pattern %q does not compile (RE2 syntax; look-around, back references and possessive quantifiers are not available): %v", pattern, err)
	}
	re.Longest()
	t.pattern = re
	return ""
}

func (p *parser) fail(offset int, format string, args ...any) error {
	return &Error{p.text, p.column(offset), fmt.Sprintf(format, args...)}
}

// glimpse is what stands at the current position, for an error.
func (p *parser) glimpse() string {
	p.space()
	rest := []rune(p.rest())
	if len(rest) == 0 {
		return "the end"
	}
	return string(rest[:min(len(rest), 12)])
}

func list(ops []Op) string {
	text := make([]string, len(ops))
	for i, op := range ops {
		text[i] = string(op)
	}
	return strings.Join(text, " ")
}
