package tail

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// line is one line of output, or something that has happened.
type line struct {
	at        time.Time
	from      place
	text      string
	happening bool
}

// source gives the lines of one container in the order of their times. Its place in
// the stream is a token, so that no line is lost or told twice however late it comes.
type source struct {
	place
	logs  Logs
	since time.Time

	token    *string
	found    bool   // the stream is there
	lines    []line // read, and not yet taken
	ended    bool   // there is nothing more for now
	hasty    bool   // a reply with few lines is the last for now
	closing  bool   // this is the last look at it
	complete bool   // there will never be more
}

// enough is how many lines of a stream that grows are worth another look at once.
const enough = 1000

// fill reads on, unless there are lines already or no more.
func (s *source) fill(ctx context.Context) error {
	for len(s.lines) == 0 && !s.ended {
		in := s.request()
		in.StartFromHead = aws.Bool(true)
		if err := s.read(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

// last reads the last n lines, from which a fill goes on.
func (s *source) last(ctx context.Context, n int) error {
	in := s.request()
	in.Limit, in.StartFromHead = aws.Int32(int32(n)), aws.Bool(false)
	err := s.read(ctx, in)
	s.ended = true
	return err
}

func (s *source) request() *cloudwatchlogs.GetLogEventsInput {
	in := &cloudwatchlogs.GetLogEventsInput{LogGroupName: &s.group, LogStreamName: &s.stream, NextToken: s.token}
	if !s.since.IsZero() {
		in.StartTime = aws.Int64(s.since.UnixMilli())
	}
	return in
}

func (s *source) read(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput) error {
	out, err := s.logs.GetLogEvents(ctx, in)
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		s.ended = true // a stream is made with its first line
		return nil
	}
	if err != nil {
		return err
	}
	s.found = true
	for _, e := range out.Events {
		s.lines = append(s.lines, line{at: time.UnixMilli(aws.ToInt64(e.Timestamp)), from: s.place, text: aws.ToString(e.Message)})
	}
	// "If you have reached the end of the stream, it returns the same token you passed
	// in."
	s.ended = aws.ToString(out.NextForwardToken) == aws.ToString(s.token) || s.hasty && len(out.Events) < enough
	s.token = out.NextForwardToken
	return nil
}

// merge passes the lines of all sources on in the order of their times. Lines of one
// time come in the order of the sources.
func merge(ctx context.Context, sources []*source, pass func(line) error) error {
	for {
		var next *source
		for _, s := range sources {
			if err := s.fill(ctx); err != nil {
				return err
			}
			if len(s.lines) > 0 && (next == nil || s.lines[0].at.Before(next.lines[0].at)) {
				next = s
			}
		}
		if next == nil {
			return nil
		}
		if err := pass(next.lines[0]); err != nil {
			return err
		}
		next.lines = next.lines[1:]
	}
}
