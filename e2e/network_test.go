package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// inMode registers a revision in a network mode.
func (c *caller) inMode(family string, mode types.NetworkMode, containers ...types.ContainerDefinition) (ref string) {
	c.t.Helper()
	out, err := c.api.RegisterTaskDefinition(c.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &family, NetworkMode: mode, ContainerDefinitions: containers,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprintf("%s:%d", family, out.TaskDefinition.Revision)
}

var lan = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-lan"}, SecurityGroups: []string{"sg-lan"}}}

// owning makes a service whose tasks have a network interface of their own: one container
// serves on port 8080, the other asks it over localhost for its health check.
func (c *caller) owning(name string, desired int32) {
	c.t.Helper()
	side := app("-listen", "127.0.0.1:9000")
	side.Name, side.PortMappings = awssdk.String("side"), nil
	side.HealthCheck = &types.HealthCheck{
		Command:  []string{"CMD", "/steady", "sample", "-check", "http://127.0.0.1:8080/healthz"},
		Interval: awssdk.Int32(5), Timeout: awssdk.Int32(5), Retries: awssdk.Int32(10),
	}
	ref := c.inMode(name, types.NetworkModeAwsvpc, app(), side)
	_, err := c.api.CreateService(c.t.Context(), &ecs.CreateServiceInput{
		ServiceName: &name, TaskDefinition: &ref, DesiredCount: &desired, NetworkConfiguration: lan,
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// detail is what an attachment of a task says under a name.
func detail(t types.Task, name string) string {
	for _, a := range t.Attachments {
		for _, d := range a.Details {
			if *d.Name == name {
				return *d.Value
			}
		}
	}
	return ""
}

// healthyOf waits for so many healthy tasks of a service and returns them.
func (c *caller) healthyOf(service string, n int) (tasks []types.Task) {
	c.t.Helper()
	eventually(c.t, func() string {
		tasks = nil
		for _, t := range c.described(types.DesiredStatusRunning) {
			side := slices.IndexFunc(t.Containers, func(k types.Container) bool { return *k.Name == "side" })
			if awssdk.ToString(t.Group) == "service:"+service && *t.LastStatus == "RUNNING" && side >= 0 && t.Containers[side].HealthStatus == types.HealthStatusHealthy {
				tasks = append(tasks, t)
			}
		}
		if len(tasks) == n {
			return ""
		}
		return fmt.Sprintf("%d tasks of %s are healthy, not %d", len(tasks), service, n)
	})
	return tasks
}

// Two tasks with the same containerPort run on one instance, each at an address of its
// own. The server is killed and comes back; then they stop. In the end it can still be
// asked who had an address.
func TestTasksWithAddressesOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	c.owning("web", 2)
	tasks := c.healthyOf("web", 2)
	addresses := map[string]bool{}
	for _, x := range tasks {
		address := detail(x, "privateIPv4Address")
		addresses[address] = true
		eventually(t, func() string { return asked("http://" + address + ":8080/") })
		for _, k := range x.Containers {
			if len(k.NetworkInterfaces) != 1 || *k.NetworkInterfaces[0].PrivateIpv4Address != address || len(k.NetworkBindings) != 0 {
				t.Errorf("container %s has interfaces %v and bindings %v", *k.Name, k.NetworkInterfaces, k.NetworkBindings)
			}
		}
		equal(t, "the containers", len(x.Containers), 2)
		equal(t, "the attachment's status", *x.Attachments[0].Status, "ATTACHED")
		equal(t, "the subnet", detail(x, "subnetId"), "subnet-lan")
	}
	equal(t, "the number of addresses", len(addresses), 2)

	s.kill()
	s.start()
	c = s.caller(t)
	for _, x := range c.healthyOf("web", 2) {
		if i := slices.IndexFunc(tasks, func(o types.Task) bool { return *o.TaskArn == *x.TaskArn }); i < 0 {
			t.Errorf("task %s was started for the kill", *x.TaskArn)
		} else {
			equal(t, "the interface after the kill", detail(x, "networkInterfaceId"), detail(tasks[i], "networkInterfaceId"))
		}
	}

	if _, err := c.api.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: awssdk.String("web"), Force: awssdk.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	for _, x := range tasks {
		over := c.reach(*x.TaskArn, "STOPPED")
		equal(t, "the attachment's status in the end", *over.Attachments[0].Status, "DELETED")
		for _, name := range []string{"networkInterfaceId", "macAddress", "privateIPv4Address"} {
			s.saved(t, "who-had-address", []string{"address=" + detail(x, name)}, *x.TaskArn, "service:web", *x.ClusterArn)
		}
		c.passesThrough(*x.TaskArn, "PROVISIONING", "PENDING", "RUNNING", "STOPPING", "DEPROVISIONING", "STOPPED")
	}
	c.chronicled()
}

// passesThrough waits until the events tell just these states of a task, in order.
func (c *caller) passesThrough(arn string, want ...string) {
	c.t.Helper()
	eventually(c.t, func() string {
		var states []string
		for _, e := range c.server.history() {
			if e.DetailType == "ECS Task State Change" && slices.Contains(e.Resources, arn) {
				states = append(states, e.Detail.LastStatus)
			}
		}
		if states = slices.Compact(states); slices.Equal(states, want) {
			return ""
		}
		return fmt.Sprintf("task %s goes through %v, not %v", arn, states, want)
	})
}

// asked asks a URL; it says what is wrong.
func asked(url string) string {
	client := http.Client{Timeout: 5 * time.Second}
	out, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil || out.StatusCode != http.StatusOK {
		return fmt.Sprintf("%s answers %s (%v): %s", url, out.Status, err, body)
	}
	return ""
}

// A task is over when what holds its interface ends, and says so.
func TestATaskWhoseInterfaceIsTakenAway(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	ref := c.inMode("lost", types.NetworkModeAwsvpc, app())
	out, err := c.api.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: &ref, NetworkConfiguration: lan})
	if err != nil {
		t.Fatal(err)
	}
	task := c.reach(*out.Tasks[0].TaskArn, "RUNNING")
	for _, x := range s.everyContainer(t) {
		if slices.ContainsFunc(x.Names, func(n string) bool { return strings.Contains(n, "internalecspause") }) {
			c.killContainer(types.Task{Containers: []types.Container{{Name: awssdk.String("app"), RuntimeId: &x.ID}}})
		}
	}
	over := c.reach(*task.TaskArn, "STOPPED")
	equal(t, "stoppedReason", *over.StoppedReason, "ContainerNetworkingError: the network interface "+detail(task, "networkInterfaceId")+" of the task is gone: its container has ended")
}

// In mode host a container listens on the instance itself; in mode none it has no network.
func TestTheNetworkModesHostAndNone(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	port := freePort(t)
	hosted := app("-listen", fmt.Sprint("127.0.0.1:", port))
	hosted.PortMappings = []types.PortMapping{{ContainerPort: awssdk.Int32(port)}}
	alone := app()
	alone.PortMappings = nil
	for mode, k := range map[types.NetworkMode]types.ContainerDefinition{types.NetworkModeHost: hosted, types.NetworkModeNone: alone} {
		ref := c.inMode("mode-"+string(mode), mode, k)
		out, err := c.api.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: &ref})
		if err != nil || len(out.Tasks) != 1 {
			t.Fatalf("%v: %v", err, out)
		}
		task := c.reach(*out.Tasks[0].TaskArn, "RUNNING")
		bindings := task.Containers[0].NetworkBindings
		if mode == types.NetworkModeNone {
			equal(t, "the bindings in mode none", len(bindings), 0)
			continue
		}
		if len(bindings) != 1 || *bindings[0].HostPort != port || *bindings[0].ContainerPort != port || *bindings[0].BindIP != "0.0.0.0" {
			t.Errorf("the bindings in mode host: %v", bindings)
		}
		eventually(t, func() string { return asked(fmt.Sprint("http://127.0.0.1:", port, "/")) })
	}
}
