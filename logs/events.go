package logs

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/model"
)

// Limits of one reply (CloudWatch Logs API): "as many log events as can fit in a
// response size of 1 MB (up to 10,000 log events)". Each event counts 26 bytes more
// than its message.
const (
	maxEvents   = 10_000
	maxBytes    = 1 << 20
	eventExtra  = 26
	tokenSuffix = "/s"
)

// GetLogEvents reads a stream, in either direction from a token, or from its head
// or its end. Events are always told oldest first.
func (a *API) GetLogEvents(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	group, stream, err := names(in)
	if err != nil {
		return nil, err
	}
	if in.Limit != nil && (*in.Limit < 1 || *in.Limit > maxEvents) {
		return nil, invalid("limit should be from 1 to %d.", maxEvents)
	}
	lines, err := find(a.store.Snapshot(), group, stream)
	if err != nil {
		return nil, err
	}
	from, forward, err := start(in, len(lines))
	if err != nil {
		return nil, err
	}
	r := reader{in: in, lines: lines, limit: maxEvents}
	if in.Limit != nil {
		r.limit = int(*in.Limit)
	}
	if forward {
		return r.forward(from), nil
	}
	return r.backward(from), nil
}

func names(in *cloudwatchlogs.GetLogEventsInput) (group, stream string, err error) {
	if in.LogGroupName != nil && in.LogGroupIdentifier != nil {
		return "", "", invalid("Give logGroupName or logGroupIdentifier, not both.")
	}
	ref := in.LogGroupName
	if ref == nil {
		ref = in.LogGroupIdentifier
	}
	if group, err = required("logGroupName", ref); err != nil {
		return "", "", err
	}
	if stream, err = required("logStreamName", in.LogStreamName); err != nil {
		return "", "", err
	}
	return groupName(group), stream, nil
}

// start is the position between two lines from which to read, and the direction.
// A position counts the lines before it; a container's lines are kept when it has
// stopped and do not change, so a token stays true.
func start(in *cloudwatchlogs.GetLogEventsInput, lines int) (from int, forward bool, err error) {
	if in.NextToken == nil {
		if aws.ToBool(in.StartFromHead) {
			return 0, true, nil
		}
		return lines, false, nil
	}
	direction, rest, _ := strings.Cut(*in.NextToken, "/")
	number, closed := strings.CutSuffix(rest, tokenSuffix)
	from, convErr := strconv.Atoi(number)
	if convErr != nil || !closed || from < 0 || direction != "f" && direction != "b" {
		return 0, false, invalid("The specified nextToken is invalid.")
	}
	return min(from, lines), direction == "f", nil
}

// token names a position as CloudWatch does: a direction, many digits, and "s".
func token(direction string, position int) *string {
	return aws.String(fmt.Sprintf("%s/%056d%s", direction, position, tokenSuffix))
}

// reader collects the events of one reply.
type reader struct {
	in     *cloudwatchlogs.GetLogEventsInput
	lines  []model.LogLine
	limit  int
	bytes  int
	events []types.OutputLogEvent
}

// forward reads towards the end. "If you have reached the end of the stream, it
// returns the same token you passed in."
func (r *reader) forward(from int) *cloudwatchlogs.GetLogEventsOutput {
	next := from
	for i := from; i < len(r.lines) && r.take(i); i++ {
		if len(r.events) > 0 {
			next = i + 1
		}
	}
	return r.reply(from, next)
}

// backward reads towards the head, then puts the events into their order.
func (r *reader) backward(from int) *cloudwatchlogs.GetLogEventsOutput {
	next := from
	for i := from - 1; i >= 0 && r.take(i); i-- {
		if len(r.events) > 0 {
			next = i
		}
	}
	slices.Reverse(r.events)
	return r.reply(next, from)
}

// take adds the line if it is in the time range. It reports false when the reply
// is full and the line has to wait.
func (r *reader) take(i int) bool {
	line := r.lines[i]
	ms := line.At.UnixMilli()
	if r.in.StartTime != nil && ms < *r.in.StartTime || r.in.EndTime != nil && ms >= *r.in.EndTime {
		return true
	}
	size := len(line.Text) + eventExtra
	if len(r.events) == r.limit || len(r.events) > 0 && r.bytes+size > maxBytes {
		return false
	}
	r.bytes += size
	r.events = append(r.events, types.OutputLogEvent{
		Message: aws.String(line.Text), Timestamp: aws.Int64(ms), IngestionTime: aws.Int64(ms),
	})
	return true
}

func (r *reader) reply(first, last int) *cloudwatchlogs.GetLogEventsOutput {
	if r.events == nil {
		r.events = []types.OutputLogEvent{}
	}
	return &cloudwatchlogs.GetLogEventsOutput{
		Events: r.events, NextBackwardToken: token("b", first), NextForwardToken: token("f", last),
	}
}
