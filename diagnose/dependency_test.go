package diagnose

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// The containers that could not start tell of the one that failed: that is the cause, with
// its exit code and its last line, however they are ordered.
func TestAFailedDependencyIsTheCause(t *testing.T) {
	const fails = "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency "
	app := failedWith("app", fails+"[init(shop/init:1) (STOPPED->RUNNING) - Exit: 3] for target [app(shop/app:1) (PULLED->RUNNING)] as dependency did not exit successfully.")
	app.ExitCode = aws.Int32(143)
	late := failedWith("late", fails+"[app(shop/app:1) (STOPPED->STOPPED) - Exit: 143] for target [late(shop/late:1) (PULLED->RUNNING)] because dependency will never start")
	slow := failedWith("app", "CannotStartContainerError: dependency graph: container ordering dependency [init(shop/init:1) (RUNNING->RUNNING)] for target [app(shop/app:1) (PULLED->RUNNING)] has timed out.")
	definition := types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{
		{Name: aws.String("init"), Essential: aws.Bool(false)}, {Name: aws.String("app")}, {Name: aws.String("late")}}}
	init := exited("init", 3)
	for name, c := range map[string]struct {
		reason     string
		containers []types.Container
		id, cause  string
	}{
		"it exited":              {"Task failed to start", []types.Container{init, app}, "C17", `Container "init" exits with code 3.`},
		"the task says so":       {*app.Reason, []types.Container{app, init}, "C17", `Container "init" exits with code 3.`},
		"a chain of them":        {"Task failed to start", []types.Container{late, app, init}, "C17", `Container "init" exits with code 3.`},
		"nothing else is known":  {*app.Reason, []types.Container{{Name: aws.String("app")}}, "C40", `Container "app" cannot start, since it depends on (dependsOn) another container "init" that exits with code 3.`},
		"it did not fail":        {"Task failed to start", []types.Container{slow, exited("init", 0)}, "C21", `Container "app" waits for another container "init" (dependsOn) that did not get as far as it should.`},
		"it has never been seen": {"Task failed to start", []types.Container{late}, "C40", ""},
	} {
		task := stopped(1, types.TaskStopCodeTaskFailedToStart, c.reason, c.containers...)
		e := Evidence{Deployment: ours, StoppedTasks: []types.Task{task}, TaskDefinition: definition,
			Logs: map[string][]Line{LogKey(taskID(task), "init"): written("migration failed: no such table")}}
		d := Diagnose(e, Situation{})
		f := d.Findings
		if len(f) != 1 || f[0].ID != c.id || f[0].Tasks != 1 || c.cause != "" && f[0].Cause != c.cause || len(d.Notes) != 0 {
			t.Errorf("%s: %+v, notes %q", name, f, d.Notes)
			continue
		}
		if c.id == "C17" && (!strings.Contains(f[0].Evidence[0].Text, "so that app, which depends on it, did not start") || !strings.Contains(Summary(f), "migration failed: no such table")) {
			t.Errorf("%s: %+v", name, f[0].Evidence)
		}
	}
}
