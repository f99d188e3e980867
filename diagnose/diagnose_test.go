package diagnose

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// TestWhereReasonsStand: the same text on a container or on the task leads to the
// same cause. (The texts themselves are tested in package catalogue.)
func TestWhereReasonsStand(t *testing.T) {
	for reason, id := range map[string]string{
		"CannotPullContainerError: invalid reference format":                                                               "A20",
		"ResourceInitializationError: something unheard of":                                                                "B00",
		"CannotStartContainerError: exec: \"serve\": executable file not found in $PATH: unknown":                          "C01",
		"Task failed ELB health checks in (target-group arn:x)":                                                            "D00",
		"Task failed container health checks":                                                                              "D01",
		"TaskFailedToStart: RESOURCE:MEMORY":                                                                               "E12",
		"CannotPullContainerError: Error response from daemon: pull access denied for shop/app, repository does not exist": "A09",
	} {
		onContainer := stopped(1, types.TaskStopCodeTaskFailedToStart, "Task failed to start", failedWith("app", reason))
		onTask := stopped(1, types.TaskStopCodeTaskFailedToStart, reason, types.Container{Name: aws.String("app")})
		for _, task := range []types.Task{onContainer, onTask} {
			found := Explain(Evidence{Deployment: ours, StoppedTasks: []types.Task{task}})
			if len(found) != 1 || found[0].ID != id || found[0].Tasks != 1 {
				t.Errorf("%s\n got %+v, want %s", reason, found, id)
				continue
			}
			if strings.ContainsAny(found[0].Cause, "{}") || !strings.HasSuffix(found[0].Cause, ".") || len(found[0].Remedy) == 0 || found[0].Page == "" {
				t.Errorf("%s: %+v", id, found[0])
			}
		}
	}
}

func TestExitCodes(t *testing.T) {
	for code, id := range map[int32]string{0: "C18", 1: "C17", 2: "C17", 126: "C29", 127: "C19", 134: "C16", 137: "C14", 139: "C15", 143: "C30", 255: "C24"} {
		found := Explain(Evidence{Deployment: ours, StoppedTasks: []types.Task{crashed(1, code)}})
		if len(found) != 1 || found[0].ID != id {
			t.Errorf("exit code %d: %+v, want %s", code, found, id)
		}
	}
}

func TestEvents(t *testing.T) {
	const none = "was unable to place a task because no container instance met all of its requirements. "
	const closest = none + "The closest matching (container-instance 0a1b) "
	const see = ". For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
	cases := []struct {
		id, message string
		symptom     bool
	}{
		{"E01", none + "Reason: No Container Instances were found in your cluster" + see, false},
		{"E34", none[:len(none)-1], false},
		{"E02", closest + "has insufficient CPU units available" + see, false},
		{"E03", closest + "has insufficient memory available" + see, false},
		{"E04", closest + "is already using a port required by your task" + see, false},
		{"E05", closest + "doesn’t have the agent connected" + see, false},
		{"E05", closest + `encountered error "AGENT"` + see, false},
		{"E06", closest + `encountered error "MemberOf placement constraint unsatisfied."` + see, false},
		{"E07", closest + "is missing an attribute required by your task" + see, false},
		{"E08", "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.", false},
		{"E09", "was unable to place a task. Reason: You’ve reached the limit on the number of vCPUs you can run concurrently.", false},
		{"A10", "was unable to place a task. Reason: CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'.", false},
		{"B21", "failed to launch a task with (error ECS was unable to assume the role 'arn:x' that was provided for this task.).", false},
		{"E19", "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.", false},
		{"F03", "(deployment ecs-svc/2) deployment failed: alarm detected.", false},
		{"F01", "is unable to consistently start tasks successfully" + see, true},
		{"F02", "(deployment ecs-svc/2) deployment failed: tasks failed to start.", true},
	}
	for _, c := range cases {
		found := Explain(Evidence{Service: service(2, 0), Deployment: ours, Events: []types.ServiceEvent{event(time.Minute, c.message)}})
		if len(found) != 1 || found[0].ID != c.id || (found[0].Confidence == Symptom) != c.symptom {
			t.Errorf("%s\n got %+v, want %s", c.message, found, c.id)
		}
	}
}

// TestJudgement tells situations in which the obvious answer is wrong.
func TestJudgement(t *testing.T) {
	const pull = "CannotPullContainerError: manifest for shop/app:9 not found: manifest unknown"
	old := crashed(9, 1)
	old.StartedBy = aws.String("ecs-svc/1")
	failedBefore := stopped(3, types.TaskStopCodeTaskFailedToStart, pull, failedWith("app", pull))
	noRoom := "was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance x) has insufficient memory available."
	slowStop := crashed(1, 0)
	slowStop.Containers = append(slowStop.Containers, exited("proxy", 137))
	slowStop.StoppedAt = aws.Time(slowStop.ExecutionStoppedAt.Add(31 * time.Second))
	killed := crashed(1, 137)
	killed.Containers = append(killed.Containers, exited("proxy", 0))

	cases := []struct {
		name string
		e    Evidence
		want []string
	}{
		{"nothing is wrong", Evidence{}, nil},
		{"replaced tasks exit 137 and 143, and are no failure", Evidence{StoppedTasks: []types.Task{
			stopped(1, types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by (deployment ecs-svc/2)", exited("app", 137)),
			stopped(2, types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by deployment ecs-svc/2", exited("app", 143)),
			stopped(3, types.TaskStopCodeUserInitiated, "spring cleaning", exited("app", 1)),
			stopped(4, types.TaskStopCodeSpotInterruption, "Your Spot Task was interrupted.", exited("app", 143)),
			stopped(5, types.TaskStopCodeTerminationNotice, "Host EC2 (instance i-1) terminated.", exited("app", 1)),
			stopped(6, types.TaskStopCodeServiceSchedulerInitiated, "Service web: ECS is performing maintenance on the underlying infrastructure hosting the task"),
			stopped(7, "InfrastructureHealth", "GPU failed"),
		}}, nil},
		{"tasks of the revision before do not count", Evidence{StoppedTasks: []types.Task{old}}, nil},
		{"a job that is done is no failure", Evidence{StoppedTasks: []types.Task{job(0)}}, nil},
		{"a job that fails is one", Evidence{StoppedTasks: []types.Task{job(3)}}, []string{"C17"}},
		{"the cause with the most tasks comes first", Evidence{StoppedTasks: []types.Task{
			failedBefore, crashed(1, 1), crashed(2, 1)}}, []string{"C17", "A01"}},
		{"of two equal counts the stronger evidence comes first", Evidence{StoppedTasks: []types.Task{
			crashed(1, 1), failedBefore}}, []string{"A01", "C17"}},
		{"a reason outweighs an exit code", Evidence{StoppedTasks: []types.Task{
			stopped(1, types.TaskStopCodeEssentialContainerExited, "OutOfMemoryError: Container killed due to memory usage",
				types.Container{Name: aws.String("app"), ExitCode: aws.Int32(137), Reason: aws.String("OutOfMemoryError: Container killed due to memory usage")})}}, []string{"C12"}},
		{"killed after failed health checks is a health failure", Evidence{StoppedTasks: []types.Task{
			stopped(1, types.TaskStopCodeServiceSchedulerInitiated, "Task failed container health checks", exited("app", 137))}}, []string{"D01"}},
		{"the log knows better than exit code 1", Evidence{StoppedTasks: []types.Task{crashed(1, 1)},
			Logs: map[string][]Line{LogKey("00000000000000000000000000000001", "app"): written("standard_init_linux.go:228: exec user process caused: exec format error")}}, []string{"A12"}},
		{"the sidecar's 143 is not why the task ended", Evidence{StoppedTasks: []types.Task{
			stopped(1, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", exited("proxy", 143), exited("app", 3))}}, []string{"C17"}},
		{"a container that is not essential did not end the task", Evidence{
			TaskDefinition: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("init"), Essential: aws.Bool(false)}}},
			StoppedTasks: []types.Task{
				stopped(1, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", exited("init", 1), exited("app", 0))}}, []string{"C18"}},
		{"killed at the end of stopTimeout is not what came first", Evidence{StoppedTasks: []types.Task{slowStop}}, []string{"C18"}},
		{"killed at once is", Evidence{StoppedTasks: []types.Task{killed}}, []string{"C14"}},
		{"the breaker and the throttle are symptoms and come last", Evidence{StoppedTasks: []types.Task{crashed(1, 1)}, Events: []types.ServiceEvent{
			event(2*time.Minute, "(deployment ecs-svc/2) deployment failed: tasks failed to start."),
			event(time.Minute, "is unable to consistently start tasks successfully."),
		}}, []string{"C17", "F02", "F01"}},
		{"events from before the deployment do not count", Evidence{Service: service(2, 0), Events: []types.ServiceEvent{event(-time.Minute, noRoom)}}, nil},
		{"nor those of another deployment", Evidence{Service: service(2, 0), Events: []types.ServiceEvent{
			event(time.Minute, "(deployment ecs-svc/1) deployment failed: tasks failed to start.")}}, nil},
		{"a refused placement is over once all tasks run", Evidence{Service: service(2, 2), Events: []types.ServiceEvent{event(time.Minute, noRoom)}}, nil},
		{"silence after a refusal is not recovery", Evidence{Service: service(2, 1), Events: []types.ServiceEvent{event(time.Minute, noRoom)}}, []string{"E03"}},
		{"failed tasks outweigh a place that was refused", Evidence{Service: service(2, 0), StoppedTasks: []types.Task{crashed(1, 1)},
			Events: []types.ServiceEvent{event(time.Minute, noRoom)}}, []string{"C17", "E03"}},
		{"a reason that nobody knows is still told", Evidence{StoppedTasks: []types.Task{
			stopped(1, "", "The moon was full")}}, []string{"U01"}},
		{"a task that is still stopping for no stated reason says nothing", Evidence{StoppedTasks: []types.Task{
			{TaskArn: aws.String("a/b"), LastStatus: aws.String("RUNNING")}}}, nil},
	}
	for _, c := range cases {
		c.e.Deployment = ours
		var ids []string
		for _, f := range Explain(c.e) {
			ids = append(ids, f.ID)
		}
		if !slices.Equal(ids, c.want) {
			t.Errorf("%s: %v, want %v", c.name, ids, c.want)
		}
	}
}

func TestPercentageDeadlockIsComputed(t *testing.T) {
	story := func(low, high, oldRunning int32) []Finding {
		s := service(3, 0)
		s.RunningCount = oldRunning
		s.DeploymentConfiguration = &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(low), MaximumPercent: aws.Int32(high)}
		s.Deployments = append(s.Deployments, types.Deployment{Id: aws.String("ecs-svc/1"), RunningCount: oldRunning})
		return Explain(Evidence{Service: s, Deployment: ours})
	}
	if f := story(100, 100, 3); len(f) != 1 || f[0].ID != "E19" || !f[0].Deterministic {
		t.Errorf("100/100: %+v", f)
	}
	if f := story(75, 133, 3); len(f) != 1 { // ⌈2.25⌉ = 3 must stay, ⌊3.99⌋ = 3 may run
		t.Errorf("75/133 with 3 desired: %+v", f)
	}
	for _, ok := range [][2]int32{{100, 200}, {0, 100}, {50, 100}} {
		if f := story(ok[0], ok[1], 3); len(f) != 0 {
			t.Errorf("%v: %+v", ok, f)
		}
	}
	if f := story(100, 100, 2); len(f) != 0 {
		t.Errorf("one old task is gone: %+v", f)
	}
}

func TestDeterminism(t *testing.T) {
	const gone = "CannotPullContainerError: invalid reference format"
	bad := func(n int) types.Task { return stopped(n, types.TaskStopCodeTaskFailedToStart, gone) }
	key := func(n string) string { return LogKey(strings.Repeat("0", 31)+n, "app") }
	cases := []struct {
		name string
		e    Evidence
		want bool
	}{
		{"a permanent cause once may be chance", Evidence{StoppedTasks: []types.Task{bad(1)}}, false},
		{"twice is not", Evidence{StoppedTasks: []types.Task{bad(1), bad(2)}}, true},
		{"a crash may heal", Evidence{StoppedTasks: []types.Task{crashed(1, 1), crashed(2, 1)}}, false},
		{"unless its last words are the same", Evidence{StoppedTasks: []types.Task{crashed(1, 1), crashed(2, 1)},
			Logs: map[string][]Line{key("1"): written("no DB_URL"), key("2"): written("no DB_URL")}}, true},
		{"the same words at different times", Evidence{StoppedTasks: []types.Task{crashed(1, 1), crashed(2, 1)},
			Logs: map[string][]Line{key("1"): written("time=2026-11-21T13:03:22.568Z level=ERROR msg=bye code=3"), key("2"): written("time=2026-11-21T13:03:24.12Z level=ERROR msg=bye code=3")}}, true},
		{"other numbers are other words", Evidence{StoppedTasks: []types.Task{crashed(1, 1), crashed(2, 1)},
			Logs: map[string][]Line{key("1"): written("12:00:01 row 17 is broken"), key("2"): written("12:00:09 row 18 is broken")}}, false},
		{"room may come", Evidence{Service: service(1, 0), Events: []types.ServiceEvent{event(time.Minute,
			"was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance x) has insufficient memory available.")}}, false},
		{"different last words", Evidence{StoppedTasks: []types.Task{crashed(1, 1), crashed(2, 1)},
			Logs: map[string][]Line{key("1"): written("a"), key("2"): written("b")}}, false},
	}
	for _, c := range cases {
		if f := Explain(c.e); len(f) != 1 || f[0].Deterministic != c.want {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
}

func TestSummary(t *testing.T) {
	key := LogKey("00000000000000000000000000000002", "app")
	crash := Evidence{StoppedTasks: []types.Task{crashed(1, 1), crashed(2, 1)},
		Logs: map[string][]Line{key: written("starting", "connecting to db:5432", "", "panic: connection refused")}}
	image := "CannotPullContainerError: Error response from daemon: manifest for shop/app:9 not found: manifest unknown"
	cases := []struct {
		name string
		e    Evidence
		want string
	}{
		{"a crash at start", crash, `2 tasks failed: Container "app" exits with code 1, within 2 s of its start. ` +
			"The last lines of its log:\n    starting\n    connecting to db:5432\n    panic: connection refused"},
		{"a crash that ends in the same way each time, and another", Evidence{
			StoppedTasks: []types.Task{crashed(1, 1), crashed(2, 1), stopped(3, types.TaskStopCodeTaskFailedToStart, image, failedWith("app", image))},
			Logs:         map[string][]Line{key: written("no\r\nDB_URL\u2028 "), LogKey("00000000000000000000000000000001", "app"): written("no\r\nDB_URL\u2028 ")}},
			`2 tasks failed: Container "app" exits with code 1, within 2 s of its start. Trying again will not help. The last line of its log:` +
				"\n    no  DB_URL\n" + `Also, 1 task failed: The image "shop/app:9" does not exist in its registry.`},
		{"an image that is not there", Evidence{StoppedTasks: []types.Task{
			stopped(1, types.TaskStopCodeTaskFailedToStart, image, failedWith("app", image)),
			stopped(2, types.TaskStopCodeTaskFailedToStart, image, failedWith("app", image))}},
			`2 tasks failed: The image "shop/app:9" does not exist in its registry. Evidence: "` + image + `". Trying again will not help.`},
		{"no instances", Evidence{Service: service(1, 0), Deployment: ours, Events: []types.ServiceEvent{event(time.Second, "was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.")}},
			`No task can start: The cluster has no container instances to run tasks on. Evidence: "(service web) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.". Trying again will not help.`},
		{"only a symptom", Evidence{Events: []types.ServiceEvent{event(time.Second, "is unable to consistently start tasks successfully.")}},
			`Tasks fail again and again, so that ECS waits longer and longer before it starts another. The tasks themselves have left no evidence of the cause.`},
		{"nothing", Evidence{}, ""},
	}
	for _, c := range cases {
		if got := Summary(Explain(c.e)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// FuzzExplain: whatever a runtime or a program says, there is an answer in one
// sentence per finding, without a place left unfilled by us.
func FuzzExplain(f *testing.F) {
	f.Add("CannotPullContainerError: manifest for {x} not found", "exec format error", "(service web) was unable to place a task. Reason: x", int32(1))
	f.Add("OutOfMemoryError: Container killed due to memory usage", "", "", int32(137))
	f.Fuzz(func(t *testing.T, reason, line, message string, code int32) {
		task := crashed(1, code)
		task.Containers[0].Reason = aws.String(reason)
		e := Evidence{Service: service(1, 0), Deployment: ours, StoppedTasks: []types.Task{task},
			Events: []types.ServiceEvent{event(time.Second, message)},
			Logs:   map[string][]Line{LogKey("00000000000000000000000000000001", "app"): written(line)}}
		found := Explain(e)
		tasks := 0
		for _, x := range found {
			tasks += x.Tasks
			if x.ID == "" || x.Cause == "" || len(x.Evidence) == 0 {
				t.Errorf("empty finding %+v", x)
			}
		}
		if tasks != 1 {
			t.Errorf("%d tasks explained, want 1", tasks)
		}
		if Summary(found) == "" {
			t.Error("no summary")
		}
	})
}
