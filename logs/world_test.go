package logs

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/archive"
	"steady/model"
	"steady/state"
)

var realm = model.Realm{Region: "us-east-1", Account: "000000000000"}

// world is an API over an archive of its own.
type world struct {
	*API
	t testing.TB
}

func newWorld(t testing.TB) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	files, err := archive.Open(t.TempDir(), archive.Options{Log: log, Account: realm.Account})
	if err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{New(Options{Archive: files, Store: store, Realm: realm, Log: log}), t}
	t.Cleanup(func() {
		w.Close()
		store.Close()
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// group makes a log group with streams.
func (w *world) group(name string, streams ...string) {
	w.t.Helper()
	ok(w.t)(w.CreateLogGroup(w.t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}))
	for _, s := range streams {
		ok(w.t)(w.CreateLogStream(w.t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &name, LogStreamName: &s}))
	}
}

// put stores messages, a second apart, the first at the time given.
func (w *world) put(group, stream string, from time.Time, messages ...string) {
	w.t.Helper()
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream}
	for i, m := range messages {
		in.LogEvents = append(in.LogEvents, inputEvent(from.Add(time.Duration(i)*time.Second), m))
	}
	if out := must(w.PutLogEvents(w.t.Context(), in))(w.t); out.RejectedLogEventsInfo != nil {
		w.t.Fatalf("rejected %+v", *out.RejectedLogEventsInfo)
	}
}

func inputEvent(at time.Time, message string) types.InputLogEvent {
	return types.InputLogEvent{Timestamp: aws.Int64(at.UnixMilli()), Message: &message}
}

// ago is a time, to the second, so long before now.
func ago(d time.Duration) time.Time { return time.Now().Add(-d).Truncate(time.Second) }

// lines is "line 1" to "line n".
func lines(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint("line ", i+1))
	}
	return all
}

// must is the value of a call that may not fail.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// refused checks an error's type and text.
func refused(t testing.TB, want string) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// What many operations say.
const (
	noGroup      = "ResourceNotFoundException: The specified log group does not exist."
	noStream     = "ResourceNotFoundException: The specified log stream does not exist."
	badToken     = "InvalidParameterException: The specified nextToken is invalid."
	nameMissing  = "InvalidParameterException: 1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null"
	groupPattern = `InvalidParameterException: 1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`
)

func joined[T any](items []T, text func(T) string) string {
	var all []string
	for i := range slices.Values(items) {
		all = append(all, text(i))
	}
	return strings.Join(all, " ")
}
