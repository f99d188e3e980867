package filterpattern

import (
	"strings"
	"unicode"
)

// column is one field that a pattern names. Without a test anything goes.
type column struct{ test test }

// columns are the fields of a pattern: those before an ellipsis and those after it.
type columns struct {
	head, tail []column
	ellipsis   bool
}

// parseFields reads a pattern for messages that are fields with spaces between.
func parseFields(s string) (*Pattern, error) {
	inner, closed := strings.CutSuffix(s[1:], "]")
	if !closed {
		return nil, invalid("If a filter pattern starts with '[' it must end with ']'")
	}
	p := &parser{text: inner}
	var cs columns
	for more := true; more; {
		p.space()
		if p.take("...") || p.take("…") {
			if cs.ellipsis {
				return nil, invalid("it has more than one ellipsis")
			}
			cs.ellipsis = true
		} else {
			c, err := p.column()
			if err != nil {
				return nil, err
			}
			if cs.ellipsis {
				cs.tail = append(cs.tail, c)
			} else {
				cs.head = append(cs.head, c)
			}
		}
		p.space()
		more = p.take(",")
	}
	if !p.end() {
		return nil, invalid("%q is not understood", clip(p.rest()))
	}
	return &Pattern{match: cs.match}, nil
}

// column reads a name, a condition on what it names, or nothing.
func (p *parser) column() (column, error) {
	if p.end() || p.at(',') {
		return column{}, nil
	}
	start, name := p.pos, ""
	if p.while(isName); p.pos > start {
		if p.space(); p.end() || p.at(',') {
			return column{}, nil
		}
	}
	p.pos = start
	p.operand = func(p *parser) (selector, error) {
		word := p.while(isName)
		if name == "" {
			name = word
		}
		if word == "" || word != name {
			return nil, invalid("%q should be the name of the field", clip(word+p.rest()))
		}
		return func(event any) []any { return []any{event} }, nil
	}
	t, err := p.or()
	return column{test: t}, err
}

func (cs columns) match(message string) bool {
	fields := split(message)
	n := len(cs.head) + len(cs.tail)
	if len(fields) < n || len(fields) > n && !cs.ellipsis {
		return false
	}
	return meet(cs.head, fields) && meet(cs.tail, fields[len(fields)-len(cs.tail):])
}

func meet(columns []column, fields []string) bool {
	for i, c := range columns {
		if c.test.meets != nil && !c.test.meets(fields[i]) {
			return false
		}
	}
	return true
}

// split gives the fields of a message: "The characters between a pair of square
// brackets [] or two double quotes are treated as a single field."
func split(message string) []string {
	var fields []string
	for {
		message = strings.TrimLeftFunc(message, unicode.IsSpace)
		if message == "" {
			return fields
		}
		end := strings.IndexFunc(message, unicode.IsSpace)
		if end < 0 {
			end = len(message)
		}
		field := message[:end]
		if closing := map[byte]string{'[': "]", '"': `"`}[message[0]]; closing != "" {
			if i := strings.Index(message[1:], closing); i >= 0 {
				field, end = message[1:i+1], i+2
			}
		}
		fields = append(fields, field)
		message = message[end:]
	}
}
