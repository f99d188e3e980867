package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// checkedRevision registers with the AWS CLI the next revision of web, with a health
// check as quick as ECS allows.
func (c *caller) checkedRevision(flags ...string) {
	c.t.Helper()
	definitions, err := json.Marshal([]map[string]any{{
		"name": "app", "image": image, "memory": 64, "command": flags,
		"healthCheck": map[string]any{
			"command":  []string{"CMD", "/steady", "sample", "-check", "http://127.0.0.1:8080/healthz"},
			"interval": 5, "timeout": 60, "retries": 1,
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
	out, code := c.server.steady("watch", "web", "--timeout", "5m")
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
	eventually(t, func() string {
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
// containers behind: the fourth attempt comes 15 s after the third.
func TestTasksThatNeverRunAreThrottled(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	c.ecs("register-task-definition", "--family", "web", "--container-definitions",
		`[{"name":"app","image":"localhost:1/missing:1","memory":64}]`)
	c.ecs("create-service", "--service-name", "web", "--task-definition", "web", "--desired-count", "1")
	c.event("web", "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")
	time.Sleep(time.Second)
	if n := len(c.tasks(types.DesiredStatusStopped)); n != 3 {
		t.Errorf("%d attempts within seconds, want 3", n)
	}
	c.noContainers()
}

// noContainers waits until the engine has none of the server's containers, running or not.
func (c *caller) noContainers() {
	c.t.Helper()
	eventually(c.t, func() string {
		if n := len(c.server.everyContainer(c.t)); n != 0 {
			return fmt.Sprintf("%d containers are left", n)
		}
		return ""
	})
}

// A crash loop leaves the containers of its newest tasks to look at, and no more; they
// go with the service.
func TestTheNewestContainersOfACrashLoopAreKept(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	c.revision("web", "-crash", "3", "-say", "look at me")
	c.ecs("create-service", "--service-name", "web", "--task-definition", "web:1", "--desired-count", "2")
	var left []container.Summary
	eventually(t, func() string {
		if n := len(c.tasks(types.DesiredStatusStopped)); n < kept+2 {
			return fmt.Sprintf("%d tasks have ended", n)
		}
		left = slices.DeleteFunc(c.server.everyContainer(t), func(x container.Summary) bool { return !stopped(x) })
		if len(left) != kept {
			return fmt.Sprintf("of the tasks that ended %d containers are left, not %d", len(left), kept)
		}
		return ""
	})
	logs, err := engine.ContainerLogs(t.Context(), left[0].ID, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	if said, err := io.ReadAll(logs); err != nil || !strings.Contains(string(said), "look at me") {
		t.Errorf("the log of what is left: %v: %s", err, said)
	}
	c.ecs("delete-service", "--service", "web", "--force")
	c.noContainers()
}
