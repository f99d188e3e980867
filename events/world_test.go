package events_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"steady/awsapi"
	"steady/events"
	"steady/events/bus"
	"steady/events/target"
	"steady/model"
	"steady/state"
)

// world is the API behind the wire, as the SDK calls it, and what its bus has sent.
type world struct {
	*eventbridge.Client
	t     *testing.T
	store *state.Store

	mu   sync.Mutex
	sent []string
	news chan struct{}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, news: make(chan struct{}, 100)}
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w.store = store
	realm := model.Realm{Region: "us-east-1", Account: "000000000000"}
	log := slog.New(slog.DiscardHandler)
	b, err := bus.Open(bus.Options{Store: store, Queue: state.NewMemory(), Realm: realm, DeadLetters: t.TempDir(), Log: log, Send: w.send})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; b.Close() })
	api := events.New(events.Options{Store: store, Bus: b, Realm: realm,
		Targets: target.New(target.Options{Commands: map[string]string{"notify": "/bin/true"}, Log: log})})
	server := httptest.NewServer(awsapi.Handler(awsapi.Options{Logger: log}, api.Service()))
	t.Cleanup(server.Close)
	w.Client = eventbridge.New(eventbridge.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		RetryMaxAttempts: 1,
	})
	return w
}

func (w *world) send(_ context.Context, to types.Target, d bus.Delivery) error {
	w.mu.Lock()
	w.sent = append(w.sent, d.Rule+" "+*to.Id+" "+d.Payload)
	w.mu.Unlock()
	w.news <- struct{}{}
	return nil
}

// rule puts a rule for events of the source "my" with these targets.
func (w *world) rule(name string, targets ...types.Target) {
	w.t.Helper()
	_, err := w.PutRule(w.t.Context(), &eventbridge.PutRuleInput{Name: &name, EventPattern: aws.String(`{"source":["my"]}`)})
	w.must(err)
	if len(targets) > 0 {
		_, err = w.PutTargets(w.t.Context(), &eventbridge.PutTargetsInput{Rule: &name, Targets: targets})
		w.must(err)
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused checks an error's type and a part of its message.
func (w *world) refused(err error, code, message string) {
	w.t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), message) {
		w.t.Errorf("%v\nwant %s: %s", err, code, message)
	}
}

func command(id string) types.Target {
	return types.Target{Id: &id, Arn: aws.String("command:notify")}
}
