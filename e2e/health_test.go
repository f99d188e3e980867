package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/moby/moby/client"
)

// checked is the sample application with a health check as frequent as ECS allows, which
// may take long on a machine under load.
func checked(flags ...string) types.ContainerDefinition {
	c := app(flags...)
	c.HealthCheck = &types.HealthCheck{
		Command:  []string{"CMD", "/steady", "sample", "-check", "http://127.0.0.1:8080/healthz"},
		Interval: awssdk.Int32(5), Timeout: awssdk.Int32(60), Retries: awssdk.Int32(1), StartPeriod: awssdk.Int32(60),
	}
	return c
}

// becomes waits until a task is RUNNING and of this health.
func (c *caller) becomes(arn string, want types.HealthStatus) {
	c.t.Helper()
	eventually(c.t, func() string {
		t := c.task(arn)
		if *t.LastStatus == "RUNNING" && t.HealthStatus == want && t.Containers[0].HealthStatus == want {
			return ""
		}
		return fmt.Sprintf("the task is %s and %s, its container %s; want RUNNING and %s", *t.LastStatus, t.HealthStatus, t.Containers[0].HealthStatus, want)
	})
}

// "A standalone task continues its lifecycle regardless of its health."
func TestHealthOfATaskIsShown(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	arn := c.run(checked("-unhealthy-after", "17s")) // checked every 5 s
	if health := c.reach(arn, "RUNNING").HealthStatus; health != types.HealthStatusUnknown && health != types.HealthStatusHealthy {
		t.Errorf("a task that has just started is %s", health)
	}
	c.becomes(arn, types.HealthStatusHealthy)
	c.becomes(arn, types.HealthStatusUnhealthy)
	shown := aws[struct {
		Tasks []struct {
			LastStatus, HealthStatus string
			Containers               []struct{ HealthStatus string }
		}
	}](c.server, "ecs", "describe-tasks", "--tasks", arn).Tasks[0]
	if shown.LastStatus != "RUNNING" || shown.HealthStatus != "UNHEALTHY" || shown.Containers[0].HealthStatus != "UNHEALTHY" {
		t.Errorf("the AWS CLI shows %+v", shown)
	}
}

func TestAnUnhealthyTaskOfAServiceIsReplaced(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	c.service("web", 1, checked("-unhealthy-after", "17s"))
	first := c.onlyTask("web")
	c.becomes(*first.TaskArn, types.HealthStatusHealthy)
	first = c.reach(*first.TaskArn, "STOPPED")
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
	eventually(c.t, func() string {
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
	eventually(t, func() string {
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
