package logs

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/awsapi"
)

// maxResultPage is the most rows that one reply of GetQueryResults has.
const maxResultPage = 10_000

// GetQueryResults tells how a query fares, and what it has found: while it runs, so
// far.
func (a *API) GetQueryResults(ctx context.Context, in *cloudwatchlogs.GetQueryResultsInput) (*cloudwatchlogs.GetQueryResultsOutput, error) {
	var c check
	number(&c, "maxItems", in.MaxItems, 0, maxResultPage)
	c.text("nextToken", in.NextToken, rule{max: 1024})
	if err := c.err(); err != nil {
		return nil, err
	}
	j, err := a.job(in.QueryId)
	if err != nil {
		return nil, err
	}
	status, result := a.jobs.look(j)
	out := &cloudwatchlogs.GetQueryResultsOutput{
		Status: status, QueryLanguage: types.QueryLanguageCwli, Results: [][]types.ResultField{}, Statistics: &types.QueryStatistics{},
	}
	if result == nil {
		return out, nil
	}
	out.Statistics = &types.QueryStatistics{
		RecordsMatched: result.Statistics.RecordsMatched, RecordsScanned: result.Statistics.RecordsScanned, BytesScanned: result.Statistics.BytesScanned,
		EstimatedRecordsSkipped: result.Statistics.EstimatedRecordsSkipped, EstimatedBytesSkipped: result.Statistics.EstimatedBytesSkipped,
		LogGroupsScanned: result.Statistics.LogGroupsScanned, ResultCount: float64(len(result.Rows)),
	}
	from, err := resultOffset(in.NextToken, len(result.Rows))
	if err != nil {
		return nil, err
	}
	to := min(from+cmp.Or(int(aws.ToInt32(in.MaxItems)), maxResultPage), len(result.Rows))
	for _, row := range result.Rows[from:to] {
		shown := make([]types.ResultField, 0, len(row))
		for _, f := range row {
			shown = append(shown, types.ResultField{Field: &f.Name, Value: &f.Value})
		}
		out.Results = append(out.Results, shown)
	}
	if to < len(result.Rows) {
		out.NextToken = aws.String(base64.RawURLEncoding.EncodeToString([]byte("GetQueryResults " + strconv.Itoa(to))))
	}
	return out, nil
}

func resultOffset(token *string, rows int) (int, error) {
	if token == nil {
		return 0, nil
	}
	b, _ := base64.RawURLEncoding.DecodeString(*token)
	number, ok := strings.CutPrefix(string(b), "GetQueryResults ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 {
		return 0, invalidToken()
	}
	return min(n, rows), nil
}

// job finds a query that is on record.
func (a *API) job(id *string) (*job, error) {
	var c check
	c.required("queryId", id, queryIDRule)
	if err := c.err(); err != nil {
		return nil, err
	}
	a.jobs.mu.Lock()
	defer a.jobs.mu.Unlock()
	j, ok := a.jobs.find(*id)
	if !ok {
		return nil, notFound("Query %s does not exist, or its results have been dropped.", *id)
	}
	return j, nil
}

// StopQuery ends a query. "If the query has already ended, the operation returns an
// error indicating that the specified query is not running."
func (a *API) StopQuery(ctx context.Context, in *cloudwatchlogs.StopQueryInput) (*cloudwatchlogs.StopQueryOutput, error) {
	j, err := a.job(in.QueryId)
	if err != nil {
		return nil, err
	}
	if !a.jobs.stop(j) {
		return nil, invalid("Query %s is not running.", j.id)
	}
	return &cloudwatchlogs.StopQueryOutput{Success: true}, nil
}

// DescribeQueries lists the queries that run or have run, newest first.
func (a *API) DescribeQueries(ctx context.Context, in *cloudwatchlogs.DescribeQueriesInput) (*cloudwatchlogs.DescribeQueriesOutput, error) {
	var c check
	c.text("logGroupName", in.LogGroupName, groupNameRule)
	c.text("nextToken", in.NextToken, tokenRule)
	number(&c, "maxResults", in.MaxResults, 1, maxKept)
	oneOf(&c, "status", in.Status, types.QueryStatus("").Values())
	oneOf(&c, "queryLanguage", in.QueryLanguage, types.QueryLanguage("").Values())
	if err := c.err(); err != nil {
		return nil, err
	}
	described := []types.QueryInfo{}
	a.jobs.mu.Lock()
	for _, j := range a.jobs.all {
		if (in.Status == "" || j.status == in.Status) && (in.LogGroupName == nil || slices.Contains(j.groups, *in.LogGroupName)) && onlyCWLI(in.QueryLanguage) == nil {
			described = append(described, describe(j))
		}
	}
	a.jobs.mu.Unlock()
	shown, next, err := page(awsapi.Paging{Operation: "DescribeQueries", Token: in.NextToken, Size: limit(in.MaxResults, maxKept), Descending: true}, described,
		func(q types.QueryInfo) string { return fmt.Sprintf("%020d %s", *q.CreateTime, *q.QueryId) })
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.DescribeQueriesOutput{Queries: shown, NextToken: next}, nil
}

func describe(j *job) types.QueryInfo {
	q := types.QueryInfo{
		QueryId: &j.id, QueryString: &j.text, QueryLanguage: types.QueryLanguageCwli, Status: j.status,
		CreateTime: aws.Int64(j.createdAt.UnixMilli()),
	}
	if len(j.groups) > 0 {
		q.LogGroupName = &j.groups[0]
	}
	if j.result != nil {
		q.BytesScanned = aws.Float64(j.result.Statistics.BytesScanned)
		q.QueryDuration = aws.Int64(j.endedAt.Sub(j.createdAt).Milliseconds())
	}
	return q
}

// ListLogGroupsForQuery names the log groups that a query is about.
func (a *API) ListLogGroupsForQuery(ctx context.Context, in *cloudwatchlogs.ListLogGroupsForQueryInput) (*cloudwatchlogs.ListLogGroupsForQueryOutput, error) {
	var c check
	number(&c, "maxResults", in.MaxResults, 50, 500)
	c.text("nextToken", in.NextToken, tokenRule)
	if err := c.err(); err != nil {
		return nil, err
	}
	j, err := a.job(in.QueryId)
	if err != nil {
		return nil, err
	}
	arns := []string{}
	for _, g := range j.groups {
		arns = append(arns, a.groupARN(g))
	}
	shown, next, err := page(awsapi.Paging{Operation: "ListLogGroupsForQuery", Token: in.NextToken, Size: limit(in.MaxResults, 500)}, arns, func(arn string) string { return arn })
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListLogGroupsForQueryOutput{LogGroupIdentifiers: shown, NextToken: next}, nil
}
