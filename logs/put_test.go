package logs

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/scan"
)

func batch(events ...types.InputLogEvent) *cloudwatchlogs.PutLogEventsInput {
	return &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: events}
}

func TestBatchesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s")
	now := ago(0)
	const at = "InvalidParameterException: 1 validation error detected: Value "
	many := make([]types.InputLogEvent, maxEvents+1)
	for i := range many {
		many[i] = inputEvent(now, "x")
	}
	elsewhere := func(group, stream string) *cloudwatchlogs.PutLogEventsInput {
		in := batch(inputEvent(now, "x"))
		in.LogGroupName, in.LogStreamName = &group, &stream
		return in
	}
	for _, tt := range []struct {
		want string
		in   *cloudwatchlogs.PutLogEventsInput
	}{
		{noGroup, elsewhere("gone", "s")},
		{noStream, elsewhere("g", "gone")},
		{at + "null at 'logEvents' failed to satisfy constraint: Member must not be null", batch()},
		{at + "'[10001 elements]' at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to 10000", batch(many...)},
		{at + "'' at 'logEvents.1.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1", batch(inputEvent(now, ""))},
		{at + "null at 'logEvents.1.member.timestamp' failed to satisfy constraint: Member must not be null", batch(types.InputLogEvent{Message: aws.String("x")})},
		{at + "'-1000' at 'logEvents.1.member.timestamp' failed to satisfy constraint: Member must have value greater than or equal to 0", batch(inputEvent(time.Unix(-1, 0), "x"))},
		{"InvalidParameterException: Log events in a single PutLogEvents request must be in chronological order.", batch(inputEvent(now, "x"), inputEvent(now.Add(-1e6), "y"))},
		{"InvalidParameterException: The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
			batch(inputEvent(now.Add(-24*time.Hour-1e6), "x"), inputEvent(now, "y"))},
		{"InvalidParameterException: Log event too large: 1048577 bytes exceeds limit of 1048576", batch(inputEvent(now, strings.Repeat("x", maxBatch-25)))},
		{"InvalidParameterException: Upload too large: 1048577 bytes exceeds limit of 1048576",
			batch(inputEvent(now, strings.Repeat("x", maxBatch/2)), inputEvent(now, strings.Repeat("x", maxBatch/2-51)))},
	} {
		refused(t, tt.want)(w.PutLogEvents(t.Context(), tt.in))
	}
	if out := must(w.GetLogEvents(t.Context(), read("g", "s")))(t); len(out.Events) != 0 {
		t.Errorf("what was refused has left %d events", len(out.Events))
	}
	// What is just allowed.
	ok(t)(w.PutLogEvents(t.Context(), batch(many[1:]...)))
	ok(t)(w.PutLogEvents(t.Context(), batch(inputEvent(now, strings.Repeat("x", maxBatch-eventExtra)))))
	ok(t)(w.PutLogEvents(t.Context(), batch(inputEvent(now.Add(-24*time.Hour), "x"), inputEvent(now, "y"))))
}

// Events too old or too new are told of, and the rest of the batch is kept.
func TestEventsThatAreRejected(t *testing.T) {
	day := 24 * time.Hour
	events := func(now time.Time, offsets ...time.Duration) (in []types.InputLogEvent) {
		for _, d := range offsets {
			in = append(in, inputEvent(now.Add(d), "x"))
		}
		return in
	}
	for _, tt := range []struct {
		name                     string
		offsets                  []time.Duration
		retention                int
		from, to                 int
		tooOld, expired, tooNewS int // -1: not told
	}{
		{"all in time", []time.Duration{-time.Hour, 0}, 0, 0, 2, -1, -1, -1},
		{"on the edges", []time.Duration{-14 * day, -13 * day}, 0, 0, 2, -1, -1, -1},
		{"at the far edge", []time.Duration{0, 2 * time.Hour}, 0, 0, 2, -1, -1, -1},
		{"too old", []time.Duration{-14*day - 1e6, -14 * day, -13 * day}, 0, 1, 3, 1, -1, -1},
		{"too new", []time.Duration{0, 2*time.Hour + 1e6}, 0, 0, 1, -1, -1, 1},
		{"expired", []time.Duration{-3*day - 1e6, -3 * day}, 3, 1, 2, -1, 1, -1},
		{"too old and expired", []time.Duration{-15 * day, -14*day - time.Hour}, 3, 2, 2, 2, 2, -1},
		{"all too new", []time.Duration{3 * time.Hour, 4 * time.Hour}, 0, 0, 0, -1, -1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			now := time.Now()
			from, to, info := accepted(events(now, tt.offsets...), now, tt.retention)
			told := func(i *int32) int {
				if i == nil {
					return -1
				}
				return int(*i)
			}
			if info == nil {
				info = &types.RejectedLogEventsInfo{}
			}
			if from != tt.from || to != tt.to || told(info.TooOldLogEventEndIndex) != tt.tooOld ||
				told(info.ExpiredLogEventEndIndex) != tt.expired || told(info.TooNewLogEventStartIndex) != tt.tooNewS {
				t.Errorf("%s: [%d, %d), too old %d, expired %d, too new %d", tt.name, from, to,
					told(info.TooOldLogEventEndIndex), told(info.ExpiredLogEventEndIndex), told(info.TooNewLogEventStartIndex))
			}
		})
	}
	w := newWorld(t)
	w.group("g", "s")
	out := must(w.PutLogEvents(t.Context(), batch(inputEvent(ago(time.Minute), "kept"), inputEvent(ago(-3*time.Hour), "too new"))))(t)
	if out.RejectedLogEventsInfo == nil || *out.RejectedLogEventsInfo.TooNewLogEventStartIndex != 1 || *out.NextSequenceToken == "" {
		t.Errorf("told %+v", out)
	}
	if kept := must(w.GetLogEvents(t.Context(), read("g", "s")))(t).Events; len(kept) != 1 || *kept[0].Message != "kept" {
		t.Errorf("kept %+v", kept)
	}
}

// What events are said to be about are fields of theirs.
func TestEntities(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s")
	in := batch(inputEvent(ago(0), "x"))
	in.Entity = &types.Entity{KeyAttributes: map[string]string{"Type": "Service", "Name": "web"}, Attributes: map[string]string{"ECS.Cluster": "default"}}
	if out := must(w.PutLogEvents(t.Context(), in))(t); out.RejectedEntityInfo != nil {
		t.Errorf("rejected for %s", out.RejectedEntityInfo.ErrorType)
	}
	record := w.only(scan.EntityPrefix + "Attributes.ECS.Cluster")
	if record != "default" {
		t.Errorf("the field is %q", record)
	}
	for want, e := range map[types.EntityRejectionErrorType]*types.Entity{
		types.EntityRejectionErrorTypeMissingRequiredFields: {KeyAttributes: map[string]string{"Name": "web"}},
		types.EntityRejectionErrorTypeInvalidKeyAttribute:   {KeyAttributes: map[string]string{"Type": "Service"}},
		types.EntityRejectionErrorTypeEntitySizeTooLarge:    {KeyAttributes: map[string]string{"Type": "Service", "Name": strings.Repeat("x", 600)}},
	} {
		in.Entity = e
		if out := must(w.PutLogEvents(t.Context(), in))(t); out.RejectedEntityInfo == nil || out.RejectedEntityInfo.ErrorType != want {
			t.Errorf("told %+v, not %s", out.RejectedEntityInfo, want)
		}
	}
}

// only is the value of a field in the only record of group g.
func (w *world) only(field string) string {
	w.t.Helper()
	value, n := "", 0
	for b, err := range w.archive.Scan(w.t.Context(), scan.Request{Groups: []string{"g"}, To: time.Now().UnixMilli(), Fields: []string{field}}) {
		if err != nil {
			w.t.Fatal(err)
		}
		for row := range b.Len() {
			value = text(b, field, row)
			n++
		}
	}
	if n != 1 {
		w.t.Fatalf("%d records", n)
	}
	return value
}
