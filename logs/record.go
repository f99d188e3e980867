package logs

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/scan"
)

// GetLogRecord shows all fields of one event that a query's @ptr names.
func (a *API) GetLogRecord(ctx context.Context, in *cloudwatchlogs.GetLogRecordInput) (*cloudwatchlogs.GetLogRecordOutput, error) {
	var c check
	c.required("logRecordPointer", in.LogRecordPointer, tokenRule)
	if err := c.err(); err != nil {
		return nil, err
	}
	fields, err := a.archive.Record(ctx, *in.LogRecordPointer)
	if err != nil {
		return nil, told(err, notFound("The specified log record does not exist."), nil)
	}
	out := &cloudwatchlogs.GetLogRecordOutput{LogRecord: map[string]string{}}
	for name, v := range fields {
		out.LogRecord[name] = v.Text
	}
	return out, nil
}

// What GetLogGroupFields looks at.
const (
	recently = 15 * time.Minute // without a time
	around   = 8 * time.Minute  // before and after the time
)

// GetLogGroupFields lists the fields that a group's events have, and in how many of
// them, over the last 15 minutes or around a time.
func (a *API) GetLogGroupFields(ctx context.Context, in *cloudwatchlogs.GetLogGroupFieldsInput) (*cloudwatchlogs.GetLogGroupFieldsOutput, error) {
	var c check
	number(&c, "time", in.Time, 0, 0)
	if err := c.err(); err != nil {
		return nil, err
	}
	g, err := a.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	from, to := now.Add(-recently), now
	if in.Time != nil { // epoch seconds, as StartQuery has them
		at := time.Unix(*in.Time, 0)
		from, to = at.Add(-around), at.Add(around)
	}
	records, counts := 0, map[string]int{}
	for b, err := range a.archive.Scan(ctx, scan.Request{Groups: []string{g.Name}, From: from.UnixMilli(), To: to.UnixMilli(), AllFields: true}) {
		if err != nil {
			return nil, err
		}
		records += b.Len()
		for name, column := range b.Columns {
			counts[name] += present(column)
		}
	}
	out := &cloudwatchlogs.GetLogGroupFieldsOutput{LogGroupFields: []types.LogGroupField{}}
	for name, n := range counts {
		if n > 0 && name != scan.Ptr {
			out.LogGroupFields = append(out.LogGroupFields, types.LogGroupField{
				Name: aws.String(name), Percent: int32(math.Round(100 * float64(n) / float64(records))),
			})
		}
	}
	slices.SortFunc(out.LogGroupFields, func(x, y types.LogGroupField) int {
		return cmp.Or(cmp.Compare(y.Percent, x.Percent), strings.Compare(*x.Name, *y.Name))
	})
	return out, nil
}

func present(c *scan.Column) (n int) {
	for _, code := range c.Codes {
		if code >= 0 {
			n++
		}
	}
	return n
}
