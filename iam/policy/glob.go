package policy

import "strings"

// glob is a pattern in which * is any text and ? any one character. The two are kept
// apart from the characters that a variable's value may have.
type glob []rune

const (
	anyText rune = -1
	anyChar rune = -2
)

func newGlob(pattern string) glob {
	g := make(glob, 0, len(pattern))
	for _, r := range pattern {
		switch r {
		case '*':
			r = anyText
		case '?':
			r = anyChar
		}
		g = append(g, r)
	}
	return g
}

// literal is a text in which nothing stands for anything else.
func literal(text string) glob { return glob([]rune(text)) }

// match goes back to the last * only, which is enough: an earlier one could match no
// more than the last one can.
func (g glob) match(text string) bool {
	t := []rune(text)
	at, star, resume := 0, -1, 0
	for i := 0; i < len(t); {
		switch {
		case at < len(g) && g[at] == anyText:
			star, resume = at, i
			at++
		case at < len(g) && (g[at] == anyChar || g[at] == t[i]):
			at++
			i++
		case star >= 0:
			resume++
			at, i = star+1, resume
		default:
			return false
		}
	}
	for at < len(g) && g[at] == anyText {
		at++
	}
	return at == len(g)
}

// fold makes texts comparable whose case does not count.
func fold(s string) string { return strings.ToLower(s) }

// arnParts is how many parts an ARN has; the last may contain colons.
const arnParts = 6

func isARN(s string) bool {
	return strings.HasPrefix(s, "arn:") && strings.Count(s, ":") >= arnParts-1
}

// accountOf is the account of an ARN, or "".
func accountOf(arn string) string {
	if part := strings.SplitN(arn, ":", arnParts); len(part) == arnParts {
		return part[4]
	}
	return ""
}

// matchARN compares part by part: a wildcard does not reach over the colons between the
// first five.
func matchARN(pattern glob, arn string) bool {
	if len(pattern) == 1 && pattern[0] == anyText {
		return true
	}
	want := splitGlob(pattern)
	have := strings.SplitN(arn, ":", arnParts)
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if !want[i].match(have[i]) {
			return false
		}
	}
	return true
}

func splitGlob(g glob) []glob {
	var parts []glob
	start := 0
	for i, r := range g {
		if r == ':' && len(parts) < arnParts-1 {
			parts = append(parts, g[start:i])
			start = i + 1
		}
	}
	return append(parts, g[start:])
}
