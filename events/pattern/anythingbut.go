package pattern

import "errors"

const onlyScalars = "Value of anything-but must be an array or single string/number value."

// anythingBut reads what the values must not be: a text or number, a list of texts or
// one of numbers, or an operator with a text or a list of texts.
func (p *parser) anythingBut(t token) (condition, error) {
	switch t.kind {
	case '{':
		return p.anythingButOperator()
	case '[':
		but, err := p.list(p.scalar)
		if err == nil && (len(but.conditions) == 0 || but.mixed) {
			err = p.errorf("Inside anything but list, either all values are number or string, mixed type is not supported")
		}
		return none(but.conditions), err
	case text, number:
		p.finish()
		v := valueOf(t)
		if t.kind == number && !v.comparable {
			return nil, invalid(outOfRange)
		}
		return none([]condition{equals(v)}), nil
	}
	return nil, p.errorf(onlyScalars)
}

// alternatives are the values of a list under anything-but.
type alternatives struct {
	conditions []condition
	of         kind // of the latest
	mixed      bool // there are texts and numbers
}

// list reads an array. AWS tells the place of an error in it twice.
func (p *parser) list(element func(token, *alternatives) error) (alternatives, error) {
	var a alternatives
	for {
		t, err := p.next()
		if err == nil && t.kind == ']' {
			return a, nil
		}
		if err == nil {
			err = element(t, &a)
		}
		if e, ok := errors.AsType[*Error](err); ok {
			return a, p.errorf("%s", e.Reason)
		}
	}
}

// scalar reads a text or number of a list.
func (p *parser) scalar(t token, a *alternatives) error {
	if t.kind != text && t.kind != number {
		return p.errorf("Inside anything but list, start|null|boolean is not supported.")
	}
	p.finish()
	v := valueOf(t)
	if t.kind == number && !v.comparable {
		return p.errorf(outOfRange)
	}
	a.mixed = a.mixed || len(a.conditions) > 0 && a.of != t.kind
	a.conditions, a.of = append(a.conditions, equals(v)), t.kind
	return nil
}

// anythingButOperator reads {"prefix": "a"} or {"prefix": ["a", "b"]}, behind the
// bracket.
func (p *parser) anythingButOperator() (condition, error) {
	operator, err := p.next()
	if err != nil {
		return nil, err
	}
	if operator.kind != name {
		return nil, p.errorf("Anything-But expression name not found")
	}
	t, err := p.next()
	if err != nil {
		return nil, err
	}
	element, ok := p.textOperator(operator.text)
	if !ok {
		return nil, p.errorf("Unsupported anything-but pattern: %s", operator.text)
	}
	var a alternatives
	switch t.kind {
	case '[':
		a, err = p.list(element)
	case text, number:
		err = element(t, &a)
	default:
		err = p.errorf(onlyScalars)
	}
	if err != nil {
		return nil, err
	}
	return none(a.conditions), p.closed("anything-but")
}

// textOperator reads the texts of an operator that anything-but may have.
func (p *parser) textOperator(operator string) (element func(token, *alternatives) error, ok bool) {
	var of func(string) (condition, string)
	refusal := "prefix/suffix match pattern must be a string"
	switch operator {
	case "prefix":
		of = notEmpty(prefix)
	case "suffix":
		of = notEmpty(suffix)
	case "equals-ignore-case":
		of = func(s string) (condition, string) { return equalFold(s), "" }
		refusal = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
	case "wildcard":
		of = func(s string) (condition, string) {
			w, problem := parseWildcard(s)
			return w.condition(), problem
		}
		refusal = "wildcard match pattern must be a string"
	default:
		return nil, false
	}
	return func(t token, a *alternatives) error {
		if t.kind != text {
			return p.errorf("%s", refusal)
		}
		p.finish()
		c, problem := of(t.text)
		if problem != "" {
			return p.errorf("%s", problem)
		}
		a.conditions = append(a.conditions, c)
		return nil
	}, true
}

func notEmpty(make func(string) condition) func(string) (condition, string) {
	return func(s string) (condition, string) {
		if s == "" {
			return nil, "Null prefix/suffix not allowed"
		}
		return make(s), ""
	}
}
