package awsapi

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// tailing is a server whose live tail is the stream given, and a client of it.
func tailing(t *testing.T, o Options, call func(context.Context, *cloudwatchlogs.StartLiveTailInput) (Stream, error)) *cloudwatchlogs.Client {
	o.Logger = slog.New(slog.DiscardHandler)
	s := httptest.NewServer(Handler(o, Service{
		Name: "logs", Target: "Logs_20140328", Operations: map[string]Operation{"StartLiveTail": StreamOp(call)},
	}))
	t.Cleanup(s.Close)
	return cloudwatchlogs.New(cloudwatchlogs.Options{
		Region: "us-east-1", BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
		RetryMaxAttempts: 1, APIOptions: []func(*middleware.Stack) error{noHostPrefix},
	})
}

// noHostPrefix keeps the endpoint as it is: the SDK would put "stream-" before it.
func noHostPrefix(s *middleware.Stack) error {
	return s.Initialize.Add(middleware.InitializeMiddlewareFunc("NoHostPrefix",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}

func start(t *testing.T, c *cloudwatchlogs.Client) (*cloudwatchlogs.StartLiveTailEventStream, error) {
	out, err := c.StartLiveTail(t.Context(), &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{"g"}})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { out.GetStream().Close() })
	return out.GetStream(), nil
}

func update(message string) *types.LiveTailSessionUpdate {
	return &types.LiveTailSessionUpdate{SessionResults: []types.LiveTailSessionLogEvent{{Message: &message}}}
}

// The SDK reads what a stream tells, while it is told, to its end.
func TestEventStream(t *testing.T) {
	heard := make(chan bool)
	c := tailing(t, Options{}, func(_ context.Context, in *cloudwatchlogs.StartLiveTailInput) (Stream, error) {
		return func(_ context.Context, send func(string, any) error) error {
			if err := send("sessionStart", &types.LiveTailSessionStart{LogGroupIdentifiers: in.LogGroupIdentifiers}); err != nil {
				return err
			}
			<-heard // an event arrives before the next one is there
			return send("sessionUpdate", update("hello"))
		}, nil
	})
	stream, err := start(t, c)
	if err != nil {
		t.Fatal(err)
	}
	first, ok := (<-stream.Events()).(*types.StartLiveTailResponseStreamMemberSessionStart)
	if !ok || first.Value.LogGroupIdentifiers[0] != "g" {
		t.Fatalf("first came %+v (%v)", first, stream.Err())
	}
	close(heard)
	second, ok := (<-stream.Events()).(*types.StartLiveTailResponseStreamMemberSessionUpdate)
	if !ok || *second.Value.SessionResults[0].Message != "hello" {
		t.Fatalf("then came %+v (%v)", second, stream.Err())
	}
	if more, ok := <-stream.Events(); ok || stream.Err() != nil {
		t.Errorf("in the end came %+v (%v)", more, stream.Err())
	}
}

func TestEventStreamsThatFail(t *testing.T) {
	for want, stream := range map[string]Stream{
		"SessionTimeoutException: Over.": func(context.Context, func(string, any) error) error {
			return Errorf("SessionTimeoutException", "Over.")
		},
		"Steady could not go on with the stream; its log says why, under this request's id.": func(context.Context, func(string, any) error) error { panic("no") },
	} {
		c := tailing(t, Options{}, func(context.Context, *cloudwatchlogs.StartLiveTailInput) (Stream, error) { return stream, nil })
		s, err := start(t, c)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := <-s.Events(); ok {
			t.Errorf("came %+v", e)
		}
		if err := s.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// What is refused before the stream begins is an ordinary error.
func TestARefusedEventStream(t *testing.T) {
	c := tailing(t, Options{}, func(context.Context, *cloudwatchlogs.StartLiveTailInput) (Stream, error) {
		return nil, Errorf("ResourceNotFoundException", "The specified log group does not exist.")
	})
	if _, err := start(t, c); err == nil || !strings.Contains(err.Error(), "ResourceNotFoundException: The specified log group does not exist.") {
		t.Error(err)
	}
}

// A server that ends, ends its streams.
func TestClosingEndsEventStreams(t *testing.T) {
	closing := make(chan struct{})
	c := tailing(t, Options{Closing: closing}, func(context.Context, *cloudwatchlogs.StartLiveTailInput) (Stream, error) {
		return func(ctx context.Context, send func(string, any) error) error {
			err := send("sessionUpdate", update("hello"))
			<-ctx.Done()
			return err
		}, nil
	})
	s, err := start(t, c)
	if err != nil {
		t.Fatal(err)
	}
	<-s.Events()
	close(closing)
	if e, ok := <-s.Events(); ok || s.Err() != nil {
		t.Errorf("came %+v (%v)", e, s.Err())
	}
}

// A service may take larger bodies than others.
func TestAServicesOwnMaxBody(t *testing.T) {
	s := shop()
	s.MaxBody = 2 * MaxBody
	h := Handler(Options{Logger: slog.New(slog.DiscardHandler)}, s)
	for size, want := range map[int]int{2 * MaxBody: 200, 2*MaxBody + 1: 400} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat(" ", size-2)+"{}"))
		r.Header.Set("X-Amz-Target", target+".TagResource")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%d bytes: %d %s", size, w.Code, w.Body)
		}
	}
}
