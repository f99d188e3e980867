package diagnose

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// TestMisleading: situations that look like trouble, of which no cause may be told and
// no hope given up. (Single texts of this kind stand in the catalogue's testdata.)
func TestMisleading(t *testing.T) {
	said := func(after time.Duration, message string) scene {
		return func(s *Situation) { s.Service.Events = append(s.Service.Events, event(after, message)) }
	}
	completed := func(s *Situation) { s.Service.Deployments[0].RolloutState = types.DeploymentRolloutStateCompleted }
	stop := func(code types.TaskStopCode, reason string, exit int32, logs ...string) func(*Evidence) {
		return func(e *Evidence) {
			task := ran(stopped(len(e.StoppedTasks)+1, code, reason, exited("app", exit)), time.Hour)
			e.StoppedTasks = append(e.StoppedTasks, task)
			e.Logs = map[string][]Line{LogKey(taskID(task), "app"): written(logs...)}
		}
	}
	const noRoom = "was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance m1) has insufficient memory available."
	scheduler := types.TaskStopCodeServiceSchedulerInitiated
	cases := []struct {
		name   string
		scenes []scene
		stops  []func(*Evidence)
	}{
		{"all is well", all(wants(2, 100, 200), runs(2, 0, 1, 1), has(1), completed), nil},
		{"scale-in kills what ignores SIGTERM", all(wants(1, 100, 200), runs(2, 0, 1), has(1), completed),
			[]func(*Evidence){stop(scheduler, "Scaling activity initiated by (deployment ecs-svc/2)", 137)}},
		{"scale-in of a program that ends with an error then", all(wants(1, 100, 200), runs(2, 0, 1), has(1), completed),
			[]func(*Evidence){stop(scheduler, "Scaling activity initiated by deployment ecs-svc/2", 1, "panic: interrupted", "exec format error")}},
		{"Spot takes machines back", all(wants(1, 100, 200), runs(2, 0, 1), has(1), completed),
			[]func(*Evidence){stop(types.TaskStopCodeSpotInterruption, "Your Spot Task was interrupted.", 143), stop(types.TaskStopCodeTerminationNotice, "Host EC2 (instance i-1) terminated.", 137)}},
		{"somebody stops a task with a reason that sounds bad", all(wants(1, 100, 200), runs(2, 0, 1), has(1), completed),
			[]func(*Evidence){stop(types.TaskStopCodeUserInitiated, "OutOfMemoryError: Container killed due to memory usage? let us see", 143)}},
		{"AWS retires a host", all(wants(1, 100, 200), runs(2, 0, 1), has(1), completed),
			[]func(*Evidence){stop(scheduler, "ECS is performing maintenance on the underlying infrastructure hosting the task", 143)}},
		{"an instance is drained", all(wants(1, 100, 200), runs(2, 0, 2), has(1, status("DRAINING")), has(1), completed),
			[]func(*Evidence){stop(scheduler, "The container instance is in DRAINING state", 0)}},
		{"room was short, and is found", all(wants(2, 100, 200), runs(2, 0, 1, 1), has(1), said(time.Minute, noRoom)), nil},
		{"the deployment before had trouble", all(wants(2, 100, 200), runs(2, 0, 1), has(2), said(-time.Minute, noRoom), said(time.Minute, "(deployment ecs-svc/1) deployment failed: tasks failed to start.")), nil},
		{"a deployment under way", all(wants(2, 100, 200), runs(1, 0, 1, 1), runs(2, 0, 1), has(1), said(time.Minute, "has started 1 tasks: (task a)."), said(2*time.Minute, "deregistered 1 targets in (target-group x)"), said(2*time.Minute, "has begun draining connections on 1 tasks.")), nil},
		{"auto scaling at work", all(wants(2, 100, 200), runs(2, 0, 1, 1), has(1), completed, said(time.Minute, "Message: Successfully set desired count to 4. Waiting for change to be fulfilled by ecs. Cause: monitor alarm x in state ALARM triggered policy y")), nil},
	}
	for _, c := range cases {
		s := situation(c.scenes...)
		e := Evidence{Service: s.Service, Deployment: ours, Events: s.Service.Events}
		for _, stop := range c.stops {
			stop(&e)
		}
		for i := range e.StoppedTasks {
			e.StoppedTasks[i].StartedBy = aws.String(ours)
		}
		d := Diagnose(e, s)
		if len(d.Findings) != 0 || d.Outlook.Hopeless != nil {
			t.Errorf("%s: %+v, outlook %v", c.name, d.Findings, d.Outlook)
		}
		if len(d.Benign) != 0 && len(c.stops) == 0 {
			t.Errorf("%s: benign %+v", c.name, d.Benign)
		}
	}
}
