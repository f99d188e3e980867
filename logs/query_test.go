package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/awsapi"
	"steady/insights"
)

// about is a query over the last hour of group g.
func about(text string) *cloudwatchlogs.StartQueryInput {
	return &cloudwatchlogs.StartQueryInput{
		LogGroupName: aws.String("g"), QueryString: &text,
		StartTime: aws.Int64(time.Now().Add(-time.Hour).Unix()), EndTime: aws.Int64(time.Now().Unix()),
	}
}

// results runs a query to its end and gives "field=value …" for each row, without @ptr.
func (w *world) results(in *cloudwatchlogs.StartQueryInput) (rows []string, out *cloudwatchlogs.GetQueryResultsOutput) {
	w.t.Helper()
	id := must(w.StartQuery(w.t.Context(), in))(w.t).QueryId
	for {
		out = must(w.GetQueryResults(w.t.Context(), &cloudwatchlogs.GetQueryResultsInput{QueryId: id}))(w.t)
		if out.Status != types.QueryStatusScheduled && out.Status != types.QueryStatusRunning {
			break
		}
		time.Sleep(time.Millisecond)
	}
	for _, row := range out.Results {
		var shown []string
		for _, f := range row {
			if *f.Field != "@ptr" {
				shown = append(shown, *f.Field+"="+*f.Value)
			}
		}
		rows = append(rows, strings.Join(shown, " "))
	}
	return rows, out
}

// requests are five events with a status, one of them long ago.
func requests(t *testing.T) *world {
	w := newWorld(t)
	w.group("g", "s")
	w.group("h", "s")
	w.put("g", "s", ago(2*time.Hour), `{"status":500,"old":true}`)
	w.put("g", "s", ago(time.Minute), `{"status":200}`, `{"status":404,"a":{"b":"x"}}`, `{"status":200}`)
	w.put("h", "s", ago(time.Minute), `{"status":200}`)
	return w
}

func TestAQuery(t *testing.T) {
	w := requests(t)
	rows, out := w.results(about("stats count(*) as n by status | sort n desc"))
	if got := strings.Join(rows, "; "); got != "status=200 n=2; status=404 n=1" && got != "n=2 status=200; n=1 status=404" {
		t.Errorf("got %s", got)
	}
	if out.Status != types.QueryStatusComplete || out.Statistics.RecordsMatched != 3 || out.Statistics.LogGroupsScanned != 1 || out.QueryLanguage != "CWLI" {
		t.Errorf("%+v %+v", out, *out.Statistics)
	}
	both := about("stats count(*) as n")
	both.LogGroupName, both.LogGroupIdentifiers = nil, []string{"g", "arn:aws:logs:us-east-1:000000000000:log-group:h:*", "h"}
	if rows, _ := w.results(both); strings.Join(rows, "") != "n=4" {
		t.Errorf("over two groups: %q", rows)
	}
	sourced := about("SOURCE logGroups(namePrefix: ['h']) | stats count(*) as n")
	sourced.LogGroupName = nil
	if rows, _ := w.results(sourced); strings.Join(rows, "") != "n=1" {
		t.Errorf("with SOURCE: %q", rows)
	}
}

// The seconds of a query's time are both in it, to their ends.
func TestTheTimeOfAQuery(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s")
	start := ago(time.Minute)
	for _, d := range []time.Duration{-time.Millisecond, 0, 1999 * time.Millisecond, 2 * time.Second} {
		w.put("g", "s", start.Add(d), d.String())
	}
	in := about("fields @message | sort @timestamp asc")
	in.StartTime, in.EndTime = aws.Int64(start.Unix()), aws.Int64(start.Unix()+1)
	if rows, _ := w.results(in); strings.Join(rows, " ") != "@message=0s @message=1.999s" {
		t.Errorf("got %q", rows)
	}
}

func TestGetLogRecord(t *testing.T) {
	w := requests(t)
	_, out := w.results(about("filter status = 404"))
	last := out.Results[0][len(out.Results[0])-1]
	if *last.Field != "@ptr" {
		t.Fatalf("the last field is %s", *last.Field)
	}
	record := must(w.GetLogRecord(t.Context(), &cloudwatchlogs.GetLogRecordInput{LogRecordPointer: last.Value}))(t).LogRecord
	if record["a.b"] != "x" || record["@message"] != `{"status":404,"a":{"b":"x"}}` || record["@logStream"] != "s" || record["@log"] != "000000000000:g" {
		t.Errorf("%v", record)
	}
	refused(t, "ResourceNotFoundException: The specified log record does not exist.")(w.GetLogRecord(t.Context(), &cloudwatchlogs.GetLogRecordInput{LogRecordPointer: aws.String("x")}))
}

func TestGetLogGroupFields(t *testing.T) {
	w := requests(t)
	fields := func(at *int64) string {
		out := must(w.GetLogGroupFields(t.Context(), &cloudwatchlogs.GetLogGroupFieldsInput{LogGroupName: aws.String("g"), Time: at}))(t)
		return joined(out.LogGroupFields, func(f types.LogGroupField) string { return fmt.Sprintf("%s:%d", *f.Name, f.Percent) })
	}
	const system = "@ingestionTime:100 @log:100 @logStream:100 @message:100 @timestamp:100 "
	if got := fields(nil); got != system+"status:100 a.b:33" {
		t.Errorf("recently %s", got)
	}
	if got := fields(aws.Int64(ago(2*time.Hour + 7*time.Minute).Unix())); got != system+"old:100 status:100" {
		t.Errorf("two hours ago %s", got)
	}
	refused(t, noGroup)(w.GetLogGroupFields(t.Context(), &cloudwatchlogs.GetLogGroupFieldsInput{LogGroupName: aws.String("gone")}))
}

func TestPagesOfResults(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s")
	w.put("g", "s", ago(time.Minute), lines(25)...)
	_, out := w.results(about("fields @message | sort @timestamp asc"))
	if len(out.Results) != 25 || out.NextToken != nil {
		t.Fatalf("%d rows", len(out.Results))
	}
	in := &cloudwatchlogs.GetQueryResultsInput{QueryId: &w.jobs.all[0].id, MaxItems: aws.Int32(10)}
	var got []string
	for _, want := range []int{10, 10, 5} {
		out := must(w.GetQueryResults(t.Context(), in))(t)
		if len(out.Results) != want {
			t.Errorf("a page of %d", len(out.Results))
		}
		for _, row := range out.Results {
			got = append(got, *row[0].Value)
		}
		in.NextToken = out.NextToken
	}
	if in.NextToken != nil || strings.Join(got, " ") != strings.Join(lines(25), " ") {
		t.Errorf("got %q", got)
	}
	in.NextToken = aws.String("x")
	refused(t, badToken)(w.GetQueryResults(t.Context(), in))
}

func TestQueriesThatAreRefused(t *testing.T) {
	w := requests(t)
	with := func(change func(*cloudwatchlogs.StartQueryInput)) *cloudwatchlogs.StartQueryInput {
		in := about("fields @message")
		change(in)
		return in
	}
	type input = cloudwatchlogs.StartQueryInput
	for _, tt := range []struct {
		want string
		in   *cloudwatchlogs.StartQueryInput
	}{
		{"ResourceNotFoundException: Log group 'gone' does not exist for account ID '000000000000'", with(func(in *input) { in.LogGroupName = aws.String("gone") })},
		{"InvalidParameterException: Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.", with(func(in *input) { in.LogGroupName = nil })},
		{"InvalidParameterException: Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.", with(func(in *input) { in.LogGroupNames = []string{"g"} })},
		{"InvalidParameterException: A query can have at most 50 log groups.", with(func(in *input) { in.LogGroupName, in.LogGroupNames = nil, make51("g") })},
		{"InvalidParameterException: The start time of a query must not be after its end time.", with(func(in *input) { in.StartTime = aws.Int64(*in.EndTime + 1) })},
		{"InvalidParameterException: Invalid time range specified: startTime and endTime are in seconds since 1970, and startTime 1763751018000 is after the year 9999; divide it by 1000 if it is in milliseconds.",
			with(func(in *input) { in.StartTime, in.EndTime = aws.Int64(1763751018000), aws.Int64(1763751018001) })},
		{"InvalidParameterException: 2 validation errors detected: Value null at 'endTime' failed to satisfy constraint: Member must not be null; Value null at 'startTime' failed to satisfy constraint: Member must not be null",
			with(func(in *input) { in.StartTime, in.EndTime = nil, nil })},
		{"InvalidParameterException: 1 validation error detected: Value '100001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100000", with(func(in *input) { in.Limit = aws.Int32(100001) })},
		{"UnsupportedFeatureException: The member queryLanguage SQL is not implemented by Steady yet; leave it out.", with(func(in *input) { in.QueryLanguage = types.QueryLanguageSql })},
		{"InvalidParameterException: Log groups are given both in the request and in the query's SOURCE; give them in one place.", with(func(in *input) { in.QueryString = aws.String("SOURCE 'g' | fields @message") })},
		{"UnsupportedFeatureException: The member dataSource of SOURCE is not implemented by Steady yet; leave it out.",
			with(func(in *input) {
				in.LogGroupName, in.QueryString = nil, aws.String("SOURCE logGroups() dataSource(['x']) | fields @message")
			})},
	} {
		refused(t, tt.want)(w.StartQuery(t.Context(), tt.in))
	}
	_, err := w.StartQuery(t.Context(), about("fields 'é' | filtr x"))
	told, ok := errors.AsType[*awsapi.Error](err)
	if !ok || told.Code != "MalformedQueryException" {
		t.Fatal(err)
	}
	wire := string(must(awsapi.Encode(told.Fields))(t))
	if !strings.Contains(wire, `"location":{"endCharOffset":18,"startCharOffset":13}`) && !strings.Contains(wire, `"location":{"startCharOffset":13,"endCharOffset":18}`) {
		t.Errorf("the place is told as %s", wire)
	}
	if out := must(w.DescribeQueries(t.Context(), &cloudwatchlogs.DescribeQueriesInput{}))(t); len(out.Queries) != 0 {
		t.Errorf("what was refused has left %d queries", len(out.Queries))
	}
	refused(t, "ResourceNotFoundException: Query x does not exist, or its results have been dropped.")(
		w.GetQueryResults(t.Context(), &cloudwatchlogs.GetQueryResultsInput{QueryId: aws.String("x")}))
}

func make51(name string) []string { return strings.Fields(strings.Repeat(name+" ", 51)) }

// Queries that wait for their turn can be seen, stopped, and become too many.
func TestManyQueries(t *testing.T) {
	w := requests(t)
	for range maxRunning {
		w.jobs.slots <- struct{}{}
	}
	var ids []*string
	for range maxActive {
		ids = append(ids, must(w.StartQuery(t.Context(), about("stats count(*)")))(t).QueryId)
	}
	refused(t, "LimitExceededException: 100 queries are running already; wait until one ends, or stop one.")(w.StartQuery(t.Context(), about("stats count(*)")))
	status := func(id *string) types.QueryStatus {
		return must(w.GetQueryResults(t.Context(), &cloudwatchlogs.GetQueryResultsInput{QueryId: id}))(t).Status
	}
	if s := status(ids[0]); s != types.QueryStatusScheduled {
		t.Errorf("a query that waits is %s", s)
	}
	stop := &cloudwatchlogs.StopQueryInput{QueryId: ids[0]}
	if out := must(w.StopQuery(t.Context(), stop))(t); !out.Success || status(ids[0]) != types.QueryStatusCancelled {
		t.Errorf("stopped %t, it is %s", out.Success, status(ids[0]))
	}
	refused(t, "InvalidParameterException: Query "+*ids[0]+" is not running.")(w.StopQuery(t.Context(), stop))
	if n := len(must(w.DescribeQueries(t.Context(), &cloudwatchlogs.DescribeQueriesInput{Status: types.QueryStatusScheduled}))(t).Queries); n != maxActive-1 {
		t.Errorf("%d wait", n)
	}
	for range maxRunning {
		<-w.jobs.slots
	}
	for _, id := range ids[1:] {
		for status(id) != types.QueryStatusComplete {
			time.Sleep(time.Millisecond)
		}
	}
	out := must(w.DescribeQueries(t.Context(), &cloudwatchlogs.DescribeQueriesInput{LogGroupName: aws.String("g"), MaxResults: aws.Int32(1)}))(t)
	if len(out.Queries) != 1 || out.NextToken == nil || *out.Queries[0].QueryString != "stats count(*)" || out.Queries[0].BytesScanned == nil {
		t.Errorf("%+v", out)
	}
	groups := must(w.ListLogGroupsForQuery(t.Context(), &cloudwatchlogs.ListLogGroupsForQueryInput{QueryId: ids[0]}))(t)
	if strings.Join(groups.LogGroupIdentifiers, " ") != "arn:aws:logs:us-east-1:000000000000:log-group:g" {
		t.Errorf("it is about %q", groups.LogGroupIdentifiers)
	}
}

// How a query ends is told, and why where it failed.
func TestHowQueriesEnd(t *testing.T) {
	w := newWorld(t)
	for err, want := range map[error]types.QueryStatus{
		nil:                                     types.QueryStatusComplete,
		context.DeadlineExceeded:                types.QueryStatusTimeout,
		context.Canceled:                        types.QueryStatusCancelled,
		&insights.MemoryError{Limit: 128 << 20}: types.QueryStatusFailed,
	} {
		q := must(insights.Parse("fields @message"))(t)
		j := &job{id: "x", execution: insights.NewExecution(w.archive, q, insights.Input{}), status: types.QueryStatusRunning}
		w.jobs.ended(j, err)
		if j.status != want {
			t.Errorf("%v: %s", err, j.status)
		}
		if want == types.QueryStatusFailed && !strings.Contains(j.result.Rows[0][0].Value, "needs more than 128 MB of memory") {
			t.Errorf("told %+v", j.result.Rows)
		}
	}
}

// After a restart the results of queries are there; one that had not ended says so.
func TestResultsAfterARestart(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	again := func() { // as after a kill: nothing is closed
		t.Helper()
		w.API = New(Options{Archive: w.archive, Store: w.store, Realm: realm, Queries: dir, Log: w.jobs.log})
		t.Cleanup(w.API.Close)
	}
	again()
	w.group("/web", "a")
	w.put("/web", "a", ago(time.Minute), "one", "two\"\x00\u2028")
	start := &cloudwatchlogs.StartQueryInput{LogGroupName: aws.String("/web"), StartTime: aws.Int64(0), EndTime: aws.Int64(time.Now().Unix() + 60),
		QueryString: aws.String("fields @message | sort @timestamp asc")}
	id := must(w.StartQuery(t.Context(), start))(t).QueryId
	before := w.ended(*id)
	cut := &job{id: "11111111-1111-1111-1111-111111111111", text: "fields a", createdAt: time.Now(), status: types.QueryStatusRunning}
	w.jobs.kept.save(cut.record())
	if err := os.WriteFile(filepath.Join(dir, "torn.json.part"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	again()
	after := must(w.GetQueryResults(t.Context(), &cloudwatchlogs.GetQueryResultsInput{QueryId: id}))(t)
	if before.Status != types.QueryStatusComplete || len(before.Results) != 2 || !reflect.DeepEqual(before, after) {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
	failed := must(w.GetQueryResults(t.Context(), &cloudwatchlogs.GetQueryResultsInput{QueryId: &cut.id}))(t)
	if failed.Status != types.QueryStatusFailed || *failed.Results[0][0].Value != "Steady ended while the query ran: start it again" {
		t.Errorf("the query that was cut short: %+v", failed)
	}
	if d := must(w.DescribeQueries(t.Context(), &cloudwatchlogs.DescribeQueriesInput{}))(t); len(d.Queries) != 2 || *d.Queries[1].QueryString != *start.QueryString {
		t.Errorf("described %+v", d.Queries)
	}
	w.jobs.forget(time.Now().Add(keepResults + time.Hour))
	if files := must(os.ReadDir(dir))(t); len(files) != 0 {
		t.Errorf("what is dropped is kept on disk: %v", files)
	}
}

// A query that waits or runs when Steady is killed, or ends, says so after the next start.
func TestQueriesThatSteadyCutShort(t *testing.T) {
	for name, end := range map[string]func(*API){"killed": func(*API) {}, "ended": (*API).Close} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			o := Options{Archive: w.archive, Store: w.store, Realm: realm, Queries: t.TempDir(), Log: w.jobs.log}
			w.API = New(o)
			t.Cleanup(w.API.Close)
			for range maxRunning {
				w.jobs.slots <- struct{}{} // so it waits
			}
			w.group("g", "a")
			id := must(w.StartQuery(t.Context(), about("fields a")))(t).QueryId
			end(w.API)
			w.API = New(o)
			t.Cleanup(w.API.Close)
			got := must(w.GetQueryResults(t.Context(), &cloudwatchlogs.GetQueryResultsInput{QueryId: id}))(t)
			if got.Status != types.QueryStatusFailed || *got.Results[0][0].Value != errInterrupted.Error() {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A file that cannot be read for now, as when too many are open, is not removed.
func TestResultsThatCannotBeReadNowStay(t *testing.T) {
	dir := t.TempDir()
	id := "22222222-2222-2222-2222-222222222222"
	k := kept{dir, slog.New(slog.DiscardHandler)}
	k.save(record{ID: id, Text: "fields a", CreatedAt: time.Now(), Status: types.QueryStatusComplete, Result: &insights.Result{}})
	away := filepath.Join(t.TempDir(), "away")
	if err := errors.Join(os.Rename(k.path(id), away), os.Symlink(k.path(id), k.path(id))); err != nil { // reads fail with ELOOP
		t.Fatal(err)
	}
	if all := k.load(); len(all) != 0 {
		t.Errorf("read %+v", all)
	}
	if _, err := os.Lstat(k.path(id)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, k.path(id)); err != nil {
		t.Fatal(err)
	}
	if all := k.load(); len(all) != 1 {
		t.Errorf("read %+v", all)
	}
}

// ended waits for a query to end.
func (w *world) ended(id string) *cloudwatchlogs.GetQueryResultsOutput {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		out := must(w.GetQueryResults(w.t.Context(), &cloudwatchlogs.GetQueryResultsInput{QueryId: &id}))(w.t)
		if out.Status != types.QueryStatusRunning && out.Status != types.QueryStatusScheduled || time.Now().After(deadline) {
			return out
		}
	}
}

// What is kept of ended queries has bounds: in time, number and memory.
func TestOldResultsAreDropped(t *testing.T) {
	now := time.Now()
	old := func(id string, age time.Duration, size int64) *job {
		return &job{id: id, status: types.QueryStatusComplete, endedAt: now.Add(-age), size: size}
	}
	for _, tt := range []struct {
		name string
		all  []*job
		want string
	}{
		{"too old", []*job{old("a", keepResults, 1), old("b", keepResults-1, 1)}, "b"},
		{"too large", []*job{old("a", 3, maxKeptBytes/2), old("b", 2, maxKeptBytes/2), old("c", 1, maxKeptBytes/2)}, "b c"},
		{"active ones stay", []*job{{id: "a", status: types.QueryStatusRunning}, old("b", 1, maxKeptBytes+1)}, "a"},
	} {
		q := jobs{all: tt.all}
		q.forget(now)
		if got := joined(q.all, func(j *job) string { return j.id }); got != tt.want {
			t.Errorf("%s: %q are kept", tt.name, got)
		}
	}
}
