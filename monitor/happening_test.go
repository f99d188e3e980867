package monitor

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Two looks at a service tell what happened in between, also what nobody saw.
func TestHappenings(t *testing.T) {
	completedSaid := event(8*sec, "(deployment ecs-svc/d2) deployment completed.")
	failedSaid := event(9*sec, "(deployment ecs-svc/d2) deployment failed: tasks failed to start.")
	backSaid := event(9*sec, "rolling back to deployment ecs-svc/d3.")
	for _, story := range []struct {
		name        string
		before, now *types.Service
		tells       string // "kind: text" of each, joined
	}{
		{"nothing", web(old(3)), web(old(3)), ""},
		{"a deployment begins", web(old(3)), web(new7(inProgress, 0), old(3)), "deployment started: The deployment of web:7 began."},
		{"it goes on", web(new7(inProgress, 0), old(3)), web(new7(inProgress, 2), old(1)), ""},
		{"it completes", web(new7(inProgress, 3), old(1)), web(new7(completed, 3), completedSaid), "deployment completed: The deployment of web:7 completed."},
		{"it began and completed meanwhile", web(old(3)), web(new7(completed, 3), completedSaid),
			"deployment started: The deployment of web:7 began. | deployment completed: The deployment of web:7 completed."},
		{"it is told once", web(new7(completed, 3), completedSaid), web(new7(completed, 3), completedSaid), ""},
		{"it fails", web(new7(inProgress, 0), old(3)), web(new7(failed, 0), old(3), failedSaid), "deployment failed: The deployment of web:7 failed."},
		{"it fails and is rolled back", web(new7(inProgress, 0), old(3)), web(deployment("d3", "web:6", 9*sec, inProgress, 0), rollingBack, new7(failed, 0), old(3), failedSaid, backSaid),
			"deployment started: The roll back to web:6 began. | deployment failed: The deployment of web:7 failed."},
		{"a roll back that completes is no success of the release", web(deployment("d3", "web:6", 9*sec, inProgress, 1), rollingBack, failedSaid, backSaid),
			web(deployment("d3", "web:6", 9*sec, completed, 3), failedSaid, backSaid, event(12*sec, "(deployment ecs-svc/d3) deployment completed.")),
			"deployment completed: The roll back to web:6 completed."},
		{"one that nobody saw failed", web(old(3)), web(old(3), failedSaid), "deployment failed: The deployment failed."},
		{"a task dies", web(old(3)), web(old(2)), "service degraded: 2 of 3 tasks run."},
		{"another dies", web(old(2)), web(old(1)), ""},
		{"they are back, and may go again", web(old(1)), web(old(3)), ""},
		{"a deployment is no degradation", web(old(3)), web(new7(inProgress, 1), old(1)), "deployment started: The deployment of web:7 began."},
		{"it is deleted", web(old(3)), web(old(3), becoming("DRAINING")), "service deleted: It is being deleted."},
		{"it is gone", web(old(3)), nil, "service deleted: It is being deleted."},
		{"it was deleted before", web(old(3), becoming("DRAINING")), nil, ""},
	} {
		t.Run(story.name, func(t *testing.T) {
			var told []string
			seen := See(*story.before, t0)
			for _, h := range seen.Next(story.now, t0.Add(sec)) {
				told = append(told, string(h.Kind)+": "+h.Text)
				if h.At.IsZero() {
					t.Errorf("%s: no time", h.Kind)
				}
			}
			if got := strings.Join(told, " | "); got != story.tells {
				t.Errorf("told %s", got)
			}
		})
	}
}
