// Package input makes what a target of an EventBridge rule is given of an event: the
// event itself, a part of it, a constant text, or a template filled in. It never
// delivers anything.
package input

//lint:file-ignore ST1005 These errors are AWS's own texts, which callers see as they are.

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/go-json-experiment/json/jsontext"
)

// Occasion is an event that matched a rule.
type Occasion struct {
	RuleName, RuleARN string
	Ingested          time.Time // when the event was received
	Event             []byte    // JSON
}

// Input is what a target asks for.
type Input struct {
	constant *string
	path     path
	template *template
}

// Of reads Input, InputPath and InputTransformer of a target. Its error says what is
// wrong with them, in AWS's words where those are known.
func Of(t types.Target) (*Input, error) {
	id := aws.ToString(t.Id)
	given := 0
	for _, is := range []bool{t.Input != nil, t.InputPath != nil, t.InputTransformer != nil} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, fmt.Errorf("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", id)
	case t.Input != nil:
		if !json.Valid([]byte(*t.Input)) {
			return nil, fmt.Errorf("Input for target %s must be valid JSON text.", id)
		}
		return &Input{constant: t.Input}, nil
	case t.InputPath != nil:
		p, err := parsePath(*t.InputPath)
		if err != nil {
			return nil, fmt.Errorf("JsonPath for target %s is invalid: %w", id, err)
		}
		return &Input{path: p}, nil
	case t.InputTransformer != nil:
		tmpl, err := parseTemplate(id, *t.InputTransformer)
		return &Input{template: tmpl}, err
	}
	return &Input{}, nil
}

// Payload is what the target is given. A path that the event does not have gives null.
func (i *Input) Payload(o Occasion) string {
	switch {
	case i.constant != nil:
		return *i.constant
	case i.template != nil:
		return i.template.fill(o)
	case i.path != nil:
		if v, ok := i.path.in(o.Event); ok {
			return string(v)
		}
		return "null"
	}
	return string(o.Event)
}

// reserved are the "pre-defined variables you can use without defining a JSON path".
var reserved = map[string]func(Occasion) json.RawMessage{
	"aws.events.rule-arn":             func(o Occasion) json.RawMessage { return quote(o.RuleARN) },
	"aws.events.rule-name":            func(o Occasion) json.RawMessage { return quote(o.RuleName) },
	"aws.events.event.ingestion-time": func(o Occasion) json.RawMessage { return quote(o.Ingested.UTC().Format(time.RFC3339)) },
	"aws.events.event.json":           func(o Occasion) json.RawMessage { return o.Event },
	"aws.events.event":                withoutDetail,
}

func quote(s string) json.RawMessage {
	b, _ := jsontext.AppendQuote(nil, s) // what is no UTF-8 is mended, and said to be an error
	return json.RawMessage(b)
}

// withoutDetail is the event as AWS gives it there: without its detail, and with
// detailType for detail-type.
func withoutDetail(o Occasion) json.RawMessage {
	var e map[string]json.RawMessage
	if err := json.Unmarshal(o.Event, &e); err != nil {
		return json.RawMessage("null")
	}
	var members []string
	for _, m := range []struct{ name, shown string }{
		{"id", "id"}, {"account", "account"}, {"detail-type", "detailType"}, {"time", "time"},
		{"source", "source"}, {"region", "region"}, {"resources", "resources"}, {"version", "version"},
	} {
		if v, ok := e[m.name]; ok {
			members = append(members, `"`+m.shown+`":`+string(v))
		}
	}
	return json.RawMessage("{" + strings.Join(members, ",") + "}")
}
