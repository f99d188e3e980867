package insights

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"steady/scan/find"
)

// literal is a text that whatever matches a regular expression contains.
type literal struct {
	text string
	fold bool // in any case of its letters
}

// literals are those of a regular expression. whole says that containing the one
// literal is all that it takes to match.
func literals(source string) (all []literal, whole bool) {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, false
	}
	re = re.Simplify()
	if l, ok := literalOf(re); ok {
		return []literal{l}, true
	}
	return required(re, nil), false
}

// literalOf: case is ignored only for ASCII.
func literalOf(re *syntax.Regexp) (literal, bool) {
	if re.Op == syntax.OpCapture {
		return literalOf(re.Sub[0])
	}
	if re.Op != syntax.OpLiteral {
		return literal{}, false
	}
	l := literal{string(re.Rune), re.Flags&syntax.FoldCase != 0}
	for _, r := range re.Rune {
		if r == '\uFFFD' || l.fold && r >= 0x80 {
			return literal{}, false
		}
	}
	return l, true
}

// required collects the literals of what must match: parts of a sequence, what a
// group or a repetition of at least one has.
func required(re *syntax.Regexp, all []literal) []literal {
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

// quick answers for a regular expression what its literals can answer, which is many
// times as fast.
type quick struct {
	re      *regexp.Regexp
	finders []find.Finder
	folds   bool
	whole   bool
	prefix  bool // a match begins with the first literal
}

func newQuick(source string, re *regexp.Regexp) *quick {
	all, whole := literals(source)
	q := &quick{re: re, whole: whole}
	for _, l := range all {
		if l.fold {
			q.folds = true
			q.finders = append(q.finders, find.NewFold(l.text))
		} else {
			q.finders = append(q.finders, find.New(l.text))
		}
	}
	start, _ := re.LiteralPrefix()
	q.prefix = len(all) > 0 && !all[0].fold && all[0].text == start
	return q
}

// from is where a match may begin at the earliest, or no.
func (q *quick) from(s string) (from int, ok bool) {
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

func (q *quick) match(s string) bool {
	from, may := q.from(s)
	switch {
	case !may:
		return false
	case q.whole && q.finders[0].In(s):
		return true
	}
	return q.re.MatchString(s[from:])
}
