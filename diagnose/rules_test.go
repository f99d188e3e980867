package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

const webTargets = "arn:aws:elasticloadbalancing:eu-1:1:targetgroup/web/1"

// givenUp is a task that the load balancer gave up after d.
func givenUp(n int, d time.Duration) types.Task {
	return ran(stopped(n, types.TaskStopCodeServiceSchedulerInitiated,
		"Task failed ELB health checks in (target-group "+webTargets+")", exited("app", 137)), d)
}

// checkedEvery makes a target group whose checks have this interval and threshold.
func checkedEvery(interval, threshold int32) []elb.TargetGroup {
	return []elb.TargetGroup{{TargetGroupArn: aws.String(webTargets), HealthCheckIntervalSeconds: &interval, UnhealthyThresholdCount: &threshold}}
}

func target(state elb.TargetHealthStateEnum, reason elb.TargetHealthReasonEnum, description string) elb.TargetHealthDescription {
	return elb.TargetHealthDescription{Target: &elb.TargetDescription{Id: aws.String("10.0.0.7"), Port: aws.Int32(8080)},
		TargetHealth: &elb.TargetHealth{State: state, Reason: reason, Description: aws.String(description)}}
}

// TestOrderOfEvidence: what says more wins, and what several things can mean is told
// as such.
func TestOrderOfEvidence(t *testing.T) {
	told := func(n int, why string) types.ServiceEvent {
		return event(time.Minute, "(task "+taskID(givenUp(n, 0))+") (port 8080) is unhealthy in (target-group "+webTargets+") due to (reason "+why+")")
	}
	unhealthy := stopped(1, types.TaskStopCodeServiceSchedulerInitiated, "Task failed container health checks", exited("app", 137))
	log := func(lines ...string) map[string][]Line {
		return map[string][]Line{LogKey(taskID(crashed(1, 1)), "app"): written(lines...)}
	}
	cases := []struct {
		name   string
		e      Evidence
		id     string
		either int // possibilities named
	}{
		{"a load balancer gave it up, and nothing says why", Evidence{StoppedTasks: []types.Task{givenUp(1, time.Minute)}}, "D00", 2},
		{"its event says why", Evidence{StoppedTasks: []types.Task{givenUp(1, time.Minute)}, Events: []types.ServiceEvent{told(1, "Health checks failed with these codes: [404]")}}, "D02", 0},
		{"the event of another task does not", Evidence{StoppedTasks: []types.Task{givenUp(1, time.Minute)}, Service: types.Service{Deployments: make([]types.Deployment, 2)},
			Events: []types.ServiceEvent{told(2, "Health checks failed with these codes: [404]")}}, "D00", 2},
		{"the check's command is not in the image", Evidence{StoppedTasks: []types.Task{unhealthy}, Logs: log("/bin/sh: 1: curl: not found")}, "D18", 0},
		{"a crash that happens to look for curl", Evidence{StoppedTasks: []types.Task{crashed(1, 1)}, Logs: log("/bin/sh: 1: curl: not found")}, "C17", 0},
		{"network, not rights", Evidence{StoppedTasks: []types.Task{stopped(1, types.TaskStopCodeTaskFailedToStart,
			`ResourceInitializationError: unable to pull secrets or registry auth: x: RequestError: send request failed caused by: Post "https://api.ecr/": dial tcp 1.2.3.4:443: i/o timeout`)}}, "B01", 0},
		{"rights, not network", Evidence{StoppedTasks: []types.Task{stopped(1, types.TaskStopCodeTaskFailedToStart,
			"ResourceInitializationError: unable to pull secrets or registry auth: x: AccessDeniedException: User: u is not authorized to perform: kms:Decrypt on resource: r")}}, "B29", 0},
		{"neither is said", Evidence{StoppedTasks: []types.Task{stopped(1, types.TaskStopCodeTaskFailedToStart,
			"ResourceInitializationError: unable to pull secrets or registry auth: x")}}, "B00", 2},
		{"somebody looked into the image", Evidence{StoppedTasks: []types.Task{unhealthy}, Lacking: map[string]string{"app": "curl"}}, "D18", 0},
		{"another container's image", Evidence{StoppedTasks: []types.Task{unhealthy}, Lacking: map[string]string{"side": "curl"}}, "D01", 3},
		{"killed, and nothing says by whom", Evidence{StoppedTasks: []types.Task{crashed(1, 137)}}, "C14", 3},
		{"an answer of the API", Evidence{Answers: []string{"An error occurred (ClusterNotFoundException) when calling the ListTasks operation: Cluster not found."}}, "G11", 0},
		{"a target that does not answer", Evidence{Targets: map[string][]elb.TargetHealthDescription{webTargets: {
			target(elb.TargetHealthStateEnumUnhealthy, elb.TargetHealthReasonEnumTimeout, "Request timed out")}}}, "D06", 3},
		{"the deployment says why it was rolled back", Evidence{Rollout: &types.ServiceDeployment{StatusReason: aws.String(
			"Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook timed out.")}}, "F21", 0},
	}
	for _, c := range cases {
		c.e.Deployment = ours
		found := Explain(c.e)
		if len(found) != 1 || found[0].ID != c.id || len(found[0].Either) != c.either {
			t.Errorf("%s: %+v, want %s with %d possibilities", c.name, found, c.id, c.either)
		}
	}
}

// TestHealthyTargetsAreNoTrouble: nor are those that are just being registered.
func TestHealthyTargetsAreNoTrouble(t *testing.T) {
	e := Evidence{Targets: map[string][]elb.TargetHealthDescription{webTargets: {
		target(elb.TargetHealthStateEnumHealthy, "", ""),
		target(elb.TargetHealthStateEnumInitial, elb.TargetHealthReasonEnumInitialHealthChecking, ""),
		target(elb.TargetHealthStateEnumDraining, elb.TargetHealthReasonEnumDeregistrationInProgress, ""),
	}}}
	if f := Explain(e); len(f) != 0 {
		t.Errorf("%+v", f)
	}
}

func TestClues(t *testing.T) {
	f := Explain(Evidence{StoppedTasks: []types.Task{crashed(1, 1)}, Logs: map[string][]Line{
		LogKey(taskID(crashed(1, 1)), "app"): written("starting", "Error: connect ECONNREFUSED 127.0.0.1:5432", "bye")}})
	if len(f) != 1 || f[0].ID != "C17" || len(f[0].Clues) != 1 || f[0].Clues[0].ID != "C33" || f[0].Clues[0].Line != "Error: connect ECONNREFUSED 127.0.0.1:5432" {
		t.Errorf("%+v", f)
	}
}

// TestTimeToStart: the time that a program needs, where its log tells it, against the
// time that its health checks give it.
func TestTimeToStart(t *testing.T) {
	service := types.Service{HealthCheckGracePeriodSeconds: aws.Int32(10)}
	e := func(line Line) Evidence {
		return Evidence{Service: service, StoppedTasks: []types.Task{givenUp(1, 71*time.Second)}, TargetGroups: checkedEvery(30, 2),
			Logs: map[string][]Line{LogKey(taskID(givenUp(1, 0)), "app"): {line}}}
	}
	started := *givenUp(1, 71*time.Second).StartedAt
	cases := []struct {
		name string
		line Line
		id   string
		says string // in the cause, or in a possibility
	}{
		{"it tells that it needs longer", Line{Text: "Started ShopApplication in 92.4 seconds (JVM running for 95.1)"}, "D08",
			"it needs 92 s and is given 70 s (healthCheckGracePeriodSeconds 10 + interval 30 s × unhealthy threshold 2)"},
		{"the time of its line tells it", Line{At: started.Add(80 * time.Second), Text: "Listening on :8080"}, "D08", "it needs 80 s and is given 70 s"},
		{"it needs less", Line{Text: "Started ShopApplication in 2.1 seconds"}, "D00", "check of the task fails. The check asks at the wrong path or port, or expects another code."},
		{"nothing tells", Line{Text: "loading"}, "D00", "longer to start than the 70 s (healthCheckGracePeriodSeconds 10 + interval 30 s × unhealthy threshold 2) that it is given"},
	}
	for _, c := range cases {
		f := Explain(e(c.line))
		if len(f) != 1 || f[0].ID != c.id {
			t.Errorf("%s: %+v, want %s", c.name, f, c.id)
			continue
		}
		said := f[0].Cause
		for _, p := range f[0].Either {
			said += " " + p.Cause
		}
		if !strings.Contains(said, c.says) {
			t.Errorf("%s: says %q, not %q", c.name, said, c.says)
		}
	}
}

func TestTimeOfAHealthCheck(t *testing.T) {
	d := types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"),
		HealthCheck: &types.HealthCheck{Command: []string{"CMD", "check"}, Interval: aws.Int32(5), Retries: aws.Int32(2), StartPeriod: aws.Int32(5)}}}}
	task := ran(stopped(1, types.TaskStopCodeServiceSchedulerInitiated, "Task failed container health checks", exited("app", 137)), 16*time.Second)
	f := Explain(Evidence{TaskDefinition: d, StoppedTasks: []types.Task{task}, Logs: map[string][]Line{
		LogKey(taskID(task), "app"): written("Started Application in 20 seconds")}})
	if len(f) != 1 || f[0].ID != "D23" || !strings.Contains(f[0].Cause, "it needs 20 s and is given 15 s (startPeriod 5 s + interval 5 s × retries 2)") {
		t.Errorf("%+v", f)
	}
}
