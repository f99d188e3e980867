package logs

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/archive"
	"steady/scan"
)

// GetLogEvents reads a stream, in either direction from a token, or from its head or
// its end. Events are always told oldest first. A token is a place in the stream: it
// stays true while the stream grows.
func (a *API) GetLogEvents(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	var c check
	c.required("logStreamName", in.LogStreamName, streamNameRule)
	c.text("nextToken", in.NextToken, tokenRule)
	number(&c, "startTime", in.StartTime, 0, 0)
	number(&c, "endTime", in.EndTime, 0, 0)
	number(&c, "limit", in.Limit, 1, maxEvents)
	if err := c.err(); err != nil {
		return nil, err
	}
	g, err := a.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	s, err := a.stream(g.Name, *in.LogStreamName)
	if err != nil {
		return nil, err
	}
	from, to := span(in, s)
	position, forward, err := start(in, from, to)
	if err != nil {
		return nil, err
	}
	r := reading{
		group: g.Name, from: from, to: to, last: !forward, limit: limit(in.Limit, maxEvents),
		where: []scan.Condition{{Field: scan.LogStream, Op: scan.Equals, Texts: []string{s.Name}}},
		keep:  func(stream, _ string) bool { return stream == s.Name },
	}
	if forward {
		r.from = later(from, position)
	} else {
		r.to = earlier(to, position)
	}
	events, err := a.readNear(ctx, r)
	if err != nil {
		return nil, err
	}
	return pageOfStream(events, position, forward), nil
}

// span is between which places the events are that a request can be about. "Events
// with a timestamp equal to or later than" endTime "are not included".
func span(in *cloudwatchlogs.GetLogEventsInput, s archive.Stream) (from, to place) {
	from, to = place{time: s.FirstEvent}, place{time: s.LastEvent + 1}
	if s.LastIngestion == 0 {
		to = head
	}
	if in.StartTime != nil {
		from = later(from, place{time: *in.StartTime})
	}
	if in.EndTime != nil {
		to = earlier(to, place{time: *in.EndTime})
	}
	return from, to
}

func later(p, q place) place {
	if p.compare(q) < 0 {
		return q
	}
	return p
}

func earlier(p, q place) place {
	if p.compare(q) < 0 {
		return p
	}
	return q
}

// start is the place from which to read, and the direction.
func start(in *cloudwatchlogs.GetLogEventsInput, from, to place) (place, bool, error) {
	if in.NextToken == nil {
		if aws.ToBool(in.StartFromHead) {
			return from, true, nil
		}
		return to, false, nil
	}
	direction, rest, _ := strings.Cut(*in.NextToken, "/")
	number, closed := strings.CutSuffix(rest, "/s")
	p, ok := parsePlace(number)
	if !ok || !closed || direction != "f" && direction != "b" {
		return place{}, false, invalidToken()
	}
	return p, direction == "f", nil
}

// pageOfStream makes the reply. "If you have reached the end of the stream, it returns
// the same token you passed in."
func pageOfStream(events []event, position place, forward bool) *cloudwatchlogs.GetLogEventsOutput {
	events = events[:fitting(events)]
	if !forward {
		slices.Reverse(events)
	}
	first, last := position, position
	out := &cloudwatchlogs.GetLogEventsOutput{Events: []types.OutputLogEvent{}}
	for i, e := range events {
		if i == 0 {
			first = e.at
		}
		last = e.after()
		out.Events = append(out.Events, types.OutputLogEvent{Message: &e.message, Timestamp: &e.at.time, IngestionTime: &e.ingested})
	}
	out.NextBackwardToken, out.NextForwardToken = aws.String("b/"+first.String()+"/s"), aws.String("f/"+last.String()+"/s")
	return out
}
