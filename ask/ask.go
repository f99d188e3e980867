// Package ask asks one query of CloudWatch Logs Insights and prints what it finds, as a
// table, JSON, CSV or a chart.
// It never uses anything but the public API, so it asks Amazon's as well.
package ask

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"steady/insights"
)

// Logs is what asking needs of the CloudWatch Logs API; *cloudwatchlogs.Client has it.
type Logs interface {
	StartQuery(context.Context, *cloudwatchlogs.StartQueryInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.StartQueryOutput, error)
	GetQueryResults(context.Context, *cloudwatchlogs.GetQueryResultsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetQueryResultsOutput, error)
	StopQuery(context.Context, *cloudwatchlogs.StopQueryInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.StopQueryOutput, error)
	DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error)
	DescribeQueryDefinitions(context.Context, *cloudwatchlogs.DescribeQueryDefinitionsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeQueryDefinitionsOutput, error)
}

// Question is a query and what it is about.
type Question struct {
	Text     string
	Groups   []string  // none where the query names its own with SOURCE
	From, To time.Time // both included, to the second
	Limit    int       // rows of a query without a limit of its own; 0 leaves it to the server
}

// Answer is what a query has found.
type Answer struct {
	Columns    []string
	Rows       [][]string // by column; empty where a row has no such field
	Pointers   []string   // @ptr of each row, empty where it has none
	Statistics types.QueryStatistics
	Took       time.Duration
}

// The pace at which results are asked for.
const (
	firstPause = 20 * time.Millisecond
	mostPause  = time.Second
	farewell   = 5 * time.Second // for stopping a query that nobody waits for any more
)

// Ask asks and waits for the answer. progress, which may be nil, is called while the
// query runs. The error of a query that cannot be read is a *Malformed. When ctx ends
// the query is stopped.
func Ask(ctx context.Context, logs Logs, q Question, progress func(types.QueryStatistics)) (*Answer, error) {
	began := time.Now()
	in := &cloudwatchlogs.StartQueryInput{
		QueryString: &q.Text, LogGroupIdentifiers: q.Groups, StartTime: aws.Int64(q.From.Unix()), EndTime: aws.Int64(q.To.Unix()),
	}
	if q.Limit > 0 {
		in.Limit = aws.Int32(int32(q.Limit))
	}
	started, err := logs.StartQuery(ctx, in)
	if m, ok := errors.AsType[*types.MalformedQueryException](err); ok {
		return nil, malformed(q.Text, m)
	}
	if err != nil {
		return nil, fmt.Errorf("start the query: %w", plain(err))
	}
	out, err := wait(ctx, logs, started.QueryId, progress)
	if err != nil {
		return nil, err
	}
	a := new(Answer)
	if out.Statistics != nil {
		a.Statistics = *out.Statistics
	}
	for {
		a.add(out.Results)
		if aws.ToString(out.NextToken) == "" {
			a.settle(named(q.Text))
			a.Took = time.Since(began)
			return a, nil
		}
		out, err = logs.GetQueryResults(ctx, &cloudwatchlogs.GetQueryResultsInput{QueryId: started.QueryId, NextToken: out.NextToken})
		if err != nil {
			return nil, fmt.Errorf("read the results of the query: %w", plain(err))
		}
	}
}

// wait asks until the query has ended.
func wait(ctx context.Context, logs Logs, id *string, progress func(types.QueryStatistics)) (*cloudwatchlogs.GetQueryResultsOutput, error) {
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		out, err := logs.GetQueryResults(ctx, &cloudwatchlogs.GetQueryResultsInput{QueryId: id})
		switch {
		case ctx.Err() != nil:
			stop(ctx, logs, id)
			return nil, ctx.Err()
		case err != nil:
			return nil, fmt.Errorf("read the results of the query: %w", plain(err))
		case out.Status == types.QueryStatusComplete:
			return out, nil
		case out.Status != types.QueryStatusScheduled && out.Status != types.QueryStatusRunning:
			return nil, unfinished(out)
		}
		if progress != nil && out.Statistics != nil {
			progress(*out.Statistics)
		}
		select {
		case <-ctx.Done():
			stop(ctx, logs, id)
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

func stop(ctx context.Context, logs Logs, id *string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	logs.StopQuery(ctx, &cloudwatchlogs.StopQueryInput{QueryId: id}) // it may have ended
}

// unfinished is the error for a query that has ended without a result. Steady says why
// in a field @error.
func unfinished(out *cloudwatchlogs.GetQueryResultsOutput) error {
	for _, row := range out.Results {
		for _, f := range row {
			if aws.ToString(f.Field) == "@error" {
				return fmt.Errorf("the query ended as %s: %s", out.Status, aws.ToString(f.Value))
			}
		}
	}
	return fmt.Errorf("the query ended as %s", out.Status)
}

// add takes in rows. A row lacks the fields that it has no value for, so the columns
// become known little by little, each behind the one before it in its row.
func (a *Answer) add(rows [][]types.ResultField) {
	for _, row := range rows {
		values, pointer, at := make([]string, len(a.Columns)), "", 0
		for _, f := range row {
			name := aws.ToString(f.Field)
			if name == "@ptr" {
				pointer = aws.ToString(f.Value)
				continue
			}
			i := slices.Index(a.Columns, name)
			if i < 0 {
				i = at
				a.insert(i, name)
				values = slices.Insert(values, i, "")
			}
			values[i], at = aws.ToString(f.Value), i+1
		}
		a.Rows, a.Pointers = append(a.Rows, values), append(a.Pointers, pointer)
	}
}

func (a *Answer) insert(i int, column string) {
	a.Columns = slices.Insert(a.Columns, i, column)
	for k := range a.Rows {
		a.Rows[k] = slices.Insert(a.Rows[k], i, "")
	}
}

// named are the columns that a query names, as far as it can be read here.
func named(text string) []string {
	q, err := insights.Parse(text)
	if err != nil {
		return nil
	}
	return q.Columns()
}

// settle gives the answer the columns that the query names, in that order, also those
// that no row has a value for: what a script reads must not depend on the data. Where
// rows have others, the query is not the one that was understood, and they decide.
func (a *Answer) settle(columns []string) {
	place := make([]int, len(a.Columns))
	for i, c := range a.Columns {
		if place[i] = slices.Index(columns, c); place[i] < 0 {
			return
		}
	}
	for k, row := range a.Rows {
		values := make([]string, len(columns))
		for i, v := range row {
			values[place[i]] = v
		}
		a.Rows[k] = values
	}
	a.Columns = columns
}

// plain is what the server says, without how it was asked.
func plain(err error) error {
	if e, ok := errors.AsType[smithy.APIError](err); ok && e.ErrorMessage() != "" {
		return errors.New(e.ErrorMessage())
	}
	return err
}
