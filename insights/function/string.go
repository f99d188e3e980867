package function

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"steady/insights/value"
)

var texts = map[string]Function{
	"concat":  {Min: 1, Max: -1, Call: concat},
	"ltrim":   strict(1, 2, trim(strings.TrimLeft, strings.TrimLeftFunc)),
	"rtrim":   strict(1, 2, trim(strings.TrimRight, strings.TrimRightFunc)),
	"trim":    strict(1, 2, trim(strings.Trim, strings.TrimFunc)),
	"strlen":  ofText(func(s string) value.Value { return value.OfNumber(float64(utf8.RuneCountInString(s))) }),
	"toupper": ofText(func(s string) value.Value { return value.Of(strings.ToUpper(s)) }),
	"tolower": ofText(func(s string) value.Value { return value.Of(strings.ToLower(s)) }),
	"substr":  strict(2, 3, substr),
	"replace": strict(3, 3, func(a []value.Value) value.Value {
		if a[1].Text() == "" {
			return value.Of(a[0].Text())
		}
		return value.Of(strings.ReplaceAll(a[0].Text(), a[1].Text(), a[2].Text()))
	}),
	"regexreplace": {Min: 3, Max: 3, Pattern: regexReplace},
	"strcontains":  strict(2, 3, strContains),
	"startswith": strict(2, 2, func(a []value.Value) value.Value {
		return value.OfBool(strings.HasPrefix(a[0].Text(), a[1].Text()))
	}),
	"endswith": strict(2, 2, func(a []value.Value) value.Value {
		return value.OfBool(strings.HasSuffix(a[0].Text(), a[1].Text()))
	}),
	"split": strict(2, 2, split),
}

// concat joins texts as results show them; what is missing adds nothing, and as to any
// such function maps and lists are.
func concat(args []value.Value) value.Value {
	var b strings.Builder
	for _, a := range args {
		if !a.IsStructure() {
			b.WriteString(a.String())
		}
	}
	return value.Of(b.String())
}

// trim removes white space, or with a second argument the characters that it has.
func trim(set func(string, string) string, class func(string, func(rune) bool) string) Func {
	return func(a []value.Value) value.Value {
		if len(a) == 2 {
			return value.Of(set(a[0].Text(), a[1].Text()))
		}
		return value.Of(class(a[0].Text(), unicode.IsSpace))
	}
}

// substr counts code points from 0: substr("xyZfooxyZ", 3, 3) is "foo".
func substr(a []value.Value) value.Value {
	s := []rune(a[0].Text())
	clip := func(v value.Value) int {
		n, _ := v.Number()
		return int(min(max(n, 0), float64(len(s))))
	}
	s = s[clip(a[1]):]
	if len(a) == 3 {
		s = s[:clip(a[2])]
	}
	return value.Of(string(s))
}

// regexReplace replaces every match; $1 and ${name} in the replacement are groups.
func regexReplace(re *regexp.Regexp) Func {
	return func(a []value.Value) value.Value {
		if a[0].IsMissing() || a[0].IsStructure() || a[1].IsMissing() {
			return value.Value{}
		}
		return value.Of(re.ReplaceAllString(a[0].Text(), a[1].Text()))
	}
}

// strContains ignores the case where its third argument is true.
func strContains(a []value.Value) value.Value {
	s, part := a[0].Text(), a[1].Text()
	if len(a) == 3 && a[2].Truth() {
		s, part = strings.ToLower(s), strings.ToLower(part)
	}
	return value.OfBool(strings.Contains(s, part))
}

func split(a []value.Value) value.Value {
	parts := strings.Split(a[0].Text(), a[1].Text())
	all := make([]value.Value, len(parts))
	for i, p := range parts {
		all[i] = value.Of(p)
	}
	return value.OfList(all...)
}
