package notify

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// place is an HTTP server that notes what it is sent.
type place struct {
	*httptest.Server
	got    []string // "path body"
	header http.Header
	answer string
	status int
}

func newPlace(t *testing.T) *place {
	p := &place{status: 200}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.got = append(p.got, r.URL.Path+" "+string(body))
		p.header = r.Header
		w.WriteHeader(p.status)
		io.WriteString(w, p.answer)
	}))
	t.Cleanup(p.Close)
	return p
}

var (
	begun = Message{Key: "ecs-svc/1", Title: "web: deploying web:3", Tone: Neutral, Facts: []Fact{{"cluster", "default"}}}
	ended = Message{Key: "ecs-svc/1", Title: "web: rolled back", Tone: Bad, Final: true, Text: "Why: <!channel> & ```exit 1```", Facts: []Fact{{"cluster", "default"}}}
)

func send(t *testing.T, c Config, publisher Publisher, messages ...Message) error {
	t.Helper()
	n := New(c, publisher)
	var failed error
	for _, m := range messages {
		failed = errors.Join(failed, n.Send(t.Context(), m))
	}
	return failed
}

func TestSlackWebhookSendsWhatIsFinal(t *testing.T) {
	p := newPlace(t)
	if err := send(t, Config{Slack: []Slack{{Webhook: p.URL + "/hook"}}}, nil, begun, ended); err != nil {
		t.Fatal(err)
	}
	if len(p.got) != 1 || !strings.Contains(p.got[0], "web: rolled back") || strings.Contains(p.got[0], "<!channel>") || strings.Count(p.got[0], "```") != 2 {
		t.Errorf("it was sent %v", p.got)
	}
}

func TestSlackBotUpdatesItsMessage(t *testing.T) {
	p := newPlace(t)
	p.answer = `{"ok": true, "channel": "C1", "ts": "17.2"}`
	other := begun
	other.Key = "ecs-svc/2"
	if err := send(t, Config{Slack: []Slack{{Token: "xoxb", Channel: "#d", API: p.URL}}}, nil, begun, other, ended, begun); err != nil {
		t.Fatal(err)
	}
	var methods []string
	for _, call := range p.got {
		path, body, _ := strings.Cut(call, " ")
		if path == "/chat.update" && !strings.Contains(body, `"channel":"C1"`) || path == "/chat.update" && !strings.Contains(body, `"ts":"17.2"`) {
			t.Errorf("it updates %s", body)
		}
		methods = append(methods, path)
	}
	if got := strings.Join(methods, " "); got != "/chat.postMessage /chat.postMessage /chat.update /chat.postMessage" || p.header.Get("Authorization") != "Bearer xoxb" {
		t.Errorf("it called %s with %v", got, p.header)
	}
	p.answer = `{"ok": false, "error": "channel_not_found"}`
	if err := send(t, Config{Slack: []Slack{{Token: "xoxb", Channel: "#d", API: p.URL}}}, nil, begun); err == nil || err.Error() != `notify slack: it answered "channel_not_found"` {
		t.Errorf("a refusal is %v", err)
	}
}

func TestWebhookIsSigned(t *testing.T) {
	p := newPlace(t)
	if err := send(t, Config{Webhooks: []Webhook{{URL: p.URL, Secret: "s"}}}, nil, begun, ended); err != nil {
		t.Fatal(err)
	}
	var d document
	_, body, _ := strings.Cut(p.got[1], " ")
	if err := json.Unmarshal([]byte(body), &d); err != nil || len(p.got) != 2 || d.Key != "ecs-svc/1" || !d.Final || d.Tone != Bad || d.Facts[0].Value != "default" {
		t.Errorf("it was sent %v", p.got)
	}
	if !strings.HasPrefix(p.header.Get("webhook-signature"), "v1,") || !strings.HasPrefix(p.header.Get("webhook-id"), "ecs-svc/1/") {
		t.Errorf("with %v", p.header)
	}
}

type publisher struct{ in []*sns.PublishInput }

func (p *publisher) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	p.in = append(p.in, in)
	return new(sns.PublishOutput), nil
}

func TestTopics(t *testing.T) {
	p := new(publisher)
	long := ended
	long.Title = strings.Repeat("ä", 200)
	if err := send(t, Config{SNS: []string{"arn:aws:sns:eu-1:1:d.fifo"}}, p, begun, ended, long); err != nil || len(p.in) != 2 {
		t.Fatalf("%v, published %d", err, len(p.in))
	}
	if *p.in[0].Subject != "web: rolled back" || *p.in[0].MessageDeduplicationId != "ecs-svc/1" || !strings.Contains(*p.in[0].Message, "cluster: default\n\nWhy:") || len(*p.in[1].Subject) >= 100 {
		t.Errorf("published %+v", *p.in[0])
	}
}

// A channel that fails does not keep the others from the message, and no URL, which may
// be a secret, is told.
func TestFailuresAreTold(t *testing.T) {
	gone, p := newPlace(t), newPlace(t)
	gone.Close()
	refuses := newPlace(t)
	refuses.status = 403
	err := send(t, Config{
		Slack:    []Slack{{Webhook: gone.URL + "/T0/SECRET"}, {Webhook: refuses.URL + "/T0/SECRET"}},
		Webhooks: []Webhook{{URL: p.URL}},
	}, nil, ended)
	if err == nil || !strings.Contains(err.Error(), "connection refused") || !strings.Contains(err.Error(), "notify slack: it answered 403 Forbidden") || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("told %v", err)
	}
	if len(p.got) != 1 {
		t.Error("the webhook has no message")
	}
	if err := New(Config{}, nil).Send(t.Context(), ended); err != nil {
		t.Error("nobody to notify is no error")
	}
}

func TestConfig(t *testing.T) {
	environment := func(name string) (string, bool) { return "s3cret", name == "TOKEN" }
	c, err := parse([]byte("notify:\n  slack:\n    - {token: '${TOKEN}', channel: '#d'}\n  webhooks:\n    - url: https://h/x\n      secret: a${TOKEN}b\n  sns: [arn]\n"), environment)
	if err != nil || c.Slack[0].Token != "s3cret" || c.Webhooks[0].Secret != "as3cretb" || len(c.SNS) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	for text, want := range map[string]string{
		"notify: {slak: []}": "field slak not found",
		"notify: {webhooks: [{url: 'https://h', secret: '${NONE}'}]}": "the environment has no variable NONE",
		"notify: {webhooks: [{url: 's3cret'}]}":                       "webhooks entry 1: its URL cannot be read",
		"notify: {slack: [{}]}":                                       "slack entry 1: give a webhook, or a token and a channel",
		"notify: {slack: [{token: s3cret}]}":                          "slack entry 1: a token needs a channel",
		"notify: [":                                                   "yaml",
	} {
		if _, err := parse([]byte(text), environment); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add("notify: {slack: [{webhook: 'https://${A}'}]}")
	f.Fuzz(func(t *testing.T, text string) {
		parse([]byte(text), func(string) (string, bool) { return "x", true })
	})
}
