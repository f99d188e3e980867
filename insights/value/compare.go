package value

import (
	"cmp"
	"strings"
	"unicode/utf8"
)

// Equal is the language's "=": by value where both are numbers or look like them, so
// that 1, 1.0 and "1" are equal, else by text, case-sensitively. Nothing equals a
// missing value.
func Equal(a, b Value) bool {
	if a.kind == Missing || b.kind == Missing {
		return false
	}
	if x, ok := a.Number(); ok {
		if y, ok := b.Number(); ok {
			return compareNumbers(a, b, x, y) == 0
		}
	}
	return a.Text() == b.Text()
}

// Less is the language's "<" and its kin: numbers by value, other texts by their
// characters. It has no answer where a value is missing, or only one is a number.
func Less(a, b Value) (less, ok bool) {
	if a.kind == Missing || b.kind == Missing {
		return false, false
	}
	if a.kind == Time && b.kind == Text || a.kind == Text && b.kind == Time {
		if _, number := ParseNumber(a.text + b.text); !number { // a time as it is shown
			return a.String() < b.String(), true
		}
	}
	x, aNumber := a.Number()
	y, bNumber := b.Number()
	if aNumber != bNumber {
		return false, false
	}
	if aNumber {
		return compareNumbers(a, b, x, y) < 0, true
	}
	return a.Text() < b.Text(), true
}

// Compare is the order of sort, ascending: missing values, then "all non-number values
// come before all number values", texts in natural order.
func Compare(a, b Value) int {
	x, aNumber := a.Number()
	y, bNumber := b.Number()
	switch {
	case aNumber && bNumber:
		return compareNumbers(a, b, x, y)
	case aNumber != bNumber:
		return order(aNumber, bNumber)
	case a.kind == Missing || b.kind == Missing:
		return order(a.kind != Missing, b.kind != Missing)
	}
	return Natural(a.Text(), b.Text())
}

// order puts what is not before what is.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Natural compares texts: "non-numeric portions by their Unicode values, numeric
// portions by their length first and then by their numerical value".
func Natural(a, b string) int {
	for a != "" && b != "" {
		m, n := digits(a), digits(b)
		if m > 0 && n > 0 {
			if m != n {
				return cmp.Compare(m, n)
			}
			if c := strings.Compare(a[:m], b[:n]); c != 0 {
				return c
			}
			a, b = a[m:], b[n:]
			continue
		}
		r, i := utf8.DecodeRuneInString(a)
		s, j := utf8.DecodeRuneInString(b)
		if r != s {
			return cmp.Compare(r, s)
		}
		a, b = a[i:], b[j:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits counts the digits that a text begins with.
func digits(s string) int {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}
