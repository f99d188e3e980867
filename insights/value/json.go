package value

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// ParseJSON reads one JSON value. What is no JSON is missing.
func ParseJSON(s string) Value {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	v, err := decode(d)
	if err != nil {
		return Value{}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Value{}
	}
	return v
}

func decode(d *json.Decoder) (Value, error) {
	t, err := d.Token()
	if err != nil {
		return Value{}, err
	}
	switch t := t.(type) {
	case string:
		return Of(t), nil
	case bool:
		return OfBool(t), nil
	case json.Number:
		n, _ := ParseNumber(t.String())
		return Value{kind: Number, num: n, text: t.String()}, nil
	case json.Delim:
		return decodeTree(d, t == '{')
	}
	return Value{}, nil // null
}

func decodeTree(d *json.Decoder, isMap bool) (Value, error) {
	t, kind := &Tree{}, List
	if isMap {
		t.Keys, kind = []string{}, Map
	}
	for d.More() {
		if isMap {
			key, err := d.Token()
			if err != nil {
				return Value{}, err
			}
			t.Keys = append(t.Keys, key.(string))
		}
		v, err := decode(d)
		if err != nil {
			return Value{}, err
		}
		t.Values = append(t.Values, v)
	}
	_, err := d.Token()
	return Value{kind: kind, tree: t}, err
}

// Member is a member of a map by its name; the last of several.
func (v Value) Member(name string) Value {
	if v.kind == Map {
		for i := len(v.tree.Keys) - 1; i >= 0; i-- {
			if v.tree.Keys[i] == name {
				return v.tree.Values[i]
			}
		}
	}
	return Value{}
}

// Element is an element of a list by its place, from 0.
func (v Value) Element(i int) Value {
	if v.kind == List && i >= 0 && i < len(v.tree.Values) {
		return v.tree.Values[i]
	}
	return Value{}
}

// JSON is the value as JSON.
func (v Value) JSON() string { return string(v.appendJSON(nil)) }

func (v Value) appendJSON(b []byte) []byte {
	switch v.kind {
	case Missing:
		return append(b, "null"...)
	case Number:
		return append(b, v.String()...)
	case Bool:
		return strconv.AppendBool(b, v.num != 0)
	case List, Map:
		return v.appendTree(b)
	}
	return appendString(b, v.String())
}

func (v Value) appendTree(b []byte) []byte {
	open, closing := byte('['), byte(']')
	if v.kind == Map {
		open, closing = '{', '}'
	}
	b = append(b, open)
	for i, x := range v.tree.Values {
		if i > 0 {
			b = append(b, ',')
		}
		if v.kind == Map {
			b = append(appendString(b, v.tree.Keys[i]), ':')
		}
		b = x.appendJSON(b)
	}
	return append(b, closing)
}

// appendString writes a string of JSON without escaping what only HTML would need.
func appendString(b []byte, s string) []byte {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return append(b, `""`...) // never: a string always encodes
	}
	return append(b, strings.TrimSuffix(out.String(), "\n")...)
}
