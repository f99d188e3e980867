package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// The story of the demo: a service, a new revision without an outage, and one that
// crashes and is rolled back.
func TestADeploymentSucceedsAndTheNextIsRolledBack(t *testing.T) {
	t.Parallel()
	c := up(t, unhurried).caller(t)
	c.create(3, percent(100, 200), breakerRollback)
	c.ecs("wait", "services-stable", "--services", "web")
	first := startsThree + completes("D1") + isSteady
	c.tells(first)

	c.revision("web", "-version", "v2")
	seen := c.during(func() {
		c.ecs("update-service", "--service", "web", "--task-definition", "web:2")
		c.steady("web:2", 3)
	})
	t.Logf("revision 2: the engine ran %d to %d containers in %d looks, the API told of %d to %d tasks in %d looks",
		seen.engine.fewest, seen.engine.most, seen.engine.looks, seen.api.fewest, seen.api.most, seen.api.looks)
	if seen.engine.fewest < 3 || seen.engine.most > 6 || seen.api.fewest < 3 || seen.api.most > 6 {
		t.Errorf("3 tasks at 100/200 are 3 to 6 at any moment; the engine had %+v, the API %+v", seen.engine, seen.api)
	}
	seen.saw(t, `PRIMARY web:2 IN_PROGRESS pending \d running \d failed 0; ACTIVE web:1 COMPLETED pending 0 running 3 failed 0`)
	second := startsThree + stopsSome + completes("D2") + isSteady
	c.tells(first, second)
	for _, task := range c.tasks(types.DesiredStatusRunning) {
		if answer := get(t, hostPort(t, containerOf(t, task, "app"))); !strings.HasPrefix(answer, "version v2 ") {
			t.Errorf("a task of web:2 answers %q", answer)
		}
	}
	good := c.describe("web").Deployments[0]

	c.revision("web", "-crash", "1")
	seen = c.during(func() {
		c.ecs("update-service", "--service", "web", "--task-definition", "web:3")
		eventually(t, func() string {
			if s := c.describe("web"); *s.Deployments[0].Id == *good.Id || !strings.HasSuffix(*s.Deployments[0].TaskDefinition, "/web:2") {
				return "there is no roll-back: " + shape(s)
			}
			return ""
		})
		c.steady("web:2", 3)
	})
	if seen.engine.fewest < 3 || seen.api.fewest < 3 || seen.api.most > 6 {
		t.Errorf("revision 2 was to go on serving; the engine had %+v containers, the API %+v tasks", seen.engine, seen.api)
	}
	seen.saw(t, `PRIMARY web:3 IN_PROGRESS pending \d running \d failed \d; ACTIVE web:2 COMPLETED pending 0 running 3 failed 0`)
	seen.saw(t, `PRIMARY web:2 IN_PROGRESS pending \d running \d failed 0; (ACTIVE web:3 FAILED pending \d running \d failed \d; )?ACTIVE web:2 COMPLETED pending 0 running 3 failed 0`)
	c.tells(first, second,
		`has started 1 tasks: \(task\)\.\n`, startsMore, // those that crashed are replaced, until the breaker trips
		`\(deployment D3\) deployment failed: tasks failed to start\.\n`,
		`rolling back to deployment D4\.\n`,
		`(`, stopsSome, `)?`, // replacements that had not crashed yet
		startsMore, stopsSome, startsMore, `(`, stopsSome, `)?`,
		completes("D4"), isSteady)
	crashedAtOnce(c)
}

// crashedAtOnce checks what is told of the tasks of web:3 and that all went on in
// the deployment of revision 2.
func crashedAtOnce(c *caller) {
	c.t.Helper()
	crashed := 0
	for _, task := range c.tasks(types.DesiredStatusStopped) {
		if !strings.HasSuffix(*task.TaskDefinitionArn, "/web:3") || task.StopCode != types.TaskStopCodeEssentialContainerExited {
			continue
		}
		crashed++
		c.ended(task, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited")
		c.exited(task, "app", 1)
		if task.StoppedAt == nil || awssdk.ToString(task.Group) != "service:web" || !strings.HasPrefix(awssdk.ToString(task.StartedBy), "ecs-svc/") {
			c.t.Errorf("a crashed task has stoppedAt %v, group %q, startedBy %q", task.StoppedAt, awssdk.ToString(task.Group), awssdk.ToString(task.StartedBy))
		}
	}
	if crashed < 3 || crashed > 6 {
		c.t.Errorf("%d tasks of web:3 crashed; the breaker trips at 3, with 3 under way at most", crashed)
	}
}

// Without roll-back a deployment that failed stays where it is, and the one before
// it keeps its tasks.
func TestADeploymentFailsAndStalls(t *testing.T) {
	t.Parallel()
	c := up(t, unhurried).caller(t)
	c.create(3, percent(100, 200), breakerOn)
	before := c.server.started(t)
	c.revision("web", "-crash", "1")
	c.ecs("update-service", "--service", "web", "--task-definition", "web:2")
	const stalled = "PRIMARY web:2 FAILED pending 0 running 0 failed 3; ACTIVE web:1 COMPLETED pending 0 running 3 failed 0"
	eventually(t, func() string {
		s := c.describe("web")
		got := shape(s)
		// Whatever was under way when the breaker tripped crashes too, and counts.
		for n := 4; n <= 6; n++ {
			got = strings.Replace(got, fmt.Sprintf("failed %d;", n), "failed 3;", 1)
		}
		if got == stalled {
			return ""
		}
		return "web is " + shape(s)
	})
	failed := c.describe("web").Deployments[0]
	if reason := awssdk.ToString(failed.RolloutStateReason); reason != "ECS deployment circuit breaker: tasks failed to start." {
		t.Errorf("rolloutStateReason is %q", reason)
	}
	told := c.told()
	time.Sleep(time.Second)
	if now := c.told(); now != told {
		t.Errorf("a deployment that failed goes on:\n%s", strings.TrimPrefix(now, told))
	}
	after := c.server.started(t)
	for id, at := range before {
		if after[id] != at {
			t.Errorf("container %s of web:1 started %s, now %q: it was to go on", id, at, after[id])
		}
	}
}

// With less than 100 percent healthy, room is made by stopping first.
func TestADeploymentStopsFirstWhereItMay(t *testing.T) {
	t.Parallel()
	for _, story := range []struct {
		desired, minimum, fewest int
		begins                   string // the first events
	}{
		{4, 50, 2, `has stopped 2 running tasks: \(task\) \(task\)\.\n`},
		{3, 0, 0, `has stopped 3 running tasks: \(task\) \(task\) \(task\)\.\n`},
	} {
		t.Run(fmt.Sprintf("%d tasks at %d/100", story.desired, story.minimum), func(t *testing.T) {
			t.Parallel()
			c := up(t, unhurried).caller(t)
			c.create(story.desired, percent(story.minimum, 100), breakerOff)
			before := strings.ReplaceAll(c.told(), "(service web) ", "")
			c.revision("web", "-version", "v2")
			seen := c.during(func() {
				c.ecs("update-service", "--service", "web", "--task-definition", "web:2")
				c.steady("web:2", story.desired)
			})
			if seen.engine.fewest < story.fewest || seen.api.fewest < story.fewest {
				t.Errorf("fewer than %d ran: the engine had %+v, the API %+v", story.fewest, seen.engine, seen.api)
			}
			if seen.api.most > story.desired { // and the events begin with stops
				t.Errorf("room was to be made by stopping; the API told of %+v tasks", seen.api)
			}
			seen.saw(t, `PRIMARY web:2 IN_PROGRESS .*; ACTIVE web:1 COMPLETED .*`)
			c.tells(quoted(before), story.begins, `(has (started|stopped) .*\n)+`, completes("D2"), isSteady)
		})
	}
}

// A desired count of its own starts or stops tasks, but no deployment; a forced one
// replaces them all by the same revision.
func TestAServiceScalesAndIsForcedToDeploy(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	c.create(1, percent(100, 200), breakerRollback)
	first := c.describe("web").Deployments[0]
	var most map[string]string
	for _, n := range []int{4, 2} {
		c.answering()
		c.ecs("update-service", "--service", "web", "--desired-count", fmt.Sprint(n))
		s := c.steady("web:1", n)
		d := s.Deployments[0]
		if *d.Id != *first.Id || int(d.DesiredCount) != n || int(s.DesiredCount) != n {
			t.Errorf("to %d: deployment %s with desiredCount %d; scaling starts none, it was %s", n, *d.Id, d.DesiredCount, *first.Id)
		}
		if n == 4 {
			most = c.server.started(t)
		}
	}
	for id, at := range c.server.started(t) {
		if most[id] != at {
			t.Errorf("container %s was replaced or restarted by scaling in", id)
		}
	}
	stopped := c.tasks(types.DesiredStatusStopped)
	if len(stopped) != 2 {
		t.Errorf("%d tasks are stopped, not 2", len(stopped))
	}
	for _, task := range stopped {
		c.ended(task, types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by (deployment "+*first.Id+")")
		c.exited(task, "app", 0)
	}

	before := c.server.started(t)
	c.ecs("update-service", "--service", "web", "--force-new-deployment")
	eventually(t, func() string {
		if *c.describe("web").Deployments[0].Id == *first.Id {
			return "no deployment was started"
		}
		return ""
	})
	c.steady("web:1", 2)
	for id := range c.server.started(t) {
		if before[id] != "" {
			t.Errorf("container %s was not replaced", id)
		}
	}

	c.ecs("delete-service", "--service", "web", "--force")
	c.ecs("wait", "services-inactive", "--services", "web")
	if s := c.describe("web"); *s.Status != "INACTIVE" || s.RunningCount != 0 || len(s.Deployments) != 0 {
		t.Errorf("the deleted service is %s with %d tasks: %s", *s.Status, s.RunningCount, shape(s))
	}
	c.noContainers()
}

// However fast one update follows on the other, the last one holds.
func TestTheLastOfManyUpdatesHolds(t *testing.T) {
	t.Parallel()
	c := up(t, "--settle=8s").caller(t) // none may complete before the next is asked for
	c.create(2, percent(100, 200), breakerRollback)
	for i := range 10 {
		c.register("web", hasty("-version", fmt.Sprintf("update %d", i)))
	}
	begun := time.Now()
	for i := range 10 {
		if i == 5 {
			time.Sleep(300 * time.Millisecond) // some tasks of the fifth come to run
		}
		_, err := c.api.UpdateService(t.Context(), &ecs.UpdateServiceInput{
			Service: awssdk.String("web"), TaskDefinition: awssdk.String(fmt.Sprintf("web:%d", i+2)),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begun); took > time.Second {
		t.Logf("the ten updates took %v", took)
	}
	c.steady("web:11", 2)
	for _, task := range c.tasks(types.DesiredStatusRunning) {
		if answer := get(t, hostPort(t, containerOf(t, task, "app"))); !strings.HasPrefix(answer, "version update 9 on ") {
			t.Errorf("a task answers %q", answer)
		}
	}
	if told := c.told(); strings.Count(told, "deployment completed") != 2 || strings.Contains(told, "failed") {
		t.Errorf("only the first and the last deployment were to complete:\n%s", told)
	}
}

// A host port is there once per instance: a new task finds no place beside the old
// one, and has to wait until that may be stopped.
func TestAFixedHostPortNeedsStoppingFirst(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	port := freePort(t)
	fixed := func(version string) types.ContainerDefinition {
		d := app("-version", version)
		d.PortMappings[0].HostPort = &port
		return d
	}
	c.register("web", fixed("v1"))
	c.ecs("create-service", "--service-name", "web", "--task-definition", "web:1", "--desired-count", "1",
		"--deployment-configuration", percent(100, 200))
	c.steady("web:1", 1)
	before := c.server.started(t)

	c.register("web", fixed("v2"))
	c.ecs("update-service", "--service", "web", "--task-definition", "web:2")
	message := c.event("web", "unable to place")
	instances, err := c.api.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	arn := instances.ContainerInstanceArns[0]
	want := "(service web) was unable to place a task because no container instance met all of its requirements. " +
		"The closest matching (container-instance " + arn[strings.LastIndex(arn, "/")+1:] + ") is already using a port required by your task. " +
		"For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
	if message != want {
		t.Errorf("the event is %q, not %q", message, want)
	}
	time.Sleep(time.Second)
	if got, want := shape(c.describe("web")), "PRIMARY web:2 IN_PROGRESS pending 0 running 0 failed 0; ACTIVE web:1 COMPLETED pending 0 running 1 failed 0"; got != want {
		t.Errorf("the deployment that finds no place is %s; it should be %s", got, want)
	}
	if n := strings.Count(c.told(), "unable to place"); n != 1 {
		t.Errorf("the same refusal is told %d times", n)
	}
	for id, at := range c.server.started(t) {
		if before[id] != at {
			t.Errorf("container %s is not the one of web:1", id)
		}
	}

	c.ecs("update-service", "--service", "web", "--deployment-configuration", percent(0, 100))
	c.steady("web:2", 1)
	if answer := get(t, port); !strings.HasPrefix(answer, "version v2 on ") {
		t.Errorf("port %d answers %q", port, answer)
	}
}

// The tasks of a service are spread over Availability Zones and instances.
func TestTasksSpreadOverInstances(t *testing.T) {
	t.Parallel()
	c := up(t, "--instances", "3").caller(t)
	c.create(3, percent(100, 200))
	zones, instances := map[string]int{}, map[string]int{}
	for _, task := range c.tasks(types.DesiredStatusRunning) {
		zones[awssdk.ToString(task.AvailabilityZone)]++
		instances[awssdk.ToString(task.ContainerInstanceArn)]++
	}
	if len(zones) != 3 || len(instances) != 3 || zones[""]+instances[""] != 0 {
		t.Errorf("three tasks are in zones %v on instances %v", zones, instances)
	}
	labels := map[string]int{}
	for _, x := range c.server.everyContainer(t) {
		labels[x.Labels["dev.steady.container-instance"]]++
	}
	if len(labels) != 3 {
		t.Errorf("the containers carry the instances %v", labels)
	}
}

// Stopped tasks can be described for as long as --retention says.
func TestStoppedTasksAreKeptForAWhile(t *testing.T) {
	t.Parallel()
	c := up(t, "--retention", "10s").caller(t)
	arn := c.run(app("-crash", "4"))
	task := c.reach(arn, "STOPPED")
	c.exited(task, "app", 4)
	var gone *ecs.DescribeTasksOutput
	eventually(t, func() string {
		out, err := c.api.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: []string{arn}})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Tasks) > 0 {
			return "the task is still described"
		}
		gone = out
		return ""
	})
	if kept := time.Since(*task.StoppedAt); kept < 10*time.Second {
		t.Errorf("the task was kept for %v only", kept)
	}
	if len(gone.Failures) != 1 || *gone.Failures[0].Arn != arn || *gone.Failures[0].Reason != "MISSING" {
		t.Errorf("DescribeTasks tells failures %s", reasons(gone.Failures))
	}
	listed, err := c.api.ListTasks(t.Context(), &ecs.ListTasksInput{DesiredStatus: types.DesiredStatusStopped})
	if err != nil || len(listed.TaskArns) != 0 {
		t.Errorf("ListTasks still lists %v (%v)", listed, err)
	}
}
