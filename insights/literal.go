package insights

import (
	"regexp/syntax"
	"strings"
)

// literals are texts that whatever matches a regular expression contains. whole says
// that containing the one literal is all that it takes to match.
func literals(source string) (all []string, whole bool) {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, false
	}
	re = re.Simplify()
	if s, ok := literal(re); ok {
		return []string{s}, true
	}
	return required(re, nil), false
}

func literal(re *syntax.Regexp) (string, bool) {
	if re.Op == syntax.OpCapture {
		return literal(re.Sub[0])
	}
	return string(re.Rune), re.Op == syntax.OpLiteral && re.Flags&syntax.FoldCase == 0
}

// required collects the literals of what must match: parts of a sequence, what a
// group or a repetition of at least one has.
func required(re *syntax.Regexp, all []string) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if s, ok := literal(re); ok && !strings.ContainsRune(s, '\uFFFD') {
			return append(all, s)
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
