package logs

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func read(group, stream string) *cloudwatchlogs.GetLogEventsInput {
	return &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream}
}

// get is the numbers of the lines of a reply, "1 2 3".
func (w *world) get(in *cloudwatchlogs.GetLogEventsInput) (string, *cloudwatchlogs.GetLogEventsOutput) {
	w.t.Helper()
	out := must(w.GetLogEvents(w.t.Context(), in))(w.t)
	return joined(out.Events, func(e types.OutputLogEvent) string { return strings.TrimPrefix(*e.Message, "line ") }), out
}

// fiveLines is a stream with lines a second apart, between others that are not of it.
func fiveLines(t testing.TB) (*world, time.Time) {
	w := newWorld(t)
	w.group("g", "s", "other")
	start := ago(time.Minute)
	w.put("g", "other", start, "x", "y", "z")
	w.put("g", "s", start, lines(5)...)
	w.put("g", "other", start, "x", "y", "z")
	return w, start
}

func TestRefusedReads(t *testing.T) {
	w, _ := fiveLines(t)
	with := func(change func(*cloudwatchlogs.GetLogEventsInput)) *cloudwatchlogs.GetLogEventsInput {
		in := read("g", "s")
		change(in)
		return in
	}
	for _, tt := range []struct {
		want string
		in   *cloudwatchlogs.GetLogEventsInput
	}{
		{noGroup, read("gone", "s")},
		{noStream, read("g", "gone")},
		{nameMissing, with(func(in *cloudwatchlogs.GetLogEventsInput) { in.LogGroupName = nil })},
		{"InvalidParameterException: 1 validation error detected: Value null at 'logStreamName' failed to satisfy constraint: Member must not be null",
			with(func(in *cloudwatchlogs.GetLogEventsInput) { in.LogStreamName = nil })},
		{"InvalidParameterException: LogGroup name and LogGroup ARN are mutually exclusive parameters.",
			with(func(in *cloudwatchlogs.GetLogEventsInput) { in.LogGroupIdentifier = in.LogGroupName })},
		{"InvalidParameterException: 1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000",
			with(func(in *cloudwatchlogs.GetLogEventsInput) { in.Limit = aws.Int32(10001) })},
		{"InvalidParameterException: 1 validation error detected: Value '-1' at 'startTime' failed to satisfy constraint: Member must have value greater than or equal to 0",
			with(func(in *cloudwatchlogs.GetLogEventsInput) { in.StartTime = aws.Int64(-1) })},
		{badToken, with(func(in *cloudwatchlogs.GetLogEventsInput) { in.NextToken = aws.String("f/x/s") })},
	} {
		refused(t, tt.want)(w.GetLogEvents(t.Context(), tt.in))
	}
}

// Reading on from the head ends with the same token again and again, which leads on
// when the stream has grown.
func TestReadingForward(t *testing.T) {
	w, start := fiveLines(t)
	in := read("g", "s")
	in.Limit, in.StartFromHead = aws.Int32(2), aws.Bool(true)
	for _, want := range []string{"1 2", "3 4", "5"} {
		lines, out := w.get(in)
		if lines != want {
			t.Fatalf("got %q, want %q", lines, want)
		}
		in.NextToken = out.NextForwardToken
	}
	for range 2 {
		lines, out := w.get(in)
		if lines != "" || *out.NextForwardToken != *in.NextToken {
			t.Errorf("at the end: %q, token %s after %s", lines, *out.NextForwardToken, *in.NextToken)
		}
	}
	w.put("g", "s", start.Add(4*time.Second), "line 6", "line 7") // 6 at the time of 5
	if lines, _ := w.get(in); lines != "6 7" {
		t.Errorf("grown, it goes on with %q", lines)
	}
}

// Without startFromHead the last lines come first, oldest first among themselves.
func TestReadingBackward(t *testing.T) {
	w, start := fiveLines(t)
	in := read("g", "s")
	in.Limit = aws.Int32(2)
	var forward *string
	for _, want := range []string{"4 5", "2 3", "1"} {
		lines, out := w.get(in)
		if lines != want {
			t.Fatalf("got %q, want %q", lines, want)
		}
		in.NextToken = out.NextBackwardToken
		if forward == nil {
			forward = out.NextForwardToken
		}
	}
	lines, out := w.get(in)
	if lines != "" || *out.NextBackwardToken != *in.NextToken {
		t.Errorf("at the head: %q, token %s after %s", lines, *out.NextBackwardToken, *in.NextToken)
	}
	in.NextToken = out.NextForwardToken
	if lines, _ := w.get(in); lines != "1 2" {
		t.Errorf("turned round: %q", lines)
	}
	w.put("g", "s", start.Add(5*time.Second), "line 6")
	in.NextToken = forward
	if lines, _ := w.get(in); lines != "6" {
		t.Errorf("forward from what was the end: %q", lines)
	}
}

// A token of an empty stream leads to its first lines.
func TestReadingAnEmptyStream(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s")
	for _, fromHead := range []bool{true, false} {
		in := read("g", "s")
		in.StartFromHead = &fromHead
		lines, out := w.get(in)
		if lines != "" {
			t.Fatalf("got %q", lines)
		}
		in.NextToken = out.NextForwardToken
		defer func() {
			if lines, _ := w.get(in); lines != "1 2" {
				t.Errorf("fromHead %t: then %q", fromHead, lines)
			}
		}()
	}
	w.put("g", "s", ago(0), lines(2)...)
}

func TestATimeRange(t *testing.T) {
	w, start := fiveLines(t)
	in := &cloudwatchlogs.GetLogEventsInput{LogGroupIdentifier: aws.String("arn:aws:logs:r:a:log-group:g:*"), LogStreamName: aws.String("s")}
	in.StartTime = aws.Int64(start.Add(1 * time.Second).UnixMilli())
	in.EndTime = aws.Int64(start.Add(3 * time.Second).UnixMilli()) // is not included
	lines, out := w.get(in)
	if lines != "2 3" || *out.Events[0].Timestamp != *in.StartTime || *out.Events[0].IngestionTime < *in.EndTime {
		t.Errorf("got %q from %d", lines, *out.Events[0].Timestamp)
	}
}

// Times at the ends of all time find what is there, and nothing else.
func TestTheEndsOfTime(t *testing.T) {
	w, _ := fiveLines(t)
	for _, tt := range []struct {
		start, end int64
		want       string
	}{{0, math.MaxInt64, "1 2 3 4 5"}, {math.MaxInt64, math.MaxInt64, ""}, {math.MaxInt64, 0, ""}, {0, 0, ""}} {
		for _, fromHead := range []bool{true, false} {
			in := read("g", "s")
			in.StartTime, in.EndTime, in.StartFromHead = &tt.start, &tt.end, &fromHead
			if lines, _ := w.get(in); lines != tt.want {
				t.Errorf("%d to %d: %q", tt.start, tt.end, lines)
			}
		}
	}
}

func TestAReplyHasAtMostAMegabyte(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s")
	long := strings.Repeat("x", 400<<10)
	for range 2 {
		w.put("g", "s", ago(time.Minute), long+"1", long+"2")
	}
	in := read("g", "s")
	in.StartFromHead = aws.Bool(true)
	for i, want := range []int{2, 2, 0} {
		out := must(w.GetLogEvents(t.Context(), in))(t)
		if len(out.Events) != want {
			t.Errorf("reply %d has %d events, not %d", i, len(out.Events), want)
		}
		in.NextToken = out.NextForwardToken
	}
}

// Lines of many streams, with equal times, in many batches: every way of reading gives
// each line once and in order.
func TestEveryLineOnce(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s", "other")
	start := ago(time.Hour)
	n := 0
	for i := range 40 {
		var batch []string
		for range 1 + i%3 {
			n++
			batch = append(batch, fmt.Sprint("line ", n))
		}
		w.put("g", "s", start.Add(time.Duration(i)*time.Second), batch[:1]...)
		for _, m := range batch[1:] {
			w.put("g", "s", start.Add(time.Duration(i)*time.Second), m)
		}
		w.put("g", "other", start.Add(time.Duration(i)*time.Second), "noise")
	}
	var want []string
	for i := range n {
		want = append(want, fmt.Sprint(i+1))
	}
	for _, size := range []int32{1, 7, 100} {
		var forward, backward []string
		in := read("g", "s")
		in.Limit, in.StartFromHead = &size, aws.Bool(true)
		for {
			lines, out := w.get(in)
			if lines == "" {
				break
			}
			forward, in.NextToken = append(forward, lines), out.NextForwardToken
		}
		for in = read("g", "s"); ; {
			in.Limit = &size
			lines, out := w.get(in)
			if lines == "" {
				break
			}
			backward, in.NextToken = append([]string{lines}, backward...), out.NextBackwardToken
		}
		for direction, got := range map[string][]string{"forward": forward, "backward": backward} {
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s by %d: %q", direction, size, got)
			}
		}
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"", "f/0/s", "b/5/s", "f/" + head.String() + "/s", "b/" + end.String() + "/s", "x//s", "f/" + strings.Repeat("9", 56) + "/s"} {
		f.Add(s)
	}
	w, _ := fiveLines(f)
	f.Fuzz(func(t *testing.T, s string) {
		in := read("g", "s")
		in.NextToken = &s
		out, err := w.GetLogEvents(t.Context(), in)
		if err != nil {
			return
		}
		if len(out.Events) > 5 || out.NextForwardToken == nil || out.NextBackwardToken == nil {
			t.Errorf("%q: %d events", s, len(out.Events))
		}
	})
}
