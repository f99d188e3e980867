package logs

import (
	"context"
	"encoding/base64"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/filterpattern"
	"steady/scan"
)

// maxLooked is how many records one reply of FilterLogEvents looks at, nearly: a token
// then leads on. "This operation can return empty results while there are more log
// events available through the token."
const maxLooked = 500_000

// FilterLogEvents finds events of a log group in the order of their times, whichever
// streams they are of: "interleaved" is how AWS has always answered since 2019.
func (a *API) FilterLogEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	if err := checkFilter(in); err != nil {
		return nil, err
	}
	g, err := a.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	wanted, err := a.selected(g.Name, in.LogStreamNames, in.LogStreamNamePrefix)
	if err != nil {
		return nil, err
	}
	pattern, err := filterpattern.Parse(aws.ToString(in.FilterPattern))
	if err != nil {
		return nil, invalid("%s", err)
	}
	r := reading{
		group: g.Name, from: place{time: aws.ToInt64(in.StartTime)}, to: end, limit: limit(in.Limit, maxEvents), most: maxLooked,
		keep: func(stream, message string) bool { return wanted(stream) && pattern.Match(message) },
	}
	if in.EndTime != nil { // "Events with a timestamp later than this time are not returned."
		r.to = place{time: *in.EndTime, id: math.MaxUint64}
	}
	if in.NextToken != nil {
		if r.from, err = filterPlace(*in.NextToken); err != nil {
			return nil, err
		}
	}
	if len(in.LogStreamNames) > 0 {
		r.where = append(r.where, scan.Condition{Field: scan.LogStream, Op: scan.Equals, Texts: in.LogStreamNames})
	}
	if texts := pattern.Required(); len(texts) > 0 {
		r.where = append(r.where, scan.Condition{Field: scan.Message, Op: scan.Contains, Texts: texts})
	}
	events, seen, err := a.read(ctx, r)
	if err != nil {
		return nil, err
	}
	return filtered(events, seen, r.to), nil
}

func checkFilter(in *cloudwatchlogs.FilterLogEventsInput) error {
	var c check
	if in.LogStreamNames != nil {
		c.length("logStreamNames", len(in.LogStreamNames), 1, 100)
		c.each("logStreamNames", in.LogStreamNames, streamNameRule)
	}
	c.text("logStreamNamePrefix", in.LogStreamNamePrefix, streamNameRule)
	c.text("filterPattern", in.FilterPattern, rule{max: filterpattern.MaxLength})
	c.text("nextToken", in.NextToken, tokenRule)
	number(&c, "startTime", in.StartTime, 0, 0)
	number(&c, "endTime", in.EndTime, 0, 0)
	number(&c, "limit", in.Limit, 1, maxEvents)
	if err := c.err(); err != nil {
		return err
	}
	if in.StartTime != nil && in.EndTime != nil && *in.StartTime > *in.EndTime {
		return invalid("The start time must not be after the end time.")
	}
	return nil
}

// selected tells which streams of a group are asked for.
func (a *API) selected(group string, names []string, prefix *string) (func(stream string) bool, error) {
	if names != nil && prefix != nil {
		return nil, invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
	}
	if names == nil {
		return func(stream string) bool { return strings.HasPrefix(stream, aws.ToString(prefix)) }, nil
	}
	streams, err := a.archive.Streams(group)
	if err != nil {
		return nil, told(err, groupNotFound(), nil)
	}
	there := map[string]bool{}
	for _, s := range streams {
		there[s.Name] = slices.Contains(names, s.Name)
	}
	for _, name := range names {
		if !there[name] {
			return nil, streamNotFound()
		}
	}
	return func(stream string) bool { return there[stream] }, nil
}

func filterPlace(token string) (place, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	p, ok := parsePlace(string(b))
	if err != nil || !ok {
		return place{}, invalidToken()
	}
	return p, nil
}

// filtered makes the reply; there is a token when not all was seen.
func filtered(events []event, seen, to place) *cloudwatchlogs.FilterLogEventsOutput {
	if n := fitting(events); n < len(events) {
		events = events[:n]
		seen = events[n-1].after()
	}
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}, SearchedLogStreams: []types.SearchedLogStream{}}
	for _, e := range events {
		out.Events = append(out.Events, types.FilteredLogEvent{
			EventId: aws.String(e.at.String()), LogStreamName: &e.stream, Message: &e.message, Timestamp: &e.at.time, IngestionTime: &e.ingested,
		})
	}
	if seen.compare(to) < 0 {
		out.NextToken = aws.String(base64.RawURLEncoding.EncodeToString([]byte(seen.String())))
	}
	return out
}
