package flatten

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// leaves is what Flatten finds, as a line per leaf; of two of one name the last counts.
func leaves(f *Flattener, message string) (lines []string, plain bool) {
	r := f.Flatten(message)
	found := map[string]string{}
	for _, l := range r.Leaves {
		found[l.Path.Name] = fmt.Sprintf("%s %c=%s", l.Path.Name, "snbz"[l.Kind], l.Text)
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		lines = append(lines, found[name])
	}
	return lines, r.Plain
}

func TestFieldsOfMessages(t *testing.T) {
	for _, c := range []struct {
		message string
		want    string
		plain   bool
	}{
		{`{"a":"b"}`, "a s=b", true},
		{` {"a" : "b" , "c":[1, -2.5e3,{"d":true}]} `, "a s=b; c.0 n=1; c.1 n=-2.5e3; c.2.d b=true", true},
		{`{"detail":{"containers":[{"exitCode":137}]}}`, "detail.containers.0.exitCode n=137", true},
		{`{"@a":{"@b":1}}`, "@@a.@b n=1", true},
		{`{"a":null,"b":false,"c":{},"d":[]}`, "a z=; b b=false", true},
		{`{"json":"{\"x\":1}"}`, `json s={"x":1}`, false},
		{`{"a":"\u00e9\ud83d\ude00\ud800\n"}`, "a s=é😀\uFFFD\n", false},
		{`START {"a":1} {"b":2} END`, "a n=1", false},
		{`broken {"a": then {"b":1}`, "b n=1", false},
		{`{"a":1,"a":2}`, "a n=2", true},
		{`no fields`, "", false},
		{`[1,2]`, "", false},
		{`{"a":01}`, "", false},
		{`{"a":1,}`, "", false},
		{`{"a":"tab	"}`, "", false},
		{`{"":{"":1}}`, ". n=1", true},
		{"", "", false},
	} {
		got, plain := leaves(new(Flattener), c.message)
		if strings.Join(got, "; ") != c.want || plain != c.plain {
			t.Errorf("%s: %q, plain %v; want %q, plain %v", c.message, got, plain, c.want, c.plain)
		}
	}
}

func TestAtMost200FieldsAreFound(t *testing.T) {
	var members []string
	for i := range 300 {
		members = append(members, fmt.Sprintf(`"k%03d":%d`, i, i))
	}
	r := new(Flattener).Flatten("{" + strings.Join(members, ",") + "}")
	if len(r.Leaves) != MaxFields || r.Plain || r.Leaves[199].Path.Name != "k199" {
		t.Errorf("%d fields, plain %v", len(r.Leaves), r.Plain)
	}
	deep := strings.Repeat(`{"a":`, MaxDepth+1) + "1" + strings.Repeat("}", MaxDepth+1)
	if r := new(Flattener).Flatten(deep); len(r.Leaves) != 1 && r.Plain {
		t.Errorf("too deep: %v", r)
	}
}

func TestEqualPathsAreTheSame(t *testing.T) {
	f := new(Flattener)
	first := f.Flatten(`{"a":{"b":1},"c":2}`).Leaves[0].Path
	second := f.Flatten(`{"c":2,"a":{"x":0,"b":1}}`).Leaves[2].Path
	if first != second || len(f.Paths) != 3 {
		t.Errorf("%v and %v of %d", first, second, len(f.Paths))
	}
}

// FuzzFlatten compares with encoding/json, and holds Plain to its word.
func FuzzFlatten(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":null}],"c":"\u0041"}`, `{"a":{"a":{}}}`, `x {"a":1} y`, `{"a":1,"a":{"b":2}}`, `{"k\u0065y":"v"}`, `{"e":[]}`} {
		f.Add(s)
	}
	shared := new(Flattener)
	f.Fuzz(func(t *testing.T, message string) {
		got, plain := leaves(new(Flattener), message)
		if again, _ := leaves(shared, message); !slices.Equal(got, again) {
			t.Fatalf("%q, and with known paths %q", got, again)
		}
		if plain {
			checkPlain(t, message)
		}
		var whole map[string]any
		d := json.NewDecoder(strings.NewReader(message))
		d.UseNumber()
		if !utf8.ValidString(message) || !json.Valid([]byte(message)) || d.Decode(&whole) != nil || twice(message) {
			return
		}
		want := map[string]string{}
		reference("", whole, 0, want)
		lines := slices.Sorted(maps.Values(want))
		if slices.Sort(got); len(want) < MaxFields && !slices.Equal(got, lines) {
			t.Errorf("%q: %q, want %q", message, got, lines)
		}
	})
}

// checkPlain checks what Result.Plain says: each part of the message that has nothing of
// JSON's own is found.
func checkPlain(t *testing.T, message string) {
	f := new(Flattener)
	r := f.Flatten(message)
	var all []string
	for _, l := range r.Leaves {
		all = append(all, l.Text, l.Path.Name)
	}
	all = append(append(all, f.Empties...), "null")
	for _, part := range strings.FieldsFunc(message, func(r rune) bool { return strings.ContainsRune("{}[]:,\" \t\r\n", r) }) {
		if !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, part) }) {
			t.Errorf("%q is plain, and %q is nowhere in %q", message, part, all)
		}
	}
}

// twice says that an object of the message may have a key twice, which encoding/json
// sees otherwise.
func twice(message string) bool {
	var compact strings.Builder
	var v any
	if json.Unmarshal([]byte(message), &v) != nil {
		return true
	}
	count := func(s string) int { return strings.Count(s, `":`) + strings.Count(s, `" :`) }
	e := json.NewEncoder(&compact)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return true
	}
	return count(compact.String()) != strings.Count(message, ":")
}

func reference(path string, v any, depth int, out map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, member := range v {
			name := path + "." + k
			if depth == 0 {
				if name = k; strings.HasPrefix(k, "@") {
					name = "@" + k
				}
			}
			reference(name, member, depth+1, out)
		}
	case []any:
		for i, member := range v {
			reference(path+"."+strconv.Itoa(i), member, depth+1, out)
		}
	case string:
		out[path] = fmt.Sprintf("%s s=%s", path, v)
	case json.Number:
		out[path] = fmt.Sprintf("%s n=%s", path, v)
	case bool:
		out[path] = fmt.Sprintf("%s b=%v", path, v)
	case nil:
		out[path] = path + " z="
	}
}
