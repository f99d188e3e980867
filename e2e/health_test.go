package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/moby/moby/client"
)

// checked is the sample application with a health check, as quick as ECS allows.
func checked(flags ...string) types.ContainerDefinition {
	c := app(flags...)
	c.HealthCheck = &types.HealthCheck{
		Command:  []string{"CMD", "/steady", "sample", "-check", "http://127.0.0.1:8080/healthz"},
		Interval: awssdk.Int32(5), Timeout: awssdk.Int32(2), Retries: awssdk.Int32(1),
	}
	return c
}

// healthy waits until describe-tasks of the AWS CLI shows a task's health.
func (c *caller) healthy(arn string, want types.HealthStatus) {
	c.t.Helper()
	eventually(c.t, 25*time.Second, func() string {
		out := aws[struct {
			Tasks []struct {
				LastStatus, HealthStatus string
				Containers               []struct{ HealthStatus string }
			}
		}](c.server, "ecs", "describe-tasks", "--tasks", arn)
		t := out.Tasks[0]
		if t.LastStatus == "RUNNING" && t.HealthStatus == string(want) && t.Containers[0].HealthStatus == string(want) {
			return ""
		}
		return fmt.Sprintf("the task is %s and %s, its container %s; want RUNNING and %s", t.LastStatus, t.HealthStatus, t.Containers[0].HealthStatus, want)
	})
}

// "A standalone task continues its lifecycle regardless of its health."
func TestHealthOfATaskIsShown(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	arn := c.run(checked("-unhealthy-after", "8s"))
	c.reach(arn, "RUNNING")
	c.healthy(arn, types.HealthStatusUnknown)
	c.healthy(arn, types.HealthStatusHealthy)
	c.healthy(arn, types.HealthStatusUnhealthy)
}

func TestAnUnhealthyTaskOfAServiceIsReplaced(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	c.service("web", 1, checked("-unhealthy-after", "8s"))
	first := c.onlyTask("web")
	c.healthy(*first.TaskArn, types.HealthStatusHealthy)
	eventually(t, 40*time.Second, func() string {
		first = c.task(*first.TaskArn)
		if *first.LastStatus == "STOPPED" {
			return ""
		}
		return fmt.Sprintf("the task is still %s, %s", *first.LastStatus, first.HealthStatus)
	})
	c.ended(first, types.TaskStopCodeServiceSchedulerInitiated, "Task failed container health checks")
	if first.HealthStatus != types.HealthStatusUnhealthy {
		t.Errorf("the task that was replaced is %s", first.HealthStatus)
	}
	c.event("web", "failed container health checks.")
}

// onlyTask waits for the one task of a service to be RUNNING.
func (c *caller) onlyTask(service string) types.Task {
	c.t.Helper()
	var found types.Task
	eventually(c.t, 20*time.Second, func() string {
		out, err := c.api.ListTasks(c.t.Context(), &ecs.ListTasksInput{ServiceName: &service})
		if err != nil {
			c.t.Fatal(err)
		}
		if len(out.TaskArns) != 1 {
			return fmt.Sprintf("%s has %d tasks, not 1", service, len(out.TaskArns))
		}
		if found = c.task(out.TaskArns[0]); *found.LastStatus != "RUNNING" {
			return "the task is " + *found.LastStatus
		}
		return ""
	})
	return found
}

// A deployment's images are resolved once: its tasks run the same image after the tag
// has moved on, the next deployment's run the new one.
func TestTasksOfADeploymentRunTheSameImage(t *testing.T) {
	t.Parallel()
	moving := strings.Replace(image, ":", "-moving:", 1)
	if _, err := engine.ImageTag(t.Context(), client.ImageTagOptions{Source: image, Target: moving}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // once the server's containers are gone
		engine.ImageRemove(context.Background(), moving, client.ImageRemoveOptions{Force: true})
	})
	c := up(t).caller(t)
	definition := app()
	definition.Image = &moving
	c.service("web", 1, definition)
	first := c.onlyTask("web")
	digest := *containerOf(t, first, "app").ImageDigest

	// Another image under the same name.
	if _, err := engine.ContainerCommit(t.Context(), *containerOf(t, first, "app").RuntimeId,
		client.ContainerCommitOptions{Reference: moving, Changes: []string{"LABEL moved=yes"}}); err != nil {
		t.Fatal(err)
	}
	c.stop(*first.TaskArn)
	c.reach(*first.TaskArn, "STOPPED")
	if second := c.onlyTask("web"); *containerOf(t, second, "app").ImageDigest != digest {
		t.Errorf("the replacement runs %s, the first task ran %s", *containerOf(t, second, "app").ImageDigest, digest)
	}
	if _, err := c.api.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: awssdk.String("web"), ForceNewDeployment: true}); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, func() string {
		s := c.describe("web")
		if len(s.Deployments) == 1 && s.Deployments[0].RolloutState == types.DeploymentRolloutStateCompleted && s.RunningCount == 1 {
			return ""
		}
		return "web is not steady: " + shape(s)
	})
	if third := c.onlyTask("web"); *containerOf(t, third, "app").ImageDigest == digest {
		t.Error("the next deployment runs the image of the former one")
	}
}
