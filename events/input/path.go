package input

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// path is a JSON path: "dot notation, dashes, underscores, alphanumeric characters,
// array indices, wildcards (*)", and ['name'].
type path []step

// step is a member's name, an index, or all of them.
type step struct {
	name  string
	index int // of an array; -1: a member
	all   bool
}

func parsePath(s string) (path, error) {
	rest, ok := strings.CutPrefix(s, "$")
	if !ok {
		return nil, errors.New("it must begin with $")
	}
	p := path{}
	for rest != "" {
		var st step
		var err error
		if rest[0] == '[' {
			st, rest, err = bracket(rest[1:])
		} else {
			st, rest, err = dotted(rest)
		}
		if err != nil {
			return nil, err
		}
		p = append(p, st)
	}
	return p, nil
}

func dotted(s string) (step, string, error) {
	if s[0] != '.' {
		return step{}, "", fmt.Errorf("%q should begin with a dot or a bracket", s)
	}
	end := strings.IndexAny(s[1:], ".[") + 1
	if end == 0 {
		end = len(s)
	}
	name := s[1:end]
	if name == "" || strings.ContainsAny(name, "]()?@'\" \t\r\n") {
		return step{}, "", fmt.Errorf("%q is no name of a member; only dot notation, indices and * are supported", name)
	}
	return step{name: name, index: -1, all: name == "*"}, s[end:], nil
}

func bracket(s string) (step, string, error) {
	inside, rest, ok := strings.Cut(s, "]")
	if !ok {
		return step{}, "", errors.New("a bracket is not closed")
	}
	if inside == "*" {
		return step{all: true}, rest, nil
	}
	if n := len(inside); n > 2 && (inside[0] == '\'' || inside[0] == '"') && inside[n-1] == inside[0] {
		return step{name: inside[1 : n-1], index: -1}, rest, nil
	}
	index, err := strconv.Atoi(inside)
	if err != nil || index < 0 {
		return step{}, "", fmt.Errorf("[%s] is no index of an array", inside)
	}
	return step{index: index}, rest, nil
}

// in finds the value of a path, as it is written. Behind a wildcard, it is the list of
// all that there are.
func (p path) in(v json.RawMessage) (json.RawMessage, bool) {
	if len(p) == 0 {
		return v, true
	}
	if p[0].all {
		return p[1:].inEach(v)
	}
	if p[0].index >= 0 {
		var list []json.RawMessage
		if json.Unmarshal(v, &list) != nil || p[0].index >= len(list) {
			return nil, false
		}
		return p[1:].in(list[p[0].index])
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(v, &object) != nil {
		return nil, false
	}
	member, ok := object[p[0].name]
	if !ok {
		return nil, false
	}
	return p[1:].in(member)
}

func (p path) inEach(v json.RawMessage) (json.RawMessage, bool) {
	var list []json.RawMessage
	if json.Unmarshal(v, &list) != nil {
		var object map[string]json.RawMessage
		if json.Unmarshal(v, &object) != nil {
			return nil, false
		}
		for _, name := range sortedNames(object) {
			list = append(list, object[name])
		}
	}
	var found []string
	for _, element := range list {
		if w, ok := p.in(element); ok {
			found = append(found, string(w))
		}
	}
	return json.RawMessage("[" + strings.Join(found, ",") + "]"), true
}
