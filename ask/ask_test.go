package ask

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

var update = flag.Bool("update", false, "write the golden texts anew")

var _ Logs = (*cloudwatchlogs.Client)(nil)

// server answers in turn what it was given for GetQueryResults.
type server struct {
	Logs
	refuse      error
	replies     []*cloudwatchlogs.GetQueryResultsOutput
	started     *cloudwatchlogs.StartQueryInput
	stopped     string
	groups      []string
	definitions []types.QueryDefinition
}

func (s *server) StartQuery(_ context.Context, in *cloudwatchlogs.StartQueryInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.StartQueryOutput, error) {
	s.started = in
	return &cloudwatchlogs.StartQueryOutput{QueryId: aws.String("q")}, s.refuse
}

func (s *server) GetQueryResults(_ context.Context, in *cloudwatchlogs.GetQueryResultsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetQueryResultsOutput, error) {
	out := s.replies[0]
	if len(s.replies) > 1 {
		s.replies = s.replies[1:]
	}
	return out, nil
}

func (s *server) StopQuery(_ context.Context, in *cloudwatchlogs.StopQueryInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.StopQueryOutput, error) {
	s.stopped = *in.QueryId
	return nil, nil
}

func (s *server) DescribeLogGroups(_ context.Context, in *cloudwatchlogs.DescribeLogGroupsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	out := new(cloudwatchlogs.DescribeLogGroupsOutput)
	for _, g := range s.groups {
		if strings.HasPrefix(g, *in.LogGroupNamePrefix) {
			out.LogGroups = append(out.LogGroups, types.LogGroup{LogGroupName: &g})
		}
	}
	return out, nil
}

func (s *server) DescribeQueryDefinitions(_ context.Context, in *cloudwatchlogs.DescribeQueryDefinitionsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeQueryDefinitionsOutput, error) {
	return &cloudwatchlogs.DescribeQueryDefinitionsOutput{QueryDefinitions: s.definitions}, nil
}

// reply has rows of "field=value …".
func reply(status types.QueryStatus, next string, rows ...string) *cloudwatchlogs.GetQueryResultsOutput {
	out := &cloudwatchlogs.GetQueryResultsOutput{Status: status, Statistics: &types.QueryStatistics{RecordsScanned: 1234567, RecordsMatched: 3, BytesScanned: 1 << 20, LogGroupsScanned: 1}}
	if next != "" {
		out.NextToken = &next
	}
	for _, row := range rows {
		var fields []types.ResultField
		for _, f := range strings.Fields(row) {
			name, value, _ := strings.Cut(f, "=")
			fields = append(fields, types.ResultField{Field: &name, Value: &value})
		}
		out.Results = append(out.Results, fields)
	}
	return out
}

// A query is waited for, its progress told, and all pages of its answer read.
func TestAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{replies: []*cloudwatchlogs.GetQueryResultsOutput{
			reply(types.QueryStatusScheduled, ""), reply(types.QueryStatusRunning, "", "a=1"),
			reply(types.QueryStatusComplete, "more", "a=1 c=3 @ptr=p1", "a=4"), reply(types.QueryStatusComplete, "", "b=2 c=5 @ptr=p3"),
		}}
		told := 0
		a, err := Ask(t.Context(), s, Question{Text: "x", Groups: []string{"g"}, From: time.Unix(5, 9), To: time.Unix(7, 0), Limit: 9}, func(types.QueryStatistics) { told++ })
		if err != nil {
			t.Fatal(err)
		}
		if *s.started.StartTime != 5 || *s.started.EndTime != 7 || *s.started.Limit != 9 || told != 2 || a.Took != firstPause+2*firstPause {
			t.Errorf("%+v, told %d times, took %v", s.started, told, a.Took)
		}
		var got []string
		for i, row := range append([][]string{a.Columns}, a.Rows...) {
			if i > 0 {
				row = append(row, a.Pointers[i-1])
			}
			got = append(got, strings.Join(row, ","))
		}
		if s := strings.Join(got, " "); s != "b,a,c ,1,3,p1 ,4,, 2,,5,p3" {
			t.Error(s)
		}
	})
}

// The columns are those that the query names, whatever the rows have: a script reads
// them by their place.
func TestColumns(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"a column without a value", "fields a, k, c", "a,k,c|1,,3|4,,"},
		{"the order of the query", "fields c, a", "c,a|3,1|,4"},
		{"a column that was not foreseen: the rows decide", "fields a", "a,c|1,3|4,"},
		{"a query that is not understood here", "novelty a", "a,c|1,3|4,"},
	} {
		s := &server{replies: []*cloudwatchlogs.GetQueryResultsOutput{reply(types.QueryStatusComplete, "", "a=1 c=3 @ptr=p", "a=4 @ptr=q")}}
		a, err := Ask(t.Context(), s, Question{Text: c.query}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := a.Print(&b, Style{Format: "csv"}); err != nil {
			t.Error(err)
		}
		if got := strings.ReplaceAll(strings.TrimSpace(b.String()), "\n", "|"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Without a row the head of a CSV is there, and no table.
func TestColumnsWithoutRows(t *testing.T) {
	for format, want := range map[string]string{"csv": "@timestamp,k\n", "table": "", "json": "[]\n"} {
		s := &server{replies: []*cloudwatchlogs.GetQueryResultsOutput{reply(types.QueryStatusComplete, "")}}
		a, err := Ask(t.Context(), s, Question{Text: "fields @timestamp, k"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := a.Print(&b, Style{Format: format}); err != nil || b.String() != want {
			t.Errorf("%s is %q (%v)", format, b.String(), err)
		}
	}
}

// A column that has no value at all says nothing in a chart.
func TestAChartLeavesOutEmptyColumns(t *testing.T) {
	var with, without strings.Builder
	err := errors.Join(
		(&Answer{Columns: []string{"k", "none", "n"}, Rows: [][]string{{"x", "", "3"}}}).Print(&with, Style{Format: "chart"}),
		(&Answer{Columns: []string{"k", "n"}, Rows: [][]string{{"x", "3"}}}).Print(&without, Style{Format: "chart"}))
	if err != nil || with.String() != without.String() {
		t.Errorf("%v\n%s\n%s", err, with.String(), without.String())
	}
}

// Who is interrupted stops the query.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{replies: []*cloudwatchlogs.GetQueryResultsOutput{reply(types.QueryStatusRunning, "")}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := Ask(ctx, s, Question{}, nil); !errors.Is(err, context.DeadlineExceeded) || s.stopped != "q" {
			t.Errorf("%v, stopped %q", err, s.stopped)
		}
	})
}

func TestAskFails(t *testing.T) {
	for want, s := range map[string]*server{
		"start the query: No such group.":                {refuse: &types.ResourceNotFoundException{Message: aws.String("No such group.")}},
		"the query ended as Failed: too-much":            {replies: []*cloudwatchlogs.GetQueryResultsOutput{reply(types.QueryStatusFailed, "", "@error=too-much")}},
		"the query ended as Timeout":                     {replies: []*cloudwatchlogs.GetQueryResultsOutput{reply(types.QueryStatusTimeout, "", "a=1")}},
		"the query is malformed: no\n  b é c\n    ^":     {refuse: malformedAt("no", 4, 5)},
		"the query is malformed: end\n  b é c\n       ^": {refuse: malformedAt("end", 7, 7)},
		"the query is malformed: all\n  a\n  ^":          {refuse: malformedAt("all", 0, 9)},
		"the query is malformed: so":                     {refuse: &types.MalformedQueryException{Message: aws.String("so")}},
	} {
		if _, err := Ask(t.Context(), s, Question{Text: "a\nb é c"}, nil); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func malformedAt(message string, start, end int32) error {
	return &types.MalformedQueryException{QueryCompileError: &types.QueryCompileError{
		Message: &message, Location: &types.QueryCompileErrorLocation{StartCharOffset: &start, EndCharOffset: &end},
	}}
}

func TestPrint(t *testing.T) {
	a := &Answer{
		Columns:    []string{"bin(5m)", "detail.stoppedReason", "n"},
		Rows:       [][]string{{"2026-01-02 12:00:00.000", "\x1b[31mé \"quoted\", <b>\nsecond line", "12"}, {"2026-01-02 12:05:00.000", "", "7"}},
		Pointers:   []string{"p1", ""},
		Statistics: types.QueryStatistics{RecordsMatched: 19, RecordsScanned: 1234567, BytesScanned: 1500, LogGroupsScanned: 2},
		Took:       1234567 * time.Microsecond,
	}
	for _, format := range []string{"table", "json", "csv", "chart"} {
		var b strings.Builder
		style := Style{Format: format}
		if format == "chart" {
			style.Width = 60
		}
		if err := a.Print(&b, style); err != nil {
			t.Error(err)
		}
		golden(t, format, b.String())
	}
	if got := a.Summary(); got != "2 rows; 19 of 1,234,567 records matched, 1.465 KiB scanned in 2 log groups, 1.235s" {
		t.Error(got)
	}
	for format, want := range map[string]string{"table": "", "json": "[]\n", "csv": ""} {
		var b strings.Builder
		if err := new(Answer).Print(&b, Style{Format: format}); err != nil || b.String() != want {
			t.Errorf("nothing as %s is %q (%v)", format, b.String(), err)
		}
	}
	if got := Progress(a.Statistics); got != "running: 1,234,567 records and 1.465 KiB scanned, 19 matched" {
		t.Error(got)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != got {
		t.Errorf("%s differs (look, then run with -update): %v\n%s", file, err, got)
	}
}

func TestGroups(t *testing.T) {
	s := &server{groups: []string{"/steady/blue", "/steady/bluebell", "/aws/events/ecs/containerinsights/bluebell/performance"}}
	if got, err := Groups(t.Context(), s, "arn:aws:ecs:r:a:cluster/blue", "events", "logs"); err != nil || strings.Join(got, " ") != "/steady/blue" {
		t.Errorf("%q, %v", got, err)
	}
	const want = "cluster red has no log group /steady/red yet: check --cluster, or give --group"
	if _, err := Groups(t.Context(), s, "red", "logs"); err == nil || err.Error() != want {
		t.Error(err)
	}
	for text, want := range map[string]bool{
		"SOURCE 'a' | limit 1": true, "# about\n\n  source logGroups()\n| limit 1": true, "fields @message": false, "fields sourceIP | limit 1": false, "": false, "sources": false,
	} {
		if got := HasSource(text); got != want {
			t.Errorf("%q has a source: %t", text, got)
		}
	}
}

// A definition of the server stands before a query of the same name that comes with
// Steady.
func TestSaved(t *testing.T) {
	s := &server{definitions: []types.QueryDefinition{
		{Name: aws.String("recent-errors"), QueryString: aws.String("limit {{n}}"), LogGroupNames: []string{"g"}, Parameters: []types.QueryParameter{{Name: aws.String("n"), DefaultValue: aws.String("5")}}},
		{Name: aws.String("mine"), QueryString: aws.String("limit 1"), Parameters: []types.QueryParameter{{Name: aws.String("task"), Description: aws.String("which")}}},
	}}
	q, err := Find(t.Context(), s, "recent-errors")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := q.Fill(nil); err != nil || text != "limit 5" || q.Groups[0] != "g" {
		t.Errorf("%q (%v) about %q", text, err, q.Groups)
	}
	if _, err := Find(t.Context(), s, "gone"); err == nil || err.Error() != `there is no saved query gone: "steady query --saved" lists them` {
		t.Error(err)
	}
	var b strings.Builder
	if err := List(t.Context(), s, &b); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "recent-errors\n    A query definition of the server.\n    --param [n=5]  \nmine\n    A query definition of the server.\n    --param task=…  which\n") ||
		strings.Count(b.String(), "recent-errors\n") != 1 {
		t.Errorf("%q", b.String())
	}
}
