package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"steady/awsapi"
)

var updateGolden = flag.Bool("update", false, "write the golden replies anew")

// The replies as they are on the wire, but for times, ids and tokens.
func TestRepliesOnTheWire(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	group := aws.String("/my/group")
	w.group(*group, "web/app/1")
	must(w.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: group, RetentionInDays: aws.Int32(7)}))(t)
	golden(t, "put-log-events", must(w.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: group, LogStreamName: aws.String("web/app/1"),
		LogEvents: append(batch(inputEvent(ago(time.Minute), `{"level":"INFO","n":1}`)).LogEvents, inputEvent(ago(-3*time.Hour), "too new")),
	}))(t))
	golden(t, "describe-log-groups", must(w.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{}))(t))
	golden(t, "describe-log-streams", must(w.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: group}))(t))
	golden(t, "get-log-events", must(w.GetLogEvents(ctx, read(*group, "web/app/1")))(t))
	golden(t, "filter-log-events", must(w.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group}))(t))
	golden(t, "get-log-group-fields", must(w.GetLogGroupFields(ctx, &cloudwatchlogs.GetLogGroupFieldsInput{LogGroupName: group}))(t))
	in := about("stats count(*) as n by level")
	in.LogGroupName = group
	_, results := w.results(in)
	golden(t, "get-query-results", results)
	golden(t, "describe-queries", must(w.DescribeQueries(ctx, &cloudwatchlogs.DescribeQueriesInput{}))(t))
	must(w.PutQueryDefinition(ctx, &cloudwatchlogs.PutQueryDefinitionInput{Name: aws.String("all"), QueryString: aws.String("fields @message")}))(t)
	golden(t, "describe-query-definitions", must(w.DescribeQueryDefinitions(ctx, &cloudwatchlogs.DescribeQueryDefinitionsInput{}))(t))
	_, err := w.StartQuery(ctx, about("fields"))
	told, _ := errors.AsType[*awsapi.Error](err)
	golden(t, "malformed-query", told.Fields)
}

// unsteady is what differs from run to run.
var unsteady = regexp.MustCompile(`[0-9]{56}|[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9]{13}\b|"queryDuration": [0-9]+`)

func golden(t *testing.T, name string, reply any) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, must(awsapi.Encode(reply))(t), "", "  "); err != nil {
		t.Fatal(err)
	}
	text := append(unsteady.ReplaceAllFunc(got.Bytes(), func(b []byte) []byte {
		if b[0] == '"' {
			return []byte(`"queryDuration": 0`)
		}
		return bytes.Repeat([]byte("0"), min(len(b), 13))
	}), '\n')
	file := filepath.Join("testdata", name+".json")
	if *updateGolden {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(text, want) {
		t.Errorf("%s differs (look, then run with -update): %v\n%s", file, err, text)
	}
}
