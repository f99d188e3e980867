package value

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// exact is the size from which on a float64 does not tell a whole number from its
// neighbours.
const exact = 1 << 53

// OfWritten is a number as it is written. Its digits are kept where a float64 would lose
// them.
func OfWritten(written string, n float64) Value {
	v := Value{kind: Number, num: n}
	if whole(written) {
		v.text = v.digits(written)
	}
	return v
}

// Digits are the digits of a number so large that a float64 does not tell it from its
// neighbours, behind a minus where it is negative; empty for every other value.
func (v Value) Digits() string {
	n, ok := v.Number()
	if !ok {
		return ""
	}
	return OfNumber(n).digits(v.String())
}

// digits are those of a number that is written so.
func (v Value) digits(written string) string {
	if math.Abs(v.num) < exact || math.IsInf(v.num, 0) || math.IsNaN(v.num) {
		return ""
	}
	if !whole(written) {
		return strconv.FormatFloat(v.num, 'f', 0, 64)
	}
	figures := strings.TrimLeft(strings.TrimLeft(written, "+-"), "0")
	if v.num < 0 {
		return "-" + figures
	}
	return figures
}

// whole tells whether a number is written with nothing but digits behind its sign.
func whole(written string) bool {
	figures := strings.TrimLeft(written, "+-")
	return figures != "" && digits(figures) == len(figures)
}

// CompareDigits compares two numbers by what Digits gave for them.
func CompareDigits(a, b string) int {
	negative := strings.HasPrefix(a, "-")
	if negative != strings.HasPrefix(b, "-") {
		return order(!negative, negative)
	}
	if negative {
		a, b = b, a
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareNumbers compares two values whose numbers are x and y, whole ones to the last
// digit.
func compareNumbers(a, b Value, x, y float64) int {
	if c := cmp.Compare(x, y); c != 0 || math.Abs(x) < exact {
		return c
	}
	return CompareDigits(a.Digits(), b.Digits())
}
