package logs

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/archive"
)

// Limits of PutLogEvents. "This size is calculated as the sum of all event messages in
// UTF-8, plus 26 bytes for each log event."
const (
	maxEvents  = 10_000
	maxBatch   = 1_048_576
	eventExtra = 26
	maxSpan    = 24 * time.Hour
	maxAge     = 14 * 24 * time.Hour
	maxAhead   = 2 * time.Hour
)

// sequenceToken is what clients of old send with their next batch: "PutLogEvents
// actions are always accepted", whatever the token says.
const sequenceToken = "49039859617878372500000000000000000000000000000000000001"

// PutLogEvents stores a batch of events in a stream. Events that are too old or too
// far in the future are left out and told of; the others are stored.
func (a *API) PutLogEvents(ctx context.Context, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	if err := checkBatch(in); err != nil {
		return nil, err
	}
	g, err := a.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	if _, err := a.stream(g.Name, *in.LogStreamName); err != nil {
		return nil, err
	}
	from, to, rejected := accepted(in.LogEvents, time.Now(), g.RetentionDays)
	out := &cloudwatchlogs.PutLogEventsOutput{NextSequenceToken: aws.String(sequenceToken), RejectedLogEventsInfo: rejected}
	batch := archive.Batch{Group: g.Name, Stream: *in.LogStreamName, Class: g.Class}
	batch.Entity, out.RejectedEntityInfo = entity(in.Entity)
	for _, e := range in.LogEvents[from:to] {
		batch.Records = append(batch.Records, archive.Record{Time: *e.Timestamp, Message: *e.Message})
	}
	if len(batch.Records) == 0 {
		return out, nil
	}
	if err := a.archive.Append(ctx, batch); err != nil {
		return nil, told(err, groupNotFound(), nil)
	}
	return out, nil
}

// checkBatch refuses a batch as a whole.
func checkBatch(in *cloudwatchlogs.PutLogEventsInput) error {
	var c check
	c.required("logGroupName", in.LogGroupName, groupNameRule)
	c.required("logStreamName", in.LogStreamName, streamNameRule)
	c.text("sequenceToken", in.SequenceToken, tokenRule)
	if in.LogEvents == nil {
		c.fail("logEvents", nil, "not be null")
	} else {
		c.length("logEvents", len(in.LogEvents), 1, maxEvents)
	}
	for i, e := range in.LogEvents {
		if i == maxEvents || len(c.problems) > 10 {
			break
		}
		member := fmt.Sprintf("logEvents.%d.member.", i+1)
		c.required(member+"message", e.Message, rule{min: 1})
		if e.Timestamp == nil {
			c.fail(member+"timestamp", nil, "not be null")
		}
		number(&c, member+"timestamp", e.Timestamp, 0, 0)
	}
	if err := c.err(); err != nil {
		return err
	}
	size := 0
	for i, e := range in.LogEvents {
		n := len(*e.Message) + eventExtra
		size += n
		switch {
		case n > maxBatch:
			return invalid("Log event too large: %d bytes exceeds limit of %d", n, maxBatch)
		case i > 0 && *e.Timestamp < *in.LogEvents[i-1].Timestamp:
			return invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	if size > maxBatch {
		return invalid("Upload too large: %d bytes exceeds limit of %d", size, maxBatch)
	}
	if *in.LogEvents[len(in.LogEvents)-1].Timestamp-*in.LogEvents[0].Timestamp > maxSpan.Milliseconds() {
		return invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

// accepted tells which of the events, which are in the order of their times, are
// stored: [from, to), and why the others are not.
func accepted(events []types.InputLogEvent, now time.Time, retentionDays int) (from, to int, _ *types.RejectedLogEventsInfo) {
	var info types.RejectedLogEventsInfo
	before := func(t time.Time) int {
		return sort.Search(len(events), func(i int) bool { return *events[i].Timestamp >= t.UnixMilli() })
	}
	if n := before(now.Add(-maxAge)); n > 0 {
		info.TooOldLogEventEndIndex = aws.Int32(int32(n))
		from = n
	}
	if retentionDays > 0 {
		if n := before(now.AddDate(0, 0, -retentionDays)); n > 0 {
			info.ExpiredLogEventEndIndex = aws.Int32(int32(n))
			from = max(from, n)
		}
	}
	to = before(now.Add(maxAhead + time.Millisecond))
	if to < len(events) {
		info.TooNewLogEventStartIndex = aws.Int32(int32(to))
	}
	if info == (types.RejectedLogEventsInfo{}) {
		return from, to, nil
	}
	return from, max(from, to), &info
}

// entity is what the events are said to be about, as the fields @entity.… of their
// stream, or why that is not kept.
func entity(e *types.Entity) (map[string]string, *types.RejectedEntityInfo) {
	if e == nil {
		return nil, nil
	}
	rejected := func(why types.EntityRejectionErrorType) (map[string]string, *types.RejectedEntityInfo) {
		return nil, &types.RejectedEntityInfo{ErrorType: why}
	}
	switch {
	case e.KeyAttributes["Type"] == "":
		return rejected(types.EntityRejectionErrorTypeMissingRequiredFields)
	case len(e.KeyAttributes) < 2 || len(e.KeyAttributes) > 4:
		return rejected(types.EntityRejectionErrorTypeInvalidKeyAttribute)
	}
	if len(e.Attributes) > 10 {
		return rejected(types.EntityRejectionErrorTypeInvalidAttributes)
	}
	fields := map[string]string{}
	for prefix, attributes := range map[string]map[string]string{"KeyAttributes.": e.KeyAttributes, "Attributes.": e.Attributes} {
		for k, v := range attributes {
			if len(k) > 256 || len(v) > 512 {
				return rejected(types.EntityRejectionErrorTypeEntitySizeTooLarge)
			}
			fields[prefix+k] = v
		}
	}
	return fields, nil
}
