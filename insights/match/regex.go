// Package match finds patterns in texts: regular expressions and globs, fast where most
// texts do not match. It never reads a field.
package match

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"steady/scan/find"
)

// Literal is a text that whatever matches a regular expression contains.
type Literal struct {
	Text string
	Fold bool // in any case of its letters
}

// Literals are those of a regular expression. whole says that containing the one
// literal is all that it takes to match.
func Literals(source string) (all []Literal, whole bool) {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, false
	}
	re = re.Simplify()
	if l, ok := literalOf(re); ok {
		return []Literal{l}, true
	}
	return required(re, nil), false
}

// literalOf: case is ignored only for ASCII.
func literalOf(re *syntax.Regexp) (Literal, bool) {
	if re.Op == syntax.OpCapture {
		return literalOf(re.Sub[0])
	}
	if re.Op != syntax.OpLiteral {
		return Literal{}, false
	}
	l := Literal{string(re.Rune), re.Flags&syntax.FoldCase != 0}
	for _, r := range re.Rune {
		if r == '\uFFFD' || l.Fold && r >= 0x80 {
			return Literal{}, false
		}
	}
	return l, true
}

// required collects the literals of what must match: parts of a sequence, what a
// group or a repetition of at least one has.
func required(re *syntax.Regexp, all []Literal) []Literal {
	switch re.Op {
	case syntax.OpLiteral:
		if l, ok := literalOf(re); ok {
			return append(all, l)
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			all = required(sub, all)
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0], all)
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0], all)
		}
	}
	return all
}

// Regex answers for a regular expression what its literals can answer, which is many
// times as fast.
type Regex struct {
	re      *regexp.Regexp
	finders []find.Finder
	folds   bool
	whole   bool
	prefix  bool // a match begins with the first literal
}

// NewRegex prepares a regular expression.
func NewRegex(re *regexp.Regexp) *Regex {
	all, whole := Literals(re.String())
	q := &Regex{re: re, whole: whole}
	for _, l := range all {
		if l.Fold {
			q.folds = true
			q.finders = append(q.finders, find.NewFold(l.Text))
		} else {
			q.finders = append(q.finders, find.New(l.Text))
		}
	}
	q.prefix = len(all) > 0 && !all[0].Fold && leads(re.String())
	return q
}

// leads tells whether any match begins with the first literal: not so behind ^ or \b,
// though they take no characters.
func leads(source string) bool {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return false
	}
	for re = re.Simplify(); re.Op == syntax.OpConcat || re.Op == syntax.OpCapture; re = re.Sub[0] {
	}
	return re.Op == syntax.OpLiteral
}

// from is where a match may begin at the earliest, or no.
func (q *Regex) from(s string) (from int, ok bool) {
	for i := range q.finders {
		at := q.finders[i].Index(s)
		if at < 0 {
			// (?i)k is also the Kelvin sign, and (?i)s the long s.
			return 0, q.folds && (strings.Contains(s, "\u212A") || strings.Contains(s, "\u017F"))
		}
		if i == 0 && q.prefix {
			from = at
		}
	}
	return from, true
}

// In tells whether s has a match.
func (q *Regex) In(s string) bool {
	from, may := q.from(s)
	switch {
	case !may:
		return false
	case q.whole && q.finders[0].In(s):
		return true
	}
	return q.re.MatchString(s[from:])
}

// Groups are the places of the first match in s and of its groups, two for each, as
// regexp.FindStringSubmatchIndex has them; nil where there is no match.
func (q *Regex) Groups(s string) []int {
	from, may := q.from(s)
	if !may {
		return nil
	}
	at := q.re.FindStringSubmatchIndex(s[from:])
	for i := range at {
		if at[i] >= 0 {
			at[i] += from
		}
	}
	return at
}
