package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// logged reads a whole log stream; one that does not exist is empty.
func (c *caller) logged(group, stream string) (messages []string) {
	c.t.Helper()
	api := cloudwatchlogs.New(cloudwatchlogs.Options{Region: "us-east-1", BaseEndpoint: awssdk.String(c.server.url),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", "")})
	pages := cloudwatchlogs.NewGetLogEventsPaginator(api, &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream, StartFromHead: awssdk.Bool(true)},
		func(o *cloudwatchlogs.GetLogEventsPaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := pages.NextPage(c.t.Context())
		if err != nil {
			if strings.Contains(err.Error(), "ResourceNotFoundException") {
				return nil
			}
			c.t.Fatal(err)
		}
		for _, e := range page.Events {
			messages = append(messages, *e.Message)
		}
	}
	return messages
}

// logs waits until a log stream holds a text.
func (c *caller) logs(group, stream, text string) {
	c.t.Helper()
	eventually(c.t, func() string {
		got := strings.Join(c.logged(group, stream), "\n")
		if strings.Contains(got, text) {
			return ""
		}
		return fmt.Sprintf("%s of %s does not have %q but %.500q", stream, group, text, got)
	})
}

// logging gives a container the awslogs driver.
func logging(c types.ContainerDefinition, group string, more ...string) types.ContainerDefinition {
	o := map[string]string{"awslogs-group": group, "awslogs-region": "us-east-1"}
	for i := 0; i < len(more); i += 2 {
		o[more[i]] = more[i+1]
	}
	c.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: o}
	return c
}

func named(name string, c types.ContainerDefinition) types.ContainerDefinition {
	c.Name = &name
	return c
}

func idOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func TestOutputReachesTheLog(t *testing.T) {
	c := up(t).caller(t)
	trace := "panic: boom\n  at main.go:1\n  at main.go:2\npanic: again"
	arn := c.run(
		app("-say", "hello from the default group"),
		named("side", logging(app("-say", trace), "/shop/web", "awslogs-create-group", "true", "awslogs-stream-prefix", "ecs", "awslogs-multiline-pattern", "^(panic|time)")),
		named("raw", logging(app("-say", "hello from raw", "-say-stderr", "and from its stderr"), "/shop/web", "awslogs-create-group", "true")),
	)
	task := c.reach(arn, "RUNNING")
	c.logs("/steady/default", "TestOutputReachesTheLog/app/"+idOf(arn), "hello from the default group")
	raw := *containerOf(t, task, "raw").RuntimeId
	c.logs("/shop/web", raw, "hello from raw")
	c.logs("/shop/web", raw, "and from its stderr")
	c.logs("/shop/web", "ecs/side/"+idOf(arn), "panic: again")
	if first := c.logged("/shop/web", "ecs/side/"+idOf(arn))[0]; first != "panic: boom\n  at main.go:1\n  at main.go:2" {
		t.Errorf("the first event of several lines is %q", first)
	}

	query := aws[struct{ QueryID string }](c.server, "logs", "start-query", "--log-group-name", "/shop/web",
		"--start-time", "0", "--end-time", strconv.FormatInt(time.Now().Unix()+60, 10), "--query-string",
		"fields @message, @entity.Attributes.ECS.Cluster as cluster, @entity.Attributes.ECS.Task as task, @entity.Attributes.ECS.Container as container | filter @message like /hello from raw/")
	type results struct {
		Status  string
		Results [][]struct{ Field, Value string }
	}
	eventually(t, func() string {
		got := aws[results](c.server, "logs", "get-query-results", "--query-id", query.QueryID)
		if said := fmt.Sprint(got.Results); got.Status == "Complete" && strings.Contains(said, "{cluster default}") &&
			strings.Contains(said, "{task "+idOf(arn)+"}") && strings.Contains(said, "{container raw}") {
			return ""
		}
		return fmt.Sprintf("the query's answer is %+v", got)
	})
}

func TestNoLogGroupNoStart(t *testing.T) {
	c := up(t).caller(t)
	arn := c.run(logging(app(), "/none"))
	const want = "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist."
	if task := c.reach(arn, "STOPPED"); *task.StoppedReason != want || task.StopCode != types.TaskStopCodeTaskFailedToStart {
		t.Errorf("%s: %s", task.StopCode, *task.StoppedReason)
	}
	if _, err := c.server.tryAWS("logs", "create-log-group", "--log-group-name", "/none"); err != nil {
		t.Fatal(err)
	}
	c.reach(c.run(logging(app(), "/none")), "RUNNING")
}

// numbered reads the numbers of the lines of the sample application, which count up, and
// what Steady says between them.
func numbered(t *testing.T, messages []string) (numbers []int, notices []string) {
	t.Helper()
	for _, m := range messages {
		var n int
		switch _, err := fmt.Sscanf(m, "line %d ", &n); {
		case err == nil:
			numbers = append(numbers, n)
		case strings.HasPrefix(m, "steady: "):
			notices = append(notices, m)
		}
	}
	return numbers, notices
}

// A container that writes as fast as it can, for a while: others' lines arrive
// meanwhile, memory stays bounded, and what is dropped is said where it is missing.
func TestAFloodOfOutput(t *testing.T) {
	c := up(t).caller(t)
	calm := c.run(app("-log-every", "100ms"))
	c.reach(calm, "RUNNING")
	family := "TestAFloodOfOutput"
	flood := c.run(logging(app("-flood", "4s", "-log-bytes", "400"), "/flood", "awslogs-create-group", "true", "awslogs-stream-prefix", "x", "max-buffer-size", "4m"))
	last := func() int {
		n := 0
		for _, m := range c.logged("/steady/default", family+"/app/"+idOf(calm)) {
			if at := strings.Index(m, "handled request "); at >= 0 {
				n, _ = strconv.Atoi(strings.Trim(m[at+len("handled request "):], `"`))
			}
		}
		return n
	}
	c.logs("/flood", "x/app/"+idOf(flood), "line 1 ")
	before := last()
	eventually(t, func() string {
		if n := last(); n < before+10 {
			return fmt.Sprintf("while another container floods, %d requests of the calm one are in its log, %d before", n, before)
		}
		return ""
	})
	if mib := c.server.memory(t); mib > 600 {
		t.Errorf("the server uses %d MiB", mib)
	}
	c.stop(flood)
	c.reach(flood, "STOPPED")
	numbers, notices := numbered(t, c.logged("/flood", "x/app/"+idOf(flood)))
	missing := 0
	for i, n := range numbers {
		if i > 0 {
			if n <= numbers[i-1] {
				t.Fatalf("line %d after line %d", n, numbers[i-1])
			}
			missing += n - numbers[i-1] - 1
		}
	}
	if missing > 0 && len(notices) == 0 {
		t.Errorf("%d lines are missing and nothing is said", missing)
	}
	t.Logf("%d lines, %d missing, %d notices such as %q; %d MiB", len(numbers), missing, len(notices), append(notices, "")[0], c.server.memory(t))
}

// With mode blocking no line is dropped, however fast they come, nor while Steady is away.
func TestAFloodOfBlockingOutput(t *testing.T) {
	c := up(t).caller(t)
	arn := c.run(logging(app("-flood", "4s", "-log-bytes", "400"), "/flood", "awslogs-create-group", "true", "awslogs-stream-prefix", "x", "mode", "blocking"))
	stream := "x/app/" + idOf(arn)
	c.logs("/flood", stream, "line 1 ")
	c.server.kill()
	c.server.start()
	c.logs("/flood", stream, "msg=listening") // behind the flood
	numbers, notices := numbered(t, c.logged("/flood", stream))
	for i, n := range numbers {
		if n != i+1 {
			t.Fatalf("line %d is the one after line %d", n, i)
		}
	}
	if len(numbers) < 1000 || len(notices) > 0 {
		t.Errorf("%d lines; notices %q", len(numbers), notices)
	}
	t.Logf("%d lines of 400 bytes in 4 s; %d MiB", len(numbers), c.server.memory(t))
}

var residentKiB = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// memory is the most that the server's process has had resident, in MiB.
func (s *server) memory(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	kib, err := strconv.Atoi(residentKiB.FindStringSubmatch(string(b))[1])
	if err != nil {
		t.Fatal(err)
	}
	return kib / 1024
}

// The server is killed again and again while a container writes: each line is there
// once.
func TestOutputAcrossKills(t *testing.T) {
	s := up(t)
	c := s.caller(t)
	arn := c.run(app("-log-every", "2ms", "-say-stderr", "begin"))
	c.reach(arn, "RUNNING")
	stream := "TestOutputAcrossKills/app/" + idOf(arn)
	requests := func() (numbers []int) {
		for _, m := range c.logged("/steady/default", stream) {
			if at := strings.Index(m, "handled request "); at >= 0 {
				n, _ := strconv.Atoi(strings.Trim(m[at+len("handled request "):], `"`))
				numbers = append(numbers, n)
			}
		}
		return numbers
	}
	for range 3 {
		before := len(requests())
		eventually(t, func() string {
			if n := len(requests()); n < before+100 {
				return fmt.Sprintf("%d lines, %d before", n, before)
			}
			return ""
		})
		s.kill()
		time.Sleep(200 * time.Millisecond) // the container writes on
		s.start()
		c = s.caller(t)
	}
	c.stop(arn)
	c.reach(arn, "STOPPED")
	got := requests()
	for i, n := range got {
		if n != i+1 {
			t.Fatalf("line %d of %d is number %d", i+1, len(got), n)
		}
	}
	c.logs("/steady/default", stream, "msg=stopped")
}

// newest is the last line of a log stream.
func (c *caller) newest(group, stream string) string {
	c.t.Helper()
	api := cloudwatchlogs.New(cloudwatchlogs.Options{Region: "us-east-1", BaseEndpoint: awssdk.String(c.server.url),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", "")})
	out, err := api.GetLogEvents(c.t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream, Limit: awssdk.Int32(1)})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(out.Events) == 0 {
		return ""
	}
	return *out.Events[0].Message
}

// A task is told as STOPPED two seconds after its end, although not all that it wrote is in
// the archive yet, and Steady ends then, in order or killed: the next run collects the rest.
func TestTheLastLinesAreCollectedByTheNextRun(t *testing.T) {
	const lines = 250_000
	for name, end := range map[string]func(s *server){"SIGKILL": (*server).kill, "SIGTERM": (*server).stop} {
		t.Run(name, func(t *testing.T) {
			s := up(t)
			c := s.caller(t)
			arn := c.run(logging(app("-log-lines", strconv.Itoa(lines), "-log-bytes", "100", "-crash", "3"), "/late",
				"awslogs-create-group", "true", "awslogs-stream-prefix", "x", "mode", "blocking"))
			stream := "x/app/" + idOf(arn)
			c.reach(arn, "STOPPED")
			end(s)
			s.start()
			c = s.caller(t)
			before := c.newest("/late", stream)
			eventually(t, func() string {
				if got := c.newest("/late", stream); !strings.Contains(got, "cannot start without a database, exiting") {
					return fmt.Sprintf("the newest line is %.100q", got)
				}
				return ""
			})
			numbers, notices := numbered(t, c.logged("/late", stream))
			for i, n := range numbers {
				if n != i+1 {
					t.Fatalf("line %d is the one after line %d", n, i)
				}
			}
			if len(numbers) != lines || len(notices) > 0 {
				t.Errorf("%d lines; notices %q", len(numbers), notices)
			}
			t.Logf("right after the next start the newest line was %.15q of %d", before, lines)
		})
	}
}
