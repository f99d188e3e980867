package diagnose

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// What had to be killed is told, though it was stopped on purpose; what failed is told
// by its own rules.
func TestDeaf(t *testing.T) {
	const scaling = "Scaling activity initiated by (deployment ecs-svc/2)"
	stop := func(code types.TaskStopCode, reason string, exit int32, took time.Duration) types.Task {
		x := ran(stopped(1, code, reason, exited("app", exit)), time.Hour)
		x.StoppingAt = aws.Time(x.StoppedAt.Add(-took))
		return x
	}
	oom := stop(types.TaskStopCodeUserInitiated, "Task stopped by user", 137, 30*time.Second)
	oom.Containers[0].Reason = aws.String("OutOfMemoryError: Container killed due to memory usage")
	quick := types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), StopTimeout: aws.Int32(3)}}}
	for _, story := range []struct {
		name string
		task types.Task
		def  types.TaskDefinition
		says string
	}{
		{"scaled in, and killed after 30 s", stop(types.TaskStopCodeServiceSchedulerInitiated, scaling, 137, 30*time.Second), types.TaskDefinition{}, "C13"},
		{"stopped by a user, and killed", stop(types.TaskStopCodeUserInitiated, "Task stopped by user", 137, 31*time.Second), types.TaskDefinition{}, "C13"},
		{"killed after its own stopTimeout", stop(types.TaskStopCodeUserInitiated, "Task stopped by user", 137, 3*time.Second), quick, "C13"},
		{"killed before: by something else", stop(types.TaskStopCodeUserInitiated, "Task stopped by user", 137, 3*time.Second), types.TaskDefinition{}, ""},
		{"it honours SIGTERM, slowly", stop(types.TaskStopCodeUserInitiated, "Task stopped by user", 143, 31*time.Second), types.TaskDefinition{}, ""},
		{"memory ran out meanwhile", oom, types.TaskDefinition{}, ""},
		{"it crashed", stop(types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", 137, 31*time.Second), types.TaskDefinition{}, ""},
	} {
		found, says := deaf(Evidence{Deployment: ours, StoppedTasks: []types.Task{story.task}, TaskDefinition: story.def}), ""
		if len(found) > 0 {
			says = found[0].ID
		}
		if says != story.says || len(found) > 1 || len(found) == 1 && (!found[0].OnPurpose || found[0].Confidence != Certain) {
			t.Errorf("%s: %+v", story.name, found)
		}
	}
}

// What fails, or waits, comes before tasks that were stopped on purpose and had to be killed.
func TestDeafIsTheLeast(t *testing.T) {
	killed := ran(stopped(1, types.TaskStopCodeServiceSchedulerInitiated, "The container instance is in DRAINING state", exited("app", 137)), time.Hour)
	killed.StoppingAt = aws.Time(killed.StoppedAt.Add(-30 * time.Second))
	unhealthy := types.Container{LastStatus: aws.String("RUNNING"), HealthStatus: types.HealthStatusUnhealthy}
	s := situation(wants(1, 100, 200), ordered("HEALTHY", unhealthy))
	d := Diagnose(Evidence{Service: s.Service, Deployment: ours, StoppedTasks: []types.Task{killed}}, s)
	if got := ids(d.Findings); len(got) != 2 || got[0] != "D27" || got[1] != "C13" {
		t.Errorf("%v", got)
	}
}
