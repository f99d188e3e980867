package chronicle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// The lines of the events that lifecycle/event makes.
func TestLines(t *testing.T) {
	for name, want := range map[string]string{
		"task-pending":        "task c13b4cb40f1f4fe4a2971f76ae5a47ad  web:7 of service:web  PENDING",
		"task-stopped":        "task c13b4cb40f1f4fe4a2971f76ae5a47ad  web:7 of service:web  STOPPED: ServiceSchedulerInitiated: Scaling activity initiated by (deployment ecs-svc/9223370526043414679) (app: exit code 0; log: CannotStartContainerError: no \"such\" file <caf\ufffd>)",
		"container-instance":  "container instance b54a2a04046f43319d743f6d7f6ca315  ACTIVE, agent 1.13.0 connected, 1792 CPU units and 3191 MiB free",
		"tasks-started":       "service web  TASKS_STARTED: a b",
		"service-created":     "service web  deployment ecs-svc/1 IN_PROGRESS: ECS deployment ecs-svc/1 in progress.",
		"service-no-room":     "service web  SERVICE_TASK_PLACEMENT_FAILURE (ERROR): RESOURCE:CPU on container instance 2dd1b186f39845a584488d2ef155c131",
		"service-rolled-back": "service web  deployment ecs-svc/2 FAILED: ECS deployment circuit breaker: tasks failed to start.",
	} {
		text, err := os.ReadFile(filepath.Join("..", "lifecycle", "event", "testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n}\n")
		if got := newTeller().line(first + "}"); got != want {
			t.Errorf("%s is told as\n%s\nwant\n%s", name, got, want)
		}
	}
	for text, want := range map[string]string{
		"no JSON": "no JSON",
		"{}":      "{}",
		`{"detail-type":"Other","resources":["arn"]}`: "Other  arn",
		`{"detail-type":"ECS Task State Change","resources":["x/t"],"detail":{"lastStatus":"RUNNING","desiredStatus":"STOPPED","stoppedReason":"because"}}`: "task t   of   RUNNING, to be STOPPED: because",
	} {
		if got := newTeller().line(text); got != want {
			t.Errorf("%s is told as %q, want %q", text, got, want)
		}
	}
}

// A line that would be the one before it again tells what has changed.
func TestWhatChangedIsTold(t *testing.T) {
	const resource = `{"detail-type":"ECS Task State Change","resources":["x/t"],"detail":{"version":%d,"taskDefinitionArn":"x/w:1","group":"g",%s}}`
	teller := newTeller()
	for i, c := range []struct {
		version int
		detail  string
		want    string
	}{
		{1, `"lastStatus":"PROVISIONING","containers":[{"name":"app","lastStatus":"PENDING"}]`, "PROVISIONING"},
		{2, `"lastStatus":"PROVISIONING","pullStoppedAt":"x","containers":[{"name":"app","lastStatus":"PENDING","imageDigest":"sha256:7c822c4193ad3f97"}]`,
			"PROVISIONING (image pull finished, app: image sha256:7c822c4193ad)"},
		{3, `"lastStatus":"PROVISIONING","pullStoppedAt":"x","attachments":[{"type":"eni","status":"ATTACHING","details":[{"name":"networkInterfaceId","value":"eni-1"}]}]`,
			"PROVISIONING (network interface eni-1 ATTACHING)"},
		{2, `"lastStatus":"PROVISIONING"`, "PROVISIONING"}, // late
		{4, `"lastStatus":"PENDING","attachments":[{"type":"eni","status":"ATTACHED"}]`, "PENDING"},
		{5, `"lastStatus":"PENDING","attachments":[{"type":"eni","status":"ATTACHED"}],"containers":[{"name":"app","networkInterfaces":[{"privateIpv4Address":"10.0.0.5"}]}]`,
			"PENDING (version 5)"}, // its address is that of the attachment
		{6, `"lastStatus":"PENDING","containers":[{"name":"app","networkInterfaces":[{"privateIpv4Address":"10.0.0.5"}]}]`, "PENDING (app: address 10.0.0.5)"},
		{7, `"lastStatus":"RUNNING","containerInstanceArn":"x/i"`, "RUNNING"},
		{8, `"lastStatus":"RUNNING","containerInstanceArn":"x/i","connectivity":"DISCONNECTED"`, "RUNNING (agent DISCONNECTED)"},
		{9, `"lastStatus":"RUNNING","containerInstanceArn":"x/i","connectivity":"DISCONNECTED","containers":[{"name":"app","lastStatus":"STOPPED","exitCode":3,"reason":"why"}]`,
			"RUNNING (app: STOPPED, app: exit code 3, app: why)"},
	} {
		if got := teller.line(fmt.Sprintf(resource, c.version, c.detail)); got != "task t  w:1 of g  "+c.want {
			t.Errorf("%d: %q, want … %q", i, got, c.want)
		}
	}
	if got := teller.line(`{"detail-type":"ECS Task State Change","resources":["x/u"],"detail":{"version":1,"lastStatus":"RUNNING"}}`); !strings.HasSuffix(got, "RUNNING") {
		t.Errorf("of another task: %q", got)
	}
}

// Of the tasks that have ended not all are kept in mind.
func TestEndedTasksAreForgotten(t *testing.T) {
	teller := newTeller()
	for i := range 3 * manyEnded {
		teller.line(fmt.Sprintf(`{"detail-type":"ECS Task State Change","resources":["x/%d"],"detail":{"version":9,"lastStatus":"STOPPED"}}`, i))
	}
	if len(teller.last) > manyEnded {
		t.Errorf("%d are kept", len(teller.last))
	}
}

// pages is a log group whose events come two a page.
type pages struct {
	mu     sync.Mutex
	events []types.FilteredLogEvent
	asked  *cloudwatchlogs.FilterLogEventsInput
	err    error
}

func (p *pages) put(id string, ms int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, types.FilteredLogEvent{EventId: &id, Timestamp: &ms, Message: aws.String("event " + id)})
}

func (p *pages) FilterLogEvents(_ context.Context, in *cloudwatchlogs.FilterLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return nil, p.err
	}
	p.asked = in
	var found []types.FilteredLogEvent
	for _, e := range p.events {
		if *e.Timestamp >= *in.StartTime {
			found = append(found, e)
		}
	}
	skip := len(aws.ToString(in.NextToken))
	found = found[min(skip, len(found)):]
	if len(found) <= 2 {
		return &cloudwatchlogs.FilterLogEventsOutput{Events: found}, nil
	}
	return &cloudwatchlogs.FilterLogEventsOutput{Events: found[:2], NextToken: aws.String(strings.Repeat("x", skip+2))}, nil
}

func TestEveryEventIsPrintedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ms := func(d time.Duration) int64 { return begin.Add(d).UnixMilli() }
		var log pages
		log.put("old", ms(-2*time.Hour))
		for i, id := range []string{"a", "b", "c", "d", "e"} {
			log.put(id, ms(time.Duration(i)*time.Millisecond))
		}
		var out strings.Builder
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- Run(ctx, Options{Cluster: "arn:aws:ecs:us-east-1:0:cluster/red", Name: "web", Since: begin.Add(-time.Hour), Follow: true, Logs: &log, Out: &out})
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		log.put("late", ms(time.Millisecond)) // accepted with others, and visible after them
		log.put("f", ms(time.Minute))
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(out.String()) {
			got = append(got, strings.TrimSpace(line[strings.LastIndex(line, " "):]))
		}
		if want := []string{"a", "b", "c", "d", "e", "late", "f"}; !slices.Equal(got, want) {
			t.Errorf("printed %v, want %v", got, want)
		}
		if *log.asked.LogGroupName != "/aws/events/ecs/containerinsights/red/performance" || *log.asked.FilterPattern != `{ $.detail.group = "service:web" || $.resources[0] = "*/web" }` {
			t.Errorf("asked %q of %q", *log.asked.FilterPattern, *log.asked.LogGroupName)
		}
	})
}

// Whoever stops a task words the reason.
func TestAnEventIsOneLineWhateverIsInIt(t *testing.T) {
	var out strings.Builder
	event := `{"detail-type":"ECS Task State Change","resources":["x/t"],"detail":{"lastStatus":"STOPPED","stoppedReason":"so\n2026 task u \u001b[2J\u202efine"}}`
	log := &pages{events: []types.FilteredLogEvent{{EventId: aws.String("a"), Timestamp: aws.Int64(time.Now().UnixMilli()), Message: &event}}}
	if err := Run(t.Context(), Options{Cluster: "c", Since: time.Now().Add(-time.Hour), Logs: log, Out: &out}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.HasSuffix(got, "STOPPED: so 2026 task u [2Jfine\n") || strings.Count(got, "\n") != 1 {
		t.Errorf("%q", got)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	var out strings.Builder
	for _, o := range []Options{
		{Cluster: "c", Name: `a" || true`, Logs: &pages{}},
		{Cluster: "c", Logs: &pages{err: errors.New("no such group")}},
	} {
		o.Out = &out
		if err := Run(t.Context(), o); err == nil || out.String() != "" {
			t.Errorf("%+v: %v, printed %q", o, err, out.String())
		}
	}
}
