package policy

import (
	"fmt"
	"strings"
)

// expand makes a pattern of a text: variables get their values from the request. It is
// false if one has none.
func (s *statement) expand(text string, context map[string][]string) (glob, bool) {
	if !s.variables {
		return newGlob(text), true
	}
	var g glob
	for {
		before, rest, found := strings.Cut(text, "${")
		g = append(g, newGlob(before)...)
		if !found {
			return g, true
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed { // checkVariables has refused it
			return nil, false
		}
		value, ok := variable(name, context)
		if !ok {
			return nil, false
		}
		g = append(g, literal(value)...)
		text = after
	}
}

// variable is the value of ${name} or ${name, 'default'}; ${*}, ${?} and ${$} stand for
// the character.
func variable(name string, context map[string][]string) (string, bool) {
	if name == "*" || name == "?" || name == "$" {
		return name, true
	}
	key, fallback, hasDefault := strings.Cut(name, ",")
	values := context[fold(strings.TrimSpace(key))]
	switch {
	case len(values) == 1:
		return values[0], true
	case len(values) > 1 || !hasDefault: // "variables stand for keys of a single value"
		return "", false
	}
	return strings.Trim(strings.TrimSpace(fallback), "'"), true
}

// checkVariables refuses a statement whose variables are not closed.
func (s *statement) checkVariables() error {
	if !s.variables {
		return nil
	}
	texts := append([]string{}, s.resources...)
	for _, c := range s.conditions {
		texts = append(texts, c.values...)
	}
	for _, t := range texts {
		for {
			_, rest, found := strings.Cut(t, "${")
			if !found {
				break
			}
			name, after, closed := strings.Cut(rest, "}")
			if !closed || strings.TrimSpace(name) == "" {
				return fmt.Errorf("Invalid policy variable in %s.", t) //lint:ignore ST1005 in the manner of IAM's texts
			}
			t = after
		}
	}
	return nil
}
