package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// checkedRevision registers with the AWS CLI the next revision of web, with a health
// check as quick as ECS allows.
func (c *caller) checkedRevision(flags ...string) {
	c.t.Helper()
	definitions, err := json.Marshal([]map[string]any{{
		"name": "app", "image": image, "memory": 64, "command": flags,
		"healthCheck": map[string]any{
			"command":  []string{"CMD", "/steady", "sample", "-check", "http://127.0.0.1:8080/healthz"},
			"interval": 5, "timeout": 2, "retries": 1,
		},
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.ecs("register-task-definition", "--family", "web", "--container-definitions", string(definitions))
}

// A deployment waits for its health checks; one whose tasks run but are never healthy
// fails and is rolled back.
func TestHealthChecksGateADeploymentAndFailOne(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	c.checkedRevision("-version", "v1")
	c.ecs("create-service", "--service-name", "web", "--task-definition", "web:1", "--desired-count", "2",
		"--deployment-configuration", percent(100, 200)+","+breakerRollback)
	c.ecs("wait", "services-stable", "--services", "web")
	c.steady("web:1", 2) // the waiter looks at counts only
	for _, task := range c.tasks(types.DesiredStatusRunning) {
		if task.HealthStatus != types.HealthStatusHealthy {
			t.Errorf("the deployment is complete, but a task is %s", task.HealthStatus)
		}
	}
	c.checkedRevision("-unhealthy")
	c.ecs("update-service", "--service", "web", "--task-definition", "web:2")
	out, code := c.server.steady("watch", "web", "--timeout", "2m")
	if code != 3 || !strings.Contains(out, "health check") {
		t.Fatalf("watch ended with %d and said:\n%s", code, out)
	}
	c.ecs("wait", "services-stable", "--services", "web")
	c.steady("web:1", 2)
	c.event("web", "failed container health checks.")
}

// A drained instance is rid of its service tasks under the service's percentages.
func TestDrainedInstanceIsRidOfItsTasks(t *testing.T) {
	t.Parallel()
	c := up(t, "--instances", "2").caller(t)
	c.create(4, percent(100, 200))
	listed := aws[struct{ ContainerInstanceArns []string }](c.server, "ecs", "list-container-instances")
	drained := listed.ContainerInstanceArns[0]
	c.ecs("update-container-instances-state", "--container-instances", drained, "--status", "DRAINING")
	least := 4
	eventually(t, 20*time.Second, func() string {
		s := c.describe("web")
		least = min(least, int(s.RunningCount))
		for _, task := range c.tasks(types.DesiredStatusRunning) {
			if *task.ContainerInstanceArn == drained {
				return "a task is left on the drained instance"
			}
		}
		return ""
	})
	if least < 4 {
		t.Errorf("only %d tasks were running at some moment", least)
	}
	c.ecs("wait", "services-stable", "--services", "web")
	c.steady("web:1", 4)
	if n := len(c.describe("web").Deployments); n != 1 {
		t.Errorf("%d deployments", n)
	}
	c.ecs("update-container-instances-state", "--container-instances", drained, "--status", "ACTIVE")
}

// Tasks that never reach RUNNING are started again less and less often, and leave no
// containers behind.
func TestTasksThatNeverRunAreThrottled(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	c.ecs("register-task-definition", "--family", "web", "--container-definitions",
		`[{"name":"app","image":"steady-e2e-missing:1","memory":64}]`)
	c.ecs("create-service", "--service-name", "web", "--task-definition", "web", "--desired-count", "1")
	c.event("web", "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")
	time.Sleep(3 * time.Second)
	if n := len(c.tasks(types.DesiredStatusStopped)); n != 3 {
		t.Errorf("%d attempts within seconds, want 3", n)
	}
	if n := len(c.server.everyContainer(t)); n != 0 {
		t.Errorf("%d containers are left", n)
	}
}
