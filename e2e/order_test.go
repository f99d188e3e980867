package e2e

import (
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// sidecar is a container that its task can do without.
func sidecar(name string, flags ...string) types.ContainerDefinition {
	c := app(flags...)
	c.Name, c.Essential, c.PortMappings = &name, awssdk.Bool(false), nil
	return c
}

func dependsOn(name string, condition types.ContainerCondition) types.ContainerDependency {
	return types.ContainerDependency{ContainerName: &name, Condition: condition}
}

func checkedBy(c types.ContainerDefinition, url string) types.ContainerDefinition {
	c.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "/steady", "sample", "-check", url}, Interval: awssdk.Int32(5)}
	return c
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// What a container depends on has come so far before it starts, and is stopped after it.
func TestContainersStartAndStopInTheOrderOfTheirDependencies(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	main := app("-ignore-sigterm")
	main.StopTimeout = awssdk.Int32(2)
	main.DependsOn = []types.ContainerDependency{dependsOn("init", types.ContainerConditionSuccess), dependsOn("db", types.ContainerConditionHealthy)}
	db := checkedBy(sidecar("db", "-slow-start", "2s"), "http://127.0.0.1:8080/")
	db.DependsOn = []types.ContainerDependency{dependsOn("init", types.ContainerConditionComplete)}
	arn := c.run(main, db, sidecar("init", "-h"))
	task := c.reach(arn, "RUNNING")
	init := c.inspect(task, "init")
	if e := containerOf(t, task, "init").ExitCode; e == nil || *e != 0 || init.State.Running {
		t.Errorf("the task is RUNNING, and init %+v", containerOf(t, task, "init"))
	}
	if h := containerOf(t, task, "db").HealthStatus; h != types.HealthStatusHealthy {
		t.Errorf("the task is RUNNING, and db is %s", h)
	}
	over, begun, asked := moment(t, init.State.FinishedAt), moment(t, c.inspect(task, "db").State.StartedAt), moment(t, c.inspect(task, "app").State.StartedAt)
	if begun.Before(over) || asked.Before(begun.Add(2*time.Second)) {
		t.Errorf("init ended at %v, db started at %v and app at %v", over, begun, asked)
	}

	get(t, hostPort(t, containerOf(t, task, "app"))) // it ignores SIGTERM from then on
	c.stop(arn)
	task = c.reach(arn, "STOPPED")
	appEnd, dbEnd := moment(t, c.inspect(task, "app").State.FinishedAt), moment(t, c.inspect(task, "db").State.FinishedAt)
	if !appEnd.Before(dbEnd) {
		t.Errorf("app ended at %v, and db, on which it depends, at %v", appEnd, dbEnd)
	}
	if e := containerOf(t, task, "app").ExitCode; e == nil || *e != 137 {
		t.Errorf("app, which ignores SIGTERM, ended as %+v", containerOf(t, task, "app"))
	}
}

// A dependency that cannot be met ends the task, with the words of the ECS agent.
func TestADependencyThatFailsEndsTheTask(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	sick := checkedBy(sidecar("sick", "-unhealthy"), "http://127.0.0.1:8080/health")
	sick.StartTimeout = awssdk.Int32(3)
	missing := sidecar("missing")
	missing.EntryPoint = []string{"/none"}
	for _, x := range []struct {
		on        types.ContainerDefinition
		condition types.ContainerCondition
		reason    string
	}{
		{sidecar("fails", "-crash", "3"), types.ContainerConditionSuccess, "failed to resolve container ordering dependency [fails(IMAGE) (STOPPED->RUNNING) - Exit: 3] for target [app(IMAGE) (PULLED->RUNNING)] as dependency did not exit successfully."},
		{sick, types.ContainerConditionHealthy, "container ordering dependency [sick(IMAGE) (RUNNING->RUNNING)] for target [app(IMAGE) (PULLED->RUNNING)] has timed out."},
		{missing, types.ContainerConditionStart, "failed to resolve container ordering dependency [missing(IMAGE) (STOPPED->STOPPED)] for target [app(IMAGE) (PULLED->RUNNING)] because dependency will never start"},
	} {
		main := app()
		main.DependsOn = []types.ContainerDependency{dependsOn(*x.on.Name, x.condition)}
		task := c.reach(c.run(main, x.on), "STOPPED")
		want := "CannotStartContainerError: dependency graph: " + strings.ReplaceAll(x.reason, "IMAGE", image)
		if got := awssdk.ToString(task.StoppedReason); task.StopCode != types.TaskStopCodeTaskFailedToStart || got != want {
			t.Errorf("%s: the task ended as %s, %q\nwant %q", *x.on.Name, task.StopCode, got, want)
		}
		if k := containerOf(t, task, "app"); awssdk.ToString(k.Reason) != want || k.ExitCode == nil || *k.ExitCode != 143 || k.RuntimeId != nil {
			t.Errorf("%s: app ended as %+v", *x.on.Name, k)
		}
	}
}
