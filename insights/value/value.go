// Package value has the values that queries work on: texts that may look like
// numbers, numbers, booleans, times, and what jsonParse makes. It never knows where a
// value comes from.
package value

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind is what a value is.
type Kind uint8

const (
	Missing Kind = iota // no value at all: the field is not there, or null
	Text                // from a log event: a number too, if it looks like one
	Number              // computed, or a number of JSON
	Bool
	Time // ms since the epoch
	List
	Map
)

// Value is one value. The zero value is the missing one.
type Value struct {
	kind Kind
	num  float64 // of Number, Bool (1 or 0) and Time
	text string  // of Text; of Number: how it was written, or empty
	tree *Tree   // of List and Map
}

// Tree is what a list or map holds. Keys is nil for a list, and in the order of the
// JSON for a map.
type Tree struct {
	Keys   []string
	Values []Value
}

func Of(text string) Value        { return Value{kind: Text, text: text} }
func OfNumber(n float64) Value    { return Value{kind: Number, num: n} }
func OfTime(ms int64) Value       { return Value{kind: Time, num: float64(ms)} }
func OfList(all ...Value) Value   { return Value{kind: List, tree: &Tree{Values: all}} }
func OfMap(t *Tree) Value         { return Value{kind: Map, tree: t} }
func (v Value) Kind() Kind        { return v.kind }
func (v Value) IsMissing() bool   { return v.kind == Missing }
func (v Value) IsStructure() bool { return v.kind == List || v.kind == Map }

func OfBool(b bool) Value {
	if b {
		return Value{kind: Bool, num: 1}
	}
	return Value{kind: Bool}
}

// Tree is what a list or map holds, or nil.
func (v Value) Tree() *Tree { return v.tree }

// Number is the value as a number: a text that looks like one is one, true is 1, and
// a time is its milliseconds since the epoch.
func (v Value) Number() (float64, bool) {
	switch v.kind {
	case Text:
		return ParseNumber(v.text)
	case Number, Bool, Time:
		return v.num, true
	}
	return 0, false
}

// Millis is a time's milliseconds since the epoch; a number counts as such.
func (v Value) Millis() (int64, bool) {
	n, ok := v.Number()
	return int64(n), ok && math.Abs(n) < 1<<53
}

// Truth is whether a condition of this value holds.
func (v Value) Truth() bool {
	if v.kind == Text && strings.EqualFold(v.text, "true") {
		return true
	}
	n, ok := v.Number()
	return ok && n != 0
}

// Text is what like and the functions of strings see: as in the log event.
func (v Value) Text() string {
	if v.kind == Bool {
		return strconv.FormatBool(v.num != 0)
	}
	return v.String()
}

// TimeFormat is how a time is shown, in UTC.
const TimeFormat = "2006-01-02 15:04:05.000"

// String is how results show the value: "booleans print 1/0".
func (v Value) String() string {
	switch v.kind {
	case Text:
		return v.text
	case Number:
		if v.text != "" {
			return v.text
		}
		return FormatNumber(v.num)
	case Bool:
		if v.num != 0 {
			return "1"
		}
		return "0"
	case Time:
		return time.UnixMilli(int64(v.num)).UTC().Format(TimeFormat)
	case List, Map:
		return string(v.appendJSON(nil))
	}
	return ""
}

// FormatNumber writes a computed number: whole ones as such, others with four
// decimals, as Logs Insights shows them, and very small ones with five digits.
func FormatNumber(n float64) string {
	switch a := math.Abs(n); {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return ""
	case n == math.Trunc(n) && a < 1e18:
		return strconv.FormatInt(int64(n), 10)
	case a >= 1e18 || a < 0.001:
		return strconv.FormatFloat(n, 'G', 5, 64)
	}
	s := strings.TrimRight(strconv.FormatFloat(n, 'f', 4, 64), "0")
	return strings.TrimSuffix(s, ".")
}

// ParseNumber reads a text that looks like a number: an optional sign, digits, an
// optional fraction, an optional exponent, and nothing else.
func ParseNumber(s string) (float64, bool) {
	i, n := 0, len(s)
	if n == 0 || n > 400 {
		return 0, false
	}
	if s[0] == '-' || s[0] == '+' {
		i++
	}
	if i == n || s[i] != '.' && (s[i] < '0' || s[i] > '9') {
		return 0, false
	}
	if n-i <= 15 { // whole numbers that a float64 holds
		whole, j := int64(0), i
		for ; j < n && '0' <= s[j] && s[j] <= '9'; j++ {
			whole = whole*10 + int64(s[j]-'0')
		}
		if j == n {
			if s[0] == '-' {
				whole = -whole
			}
			return float64(whole), true
		}
	}
	for _, c := range []byte(s[i:]) {
		if (c < '0' || c > '9') && c != '.' && c|0x20 != 'e' && c != '-' && c != '+' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// Size is about how many bytes the value holds outside itself.
func (v Value) Size() int {
	n := len(v.text)
	if v.tree != nil {
		n += 64
		for i, x := range v.tree.Values {
			n += 40 + x.Size()
			if v.kind == Map {
				n += 16 + len(v.tree.Keys[i])
			}
		}
	}
	return n
}

// Clone is the value with a text of its own: a part of a text keeps all of it in
// memory otherwise.
func (v Value) Clone() Value {
	v.text = strings.Clone(v.text)
	return v
}
