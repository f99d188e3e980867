package input

//lint:file-ignore ST1005 These errors are AWS's own texts, which callers see as they are.

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// template is text with places to be filled in.
type template struct {
	pieces []piece
	paths  map[string]path
}

// piece is literal text and the variable behind it, empty at the end.
type piece struct {
	text     string
	variable string
	in       setting
}

// setting is where a variable stands.
type setting int

const (
	inJSON   setting = iota // as a value
	inQuotes                // in a JSON string
	inText                  // in a template that is no JSON
)

var (
	validVariable = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	placeholder   = regexp.MustCompile(`<([A-Za-z0-9_.-]+)>`)
)

// parseTemplate reads the input transformer of a target.
func parseTemplate(id string, it types.InputTransformer) (*template, error) {
	t := &template{paths: map[string]path{}}
	for _, name := range sortedNames(it.InputPathsMap) {
		if !validVariable.MatchString(name) || strings.HasPrefix(strings.ToLower(name), "aws.") {
			return nil, fmt.Errorf("InputPathsMap for target %s has the key %q; keys consist of letters, digits, - and _.", id, name)
		}
		p, err := parsePath(it.InputPathsMap[name])
		if err != nil {
			return nil, fmt.Errorf("InputPathsMap for target %s has an invalid path for %s: %w", id, name, err)
		}
		t.paths[name] = p
	}
	text := aws.ToString(it.InputTemplate)
	if text == "" {
		return nil, fmt.Errorf("InputTemplate for target %s must not be empty.", id)
	}
	if unknown := t.split(text); unknown != "" {
		return nil, fmt.Errorf("InputTemplate for target %s contains invalid placeholder %s.", id, unknown)
	}
	if t.isJSON() && !json.Valid([]byte(t.sample())) {
		return nil, fmt.Errorf("Invalid InputTemplate for target %s: it is not valid JSON when its placeholders are filled in, or one of them is the key of an object.", id)
	}
	return t, nil
}

// split finds the placeholders. It returns the first that means nothing.
func (t *template) split(text string) (unknown string) {
	setting := inText
	if first := strings.TrimSpace(text); first != "" && strings.IndexByte(`{["`, first[0]) >= 0 {
		setting = inJSON
	}
	at := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		literal, name := text[at:m[0]], text[m[2]:m[3]]
		setting = setting.after(literal)
		if _, ok := reserved[name]; !ok && t.paths[name] == nil {
			return name
		}
		t.pieces = append(t.pieces, piece{literal, name, setting})
		at = m[1]
	}
	t.pieces = append(t.pieces, piece{text: text[at:], in: setting})
	return ""
}

// after is the setting behind literal text: unescaped quotes open and close strings.
func (s setting) after(literal string) setting {
	if s == inText {
		return s
	}
	for i := 0; i < len(literal); i++ {
		switch {
		case literal[i] == '\\' && s == inQuotes:
			i++
		case literal[i] == '"' && s == inQuotes:
			s = inJSON
		case literal[i] == '"':
			s = inQuotes
		}
	}
	return s
}

func (t *template) isJSON() bool { return t.pieces[0].in != inText }

// sample is the template filled in with numbers, which no key can be.
func (t *template) sample() string {
	var b strings.Builder
	for _, p := range t.pieces {
		b.WriteString(p.text)
		if p.variable != "" {
			b.WriteString("0")
		}
	}
	return b.String()
}

func (t *template) fill(o Occasion) string {
	var b strings.Builder
	for _, p := range t.pieces {
		b.WriteString(p.text)
		if p.variable != "" {
			b.WriteString(p.in.show(t.value(p.variable, o)))
		}
	}
	return b.String()
}

// value of a variable. A path that the event does not have gives an empty string.
func (t *template) value(variable string, o Occasion) json.RawMessage {
	if of, ok := reserved[variable]; ok {
		return of(o)
	}
	if v, ok := t.paths[variable].in(o.Event); ok {
		return v
	}
	return json.RawMessage(`""`)
}

// show writes a value where it stands. Within a JSON string, a text loses its quotes
// and anything else all that it has.
func (s setting) show(v json.RawMessage) string {
	if s == inJSON {
		return string(v)
	}
	var text string
	isText := json.Unmarshal(v, &text) == nil && len(v) > 0 && v[0] == '"'
	switch {
	case s == inText && isText:
		return text
	case s == inText:
		return string(v)
	case isText:
		q := quote(text)
		return string(q[1 : len(q)-1])
	}
	return withoutQuotes(v)
}

func withoutQuotes(v json.RawMessage) string {
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		switch {
		case v[i] == '\\' && i+1 < len(v):
			if i++; v[i] != '"' {
				b.Write(v[i-1 : i+1])
			}
		case v[i] != '"':
			b.WriteByte(v[i])
		}
	}
	return b.String()
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
