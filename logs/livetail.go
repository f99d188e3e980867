package logs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/uuid"

	"steady/archive"
	"steady/awsapi"
	"steady/filterpattern"
)

// Limits of a live tail: "Every second, a LiveTailSessionUpdate object is sent", with
// "as many as 500 log events"; a session "times out, after it has been kept open for
// three hours".
const (
	tailEvery   = time.Second
	tailEvents  = 500
	tailTimeout = 3 * time.Hour
)

// tail is one session.
type tail struct {
	api      *API
	start    types.LiveTailSessionStart
	groups   []string
	wanted   func(stream string) bool
	pattern  *filterpattern.Pattern
	follower *archive.Follower
}

// StartLiveTail tells events as they arrive. The SDKs put "stream-" (older ones
// "streaming-") before the name of the endpoint's host for it, unless told not to.
func (a *API) StartLiveTail(ctx context.Context, in *cloudwatchlogs.StartLiveTailInput) (awsapi.Stream, error) {
	t, err := a.tail(in)
	if err != nil {
		return nil, err
	}
	return t.run, nil
}

func (a *API) tail(in *cloudwatchlogs.StartLiveTailInput) (*tail, error) {
	var c check
	c.length("logGroupIdentifiers", len(in.LogGroupIdentifiers), 1, 10)
	c.each("logGroupIdentifiers", in.LogGroupIdentifiers, identifierRule)
	for member, names := range map[string][]string{"logStreamNames": in.LogStreamNames, "logStreamNamePrefixes": in.LogStreamNamePrefixes} {
		if names != nil {
			c.length(member, len(names), 1, 100)
			c.each(member, names, streamNameRule)
		}
	}
	c.text("logEventFilterPattern", in.LogEventFilterPattern, rule{max: filterpattern.MaxLength})
	if err := c.err(); err != nil {
		return nil, err
	}
	streams := in.LogStreamNames != nil || in.LogStreamNamePrefixes != nil
	switch {
	case in.LogStreamNames != nil && in.LogStreamNamePrefixes != nil:
		return nil, invalid("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.")
	case streams && len(in.LogGroupIdentifiers) > 1:
		return nil, invalid("Log streams can be given only with one log group.")
	}
	t := &tail{api: a, start: types.LiveTailSessionStart{
		RequestId: aws.String(uuid.NewString()), SessionId: aws.String(uuid.NewString()),
		LogGroupIdentifiers: in.LogGroupIdentifiers, LogStreamNames: in.LogStreamNames,
		LogStreamNamePrefixes: in.LogStreamNamePrefixes, LogEventFilterPattern: in.LogEventFilterPattern,
	}}
	for _, id := range in.LogGroupIdentifiers {
		// "If you specify an ARN, the ARN can't end with an asterisk (*)."
		if strings.HasSuffix(id, "*") {
			return nil, invalid("The log group identifier %s must not end with an asterisk.", id)
		}
		g, err := a.group(nil, &id)
		if err != nil {
			return nil, err
		}
		t.groups = append(t.groups, g.Name)
	}
	var err error
	if t.pattern, err = filterpattern.Parse(aws.ToString(in.LogEventFilterPattern)); err != nil {
		return nil, invalid("%s", err)
	}
	t.wanted = func(stream string) bool {
		return !streams || slices.Contains(in.LogStreamNames, stream) ||
			slices.ContainsFunc(in.LogStreamNamePrefixes, func(p string) bool { return strings.HasPrefix(stream, p) })
	}
	return t, nil
}

// run tells what arrives until the caller goes away or three hours are over.
func (t *tail) run(ctx context.Context, send func(string, any) error) error {
	// Whoever has heard that the session has started misses nothing from then on.
	t.follower = t.api.archive.Follow(t.groups...)
	defer t.follower.Close()
	if err := send("sessionStart", &t.start); err != nil {
		return err
	}
	over := time.Now().Add(tailTimeout)
	for time.Now().Before(over) {
		u, err := t.collect(ctx)
		if err != nil {
			return err
		}
		if err := send("sessionUpdate", u); err != nil {
			return err
		}
	}
	return awsapi.Errorf("SessionTimeoutException", "The live tail has been open for three hours; start another one.")
}

// collect waits for a second and gives what has arrived in it. Beyond 500 events it is
// a sample: the newest.
func (t *tail) collect(ctx context.Context) (*types.LiveTailSessionUpdate, error) {
	u := &types.LiveTailSessionUpdate{SessionMetadata: &types.LiveTailSessionMetadata{}, SessionResults: []types.LiveTailSessionLogEvent{}}
	second, cancel := context.WithTimeout(ctx, tailEvery)
	defer cancel()
	for {
		arrivals, lost, err := t.follower.Next(second)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, context.DeadlineExceeded):
			return u, nil
		case err != nil:
			return nil, told(err, nil, nil)
		}
		u.SessionMetadata.Sampled = u.SessionMetadata.Sampled || lost > 0
		t.add(u, arrivals)
	}
}

func (t *tail) add(u *types.LiveTailSessionUpdate, arrivals []archive.Arrival) {
	for _, r := range arrivals {
		if t.wanted(r.Stream) && t.pattern.Match(r.Message) {
			u.SessionResults = append(u.SessionResults, types.LiveTailSessionLogEvent{
				LogGroupIdentifier: aws.String(t.api.realm.Account + ":" + r.Group), LogStreamName: &r.Stream,
				Message: &r.Message, Timestamp: &r.Time, IngestionTime: &r.Ingested,
			})
		}
	}
	if more := len(u.SessionResults) - tailEvents; more > 0 {
		u.SessionResults = slices.Delete(u.SessionResults, 0, more)
		u.SessionMetadata.Sampled = true
	}
}
