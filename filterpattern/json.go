package filterpattern

import (
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
)

// parseJSON reads a pattern for messages that are JSON.
func parseJSON(s string) (*Pattern, error) {
	inner, closed := strings.CutSuffix(s[1:], "}")
	if !closed {
		return nil, invalid("If a filter pattern starts with '{' it must end with '}'")
	}
	p := &parser{text: inner, operand: (*parser).path}
	meets, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.space(); !p.end() {
		return nil, invalid("%q is not understood", clip(p.rest()))
	}
	needs := slices.DeleteFunc(meets.needs, func(text string) bool { return strings.ContainsFunc(text, isEscaped) })
	return &Pattern{match: func(message string) bool {
		if lacks(message, needs) {
			return false
		}
		event, ok := object(message)
		return ok && meets.meets(event)
	}}, nil
}

// isEscaped tells whether JSON may write a character otherwise than as itself, but for
// \u, with which it may write any.
func isEscaped(r rune) bool { return !isName(r) && !strings.ContainsRune(" .:", r) }

// lacks tells, without reading it, that a message does not have all of the texts.
func lacks(message string, texts []string) bool {
	for _, text := range texts {
		if !strings.Contains(message, text) {
			return !strings.Contains(message, `\u`)
		}
	}
	return false
}

// object reads a message that is one JSON object or list.
func object(message string) (any, bool) {
	if s := strings.TrimLeft(message, " \t\r\n"); s == "" || s[0] != '{' && s[0] != '[' {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(message))
	d.UseNumber()
	var event any
	if d.Decode(&event) != nil {
		return nil, false
	}
	_, err := d.Token()
	return event, err == io.EOF
}

// step goes from values to their members.
type step func(values []any) []any

// path reads a property selector, such as $.users[0].id, $.list[*] or $["a.b"].
func (p *parser) path() (selector, error) {
	start := p.pos
	if !p.take("$") {
		return nil, invalid("%q should be a property selector, which starts with $", clip(p.rest()))
	}
	var steps []step
	for {
		s, err := p.step()
		if err != nil {
			return nil, err
		}
		if s == nil {
			break
		}
		steps = append(steps, s)
	}
	if len(steps) == 0 {
		return nil, invalid("the property selector %q names no property", clip(p.text[start:]))
	}
	return func(event any) []any {
		values := []any{event}
		for _, s := range steps {
			values = s(values)
		}
		return values
	}, nil
}

// step reads one step of a selector; nil when there is no further one.
func (p *parser) step() (step, error) {
	dot := p.take(".")
	switch {
	case p.take("["):
		return p.bracket()
	case !dot:
		return nil, nil
	}
	if name := p.while(isName); name != "" {
		return member(name), nil
	}
	return nil, invalid("%q should be the name of a property", clip(p.rest()))
}

// bracket reads what stands in brackets: a number, an asterisk, or a name in quotes.
func (p *parser) bracket() (step, error) {
	inside, _, closed := strings.Cut(p.rest(), "]")
	quote := strings.Trim(inside[:min(1, len(inside))], `'"`) == "" && inside != ""
	if quote { // a name may contain a bracket
		end := strings.Index(p.rest()[1:], inside[:1]+"]")
		if end < 0 {
			return nil, invalid("%q is not closed", clip(p.rest()))
		}
		name := p.rest()[1 : end+1]
		p.pos += end + 3
		return member(name), nil
	}
	if !closed {
		return nil, invalid("a bracket is not closed")
	}
	p.pos += len(inside) + 1
	if inside = strings.TrimSpace(inside); inside == "*" {
		return elements, nil
	}
	i, err := strconv.ParseUint(inside, 10, 31)
	if err != nil {
		return nil, invalid("[%s] should be the number of an element", clip(inside))
	}
	return element(int(i)), nil
}

func member(name string) step {
	return func(values []any) (found []any) {
		for _, v := range values {
			if o, ok := v.(map[string]any); ok {
				if m, ok := o[name]; ok {
					found = append(found, m)
				}
			}
		}
		return found
	}
}

func element(i int) step {
	return func(values []any) (found []any) {
		for _, v := range values {
			if l, ok := v.([]any); ok && i < len(l) {
				found = append(found, l[i])
			}
		}
		return found
	}
}

func elements(values []any) (found []any) {
	for _, v := range values {
		if l, ok := v.([]any); ok {
			found = append(found, l...)
		}
	}
	return found
}
