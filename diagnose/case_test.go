package diagnose

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// That nothing was found is no good news where tasks are missing.
func TestLacking(t *testing.T) {
	denied := []string{"The stopped tasks could not be read: AccessDeniedException: no"}
	for _, story := range []struct {
		name    string
		running int32
		failed  int32
		missing []string
		state   types.DeploymentRolloutState
		want    string
	}{
		{"all run", 4, 0, denied, types.DeploymentRolloutStateInProgress, ""},
		{"it has only begun", 0, 0, nil, types.DeploymentRolloutStateInProgress, ""},
		{"tasks failed", 1, 34, nil, types.DeploymentRolloutStateInProgress, "1 of 4 tasks run, and ECS counts 34 failed"},
		{"tasks failed, and could not be read", 0, 34, denied, types.DeploymentRolloutStateInProgress, "0 of 4 tasks run, and ECS counts 34 failed. The stopped tasks could not be read: AccessDeniedException: no"},
		{"whether tasks failed could not be read", 0, 0, denied, types.DeploymentRolloutStateInProgress, "0 of 4 tasks run. The stopped tasks could not be read: AccessDeniedException: no"},
		{"it failed", 0, 0, nil, types.DeploymentRolloutStateFailed, "0 of 4 tasks run"},
	} {
		c := Case{Evidence: Evidence{Service: service(4, story.running), Deployment: ours}, Missing: story.missing}
		c.Evidence.Service.Deployments[0].FailedTasks, c.Evidence.Service.Deployments[0].RolloutState = story.failed, story.state
		if d := c.Diagnose(); d.Lacking != story.want {
			t.Errorf("%s: %q", story.name, d.Lacking)
		}
	}
}
