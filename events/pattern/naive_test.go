package pattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A naive matcher: it writes the event as a list of its values, each with its path and
// with the elements of arrays that it is in, and tries all ways to choose one of them
// for each field of the pattern.

type leaf struct {
	path  string
	value any
	in    map[string]int // by array: the element
}

func leaves(v any, path, place string, in map[string]int) []leaf {
	switch v := v.(type) {
	case map[string]any:
		var all []leaf
		for k, w := range v {
			all = append(all, leaves(w, strings.TrimPrefix(path+"."+k, "."), place+"."+k, in)...)
		}
		return all
	case []any:
		var all []leaf
		for i, w := range v {
			inside := map[string]int{place: i}
			for k, n := range in {
				inside[k] = n
			}
			all = append(all, leaves(w, path, place+"["+strconv.Itoa(i)+"]", inside)...)
		}
		return all
	}
	return []leaf{{path, v, in}}
}

func together(a, b leaf) bool {
	for array, n := range a.in {
		if m, ok := b.in[array]; ok && m != n {
			return false
		}
	}
	return true
}

// wants resolves $or: each result is what the paths must be.
func wants(pattern map[string]any, path string) []map[string][]any {
	all := []map[string][]any{{}}
	join := func(more []map[string][]any) {
		var joined []map[string][]any
		for _, a := range all {
			for _, b := range more {
				m := map[string][]any{}
				for k, v := range a {
					m[k] = v
				}
				for k, v := range b {
					m[k] = v
				}
				joined = append(joined, m)
			}
		}
		all = joined
	}
	for k, v := range pattern {
		switch v := v.(type) {
		case map[string]any:
			join(wants(v, path+k+"."))
		case []any:
			if k != "$or" {
				join([]map[string][]any{{path + k: v}})
				continue
			}
			var each []map[string][]any
			for _, o := range v {
				each = append(each, wants(o.(map[string]any), path)...)
			}
			join(each)
		}
	}
	return all
}

func naive(pattern, event map[string]any) bool {
	all := leaves(event, "", "", nil)
	return slices.ContainsFunc(wants(pattern, ""), func(want map[string][]any) bool {
		var paths []string
		for p := range want {
			paths = append(paths, p)
		}
		return choose(paths, want, all, nil)
	})
}

func choose(paths []string, want map[string][]any, all, chosen []leaf) bool {
	if len(paths) == 0 {
		return true
	}
	path, rest := paths[0], paths[1:]
	exists := slices.ContainsFunc(all, func(l leaf) bool { return l.path == path })
	for _, w := range want[path] {
		if m, ok := w.(map[string]any); ok && m["exists"] == false {
			if !exists && choose(rest, want, all, chosen) {
				return true
			}
			continue
		}
		for _, l := range all {
			fits := l.path == path && is(l.value, w) && !slices.ContainsFunc(chosen, func(c leaf) bool { return !together(l, c) })
			if fits && choose(rest, want, all, append(slices.Clone(chosen), l)) {
				return true
			}
		}
	}
	return false
}

// is tells whether a value is what one element of a pattern's array wants.
func is(v, want any) bool {
	expression, ok := want.(map[string]any)
	if !ok {
		return v == want
	}
	s, isText := v.(string)
	n, isNumber := v.(float64)
	for operator, w := range expression {
		switch operator {
		case "exists":
			return true
		case "prefix":
			return isText && strings.HasPrefix(s, w.(string))
		case "suffix":
			return isText && strings.HasSuffix(s, w.(string))
		case "equals-ignore-case":
			return isText && strings.EqualFold(s, w.(string))
		case "wildcard":
			return isText && glob(w.(string), s)
		case "numeric":
			c := w.([]any)
			return isNumber && n > c[1].(float64) && n <= c[3].(float64)
		case "anything-but":
			if list, ok := w.([]any); ok {
				return !slices.Contains(list, v)
			}
			return !is(v, w)
		}
	}
	panic(fmt.Sprint(want))
}

func glob(w, s string) bool {
	if w == "" {
		return s == ""
	}
	if w[0] == '*' {
		return glob(w[1:], s) || s != "" && glob(w, s[1:])
	}
	return s != "" && w[0] == s[0] && glob(w[1:], s[1:])
}

var (
	names  = rapid.SampledFrom([]string{"a", "b", "c"})
	texts  = rapid.SampledFrom([]string{"", "a", "A", "ab", "aba", "b"})
	stars  = rapid.SampledFrom([]string{"*", "a*", "*b", "a*a", "*a*b*", ""})
	scalar = rapid.OneOf(texts.AsAny(), rapid.SampledFrom([]any{1.0, 2.0, 3.0, true, nil}))
)

func events(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		if depth == 0 {
			return scalar.Draw(t, "scalar")
		}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return scalar.Draw(t, "scalar")
		case 1:
			return rapid.SliceOfN(events(depth-1), 0, 3).Draw(t, "list")
		}
		return rapid.MapOfN(names, events(depth-1), 0, 3).Draw(t, "object")
	})
}

var expression = rapid.Custom(func(t *rapid.T) any {
	one := func(operator string, v any) any { return map[string]any{operator: v} }
	switch rapid.IntRange(0, 8).Draw(t, "operator") {
	case 0:
		return one("exists", rapid.Bool().Draw(t, "exists"))
	case 1:
		return one("prefix", texts.Draw(t, "prefix"))
	case 2:
		return one("suffix", texts.Draw(t, "suffix"))
	case 3:
		return one("equals-ignore-case", texts.Draw(t, "fold"))
	case 4:
		return one("wildcard", stars.Draw(t, "wildcard"))
	case 5:
		return one("numeric", []any{">", 1.0, "<=", 2.0})
	case 6:
		return one("anything-but", []any{texts.Draw(t, "but"), texts.Draw(t, "but")})
	case 7:
		return one("anything-but", one("wildcard", stars.Draw(t, "but")))
	}
	return scalar.Draw(t, "scalar")
})

func patterns(depth int) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		p := map[string]any{}
		for range rapid.IntRange(1, 3).Draw(t, "members") {
			name := names.Draw(t, "name")
			switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
			case depth > 0 && kind == 0:
				p[name] = patterns(depth-1).Draw(t, "object")
			case depth > 0 && kind == 1:
				p["$or"] = []any{patterns(depth-1).Draw(t, "or"), patterns(depth-1).Draw(t, "or")}
			default:
				p[name] = rapid.SliceOfN(expression, 1, 2).Draw(t, "values")
			}
		}
		return p
	})
}

// A compiled pattern matches what the naive one does. A path with several meanings in
// one pattern is left out: the last counts, and maps have no last.
func TestPatternsEqualNaiveOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := patterns(3).Draw(t, "pattern")
		object := rapid.MapOfN(names, events(3), 0, 3).Draw(t, "event")
		text, event := marshal(drawn), marshal(object)
		var pattern, plain map[string]any
		json.Unmarshal(text, &pattern)
		json.Unmarshal(event, &plain)
		if ambiguous(pattern, map[string]bool{}, "") {
			t.Skip()
		}
		p, err := Parse(string(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		e, err := ParseEvent(event)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.Matches(e), naive(pattern, plain); got != want {
			t.Fatalf("%s on %s: %v, naively %v", text, event, got, want)
		}
	})
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// ambiguous tells whether a path occurs twice on the way to one alternative.
func ambiguous(pattern map[string]any, seen map[string]bool, path string) bool {
	for k, v := range pattern {
		switch v := v.(type) {
		case map[string]any:
			if ambiguous(v, seen, path+k+".") {
				return true
			}
		case []any:
			if k != "$or" {
				if seen[path+k] {
					return true
				}
				seen[path+k] = true
				continue
			}
			for _, o := range v {
				if ambiguous(o.(map[string]any), seen, path) {
					return true
				}
			}
		}
	}
	return false
}

// Whatever the text, Parse answers with a pattern or with AWS's error, and what it
// takes is JSON.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"a": [{"anything-but": {"prefix": ["x", "y"]}}], "$or": [{"b": [1]}, {"c": [{"numeric": [">", 0, "<=", 5]}]}]}`,
		`{"$or": [{"cidr": "10.0.0.0/24"}, {"exists": false}]}`, `{"a": {"b": [{"wildcard": "a\\**"}, null, true, "é"]}}`,
		`{"a": [{"prefix": {"equals-ignore-case": "x"}}, {"cidr": "2001:db8::/32"}]}`, `{"a" : [`, `[`, `{"a":["\ud800"]}`,
	} {
		f.Add(s, instance)
	}
	f.Fuzz(func(t *testing.T, text, event string) {
		if len(text) > MaxLength {
			return
		}
		p, err := Parse(text)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("%q: the error is a %T", text, err)
			}
			return
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("%q is taken, but it is not JSON", text)
		}
		if e, err := ParseEvent([]byte(event)); err == nil {
			p.Matches(e)
		}
	})
}

func BenchmarkMatches(b *testing.B) {
	p, err := Parse(`{"source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"], "detail": {"eventName": [{"suffix": "_COMPLETED"}]}}`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		e, err := ParseEvent([]byte(instance))
		if err != nil {
			b.Fatal(err)
		}
		p.Matches(e)
	}
}
