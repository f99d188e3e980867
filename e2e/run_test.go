package e2e

import (
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// A copy of a service's task has its image and its place, takes no port from it, and
// ends with the exit code of what it was told to run.
func TestRunLikeAService(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	k := app("-say", "the service")
	k.PortMappings[0].HostPort = awssdk.Int32(int32(freePort(t)))
	c.service("web", 1, k)
	c.event("web", "has reached a steady state")

	out, code := s.steady("run", "--like", "web", "--", "-say", "only this once", "-crash", "3")
	for _, text := range []string{"of web-copy:1, like service web", "aws ecs stop-task --cluster default --task ", "only this once", "(exit code 3)"} {
		if !strings.Contains(out, text) {
			t.Errorf("it does not say %q:\n%s", text, out)
		}
	}
	equal(t, "the exit code", code, 3)
	d, err := c.api.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: awssdk.String("web-copy:1")})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the status of the copy's revision", string(d.TaskDefinition.Status), "INACTIVE")
	equal(t, "the service's running tasks", c.describe("web").RunningCount, 1)

	// A command in a container that is not essential ends the copy as well.
	side := app()
	side.Name, side.Essential = awssdk.String("side"), awssdk.Bool(false)
	c.service("two", 1, app(), side)
	c.event("two", "has reached a steady state")
	out, code = s.steady("run", "--like", "two", "-c", "side", "--", "-crash", "5")
	if code != 5 || !strings.Contains(out, "(exit code 5)") {
		t.Errorf("exit code %d: %s", code, out)
	}

	out, code = s.steady("run", "--like", "gone")
	if code != 1 || !strings.Contains(out, "there is no service gone in cluster default") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// Capacity providers choose the instances, and attributes say whose those are.
func TestCapacityProvidersByTheCLI(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim", "--instances", "2")
	type instances struct{ ContainerInstanceArns []string }
	of := aws[instances](s, "ecs", "list-container-instances").ContainerInstanceArns
	aws[any](s, "ecs", "put-attributes", "--attributes", "name=steady.capacity-provider,value=big,targetId="+of[1])
	aws[any](s, "ecs", "create-capacity-provider", "--name", "big", "--auto-scaling-group-provider", "autoScalingGroupArn=any")
	aws[any](s, "ecs", "put-cluster-capacity-providers", "--cluster", "default", "--capacity-providers", "big",
		"--default-capacity-provider-strategy", "capacityProvider=big,weight=1")
	aws[any](s, "ecs", "register-task-definition", "--family", "job", "--container-definitions", `[{"name":"app","image":"job","memory":16}]`)
	s.stop()
	s.start() // attributes and providers outlive the server
	type tasks struct {
		Tasks []struct{ ContainerInstanceArn, CapacityProviderName string }
	}
	for _, task := range aws[tasks](s, "ecs", "run-task", "--task-definition", "job", "--count", "3").Tasks {
		equal(t, "the instance", task.ContainerInstanceArn, of[1])
		equal(t, "the capacity provider", task.CapacityProviderName, "big")
	}
}
