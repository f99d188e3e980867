package pattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Event is an event, read once to be matched against many patterns.
type Event struct{ root node }

// ParseEvent reads an event, which must be a JSON object. Of a member that occurs
// twice the last counts.
func ParseEvent(event []byte) (*Event, error) {
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, fmt.Errorf("read an event: %w", err)
	}
	if object == nil {
		return nil, errors.New("read an event: it is null, not a JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read an event: there is more behind the JSON object")
	}
	e := &Event{}
	e.root.put(object)
	return e, nil
}

// node is what an event has at a path. By names with dots, which are the same as
// objects within, it can be several things at once.
type node struct {
	values []value
	fields map[string]*node
	arrays [][]node
}

// put adds a decoded value.
func (n *node) put(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, v := range v {
			n.at(name).put(v)
		}
	case []any:
		elements := make([]node, len(v))
		for i := range v {
			elements[i].put(v[i])
		}
		n.arrays = append(n.arrays, elements)
	case string:
		n.values = append(n.values, value{kind: text, text: v})
	case json.Number:
		n.values = append(n.values, valueOf(token{number, v.String()}))
	case bool:
		n.values = append(n.values, value{kind: literal, text: fmt.Sprint(v)})
	case nil:
		n.values = append(n.values, value{kind: literal, text: "null"})
	}
}

// at is the node of a name, made if there is none.
func (n *node) at(name string) *node {
	for step := range strings.SplitSeq(name, ".") {
		if n.fields == nil {
			n.fields = map[string]*node{}
		}
		if n.fields[step] == nil {
			n.fields[step] = &node{}
		}
		n = n.fields[step]
	}
	return n
}

// has tells whether there is a value at a path, in any element of arrays on the way.
func (n *node) has(path []string) bool {
	if len(path) == 0 && len(n.values) > 0 {
		return true
	}
	if len(path) > 0 {
		if f := n.fields[path[0]]; f != nil && f.has(path[1:]) {
			return true
		}
	}
	for _, elements := range n.arrays {
		for i := range elements {
			if elements[i].has(path) {
				return true
			}
		}
	}
	return false
}
