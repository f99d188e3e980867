package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// put stores messages a second apart, from a time on, with the AWS CLI.
func (s *server) put(group, stream string, from time.Time, messages ...string) {
	s.t.Helper()
	var events []map[string]any
	for i, m := range messages {
		events = append(events, map[string]any{"timestamp": from.Add(time.Duration(i) * time.Second).UnixMilli(), "message": m})
	}
	b, err := json.Marshal(events)
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.t.TempDir(), "events.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		s.t.Fatal(err)
	}
	aws[any](s, "logs", "put-log-events", "--log-group-name", group, "--log-stream-name", stream, "--log-events", "file://"+file)
}

// group makes a log group with a stream, with the AWS CLI.
func (s *server) group(name, stream string) {
	s.t.Helper()
	aws[any](s, "logs", "create-log-group", "--log-group-name", name)
	aws[any](s, "logs", "create-log-stream", "--log-group-name", name, "--log-stream-name", stream)
}

// What the AWS CLI puts into a log group it can read, filter and query.
func TestLogsWithTheAWSCLI(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	start := time.Now().Add(-time.Minute).Truncate(time.Second)
	s.group("/e2e/web", "app/1")
	s.put("/e2e/web", "app/1", start, `{"status":200,"path":"/"}`, `{"status":500,"path":"/pay"}`, `{"status":200,"path":"/"}`, "no JSON")
	aws[any](s, "logs", "put-retention-policy", "--log-group-name", "/e2e/web", "--retention-in-days", "7")

	groups := aws[struct{ LogGroups []types.LogGroup }](s, "logs", "describe-log-groups", "--log-group-name-prefix", "/e2e/")
	if len(groups.LogGroups) != 1 || *groups.LogGroups[0].RetentionInDays != 7 || *groups.LogGroups[0].Arn != "arn:aws:logs:us-east-1:000000000000:log-group:/e2e/web:*" {
		t.Errorf("the groups are %+v", groups)
	}
	streams := aws[struct{ LogStreams []types.LogStream }](s, "logs", "describe-log-streams", "--log-group-name", "/e2e/web", "--order-by", "LastEventTime", "--descending")
	if len(streams.LogStreams) != 1 || *streams.LogStreams[0].LastEventTimestamp != start.Add(3*time.Second).UnixMilli() {
		t.Errorf("the streams are %+v", streams)
	}
	events := aws[struct{ Events []types.OutputLogEvent }](s, "logs", "get-log-events", "--log-group-name", "/e2e/web", "--log-stream-name", "app/1", "--limit", "2")
	if len(events.Events) != 2 || *events.Events[1].Message != "no JSON" {
		t.Errorf("the last events are %+v", events)
	}
	found := aws[struct{ Events []types.FilteredLogEvent }](s, "logs", "filter-log-events", "--log-group-name", "/e2e/web", "--filter-pattern", `{ $.status = 5* && $.path = "/p*" }`)
	if len(found.Events) != 1 || *found.Events[0].Message != `{"status":500,"path":"/pay"}` {
		t.Errorf("found %+v", found)
	}
	if _, err := s.tryAWS("logs", "filter-log-events", "--log-group-name", "/e2e/gone"); err == nil || !strings.Contains(err.Error(), "(ResourceNotFoundException) when calling the FilterLogEvents operation: The specified log group does not exist.") {
		t.Errorf("a group that is not there: %v", err)
	}
	if _, err := s.tryAWS("logs", "create-export-task", "--log-group-name", "x", "--from", "0", "--to", "1", "--destination", "b"); err == nil || !strings.Contains(err.Error(), "CreateExportTask is not implemented by Steady yet") {
		t.Errorf("what is not built: %v", err)
	}
	s.queries(t, start)

	// What was answered is there after a kill, once.
	s.kill()
	s.start()
	again := aws[struct{ Events []types.OutputLogEvent }](s, "logs", "get-log-events", "--log-group-name", "/e2e/web", "--log-stream-name", "app/1")
	if len(again.Events) != 4 {
		t.Errorf("after a kill the events are %+v", again)
	}
}

// queries asks with the AWS CLI.
func (s *server) queries(t *testing.T, start time.Time) {
	t.Helper()
	from, to := fmt.Sprint(start.Add(-time.Hour).Unix()), fmt.Sprint(start.Add(time.Hour).Unix())
	ask := func(query string) []string {
		return []string{"logs", "start-query", "--log-group-name", "/e2e/web", "--start-time", from, "--end-time", to, "--query-string", query}
	}
	id := aws[struct{ QueryID string }](s, ask("stats count(*) as n by status | sort n desc")...).QueryID
	var out struct {
		Status  types.QueryStatus
		Results [][]types.ResultField
	}
	eventually(t, func() string {
		out.Results = nil
		b, err := s.tryAWS("logs", "get-query-results", "--query-id", id)
		if err != nil {
			return err.Error()
		}
		if err := json.Unmarshal([]byte(b), &out); err != nil {
			return err.Error()
		}
		if out.Status == types.QueryStatusComplete {
			return ""
		}
		return "the query is " + string(out.Status)
	})
	value := ""
	for _, f := range out.Results[0] {
		value += *f.Field + "=" + *f.Value + " "
	}
	if len(out.Results) != 3 || !strings.Contains(value, "n=2 ") || !strings.Contains(value, "status=200 ") {
		t.Errorf("%d rows, the first is %s", len(out.Results), value)
	}
	if _, err := s.tryAWS(ask("filter status ==")...); err == nil || !strings.Contains(err.Error(), "MalformedQueryException") {
		t.Errorf("a malformed query: %v", err)
	}
}

// `aws logs tail --follow` where the AWS CLI has it, which is from version 2 on.
func TestAWSLogsTail(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("aws", "--version").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "aws-cli/2") {
		t.Skipf("needs version 2 of the AWS CLI; this is %s", out)
	}
	s := up(t, "--runtime", "sim")
	s.group("/e2e/web", "app/1")
	tail := exec.Command("aws", "--endpoint-url", s.url, "logs", "tail", "/e2e/web", "--follow", "--format", "short")
	tail.Env = append(s.environment(), "PYTHONUNBUFFERED=1")
	out := new(lockedBuffer)
	tail.Stdout, tail.Stderr = out, out
	if err := tail.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { tail.Process.Kill(); tail.Wait() }()
	for i := range 2 {
		message := fmt.Sprint("message ", i)
		s.put("/e2e/web", "app/1", time.Now(), message)
		eventually(t, func() string {
			if strings.Contains(out.String(), message) {
				return ""
			}
			return "it has said " + out.String()
		})
	}
	if n := strings.Count(out.String(), "message 0"); n != 1 {
		t.Errorf("it has said the first message %d times", n)
	}
}

// A live tail through the AWS SDK.
func TestLiveTail(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	s.group("/e2e/web", "app/1")
	logs := cloudwatchlogs.New(cloudwatchlogs.Options{
		Region: "us-east-1", BaseEndpoint: &s.url, Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
		APIOptions: []func(*middleware.Stack) error{asItIs},
	})
	out, err := logs.StartLiveTail(t.Context(), &cloudwatchlogs.StartLiveTailInput{
		LogGroupIdentifiers: []string{"arn:aws:logs:us-east-1:000000000000:log-group:/e2e/web"}, LogEventFilterPattern: awssdk.String("ERROR"),
	})
	if err != nil {
		t.Fatal(err)
	}
	tail := out.GetStream()
	defer tail.Close()
	if _, ok := (<-tail.Events()).(*types.StartLiveTailResponseStreamMemberSessionStart); !ok {
		t.Fatalf("the session does not start: %v", tail.Err())
	}
	s.put("/e2e/web", "app/1", time.Now(), "INFO well", "ERROR ill")
	for e := range tail.Events() {
		u, ok := e.(*types.StartLiveTailResponseStreamMemberSessionUpdate)
		if ok && len(u.Value.SessionResults) > 0 {
			if got := *u.Value.SessionResults[0].Message; got != "ERROR ill" || len(u.Value.SessionResults) > 1 {
				t.Errorf("told %q and %d more", got, len(u.Value.SessionResults)-1)
			}
			break
		}
	}
	s.stop() // a server that ends, ends its streams
	for range tail.Events() {
	}
}

// asItIs keeps the endpoint: the SDK would put "stream-" before the name of the host.
func asItIs(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("AsItIs",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}

// `steady query` asks the same, and shows what is wrong with a query where it is.
func TestSteadyQuery(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	s.group("/steady/default", "web/app/1")
	s.put("/steady/default", "web/app/1", time.Now().Add(-time.Minute), `{"status":200}`, `{"status":500}`, `{"status":200}`, "an error")
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"stats count(*) as n by status | filter ispresent(status) | sort n desc"}, 0, "n"},
		{[]string{"filter status = 500 | fields status", "-o", "csv"}, 0, "status\n500\n"},
		{[]string{"stats count(*) as n by status | filter ispresent(status)", "-o", "chart"}, 0, "█"},
		{[]string{"--saved"}, 0, "recent-errors\n"},
		{[]string{"--saved", "recent-errors", "--param", "limit=1", "-o", "json"}, 0, `"@message": "an error"`},
		{[]string{"filter status = "}, 1, "\n  filter status = \n"},
		{[]string{"limit 1", "--cluster", "red"}, 1, "cluster red has no log group"},
		{[]string{"limit 1", "--group", "gone"}, 1, "steady: start the query: Log group 'gone' does not exist for account ID '000000000000'\n"},
		{[]string{"limit 1", "--since", "soon"}, 1, "should be a duration such as 15m"},
	} {
		out, code := s.steady(append([]string{"query"}, tt.args...)...)
		if code != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("%q ended with %d:\n%s", tt.args, code, out)
		}
	}
}
