package match

import (
	"reflect"
	"regexp"
	"slices"
	"testing"
)

func TestLiterals(t *testing.T) {
	for _, c := range []struct {
		source string
		want   []Literal
		whole  bool
	}{
		{"abc", []Literal{{"abc", false}}, true},
		{"(abc)", []Literal{{"abc", false}}, true},
		{"(?i)abc", []Literal{{"ABC", true}}, true},
		{"abc.*def", []Literal{{"abc", false}, {"def", false}}, false},
		{"(abc)?def", []Literal{{"def", false}}, false},
		{"(abc)+", []Literal{{"abc", false}}, false},
		{"(abc){2}", []Literal{{"abc", false}, {"abc", false}}, false},
		{"abc|def", nil, false},
		{"[a-z]+", nil, false},
		{"(?i)größe", nil, false},
		{"(", nil, false},
	} {
		got, whole := Literals(c.source)
		if !reflect.DeepEqual(got, c.want) || whole != c.whole {
			t.Errorf("%s: %v %v", c.source, got, whole)
		}
	}
}

// FuzzRegex: what is fast says the same as what is slow.
func FuzzRegex(f *testing.F) {
	for _, c := range [][2]string{
		{"^abc$", "xxabc"}, {"abc$", "abcabc"}, {`\babc`, "xabc abc"}, {"(?i)task", "TA\u017fK"}, {"(?i)k", "\u212a"}, {"(?i)abc", "xABc"},
		{"(abc)+(d)?", "xabcabcd"}, {"a.*b", "ba ab"}, {"(?m)^b", "a\nb"}, {"", "x"}, {"a|b", "xb"}, {"ab(?i)cd", "abCD"}, {"\xff", "\xff"}, {"(a*)*b", "aab"},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, source, s string) {
		re, err := regexp.Compile(source)
		if err != nil {
			return
		}
		fast := NewRegex(re)
		if got, want := fast.In(s), re.MatchString(s); got != want {
			t.Errorf("%q in %q: %v, not %v", source, s, got, want)
		}
		if got, want := fast.Groups(s), re.FindStringSubmatchIndex(s); !slices.Equal(got, want) {
			t.Errorf("%q in %q: %v, not %v", source, s, got, want)
		}
	})
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		glob, s string
		want    []string
	}{
		{"a*b*c", "xa1b2cc", []string{"1", "2"}},
		{"*=*", "k=v=w", []string{"k", "v=w"}},
		{"* *", "GET /path HTTP", []string{"GET", "/path HTTP"}},
		{"[*]", "no", nil},
		{"**", "abc", []string{"", "abc"}},
		{"a*", "xa", []string{""}},
		{"a*b", "ab", []string{""}},
		{"a*b", "a", nil},
	} {
		var got []string
		if !NewGlob(c.glob).Find(c.s, func(_ int, text string) { got = append(got, text) }) {
			got = nil
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s in %s: %q", c.glob, c.s, got)
		}
	}
}
