package filterpattern

import "slices"

// selector finds the values of an event that a condition is about: there are several
// behind [*], and none where nothing is.
type selector func(event any) []any

// test tells whether an event meets a condition.
type test struct {
	meets func(event any) bool
	// needs are texts that the values of an event which meets it have.
	needs []string
}

// maxDepth of parentheses within each other.
const maxDepth = 50

// or reads conditions: "the syntax follows standard order of operations () > && > ||".
func (p *parser) or() (test, error) {
	left, err := p.and()
	for err == nil && p.operator("||") {
		var right test
		if right, err = p.and(); err == nil {
			a := left
			left = test{meets: func(event any) bool { return a.meets(event) || right.meets(event) }}
		}
	}
	return left, err
}

func (p *parser) and() (test, error) {
	left, err := p.condition()
	for err == nil && p.operator("&&") {
		var right test
		if right, err = p.condition(); err == nil {
			a := left
			left = test{
				meets: func(event any) bool { return a.meets(event) && right.meets(event) },
				needs: slices.Concat(a.needs, right.needs),
			}
		}
	}
	return left, err
}

func (p *parser) operator(text string) bool {
	p.space()
	return p.take(text)
}

func (p *parser) condition() (test, error) {
	p.space()
	if !p.take("(") {
		return p.comparison()
	}
	if p.depth++; p.depth > maxDepth {
		return test{}, invalid("more than %d parentheses are within each other", maxDepth)
	}
	inner, err := p.or()
	if err != nil {
		return test{}, err
	}
	p.depth--
	p.space()
	if !p.take(")") {
		return test{}, invalid("a parenthesis is not closed")
	}
	return inner, nil
}

// comparison reads a selector and what is asked of its values.
func (p *parser) comparison() (test, error) {
	of, err := p.operand(p)
	if err != nil {
		return test{}, err
	}
	p.space()
	if asked, ok := p.property(); ok {
		return test{meets: func(event any) bool { return asked(of(event)) }}, nil
	}
	op, ok := p.comparator()
	if !ok {
		return test{}, invalid("%q should be a comparison", clip(p.rest()))
	}
	p.space()
	want, err := p.comparand()
	if err != nil {
		return test{}, err
	}
	t := test{meets: func(event any) bool {
		return slices.ContainsFunc(of(event), func(v any) bool { return want.meets(op, v) })
	}}
	if op == "=" {
		t.needs = want.needs()
	}
	return t, nil
}

// property reads what can be asked of a value besides comparing it.
func (p *parser) property() (func(values []any) bool, bool) {
	start := p.pos
	if p.keyword("NOT") {
		p.space()
		if p.keyword("EXISTS") {
			return func(values []any) bool { return len(values) == 0 }, true
		}
	}
	if p.keyword("IS") {
		p.space()
		for word, is := range map[string]any{"NULL": nil, "TRUE": true, "FALSE": false} {
			if p.keyword(word) {
				return has(is), true
			}
		}
	}
	p.pos = start
	return nil, false
}

// has tells whether one of the values is null or that boolean.
func has(is any) func([]any) bool {
	return func(values []any) bool {
		for _, v := range values {
			switch v.(type) {
			case nil, bool:
				if v == is {
					return true
				}
			}
		}
		return false
	}
}

// comparator reads =, !=, <, <=, > or >=. The oldest form of != is "=!".
func (p *parser) comparator() (string, bool) {
	for _, op := range []string{"!=", "=!", "<=", ">=", "=", "<", ">"} {
		if p.take(op) {
			if op == "=!" {
				op = "!="
			}
			return op, true
		}
	}
	return "", false
}

// clip shortens a text for an error.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
