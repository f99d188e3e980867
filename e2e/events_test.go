package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// endpoint is an HTTP endpoint of the user's, which checks the signatures of what it is
// sent.
type endpoint struct {
	url string

	mu       sync.Mutex
	status   int
	received []message
	problems []string
}

type message struct {
	id   string // of the webhook
	body string
}

func newEndpoint(t *testing.T, secretFile string) *endpoint {
	t.Helper()
	e := &endpoint{status: http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		e.mu.Lock()
		defer e.mu.Unlock()
		id := r.Header.Get("webhook-id")
		if problem := unsigned(r, id, body, secretFile); problem != "" || err != nil {
			e.problems = append(e.problems, fmt.Sprint(problem, err))
		}
		e.received = append(e.received, message{id, string(body)})
		w.WriteHeader(e.status)
	}))
	t.Cleanup(server.Close)
	e.url = server.URL + "/hook?secret=of-the-url"
	return e
}

// unsigned says what is wrong with the signature of a request.
func unsigned(r *http.Request, id string, body []byte, secretFile string) string {
	text, err := os.ReadFile(secretFile)
	if err != nil {
		return err.Error()
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(text)), "whsec_"))
	if err != nil {
		return err.Error()
	}
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, r.Header.Get("webhook-timestamp"), body)
	if got, want := r.Header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want {
		return "the signature is " + got + ", not " + want
	}
	return ""
}

func (e *endpoint) answer(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

// got waits for a message that has a text.
func (e *endpoint) got(t *testing.T, text string) (all []message) {
	t.Helper()
	eventually(t, func() string {
		e.mu.Lock()
		defer e.mu.Unlock()
		if len(e.problems) > 0 {
			t.Fatal(e.problems)
		}
		all = nil
		for _, m := range e.received {
			if strings.Contains(m.body, text) {
				all = append(all, m)
			}
		}
		if len(all) == 0 {
			return fmt.Sprintf("the endpoint has not received %q, but %v", text, e.received)
		}
		return ""
	})
	return all
}

// notifier is a program that appends what it is given to a file.
func notifier(t *testing.T) (program, file string) {
	t.Helper()
	dir := t.TempDir()
	program, file = filepath.Join(dir, "notify"), filepath.Join(dir, "given")
	if err := os.WriteFile(program, []byte("#!/bin/sh\ncat >> "+file+"; echo >> "+file+"; echo done with $STEADY_EVENT_ID\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return program, file
}

// fileHas waits until a file has a text.
func fileHas(t *testing.T, file, text string) {
	t.Helper()
	eventually(t, func() string {
		b, err := os.ReadFile(file)
		if !strings.Contains(string(b), text) {
			return fmt.Sprintf("%s (%v) has no %q: %s", file, err, text, b)
		}
		return ""
	})
}

// logged waits until a log group has a message with a text.
func (s *server) logged(t *testing.T, group, text string) {
	t.Helper()
	eventually(t, func() string {
		out, err := s.tryAWS("logs", "filter-log-events", "--log-group-name", group)
		if err != nil || !strings.Contains(out, text) {
			return fmt.Sprintf("the log group %s (%v) has no %q: %s", group, err, text, out)
		}
		return ""
	})
}

const eventsGroup = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/seen"

func TestEventRulesByTheCLI(t *testing.T) {
	t.Parallel()
	program, file := notifier(t)
	s := up(t, "--runtime", "sim", "--event-command", "notify="+program)
	hook := newEndpoint(t, filepath.Join(s.dataDir, "events", "webhook-secret"))

	event := `{"id":"1","account":"000000000000","source":"shop","time":"2026-11-21T09:00:00Z","region":"us-east-1","resources":[],"detail-type":"order","detail":{"total":12.5}}`
	pattern := `{"source":["shop"],"detail":{"total":[{"numeric":[">",10]}]}}`
	tested := aws[struct{ Result bool }](s, "events", "test-event-pattern", "--event-pattern", pattern, "--event", event)
	equal(t, "the test of the pattern", tested.Result, true)
	made := aws[struct{ RuleArn string }](s, "events", "put-rule", "--name", "orders", "--event-pattern", pattern, "--tags", "Key=team,Value=shop")
	equal(t, "the rule's ARN", made.RuleArn, "arn:aws:events:us-east-1:000000000000:rule/orders")
	s.refused(t, "InvalidEventPatternException", `Event pattern is not valid. Reason: "source" must be an object or an array`,
		"events", "put-rule", "--name", "orders", "--event-pattern", `{"source":"shop"}`)
	s.refused(t, "ValidationException", "Steady's operator allows it with --event-command",
		"events", "put-targets", "--rule", "orders", "--targets", "Id=x,Arn=command:rm")

	targets, _ := json.Marshal([]map[string]any{
		{"Id": "hook", "Arn": hook.url}, {"Id": "notify", "Arn": "command:notify"},
		{"Id": "log", "Arn": eventsGroup, "InputTransformer": map[string]any{
			"InputPathsMap": map[string]string{"total": "$.detail.total"}, "InputTemplate": `"<aws.events.rule-name>: <total>"`}},
	})
	put := aws[struct{ FailedEntryCount int }](s, "events", "put-targets", "--rule", "orders", "--targets", string(targets))
	equal(t, "failed targets", put.FailedEntryCount, 0)
	type results struct {
		FailedEntryCount int
		Entries          []struct{ EventId, ErrorCode string }
	}
	sent := aws[results](s, "events", "put-events", "--entries",
		`[{"Source":"shop","DetailType":"order","Detail":"{\"total\":12.5}"},{"Source":"shop","DetailType":"order","Detail":"{\"total\":3}"},
		  {"Source":"aws.ecs","DetailType":"forged","Detail":"{}"}]`)
	equal(t, "refused events", sent.FailedEntryCount, 1)
	equal(t, "the refusal", sent.Entries[2].ErrorCode, "NotAuthorizedForSourceException")
	id := sent.Entries[0].EventId
	if all := hook.got(t, id); len(all) != 1 || all[0].id != id+".orders.hook" {
		t.Errorf("the endpoint has received %v", all)
	}
	fileHas(t, file, id)
	s.logged(t, "/aws/events/seen", "orders: 12.5")
	eventually(t, func() string {
		if !strings.Contains(s.stderr.String(), "done with "+id) {
			return "the log does not tell what the command printed"
		}
		return ""
	})
	listed, err := s.tryAWS("events", "list-targets-by-rule", "--rule", "orders")
	secret, _ := os.ReadFile(filepath.Join(s.dataDir, "events", "webhook-secret"))
	if key := strings.TrimSpace(string(secret)); err != nil || key == "" || strings.Contains(listed+s.stderr.String(), key) {
		t.Errorf("the webhook's secret %q is told (%v)", key, err)
	}
	hook.mu.Lock()
	if len(hook.received) != 1 {
		t.Errorf("the endpoint has received %v", hook.received)
	}
	hook.mu.Unlock()
}

// What PutEvents has accepted is delivered after a kill, and an endpoint that is down
// loses nothing.
func TestAcceptedEventsSurviveAKill(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	hook := newEndpoint(t, filepath.Join(s.dataDir, "events", "webhook-secret"))
	hook.answer(http.StatusServiceUnavailable)
	aws[any](s, "events", "put-rule", "--name", "orders", "--event-pattern", `{"source":["shop"]}`)
	aws[any](s, "events", "put-targets", "--rule", "orders", "--targets", "Id=hook,Arn="+hook.url, "Id=log,Arn="+eventsGroup)
	sent := aws[struct{ Entries []struct{ EventId string } }](s, "events", "put-events", "--entries",
		`[{"Source":"shop","DetailType":"order","Detail":"{\"n\":1}"}]`)
	first := hook.got(t, sent.Entries[0].EventId)
	s.kill()
	hook.answer(http.StatusOK)
	s.start()
	eventually(t, func() string {
		if all := hook.got(t, sent.Entries[0].EventId); len(all) <= len(first) || all[len(all)-1].id != first[0].id {
			return fmt.Sprintf("after the kill the endpoint has received %v", all)
		}
		return ""
	})
	s.logged(t, "/aws/events/seen", sent.Entries[0].EventId)
	if strings.Contains(s.stderr.String(), "of-the-url") {
		t.Error("the log tells the URL's secret")
	}
}

// The business step that must follow a successful deployment.
func TestADeploymentIsToldToTargets(t *testing.T) {
	t.Parallel()
	program, file := notifier(t)
	s := up(t, "--runtime", "sim", "--event-command", "notify="+program)
	hook := newEndpoint(t, filepath.Join(s.dataDir, "events", "webhook-secret"))
	aws[any](s, "events", "put-rule", "--name", "deployed", "--event-pattern",
		`{"source":["aws.ecs"],"detail-type":["ECS Deployment State Change"],"detail":{"eventName":["SERVICE_DEPLOYMENT_COMPLETED"]}}`)
	aws[any](s, "events", "put-targets", "--rule", "deployed", "--targets",
		"Id=hook,Arn="+hook.url, "Id=notify,Arn=command:notify", "Id=log,Arn="+eventsGroup)
	aws[any](s, "ecs", "register-task-definition", "--family", "web", "--container-definitions", definition())
	made := aws[struct{ Service cliService }](s, "ecs", "create-service", "--service-name", "web", "--task-definition", "web", "--desired-count", "2").Service

	all := hook.got(t, "SERVICE_DEPLOYMENT_COMPLETED")
	var told struct {
		Source, Region string
		DetailType     string `json:"detail-type"`
		Resources      []string
		Detail         struct{ DeploymentId string }
	}
	if err := json.Unmarshal([]byte(all[0].body), &told); err != nil {
		t.Fatal(err)
	}
	equal(t, "the event", []string{told.Source, told.Region, told.DetailType, told.Resources[0], told.Detail.DeploymentId},
		[]string{"aws.ecs", "us-east-1", "ECS Deployment State Change", made.ServiceArn, made.Deployments[0].Id})
	fileHas(t, file, "SERVICE_DEPLOYMENT_COMPLETED")
	s.logged(t, "/aws/events/seen", "SERVICE_DEPLOYMENT_COMPLETED")
}
