package pattern

import (
	"maps"
	"slices"
	"strings"
)

// parser reads an event pattern.
type parser struct{ lexer }

// rule is a pattern without $or: for each path, its names joined by dots, what the
// values there must be.
type rule map[string]*field

// field is what the values of one path must be: any of these.
type field struct {
	conditions []condition
	absent     bool // or that there is none
}

// filter reads a whole pattern: the rules of which one must match.
func (p *parser) filter() ([]rule, error) {
	t, err := p.next()
	if err != nil {
		return nil, err
	}
	if t.kind != '{' {
		return nil, p.errorf("Filter is not an object")
	}
	rules, err := p.object([]rule{{}}, "", false)
	if err != nil {
		return nil, err
	}
	if p.space(); p.pos < len(p.text) {
		return nil, p.unexpected("was expecting the end of the pattern")
	}
	return rules, nil
}

// object adds the members of an object to all rules. path is that of the object and a
// dot; inOr says that the object belongs to a $or.
func (p *parser) object(rules []rule, path string, inOr bool) ([]rule, error) {
	for empty := true; ; empty = false {
		t, err := p.next()
		if err != nil {
			return nil, err
		}
		if t.kind == '}' {
			if empty {
				return nil, p.errorf("Empty objects are not allowed")
			}
			return rules, nil
		}
		if rules, err = p.member(rules, path, t.text, inOr); err != nil {
			return nil, err
		}
	}
}

func (p *parser) member(rules []rule, path, key string, inOr bool) ([]rule, error) {
	if key == "$or" && p.isRelationship() {
		return p.or(rules, path)
	}
	if inOr && slices.Contains(reserved, key) {
		return nil, p.errorf("%s is Ruler reserved fieldName which cannot be used inside $or.", key)
	}
	t, err := p.next()
	if err != nil {
		return nil, err
	}
	switch t.kind {
	case '{':
		return p.object(rules, path+key+".", inOr)
	case '[':
		f, err := p.values()
		for _, r := range rules {
			r[path+key] = f
		}
		return rules, err
	}
	return nil, p.errorf(`"%s" must be an object or an array`, key)
}

// reserved are the names by which a $or is told from a field of that name.
var reserved = []string{
	"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr",
	"=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case",
	"date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range",
	"ip-address-in-range", "ip-address-not-in-range",
}

// isRelationship tells whether the value of $or is a relationship: an array with
// objects of which none has a reserved name. Otherwise it is "normal field name the
// same as other string in the rule". The parser stays where it is.
func (p *parser) isRelationship() bool {
	ahead := parser{p.lexer}
	ahead.nesting, ahead.opened = slices.Clone(p.nesting), slices.Clone(p.opened)
	if t, err := ahead.next(); err != nil || t.kind != '[' {
		return false
	}
	depth := len(ahead.nesting)
	objects := false
	for len(ahead.nesting) >= depth {
		t, err := ahead.next()
		if err != nil {
			break // which is told when it is read for good
		}
		objects = objects || t.kind == '{'
		if t.kind == name && len(ahead.names()) == depth+1 && slices.Contains(reserved, t.text) {
			return false
		}
	}
	return objects
}

// names are the brackets around the name that was read last: its value's own bracket,
// which has been read with it, is none of them.
func (p *parser) names() []byte {
	if p.value != nil && (p.value.kind == '{' || p.value.kind == '[') {
		return p.nesting[:len(p.nesting)-1]
	}
	return p.nesting
}

// or reads the array of a $or: each rule goes on with each of its objects.
func (p *parser) or(rules []rule, path string) ([]rule, error) {
	if _, err := p.next(); err != nil { // the bracket
		return nil, err
	}
	var all []rule
	for n := 0; ; n++ {
		t, err := p.next()
		if err != nil {
			return nil, err
		}
		if t.kind == ']' {
			if n < 2 {
				return nil, p.errorf("There must have at least 2 Objects in $or relationship.")
			}
			return all, nil
		}
		if t.kind != '{' {
			return nil, p.errorf("Only JSON object is allowed in array of $or relationship.")
		}
		branch := make([]rule, len(rules))
		for i, r := range rules {
			branch[i] = maps.Clone(r)
		}
		if branch, err = p.object(branch, path, true); err != nil {
			return nil, err
		}
		if all = append(all, branch...); len(all) > maxCombinations {
			return nil, invalid("Rule is too complex - its $or relationships have more than %d combinations", maxCombinations)
		}
	}
}

// values reads the array of a field.
func (p *parser) values() (*field, error) {
	f := &field{}
	for {
		t, err := p.next()
		if err != nil {
			return nil, err
		}
		switch t.kind {
		case ']':
			if len(f.conditions) == 0 && !f.absent {
				return nil, p.errorf("Empty arrays are not allowed")
			}
			return f, nil
		case '{':
			err = p.expression(f)
		case text, number, literal:
			p.finish()
			f.conditions = append(f.conditions, equals(valueOf(t)))
		default:
			err = p.errorf("Match value must be String, number, true, false, or null")
		}
		if err != nil {
			return nil, err
		}
	}
}

// compile makes a tree of the paths. A dot in a name is the same as an object within.
func (r rule) compile() *tree {
	root := &tree{}
	for _, path := range slices.Sorted(maps.Keys(r)) {
		names := strings.Split(path, ".")
		t := root
		for _, n := range names {
			t = t.child(n)
		}
		t.parts = append(t.parts, part{field: r[path], path: names})
	}
	return root
}
