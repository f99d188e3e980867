package logs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/archive"
	"steady/awsapi"
)

// CreateLogStream makes an empty log stream in a group.
func (a *API) CreateLogStream(ctx context.Context, in *cloudwatchlogs.CreateLogStreamInput) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	group, stream, err := streamNames(in.LogGroupName, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	if err := a.archive.CreateStream(ctx, group, stream); err != nil {
		return nil, told(err, groupNotFound(), awsapi.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists"))
	}
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

// DeleteLogStream removes a log stream with its events.
func (a *API) DeleteLogStream(ctx context.Context, in *cloudwatchlogs.DeleteLogStreamInput) (*cloudwatchlogs.DeleteLogStreamOutput, error) {
	group, stream, err := streamNames(in.LogGroupName, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	missing := streamNotFound()
	if _, ok := a.archive.Group(group); !ok {
		missing = groupNotFound()
	}
	if err := a.archive.DeleteStream(ctx, group, stream); err != nil {
		return nil, told(err, missing, nil)
	}
	return &cloudwatchlogs.DeleteLogStreamOutput{}, nil
}

func streamNames(group, stream *string) (string, string, error) {
	var c check
	c.required("logGroupName", group, groupNameRule)
	c.required("logStreamName", stream, streamNameRule)
	return aws.ToString(group), aws.ToString(stream), c.err()
}

// DescribeLogStreams shows the log streams of a group, by name or by the time of their
// last event.
func (a *API) DescribeLogStreams(ctx context.Context, in *cloudwatchlogs.DescribeLogStreamsInput) (*cloudwatchlogs.DescribeLogStreamsOutput, error) {
	var c check
	c.text("logStreamNamePrefix", in.LogStreamNamePrefix, streamNameRule)
	c.text("nextToken", in.NextToken, tokenRule)
	oneOf(&c, "orderBy", in.OrderBy, types.OrderBy("").Values())
	number(&c, "limit", in.Limit, 1, maxDescribed)
	if err := c.err(); err != nil {
		return nil, err
	}
	g, err := a.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if in.OrderBy == types.OrderByLastEventTime && in.LogStreamNamePrefix != nil {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	streams, err := a.archive.Streams(g.Name)
	if err != nil {
		return nil, told(err, groupNotFound(), nil)
	}
	streams = slices.DeleteFunc(streams, func(s archive.Stream) bool {
		return !strings.HasPrefix(s.Name, aws.ToString(in.LogStreamNamePrefix))
	})
	key := func(s archive.Stream) string { return s.Name }
	if in.OrderBy == types.OrderByLastEventTime {
		key = func(s archive.Stream) string { return fmt.Sprintf("%020d %s", s.LastEvent, s.Name) }
	}
	shown, next, err := page(awsapi.Paging{Operation: "DescribeLogStreams " + string(in.OrderBy), Token: in.NextToken, Size: limit(in.Limit, maxDescribed), Descending: aws.ToBool(in.Descending)}, streams, key)
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeLogStreamsOutput{LogStreams: []types.LogStream{}, NextToken: next}
	for _, s := range shown {
		out.LogStreams = append(out.LogStreams, a.showStream(g.Name, s))
	}
	return out, nil
}

func (a *API) showStream(group string, s archive.Stream) types.LogStream {
	shown := types.LogStream{
		LogStreamName: &s.Name, Arn: aws.String(a.groupARN(group) + ":log-stream:" + s.Name), CreationTime: &s.CreatedAt,
		//lint:ignore SA1019 it is "always reported as zero", but reported
		StoredBytes: aws.Int64(0),
	}
	if s.LastIngestion != 0 {
		shown.FirstEventTimestamp, shown.LastEventTimestamp, shown.LastIngestionTime = &s.FirstEvent, &s.LastEvent, &s.LastIngestion
		shown.UploadSequenceToken = aws.String(sequenceToken)
	}
	return shown
}
