// Package match checks the conditions of a scan on the values of a column. It never
// reads one.
package match

import (
	"bytes"
	"slices"
	"strings"

	"steady/scan"
)

// Value says whether a value that is there meets a condition.
func Value(c scan.Condition, v scan.Value) bool {
	switch c.Op {
	case scan.Equals:
		return slices.Contains(c.Texts, v.Text)
	case scan.Contains:
		for _, t := range c.Texts {
			if !strings.Contains(v.Text, t) {
				return false
			}
		}
	}
	return true
}

// Test is a condition made ready to be checked on many values.
type Test struct {
	op    scan.Op
	texts [][]byte
}

// Prepare makes a condition ready.
func Prepare(c scan.Condition) Test {
	t := Test{op: c.Op}
	for _, text := range c.Texts {
		t.texts = append(t.texts, []byte(text))
	}
	return t
}

// Met says what Value says.
func (t Test) Met(text []byte) bool {
	switch t.op {
	case scan.Equals:
		return slices.ContainsFunc(t.texts, func(x []byte) bool { return bytes.Equal(x, text) })
	case scan.Contains:
		return !slices.ContainsFunc(t.texts, func(x []byte) bool { return !bytes.Contains(text, x) })
	}
	return true
}

// Rows leaves those of rows whose value in a column meets a condition. It may change
// rows, and returns a part of it. A nil column is one that no row has.
func Rows(c scan.Condition, col *scan.Column, rows []int32) []int32 {
	if col == nil {
		return rows[:0]
	}
	met := make([]bool, len(col.Values))
	some := false
	for i, v := range col.Values {
		met[i] = Value(c, v)
		some = some || met[i]
	}
	if !some {
		return rows[:0]
	}
	out := rows[:0]
	for _, row := range rows {
		if code := col.Codes[row]; code >= 0 && met[code] {
			out = append(out, row)
		}
	}
	return out
}

// Pick is the column of some rows only.
func Pick(col *scan.Column, rows []int32) *scan.Column {
	codes := make([]int32, len(rows))
	for i, row := range rows {
		codes[i] = col.Codes[row]
	}
	return &scan.Column{Codes: codes, Values: col.Values}
}

// InField says that text can stand in a message that is one JSON object without escapes
// only within a string, a key, a number or a word: never over the border of one.
//
// Without a quote in it, it is inside a string or outside all. Outside there are only
// numbers, the words true, false and null, white space, and JSON's own characters.
func InField(text string) bool {
	if text == "" || strings.ContainsAny(text, "\"\\") {
		return false
	}
	const between = "{}[]:, \t\r\n"
	const outside = between + "0123456789+-.eEtrufalsn"
	if !strings.ContainsAny(text, between) {
		return true
	}
	return strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(outside, r) }) >= 0
}
