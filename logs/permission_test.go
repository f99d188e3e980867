package logs

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"steady/awsapi"
)

func TestWhatACallerMustBeAllowed(t *testing.T) {
	w := newWorld(t)
	w.group("/web", "a")
	ok(t)(w.TagResource(t.Context(), &cloudwatchlogs.TagResourceInput{ResourceArn: aws.String(w.groupARN("/web")), Tags: map[string]string{"team": "web"}}))
	w.put("/web", "a", ago(time.Minute), "one")
	const at = "arn:aws:logs:us-east-1:000000000000:log-group:"
	name, stream := aws.String("/web"), aws.String("a")
	for _, c := range []struct {
		in   any
		want string
	}{
		{&cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/new")}, at + "/new:log-stream:"},
		{&cloudwatchlogs.CreateLogStreamInput{LogGroupName: name, LogStreamName: stream}, at + "/web:log-stream:a team=web"},
		{&cloudwatchlogs.PutLogEventsInput{LogGroupName: name, LogStreamName: stream}, at + "/web:log-stream:a team=web"},
		{&cloudwatchlogs.GetLogEventsInput{LogGroupIdentifier: aws.String(at + "/web:*"), LogStreamName: stream}, at + "/web:log-stream:a team=web"},
		{&cloudwatchlogs.FilterLogEventsInput{LogGroupName: name, LogStreamNames: []string{"a"}}, at + "/web:log-stream: team=web"},
		{&cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: name, LogStreamNamePrefix: stream}, at + "/web:log-stream: team=web"},
		{&cloudwatchlogs.StartQueryInput{LogGroupNames: []string{"/web", "/db"}}, at + "/web:log-stream: team=web, " + at + "/db:log-stream:"},
		{&cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{at + "/web"}}, at + "/web:log-stream: team=web"},
		{&cloudwatchlogs.DescribeLogGroupsInput{LogGroupIdentifiers: []string{at + "/web"}}, at + ":log-stream:"},
		{&cloudwatchlogs.DescribeQueriesInput{LogGroupName: name}, ""},
		{&cloudwatchlogs.GetQueryResultsInput{QueryId: stream}, ""},
		{&cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String(at + "/web")}, at + "/web team=web"},
		{&cloudwatchlogs.GetLogRecordInput{LogRecordPointer: w.pointer("/web")}, at + "/web:log-stream: team=web"},
		{&cloudwatchlogs.GetLogRecordInput{LogRecordPointer: stream}, ""},
	} {
		got := joinedBy(w.permissions("", c.in))
		if got != c.want {
			t.Errorf("%T needs\n%s\nwant\n%s", c.in, got, c.want)
		}
	}
}

func joinedBy(list []awsapi.Permission) (all string) {
	for _, p := range list {
		if all != "" {
			all += ", "
		}
		all += p.Resource
		if team, ok := p.Conditions["aws:ResourceTag/team"]; ok {
			all += " team=" + team
		}
	}
	return all
}

// pointer is the @ptr of a record of a group.
func (w *world) pointer(group string) *string {
	w.t.Helper()
	now := time.Now()
	started := must(w.StartQuery(w.t.Context(), &cloudwatchlogs.StartQueryInput{
		LogGroupNames: []string{group}, QueryString: aws.String("fields @message"),
		StartTime: aws.Int64(now.Add(-time.Hour).Unix()), EndTime: aws.Int64(now.Unix()),
	}))(w.t)
	for deadline := now.Add(time.Minute); time.Now().Before(deadline); {
		out := must(w.GetQueryResults(w.t.Context(), &cloudwatchlogs.GetQueryResultsInput{QueryId: started.QueryId}))(w.t)
		for _, row := range out.Results {
			for _, f := range row {
				if *f.Field == "@ptr" {
					return f.Value
				}
			}
		}
	}
	w.t.Fatal("the query found no record")
	return nil
}
