package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// lifecycleEvent is what the tests ask of an event.
type lifecycleEvent struct {
	ID         string
	DetailType string `json:"detail-type"`
	Resources  []string
	Detail     struct {
		EventName, LastStatus, DesiredStatus, StoppedReason string
		Version                                             int64
		Containers                                          []struct {
			NetworkInterfaces []struct{ MacAddress, PrivateIpv4Address string }
		}
	}
}

// history is all lifecycle events of the default cluster, in order.
func (s *server) history() []lifecycleEvent {
	s.t.Helper()
	out, code := s.steady("events", "-o", "json")
	if code != 0 {
		s.t.Fatalf("steady events ended with %d: %s", code, out)
	}
	var all []lifecycleEvent
	for line := range strings.Lines(out) {
		var e lifecycleEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			s.t.Fatalf("%v: %s", err, line)
		}
		all = append(all, e)
	}
	return all
}

// chronicled fails unless the events tell every change once: versions rise by one from the
// first, and the last is that of the API. It waits for events that are on their way.
func (c *caller) chronicled() {
	c.t.Helper()
	eventually(c.t, func() string {
		versions := map[string]int64{}
		ids := map[string]bool{}
		for _, e := range c.server.history() {
			if ids[e.ID] {
				c.t.Fatalf("event %s is there twice", e.ID)
			}
			ids[e.ID] = true
			if v := e.Detail.Version; v != 0 {
				if v != versions[e.Resources[0]]+1 {
					c.t.Fatalf("%s of %s in version %d comes after version %d", e.DetailType, e.Resources[0], v, versions[e.Resources[0]])
				}
				versions[e.Resources[0]] = v
			}
		}
		for _, status := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
			for _, t := range c.described(status) {
				if versions[*t.TaskArn] != t.Version {
					return fmt.Sprintf("task %s has version %d; the last event tells %d", *t.TaskArn, t.Version, versions[*t.TaskArn])
				}
			}
		}
		return ""
	})
}

func (c *caller) described(status types.DesiredStatus) []types.Task {
	c.t.Helper()
	listed, err := c.api.ListTasks(c.t.Context(), &ecs.ListTasksInput{DesiredStatus: status})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(listed.TaskArns) == 0 {
		return nil
	}
	out, err := c.api.DescribeTasks(c.t.Context(), &ecs.DescribeTasksInput{Tasks: listed.TaskArns})
	if err != nil {
		c.t.Fatal(err)
	}
	return out.Tasks
}

// simulated is a container that plays a script.
func simulated(memory int32, script string) types.ContainerDefinition {
	return types.ContainerDefinition{
		Name: awssdk.String("app"), Image: awssdk.String("shop:1"), Memory: &memory,
		Environment: []types.KeyValuePair{{Name: awssdk.String("STEADY_SIM"), Value: &script}},
	}
}

// The server is killed while tasks come and go. What it has told before is there after,
// once; nothing is told that was not so, and no version is missing.
func TestEventsAreToldOnceAcrossKills(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := up(t, "--runtime", "sim", "--instances", "2")
	c := s.caller(t)
	c.service("web", 6, simulated(64, "exit=1 after=300ms"))
	before := 0
	for range 8 {
		time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
		s.kill()
		s.start()
		c = s.caller(t)
		c.chronicled()
		n := len(s.history())
		if n < before {
			t.Fatalf("%d events were there before the kill, %d after", before, n)
		}
		before = n
	}
	if before < 50 {
		t.Errorf("only %d events were told", before)
	}
}

// An operator asks the seven questions of what really happened: a good deployment, a bad
// one that is rolled back, a task that cannot start, and a service without room.
func TestTheSevenQuestions(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	c := s.caller(t)
	good := c.register("web", simulated(64, ""))
	bad := c.register("web", simulated(64, "exit=3 after=100ms"))
	_, err := c.api.CreateService(t.Context(), &ecs.CreateServiceInput{
		ServiceName: awssdk.String("web"), TaskDefinition: &good, DesiredCount: awssdk.Int32(2),
		DeploymentConfiguration: &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.says(t, 0, "SUCCEEDED", "watch", "web")
	first := c.described(types.DesiredStatusRunning)[0]
	if _, err := c.api.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: awssdk.String("web"), TaskDefinition: &bad}); err != nil {
		t.Fatal(err)
	}
	s.says(t, 3, "ROLLED BACK", "watch", "web")
	if _, err := c.api.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: awssdk.String("web"), DesiredCount: awssdk.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	c.service("huge", 1, simulated(1<<30, ""))
	alone := c.run(simulated(64, "start-fail='no such file'"))
	c.reach(alone, "STOPPED")
	eventually(t, func() string {
		for _, e := range s.history() {
			if e.Detail.EventName == "SERVICE_TASK_PLACEMENT_FAILURE" && e.Resources[0] == "arn:aws:ecs:us-east-1:000000000000:service/default/huge" {
				return ""
			}
		}
		return "no event tells that huge has no room"
	})
	c.chronicled()
	address, mac := s.addressOf(*first.TaskArn)

	s.saved(t, "task-life", []string{"task=" + last(alone)},
		`"version": "1"`, `"state": "PENDING"`, `"state": "STOPPED"`, `"stopCode": "TaskFailedToStart"`, "no such file")
	s.saved(t, "why-stopped", []string{"service=web"}, "EssentialContainerExited")
	s.saved(t, "why-stopped", []string{"service=web"}, "Scaling activity initiated")
	if out := s.saved(t, "why-stopped", []string{"service=web", "scaling=no"}, `"tasks": "`, `"exitCode": "3"`); strings.Contains(out, "Scaling activity") {
		t.Errorf("scaling is not left out: %s", out)
	}
	for _, a := range []string{address, mac} {
		s.saved(t, "who-had-address", []string{"address=" + a}, *first.TaskArn, "service:web", *first.ClusterArn)
	}
	s.saved(t, "most-faults", nil, ":service/default/")
	for _, want := range []string{":service/default/huge", "RESOURCE:MEMORY", "rolling back to deploymentId", "SERVICE_DEPLOYMENT_FAILED", "tasks failed to start."} {
		s.saved(t, "failing-deployments", nil, want)
	}
	s.saved(t, "around-deployment", []string{"service=web"},
		"SERVICE_DEPLOYMENT_IN_PROGRESS", "TASKS_STARTED", "RUNNING", "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_STEADY_STATE",
		"SERVICE_DEPLOYMENT_IN_PROGRESS", "STOPPED", "SERVICE_DEPLOYMENT_FAILED", "rolling back", "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_STEADY_STATE")
	s.addresses(t)
	s.updates(t)

	s.says(t, 0, "service web  deployment "+*first.StartedBy+" COMPLETED", "events")
	s.says(t, 0, "task "+last(alone)+"  "+"TestTheSevenQuestions:1 of family:TestTheSevenQuestions  STOPPED: TaskFailedToStart", "events", alone)
	if out, _ := s.steady("events", "huge"); strings.Contains(out, "web") || !strings.Contains(out, "SERVICE_TASK_PLACEMENT_FAILURE (ERROR): RESOURCE:MEMORY") {
		t.Errorf("the events of huge: %s", out)
	}
	s.says(t, 1, `is no name of a service`, "events", "we b")
	s.says(t, 1, `read the lifecycle events in /aws/events/ecs/containerinsights/red/performance`, "events", "--cluster", "red")
}

// addresses asks who had the addresses of a task with a network interface of its own,
// whose event AWS's own tools may have written in another form of JSON.
func (s *server) addresses(t *testing.T) {
	t.Helper()
	const group = "/aws/events/ecs/containerinsights/default/performance"
	golden, err := os.ReadFile("../lifecycle/event/testdata/task-awsvpc.json")
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, golden); err != nil {
		t.Fatal(err)
	}
	other := strings.NewReplacer("c13b4cb40f1f4fe4a2971f76ae5a47ad", "other", `"containerOverrides":[`,
		`"containerOverrides":[{"name":"x","environment":[{"name":"UPSTREAM","value":"10.0.0.139"}]},`, "10.0.0.139", "10.0.0.13",
		"0a:98:eb:a7:29:ba", "0a:98:eb:a7:29:bb", "eni-abcd1234", "eni-abcd12345").Replace(compact.String())
	aws[any](s, "logs", "create-log-stream", "--log-group-name", group, "--log-stream-name", "imported")
	s.put(group, "imported", time.Now().Add(-time.Minute), string(golden), other)
	for _, address := range []string{"eni-abcd1234", "0a:98:eb:a7:29:ba", "0A:98:EB:A7:29:BA", "10.0.0.139"} {
		out := s.saved(t, "who-had-address", []string{"address=" + address}, "task/c/c13b4cb40f1f4fe4a2971f76ae5a47ad")
		if strings.Contains(out, "task/c/other") {
			t.Errorf("%s was not the other task's: %s", address, out)
		}
	}
}

// updates asks for the versions of the agent, of which a second one comes.
func (s *server) updates(t *testing.T) {
	t.Helper()
	s.kill()
	s.program = filepath.Join(t.TempDir(), "steady")
	build := exec.Command("go", "build", "-trimpath", "-o", s.program, "-ldflags", "-X main.version=7.8.9", "../cmd/steady")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build another version: %v: %s", err, out)
	}
	s.start()
	eventually(t, func() string {
		if out, _ := s.steady("query", "--saved", "agent-versions", "-o", "json"); !strings.Contains(out, `"build": "7.8.9"`) {
			return "the new version is not told: " + out
		}
		return ""
	})
	s.saved(t, "agent-versions", nil, ":container-instance/default/", `"build": "dev"`, `"runtime": "Steady simulation"`,
		":container-instance/default/", `"build": "7.8.9"`, `"runtime": "Steady simulation"`)
}

// addressOf is the address that a task's container had in the network of its instance, as
// events tell it: the API shows those of awsvpc tasks only.
func (s *server) addressOf(task string) (address, mac string) {
	s.t.Helper()
	for _, e := range s.history() {
		for _, x := range e.Detail.Containers {
			if slices.Contains(e.Resources, task) && len(x.NetworkInterfaces) > 0 {
				return x.NetworkInterfaces[0].PrivateIpv4Address, x.NetworkInterfaces[0].MacAddress
			}
		}
	}
	s.t.Fatalf("no event tells an address of %s", task)
	return "", ""
}

func last(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// says runs a command and looks for what it should say.
func (s *server) says(t *testing.T, code int, want string, args ...string) {
	t.Helper()
	if out, got := s.steady(args...); got != code || !strings.Contains(out, want) {
		t.Errorf("steady %q ended with %d, and does not say %q:\n%s", args, got, want, out)
	}
}

// saved asks a saved query and looks for what the answer should tell, in this order.
func (s *server) saved(t *testing.T, name string, parameters []string, want ...string) string {
	t.Helper()
	args := []string{"query", "--saved", name, "-o", "json"}
	for _, p := range parameters {
		args = append(args, "--param", p)
	}
	out, code := s.steady(args...)
	rest, found := out, code == 0
	for _, w := range want {
		if !found {
			break
		}
		_, rest, found = strings.Cut(rest, w)
		if !found {
			t.Errorf("it does not tell %q there", w)
		}
	}
	if !found {
		t.Errorf("steady %q ended with %d:\n%s", args, code, out)
	}
	return out
}
