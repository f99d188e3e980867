package logs

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

const (
	task1 = "c13b4cb40f1f4fe4a2971f76ae5a47ad"
	task2 = "d24c5dc51f2f4fe4a2971f76ae5a47ae"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// newAPI is an API over a task with three containers: "app" has no log driver,
// "side" and "raw" have awslogs, with and without a stream prefix. Each wrote the
// lines 1 to 5, a second apart.
func newAPI(t testing.TB) *API {
	t.Helper()
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	container := func(name string, options map[string]string) types.ContainerDefinition {
		c := types.ContainerDefinition{Name: &name}
		if options != nil {
			c.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: options}
		}
		return c
	}
	ref := model.TaskDefinitionRef{Family: "web", Revision: 1}
	err = store.Update(t.Context(), func(tx *state.Tx) error {
		tx.PutCluster(&model.Cluster{Name: "default", Status: model.Active})
		tx.PutTaskDefinition(&model.TaskDefinition{Family: "web", Revision: 1, Spec: types.TaskDefinition{
			ContainerDefinitions: []types.ContainerDefinition{
				container("app", nil),
				container("side", map[string]string{"awslogs-group": "/my/group", "awslogs-stream-prefix": "ecs"}),
				container("raw", map[string]string{"awslogs-group": "/my/group"}),
			},
		}})
		var lines []model.LogLine
		for i := range 5 {
			lines = append(lines, model.LogLine{At: noon.Add(time.Duration(i+1) * time.Second), Text: fmt.Sprint("line ", i+1)})
		}
		tx.PutTask(&model.Task{ID: task1, Cluster: "default", TaskDefinition: ref, Last: model.Stopped, Containers: []model.Container{
			{Name: "app", LogTail: lines}, {Name: "side", LogTail: lines}, {Name: "raw", RuntimeID: "r1", LogTail: lines},
		}})
		tx.PutTask(&model.Task{ID: task2, Cluster: "default", TaskDefinition: ref, Last: model.Running, Containers: []model.Container{{Name: "app"}, {Name: "raw"}}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(store)
}

func read(group, stream string) *cloudwatchlogs.GetLogEventsInput {
	return &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream}
}

func app() *cloudwatchlogs.GetLogEventsInput { return read("/steady/default", "web/app/"+task1) }

// get is the numbers of the lines of a reply, "1 2 3".
func get(t *testing.T, a *API, in *cloudwatchlogs.GetLogEventsInput) (string, *cloudwatchlogs.GetLogEventsOutput) {
	t.Helper()
	out, err := a.GetLogEvents(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range out.Events {
		lines = append(lines, strings.TrimPrefix(*e.Message, "line "))
	}
	return strings.Join(lines, " "), out
}

func TestWhereAContainersLogIs(t *testing.T) {
	a := newAPI(t)
	for _, in := range []*cloudwatchlogs.GetLogEventsInput{
		app(),
		read("/my/group", "ecs/side/"+task1),
		read("/my/group", "r1"),
		{LogGroupIdentifier: aws.String("arn:aws:logs:r:a:log-group:/my/group:*"), LogStreamName: aws.String("r1")},
	} {
		if lines, _ := get(t, a, in); lines != "1 2 3 4 5" {
			t.Errorf("%v has %q", *in.LogStreamName, lines)
		}
	}
	if lines, _ := get(t, a, read("/steady/default", "web/app/"+task2)); lines != "" {
		t.Errorf("a container that has not ended has %q", lines)
	}
}

func TestRefusedReads(t *testing.T) {
	a := newAPI(t)
	const (
		noGroup  = "ResourceNotFoundException: The specified log group does not exist."
		noStream = "ResourceNotFoundException: The specified log stream does not exist."
	)
	with := func(change func(*cloudwatchlogs.GetLogEventsInput)) *cloudwatchlogs.GetLogEventsInput {
		in := app()
		change(in)
		return in
	}
	for _, tt := range []struct {
		want string
		in   *cloudwatchlogs.GetLogEventsInput
	}{
		{noGroup, read("/steady/blue", "web/app/"+task1)},
		{noGroup, read("/other", "x")},
		{noStream, read("/steady/default", "web/db/"+task1)},
		{noStream, read("/steady/default", "web/side/"+task1)}, // has a group of its own
		{noStream, read("/my/group", "web/app/"+task1)},
		{noStream, read("/my/group", "r2")},
		{"InvalidParameterException: 1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null",
			with(func(in *cloudwatchlogs.GetLogEventsInput) { in.LogGroupName = nil })},
		{"InvalidParameterException: 1 validation error detected: Value null at 'logStreamName' failed to satisfy constraint: Member must not be null",
			with(func(in *cloudwatchlogs.GetLogEventsInput) { in.LogStreamName = nil })},
		{"InvalidParameterException: Give logGroupName or logGroupIdentifier, not both.",
			with(func(in *cloudwatchlogs.GetLogEventsInput) { in.LogGroupIdentifier = in.LogGroupName })},
		{"InvalidParameterException: limit should be from 1 to 10000.",
			with(func(in *cloudwatchlogs.GetLogEventsInput) { in.Limit = aws.Int32(0) })},
		{"InvalidParameterException: The specified nextToken is invalid.",
			with(func(in *cloudwatchlogs.GetLogEventsInput) { in.NextToken = aws.String("f/x/s") })},
	} {
		if _, err := a.GetLogEvents(t.Context(), tt.in); err == nil || err.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// Reading on from the head ends with the same token again and again.
func TestReadingForward(t *testing.T) {
	a := newAPI(t)
	in := app()
	in.Limit, in.StartFromHead = aws.Int32(2), aws.Bool(true)
	for _, want := range []string{"1 2", "3 4", "5"} {
		lines, out := get(t, a, in)
		if lines != want {
			t.Fatalf("got %q, want %q", lines, want)
		}
		in.NextToken = out.NextForwardToken
	}
	for range 2 {
		lines, out := get(t, a, in)
		if lines != "" || *out.NextForwardToken != *in.NextToken {
			t.Errorf("at the end: %q, token %s after %s", lines, *out.NextForwardToken, *in.NextToken)
		}
	}
}

// Without startFromHead the last lines come first, oldest first among themselves.
func TestReadingBackward(t *testing.T) {
	a := newAPI(t)
	in := app()
	in.Limit = aws.Int32(2)
	for _, want := range []string{"4 5", "2 3", "1"} {
		lines, out := get(t, a, in)
		if lines != want {
			t.Fatalf("got %q, want %q", lines, want)
		}
		in.NextToken = out.NextBackwardToken
	}
	lines, out := get(t, a, in)
	if lines != "" || *out.NextBackwardToken != *in.NextToken {
		t.Errorf("at the head: %q, token %s after %s", lines, *out.NextBackwardToken, *in.NextToken)
	}
	in.NextToken = out.NextForwardToken
	if lines, _ := get(t, a, in); lines != "1 2" {
		t.Errorf("turned round: %q", lines)
	}
}

func TestATimeRange(t *testing.T) {
	a := newAPI(t)
	in := app()
	in.StartTime = aws.Int64(noon.Add(2 * time.Second).UnixMilli())
	in.EndTime = aws.Int64(noon.Add(4 * time.Second).UnixMilli()) // is not included
	lines, out := get(t, a, in)
	if lines != "2 3" || *out.Events[0].Timestamp != *in.StartTime {
		t.Errorf("got %q from %d", lines, *out.Events[0].Timestamp)
	}
}

func TestAReplyHasAtMostAMegabyte(t *testing.T) {
	long := model.LogLine{At: noon, Text: strings.Repeat("x", 400<<10)}
	r := reader{in: &cloudwatchlogs.GetLogEventsInput{}, lines: []model.LogLine{long, long, long}, limit: maxEvents}
	if out := r.forward(0); len(out.Events) != 2 || *out.NextForwardToken != *token("f", 2) {
		t.Errorf("%d events, then %s", len(out.Events), *out.NextForwardToken)
	}
}

func TestOtherOperationsAreKnown(t *testing.T) {
	s := New(nil).Service()
	if len(s.Known) < 50 || len(s.Operations) != 1 {
		t.Errorf("%d known, %d carried out", len(s.Known), len(s.Operations))
	}
	if _, err := awsapi.Encode(&cloudwatchlogs.GetLogEventsOutput{}); err != nil {
		t.Error(err)
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"", "f/0/s", "b/5/s", "f/-1/s", "f//s", "x/1/s", *token("f", math.MaxInt)} {
		f.Add(s)
	}
	a := newAPI(f)
	f.Fuzz(func(t *testing.T, s string) {
		in := app()
		in.NextToken = &s
		out, err := a.GetLogEvents(t.Context(), in)
		if err != nil {
			return
		}
		if len(out.Events) > 5 || out.NextForwardToken == nil || out.NextBackwardToken == nil {
			t.Errorf("%q: %d events", s, len(out.Events))
		}
	})
}
