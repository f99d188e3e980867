package logs

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/awsapi"
)

type filter = cloudwatchlogs.FilterLogEventsInput

// streams is group g with the streams a/1, a/2 and b, whose events take turns.
func streams(t testing.TB) (*world, time.Time) {
	w := newWorld(t)
	w.group("g", "a/1", "a/2", "b")
	start := ago(time.Minute)
	for i, stream := range []string{"b", "a/1", "a/2"} { // not in the order of time
		for k, message := range []string{"INFO ", `{"n":`} {
			n := string(rune('1' + 2*i + k))
			message += n + map[string]string{`{"n":`: "}"}[message]
			w.put("g", stream, start.Add(time.Duration((4*i+k)%6)*time.Second), message)
		}
	}
	return w, start
}

func (w *world) filter(in *filter) string {
	w.t.Helper()
	var pages []string
	for in.LogGroupName = aws.String("g"); ; {
		out := must(w.FilterLogEvents(w.t.Context(), in))(w.t)
		pages = append(pages, joined(out.Events, func(e types.FilteredLogEvent) string {
			return *e.LogStreamName + ":" + strings.Trim(*e.Message, `INFO {}"n:`)
		}))
		if in.NextToken = out.NextToken; out.NextToken == nil {
			return strings.Join(pages, " | ")
		}
	}
}

func TestFilterLogEvents(t *testing.T) {
	w, start := streams(t)
	at := func(seconds int) *int64 {
		return aws.Int64(start.Add(time.Duration(seconds) * time.Second).UnixMilli())
	}
	const all = "b:1 b:2 a/2:5 a/2:6 a/1:3 a/1:4"
	for _, tt := range []struct {
		name, want string
		in         *filter
	}{
		{"all, in time's order", all, &filter{}},
		{"in pages", "b:1 b:2 | a/2:5 a/2:6 | a/1:3 a/1:4", &filter{Limit: aws.Int32(2)}},
		{"in pages that do not end even", "b:1 b:2 a/2:5 a/2:6 | a/1:3 a/1:4", &filter{Limit: aws.Int32(4)}},
		{"a term", "b:1 a/2:5 a/1:3", &filter{FilterPattern: aws.String("INFO")}},
		{"a JSON pattern", "a/2:6 a/1:4", &filter{FilterPattern: aws.String("{ $.n > 2 }")}},
		{"fields", "a/1:3", &filter{FilterPattern: aws.String("[level, n = 3]")}},
		{"a pattern in pages", "b:1 | a/2:5 | a/1:3", &filter{FilterPattern: aws.String("INFO"), Limit: aws.Int32(1)}},
		{"streams by name", "b:1 b:2 a/1:3 a/1:4", &filter{LogStreamNames: []string{"b", "a/1"}}},
		{"streams by prefix", "a/2:5 a/2:6 a/1:3 a/1:4", &filter{LogStreamNamePrefix: aws.String("a/")}},
		{"a range, both ends in it", "b:2 a/2:5", &filter{StartTime: at(1), EndTime: at(2)}},
		{"nothing", "", &filter{FilterPattern: aws.String("ERROR")}},
	} {
		if got := w.filter(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	ids := map[string]bool{}
	for _, e := range must(w.FilterLogEvents(t.Context(), &filter{LogGroupIdentifier: aws.String("g")}))(t).Events {
		ids[*e.EventId] = true
	}
	if len(ids) != 6 {
		t.Errorf("the ids of six events are %v", ids)
	}
	for _, tt := range []struct {
		want string
		in   *filter
	}{
		{noGroup, &filter{LogGroupName: aws.String("gone")}},
		{noStream, &filter{LogStreamNames: []string{"b", "gone"}}},
		{badToken, &filter{NextToken: aws.String("x")}},
		{"InvalidParameterException: Invalid filter pattern: Invalid character(s) in term 'a:b'", &filter{FilterPattern: aws.String("a:b")}},
		{"InvalidParameterException: logStreamNames and logStreamNamePrefix are mutually exclusive parameters.", &filter{LogStreamNames: []string{"b"}, LogStreamNamePrefix: aws.String("b")}},
		{"InvalidParameterException: The start time must not be after the end time.", &filter{StartTime: at(2), EndTime: at(1)}},
		{"InvalidParameterException: 1 validation error detected: Value '[]' at 'logStreamNames' failed to satisfy constraint: Member must have length greater than or equal to 1", &filter{LogStreamNames: []string{}}},
	} {
		if tt.in.LogGroupName == nil {
			tt.in.LogGroupName = aws.String("g")
		}
		refused(t, tt.want)(w.FilterLogEvents(t.Context(), tt.in))
	}
}

// A reply that has looked at much ends early, and its token leads to the rest.
func TestFilteringMuchEndsEarly(t *testing.T) {
	w, start := streams(t)
	pages, n := 0, 0
	r := reading{group: "g", from: head, to: end, limit: 100, most: 1, keep: func(string, string) bool { return true }}
	for r.from.compare(r.to) < 0 {
		events, seen, err := w.read(t.Context(), r)
		if err != nil || seen.compare(r.from) <= 0 {
			t.Fatalf("from %v to %v: %v", r.from, seen, err)
		}
		pages, n, r.from = pages+1, n+len(events), seen
	}
	if n != 6 {
		t.Errorf("%d events in %d pages, from %v", n, pages, start)
	}
}

// tailed collects what a live tail tells, without its waiting.
type tailed struct {
	started chan *types.LiveTailSessionStart
	updates chan *types.LiveTailSessionUpdate
}

func (w *world) tail(ctx context.Context, in *cloudwatchlogs.StartLiveTailInput) (tailed, <-chan error) {
	w.t.Helper()
	stream := must(w.StartLiveTail(ctx, in))(w.t)
	told := tailed{make(chan *types.LiveTailSessionStart, 1), make(chan *types.LiveTailSessionUpdate)}
	ended := make(chan error, 1)
	go func() {
		ended <- stream(ctx, func(name string, v any) error {
			switch v := v.(type) {
			case *types.LiveTailSessionStart:
				told.started <- v
			case *types.LiveTailSessionUpdate:
				select {
				case told.updates <- v:
				case <-ctx.Done():
				}
			}
			return nil
		})
	}()
	return told, ended
}

func TestStartLiveTail(t *testing.T) {
	w := newWorld(t)
	w.group("g", "a/1", "b")
	w.group("h", "s")
	ctx, cancel := context.WithCancel(t.Context())
	told, ended := w.tail(ctx, &cloudwatchlogs.StartLiveTailInput{
		LogGroupIdentifiers: []string{"arn:aws:logs:us-east-1:000000000000:log-group:g"}, LogStreamNamePrefixes: []string{"a/"}, LogEventFilterPattern: aws.String("ERROR"),
	})
	if s := <-told.started; *s.LogEventFilterPattern != "ERROR" || *s.SessionId == "" {
		t.Errorf("%+v", s)
	}
	now := ago(0)
	w.put("g", "a/1", now, "INFO 1", "ERROR 2")
	w.put("g", "b", now, "ERROR 3")
	w.put("h", "s", now, "ERROR 4")
	w.put("g", "a/1", now, "ERROR 5")
	var got []string
	for len(got) < 2 {
		for _, e := range (<-told.updates).SessionResults {
			got = append(got, *e.LogGroupIdentifier+" "+*e.LogStreamName+" "+*e.Message)
		}
	}
	if s := strings.Join(got, "; "); s != "000000000000:g a/1 ERROR 2; 000000000000:g a/1 ERROR 5" {
		t.Error(s)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	type input = cloudwatchlogs.StartLiveTailInput
	for want, in := range map[string]*input{
		noGroup: {LogGroupIdentifiers: []string{"gone"}},
		"InvalidParameterException: The log group identifier arn:aws:logs:us-east-1:000000000000:log-group:g:* must not end with an asterisk.": {LogGroupIdentifiers: []string{"arn:aws:logs:us-east-1:000000000000:log-group:g:*"}},
		"InvalidParameterException: Log streams can be given only with one log group.":                                                         {LogGroupIdentifiers: []string{"g", "h"}, LogStreamNames: []string{"s"}},
		"InvalidParameterException: logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.":                               {LogGroupIdentifiers: []string{"g"}, LogStreamNames: []string{"s"}, LogStreamNamePrefixes: []string{"s"}},
	} {
		_, err := w.StartLiveTail(t.Context(), in)
		refused(t, want)(nil, err)
	}
}

// More than 500 events in a second are sampled, and that is said.
func TestALiveTailIsSampled(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s")
	tail := must(w.API.tail(&cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{"g"}}))(t)
	tail.follower = w.archive.Follow("g")
	defer tail.follower.Close()
	w.put("g", "s", ago(20*time.Minute), lines(600)...)
	u := must(tail.collect(t.Context()))(t)
	if len(u.SessionResults) != 500 || !u.SessionMetadata.Sampled || *u.SessionResults[499].Message != "line 600" {
		t.Errorf("%d events, sampled %t", len(u.SessionResults), u.SessionMetadata.Sampled)
	}
}

// Every operation that is listed has the form of the SDK's, and the others are known.
func TestOperations(t *testing.T) {
	s := newWorld(t).Service()
	known := map[string]bool{}
	for _, name := range s.Known {
		known[name] = true
	}
	for name := range s.Operations {
		if !known[name] {
			t.Errorf("the SDK has no operation %s", name)
		}
	}
	if len(s.Known) < 90 || len(s.Operations) < 34 {
		t.Errorf("%d known, %d carried out", len(s.Known), len(s.Operations))
	}
	if _, err := awsapi.Encode(&cloudwatchlogs.GetLogEventsOutput{}); err != nil {
		t.Error(err)
	}
}
