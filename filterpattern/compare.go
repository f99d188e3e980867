package filterpattern

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// comparand is what a value is compared with.
type comparand struct {
	text          string // without the wildcards around it
	before, after bool   // a wildcard stands there
	number        *float64
	re            *regexp.Regexp
}

// comparand reads a text in quotes or without, a number or a regular expression.
func (p *parser) comparand() (comparand, error) {
	switch {
	case p.at('%'):
		re, err := p.regex()
		return comparand{re: re}, err
	case p.at('"'):
		text, err := p.quoted()
		return wild(text), err
	}
	word := p.while(isWord)
	if word == "" {
		return comparand{}, invalid("%q should be a value; put text into double quotes", clip(p.rest()))
	}
	c := wild(word)
	if f, ok := number(word); ok {
		c.number = &f
	}
	return c, nil
}

// isWord tells what text may be made of without quotes.
func isWord(r rune) bool {
	return isName(r) || strings.ContainsRune(".*+/:", r) || r >= utf8.RuneSelf && unicode.IsLetter(r)
}

// wild takes the wildcards off: an asterisk matches any text before or after the rest;
// one in the middle is a plain character.
func wild(text string) comparand {
	c := comparand{text: text}
	c.text, c.before = strings.CutPrefix(c.text, "*")
	c.text, c.after = strings.CutSuffix(c.text, "*")
	return c
}

func number(text string) (float64, bool) {
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return 0, false // ParseFloat also takes hexadecimal, inf and nan
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// meets compares a value: "The SELECTOR must point to a value node"; what points to a
// list, an object or null meets neither = nor !=.
func (c comparand) meets(op string, value any) bool {
	text, ok := textOf(value)
	if !ok {
		return false
	}
	switch op {
	case "=":
		return c.equals(text)
	case "!=":
		return !c.equals(text)
	}
	is, ok := number(text)
	if !ok || c.number == nil {
		return false
	}
	switch op {
	case "<":
		return is < *c.number
	case "<=":
		return is <= *c.number
	case ">":
		return is > *c.number
	}
	return is >= *c.number
}

func (c comparand) equals(text string) bool {
	switch {
	case c.re != nil:
		return c.re.MatchString(text)
	case c.before && c.after:
		return strings.Contains(text, c.text)
	case c.before:
		return strings.HasSuffix(text, c.text)
	case c.after:
		return strings.HasPrefix(text, c.text)
	case text == c.text:
		return true
	}
	is, ok := number(text)
	return ok && c.number != nil && is == *c.number
}

func textOf(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// needs are the texts that whatever is equal has: none where numbers may be equal that
// are written otherwise.
func (c comparand) needs() []string {
	if c.re != nil || c.number != nil || c.text == "" {
		return nil
	}
	return []string{c.text}
}
