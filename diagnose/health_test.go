package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// checkedApp has a health check, and a sidecar without one.
var checkedApp = types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{
	{Name: aws.String("proxy")},
	{Name: aws.String("app"), HealthCheck: &types.HealthCheck{Command: []string{"CMD-SHELL", "curl -f http://localhost/ || exit 1"}, Retries: aws.Int32(2)}},
}}

const notHealthy = "Task failed container health checks"

func TestHealthCheckIsNamed(t *testing.T) {
	said := func(id string) types.ServiceEvent {
		return event(time.Minute, "(task "+id+") failed container health checks.")
	}
	unhealthy := func(n int) types.Task {
		return stopped(n, types.TaskStopCodeServiceSchedulerInitiated, notHealthy, exited("proxy", 143), exited("app", 137))
	}
	old := unhealthy(7)
	old.StartedBy = aws.String("ecs-svc/1")
	twoDeployments := service(2, 1)
	twoDeployments.Deployments = append(twoDeployments.Deployments, types.Deployment{Id: aws.String("ecs-svc/1")})
	cases := []struct {
		name  string
		e     Evidence
		tasks int // explained by the health check; 0: no finding
	}{
		{"stopped tasks", Evidence{StoppedTasks: []types.Task{unhealthy(1), unhealthy(2)}}, 2},
		{"the event about a task that is known counts it once", Evidence{StoppedTasks: []types.Task{unhealthy(1)}, Events: []types.ServiceEvent{said(taskID(unhealthy(1)))}}, 1},
		{"an event about a task that is gone", Evidence{Service: service(2, 1), Events: []types.ServiceEvent{said("0b"), said("0b"), said("0c")}}, 2},
		{"a task of another deployment", Evidence{StoppedTasks: []types.Task{old}, Events: []types.ServiceEvent{said(taskID(old))}}, 0},
		{"a task known to be of another deployment", Evidence{Others: map[string]bool{"0b": true}, Events: []types.ServiceEvent{said("0b")}}, 0},
		{"a task of nobody knows which deployment", Evidence{Service: twoDeployments, Events: []types.ServiceEvent{said("0b")}}, 0},
	}
	for _, c := range cases {
		c.e.Deployment, c.e.TaskDefinition = ours, checkedApp
		found := Explain(c.e)
		if c.tasks == 0 {
			if len(found) != 0 {
				t.Errorf("%s: %+v", c.name, found)
			}
			continue
		}
		if len(found) != 1 || found[0].ID != "D01" || found[0].Tasks != c.tasks {
			t.Errorf("%s: %+v", c.name, found)
			continue
		}
		if want := `Container "app" fails its health check, "CMD-SHELL curl -f http://localhost/ || exit 1".`; found[0].Cause != want {
			t.Errorf("%s: %s\nwant %s", c.name, found[0].Cause, want)
		}
		proof := found[0].Evidence[len(found[0].Evidence)-1].Text
		if want := "CMD-SHELL curl -f http://localhost/ || exit 1 (interval 30 s, timeout 5 s, retries 2, startPeriod 0 s)"; proof != want {
			t.Errorf("%s: proof %q", c.name, proof)
		}
	}
}

func TestLongHealthCheckIsCut(t *testing.T) {
	d := types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{
		{Name: aws.String("app"), HealthCheck: &types.HealthCheck{Command: []string{"CMD", strings.Repeat("x", 500)}}}}}
	f := Explain(Evidence{Deployment: ours, TaskDefinition: d, StoppedTasks: []types.Task{
		stopped(1, types.TaskStopCodeServiceSchedulerInitiated, notHealthy)}})
	if len(f) != 1 || len(f[0].Cause) > 200 || !strings.HasSuffix(f[0].Cause, "…\".") {
		t.Errorf("%+v", f)
	}
}
