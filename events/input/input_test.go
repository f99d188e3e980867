package input

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

const event = `{"version":"0","id":"7bf73129","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":"123456789012",` +
	`"time":"2015-11-11T21:29:54Z","region":"us-east-1","resources":["arn:a","arn:b"],"detail":{"instance-id":"i-0123456789","state":"RUNNING",` +
	`"note":"a \"b\"\n","n":1.50,"list":[{"k":"x","q":"\"\\\n"},{"k":"y"}],"none":null,"html":"<b> &"}}`

var occasion = Occasion{
	RuleName: "example", RuleARN: "arn:aws:events:us-east-2:123456789012:rule/example",
	Ingested: time.Date(2026, 11, 21, 9, 0, 0, 0, time.FixedZone("", 3600)), Event: []byte(event),
}

func payload(t *testing.T, target types.Target) string {
	t.Helper()
	target.Id = aws.String("t")
	in, err := Of(target)
	if err != nil {
		t.Fatal(err)
	}
	return in.Payload(occasion)
}

func transformer(template string, paths map[string]string) types.Target {
	return types.Target{InputTransformer: &types.InputTransformer{InputTemplate: &template, InputPathsMap: paths}}
}

func TestConstantsAndPaths(t *testing.T) {
	if got := payload(t, types.Target{}); got != event {
		t.Errorf("without an input it is %s", got)
	}
	if got := payload(t, types.Target{Input: aws.String(`{"a": 1}`)}); got != `{"a": 1}` {
		t.Errorf("a constant is %s", got)
	}
	for path, want := range map[string]string{
		"$":                       event,
		"$.detail.state":          `"RUNNING"`,
		"$.detail.instance-id":    `"i-0123456789"`,
		"$.detail-type":           `"EC2 Instance State-change Notification"`,
		"$.detail.n":              `1.50`,
		"$.detail.list[1]":        `{"k":"y"}`,
		"$.detail.list[*].k":      `["x","y"]`,
		"$.detail.list.*.k":       `["x","y"]`,
		"$['detail']['state']":    `"RUNNING"`,
		"$.resources[0]":          `"arn:a"`,
		"$.detail.none":           `null`,
		"$.detail.missing":        `null`,
		"$.detail.list[7]":        `null`,
		"$.detail.state.deeper":   `null`,
		"$.detail.missing.deeper": `null`,
	} {
		if got := payload(t, types.Target{InputPath: &path}); got != want {
			t.Errorf("%s is %s, not %s", path, got, want)
		}
	}
}

// The examples of the documentation, and what AWS was seen to answer.
func TestTemplates(t *testing.T) {
	paths := map[string]string{
		"instance": "$.detail.instance-id", "state": "$.detail.state", "missing": "$.detail.missing", "note": "$.detail.note",
		"n": "$.detail.n", "list": "$.detail.list", "resources": "$.resources", "none": "$.detail.none", "html": "$.detail.html",
	}
	for template, want := range map[string]string{
		`"instance <instance> is in <state>"`:           `"instance i-0123456789 is in RUNNING"`,
		`"instance \"<instance>\" is in <state>"`:       `"instance \"i-0123456789\" is in RUNNING"`,
		`{"instance": <instance>, "state": "<state>"}`:  `{"instance": "i-0123456789", "state": "RUNNING"}`,
		`{"state": [9, <state>, true], "x": <missing>}`: `{"state": [9, "RUNNING", true], "x": ""}`,
		`"info extracted from <missing>"`:               `"info extracted from "`,
		`"{[/Check with special characters <state>"`:    `"{[/Check with special characters RUNNING"`,
		`{"n": <n>, "s": "<n>", "none": <none>}`:        `{"n": 1.50, "s": "1.50", "none": null}`,
		`{"note": <note>, "s": "<note>"}`:               `{"note": "a \"b\"\n", "s": "a \"b\"\n"}`,
		`{"r": <resources>, "s": "<resources>"}`:        `{"r": ["arn:a","arn:b"], "s": "[arn:a,arn:b]"}`,
		`"<list>"`:                                      `"[{k:x,q:\\\n},{k:y}]"`,
		`<instance> says <note>`:                        "i-0123456789 says a \"b\"\n",
		`{"at": <aws.events.event.ingestion-time>}`:     `{"at": "2026-11-21T08:00:00Z"}`,
		`"<aws.events.rule-name> triggered"`:            `"example triggered"`,
		`{"rule": <aws.events.rule-arn>}`:               `{"rule": "arn:aws:events:us-east-2:123456789012:rule/example"}`,
		`{"e": <aws.events.event.json>}`:                `{"e": ` + event + `}`,
		`{"e": <aws.events.event>}`: `{"e": {"id":"7bf73129","account":"123456789012","detailType":"EC2 Instance State-change Notification","time":"2015-11-11T21:29:54Z",` +
			`"source":"aws.ec2","region":"us-east-1","resources":["arn:a","arn:b"],"version":"0"}}`,
		`{"a": "1 < 2 and <> too", "h": "<html>"}`: `{"a": "1 < 2 and <> too", "h": "<b> &"}`,
	} {
		got := payload(t, transformer(template, paths))
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", template, got, want)
		}
		if strings.IndexByte(`{["`, template[0]) >= 0 && !json.Valid([]byte(got)) {
			t.Errorf("%s gives %s, which is not JSON", template, got)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		target types.Target
		want   string
	}{
		{types.Target{InputPath: aws.String("$"), Input: aws.String("1")}, "Only one of Input, InputPath, or InputTransformer must be provided for target t."},
		{types.Target{Input: aws.String("{")}, "Input for target t must be valid JSON text."},
		{types.Target{InputPath: aws.String("detail")}, "it must begin with $"},
		{types.Target{InputPath: aws.String("$detail")}, "should begin with a dot"},
		{types.Target{InputPath: aws.String("$..a")}, "no name of a member"},
		{types.Target{InputPath: aws.String("$.a[?(@.b)]")}, "no index of an array"},
		{types.Target{InputPath: aws.String("$.a[0")}, "not closed"},
		{transformer(`{"a": <notdefinedkey>}`, nil), "InputTemplate for target t contains invalid placeholder notdefinedkey."},
		{transformer(`{<state>: 1}`, map[string]string{"state": "$.a"}), "Invalid InputTemplate for target t"},
		{transformer(`{"a": <state>`, map[string]string{"state": "$.a"}), "Invalid InputTemplate for target t"},
		{transformer(``, nil), "must not be empty"},
		{transformer(`<a>`, map[string]string{"a": "x"}), "invalid path for a"},
		{transformer(`<a>`, map[string]string{"aws.a": "$.x"}), `has the key "aws.a"`},
	} {
		c.target.Id = aws.String("t")
		if _, err := Of(c.target); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// A template that is taken gives JSON of any event, if it is to be JSON.
func FuzzTemplate(f *testing.F) {
	f.Add(`{"a": <x>, "b": "<x>"}`, "$.detail.list", event)
	f.Add(`"<x> \"<aws.events.event.json>\""`, "$['detail'].*", `{"detail":{"a":"\\\""}}`)
	f.Add(`[<x>, "\\<x>"]`, "$.a[0]", `{"a":["\\"]}`)
	f.Fuzz(func(t *testing.T, template, path, event string) {
		if !json.Valid([]byte(event)) {
			return
		}
		in, err := Of(types.Target{Id: aws.String("t"), InputTransformer: &types.InputTransformer{
			InputTemplate: &template, InputPathsMap: map[string]string{"x": path},
		}})
		if err != nil {
			return
		}
		got := in.Payload(Occasion{Event: []byte(event)})
		if in.template.isJSON() && !json.Valid([]byte(got)) {
			t.Errorf("%q with %q of %q gives %q", template, path, event, got)
		}
	})
}
