package evidence

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A deployment that somebody replaced by hand has no place in the service any more, and no
// event: its tasks tell of it, by its id, and after a step back by the service's name too.
func TestOfADeploymentThatWasReplaced(t *testing.T) {
	replacedBy := func(revision string) *api {
		a := account()
		a.services[0].RunningCount = 2
		a.services[0].Deployments = []types.Deployment{{Id: aws.String("ecs-svc/3"), Status: aws.String("PRIMARY"), DesiredCount: 2, RunningCount: 2, CreatedAt: at(time.Minute),
			TaskDefinition: aws.String(prefix + "task-definition/" + revision), RolloutState: types.DeploymentRolloutStateCompleted}}
		return a
	}
	const state = "replaced; now ecs-svc/3: COMPLETED, 2 of 2 tasks run"
	for _, c := range []struct{ name, by, state, finding string }{
		{"web", "web:6", state, "C17"},
		{prefix + "service/prod/web", "web:6", state, "C17"},
		{"ecs-svc/2", "web:6", state, "C17"},
		{"ecs-svc/2", "web:8", state, "C17"},
		{"web", "web:8", "COMPLETED, 2 of 2 tasks run", ""},   // mended by going on
		{"web", "other:1", "COMPLETED, 2 of 2 tasks run", ""}, // nobody knows
	} {
		got, d := replacedBy(c.by).of(t, c.name)
		finding := ""
		if len(d.Findings) > 0 {
			finding = d.Findings[0].ID
		}
		if got.Subject.State != c.state || finding != c.finding || finding != "" && (got.Subject.Deployment != "ecs-svc/2" || got.Subject.Revision != "web:7") {
			t.Errorf("%s after %s: %+v, %+v", c.name, c.by, got.Subject, d.Findings)
		}
	}
}
