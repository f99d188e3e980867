package e2e

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// What can go wrong with a task, on real containers: each ends in the words of ECS.
func TestATaskFailsAsOnECS(t *testing.T) {
	t.Parallel()
	s := up(t)
	for _, story := range []struct {
		name string
		tell func(*caller)
	}{
		{"the image does not exist", missingImage},
		{"the command does not exist", missingCommand},
		{"a process of the machine has the host port", portOfAProcess},
		{"a strange container has the host port", portOfAContainer},
		{"another task has the host port", portOfATask},
		{"no instance has the memory", noMemory},
		{"no instance has the CPU", noCPU},
		{"the essential container exits", essentialExits},
		{"a container that is not essential exits", sidecarExits},
		{"it honours SIGTERM", honoursTerm},
		{"it ignores SIGTERM", ignoresTerm},
		{"it uses more memory than its limit", outOfMemory},
	} {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			story.tell(s.caller(t))
		})
	}
}

// neverStarted checks a task that failed before it ran.
func (c *caller) neverStarted(arn string, reasonHas ...string) {
	c.t.Helper()
	task := c.reach(arn, "STOPPED")
	if task.StopCode != types.TaskStopCodeTaskFailedToStart {
		c.t.Errorf("stopCode is %s, not TaskFailedToStart", task.StopCode)
	}
	if task.StartedAt != nil {
		c.t.Errorf("startedAt is %v, but the task never ran", task.StartedAt)
	}
	if task.StoppedAt == nil || *task.DesiredStatus != "STOPPED" {
		c.t.Errorf("stoppedAt is %v and desiredStatus %s", task.StoppedAt, *task.DesiredStatus)
	}
	app := containerOf(c.t, task, "app")
	for _, text := range reasonHas {
		if !strings.Contains(*task.StoppedReason, text) {
			c.t.Errorf("stoppedReason %q does not contain %q", *task.StoppedReason, text)
		}
	}
	if awssdk.ToString(app.Reason) != *task.StoppedReason {
		c.t.Errorf("the container's reason is %q, the task's stoppedReason %q", awssdk.ToString(app.Reason), *task.StoppedReason)
	}
	if app.ExitCode != nil {
		c.t.Errorf("a container that never ran has exit code %d", *app.ExitCode)
	}
	c.removed(app)
}

// removed checks that the engine has nothing left of a stopped container.
func (c *caller) removed(x types.Container) {
	c.t.Helper()
	if x.RuntimeId == nil {
		return
	}
	eventually(c.t, func() string {
		if _, err := engine.ContainerInspect(c.t.Context(), *x.RuntimeId, client.ContainerInspectOptions{}); err != nil {
			return ""
		}
		return "the engine still has the container"
	})
}

func missingImage(c *caller) {
	definition := app()
	definition.Image = awssdk.String("localhost:1/nothing/here:1") // nobody serves at port 1
	c.neverStarted(c.run(definition), "CannotPullContainerError: ", "localhost:1")
}

func missingCommand(c *caller) {
	definition := app()
	definition.EntryPoint = []string{"/no/such/command"}
	c.neverStarted(c.run(definition), "CannotStartContainerError: ", "/no/such/command", "no such file or directory")

	definition.EntryPoint = []string{"no-such-command"}
	c.neverStarted(c.run(definition), "CannotStartContainerError: ", "no-such-command", "executable file not found in $PATH")
}

func portOfAProcess(c *caller) {
	port := freePort(c.t)
	l, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", port))
	if err != nil {
		c.t.Fatal(err)
	}
	defer l.Close()
	definition := app()
	definition.PortMappings[0].HostPort = &port
	c.neverStarted(c.run(definition), "CannotStartContainerError: ", "address already in use")
}

func portOfAContainer(c *caller) {
	port := freePort(c.t)
	web, _ := network.PortFrom(8080, network.TCP)
	made, err := engine.ContainerCreate(c.t.Context(), client.ContainerCreateOptions{
		Config: &container.Config{Image: image, ExposedPorts: network.PortSet{web: {}}},
		HostConfig: &container.HostConfig{PortBindings: network.PortMap{
			web: {{HostIP: netip.IPv4Unspecified(), HostPort: fmt.Sprint(port)}},
		}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	defer engine.ContainerRemove(c.t.Context(), made.ID, client.ContainerRemoveOptions{Force: true})
	if _, err := engine.ContainerStart(c.t.Context(), made.ID, client.ContainerStartOptions{}); err != nil {
		c.t.Fatal(err)
	}
	definition := app()
	definition.PortMappings[0].HostPort = &port
	c.neverStarted(c.run(definition), "CannotStartContainerError: ", "port is already allocated")
}

// portOfATask: the scheduler knows the ports of its own tasks, so that a second one
// is not even placed.
func portOfATask(c *caller) {
	port := freePort(c.t)
	definition := app()
	definition.PortMappings[0].HostPort = &port
	c.service("one-port", 2, definition)
	c.event("one-port", "(service one-port) has started 1 tasks: (task ")
	message := c.event("one-port", "is already using a port required by your task")
	if !strings.HasPrefix(message, "(service one-port) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance ") {
		c.t.Errorf("the event is worded %q", message)
	}

	out, err := c.api.RunTask(c.t.Context(), &ecs.RunTaskInput{TaskDefinition: awssdk.String("one-port")})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(out.Tasks) != 0 || len(out.Failures) != 1 || *out.Failures[0].Reason != "RESOURCE:PORTS" ||
		!strings.Contains(*out.Failures[0].Arn, ":container-instance/default/") {
		c.t.Errorf("RunTask placed %d tasks and told failures %s", len(out.Tasks), reasons(out.Failures))
	}
	if n := len(c.describe("one-port").Deployments); n != 1 {
		c.t.Errorf("the service has %d deployments", n)
	}
}

func noMemory(c *caller) {
	definition := app()
	definition.Memory = awssdk.Int32(100 << 20) // 100 TiB
	c.noRoom("much-memory", definition, "RESOURCE:MEMORY", "has insufficient memory available")
}

func noCPU(c *caller) {
	definition := app()
	definition.Cpu = 190_000
	c.noRoom("much-cpu", definition, "RESOURCE:CPU", "has insufficient CPU units available")
}

// noRoom asks for a task and for a service that no instance has room for.
func (c *caller) noRoom(name string, definition types.ContainerDefinition, reason, cause string) {
	c.t.Helper()
	c.service(name, 1, definition)
	if message := c.event(name, cause); !strings.Contains(message, "(service "+name+") was unable to place a task") {
		c.t.Errorf("the event is worded %q", message)
	}
	if svc := c.describe(name); svc.RunningCount+svc.PendingCount != 0 {
		c.t.Errorf("%d tasks run, %d are pending", svc.RunningCount, svc.PendingCount)
	}
	out, err := c.api.RunTask(c.t.Context(), &ecs.RunTaskInput{TaskDefinition: &name})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(out.Tasks) != 0 || len(out.Failures) != 1 || *out.Failures[0].Reason != reason {
		c.t.Errorf("RunTask placed %d tasks and told failures %s", len(out.Tasks), reasons(out.Failures))
	}
}

func essentialExits(c *caller) {
	helper := app()
	helper.Name = awssdk.String("helper")
	helper.Essential = awssdk.Bool(false)
	main := app("-crash-after", "4s", "-crash", "7")
	main.DependsOn = []types.ContainerDependency{dependsOn("helper", types.ContainerConditionStart)} // so it has 4 s to hear SIGTERM
	task := c.reach(c.run(helper, main), "STOPPED")
	c.ended(task, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited")
	c.exited(task, "app", 7)
	c.exited(task, "helper", 0) // it was stopped with the task, and honoured SIGTERM
	if task.StartedAt == nil || task.ExecutionStoppedAt == nil || task.ExecutionStoppedAt.After(*task.StoppedAt) {
		c.t.Errorf("startedAt %v, executionStoppedAt %v, stoppedAt %v", task.StartedAt, task.ExecutionStoppedAt, task.StoppedAt)
	}
}

func sidecarExits(c *caller) {
	sidecar := app("-crash-after", "300ms", "-crash", "3")
	sidecar.Name = awssdk.String("sidecar")
	sidecar.Essential = awssdk.Bool(false)
	arn := c.run(app(), sidecar)
	var task types.Task
	eventually(c.t, func() string {
		task = c.task(arn) // which may be PENDING still when the sidecar ends
		if x := containerOf(c.t, task, "sidecar"); *x.LastStatus != "STOPPED" || *task.LastStatus == "PENDING" {
			return "the sidecar is " + *x.LastStatus + ", the task " + *task.LastStatus
		}
		return ""
	})
	c.exited(task, "sidecar", 3)
	if *task.LastStatus != "RUNNING" || *task.DesiredStatus != "RUNNING" || task.StopCode != "" {
		c.t.Errorf("the task is %s, desired %s, stopCode %q: it should run on", *task.LastStatus, *task.DesiredStatus, task.StopCode)
	}
	get(c.t, hostPort(c.t, containerOf(c.t, task, "app")))
	c.stop(arn)
	task = c.reach(arn, "STOPPED")
	c.exited(task, "app", 0)
	c.exited(task, "sidecar", 3)
}

func honoursTerm(c *caller) {
	arn := c.run(app())
	get(c.t, hostPort(c.t, containerOf(c.t, c.reach(arn, "RUNNING"), "app"))) // its handler stands
	c.stop(arn)
	task := c.reach(arn, "STOPPED")
	c.ended(task, types.TaskStopCodeUserInitiated, "Task stopped by user")
	c.exited(task, "app", 0)
}

func ignoresTerm(c *caller) {
	definition := app("-ignore-sigterm")
	definition.StopTimeout = awssdk.Int32(2)
	arn := c.run(definition)
	get(c.t, hostPort(c.t, containerOf(c.t, c.reach(arn, "RUNNING"), "app")))
	c.stop(arn)
	task := c.reach(arn, "STOPPED")
	c.ended(task, types.TaskStopCodeUserInitiated, "Task stopped by user")
	c.exited(task, "app", 137)
	if took := task.StoppedAt.Sub(*task.StoppingAt); took < 2*time.Second || took > 28*time.Second { // without a stopTimeout it is 30 s
		c.t.Errorf("SIGKILL came after %v; stopTimeout is 2 s", took)
	}
}

func outOfMemory(c *caller) {
	definition := app("-memory", "200")
	definition.Memory = awssdk.Int32(32)
	task := c.reach(c.run(definition), "STOPPED")
	c.ended(task, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited")
	c.exited(task, "app", 137)
	const reason = "OutOfMemoryError: Container killed due to memory usage"
	if x := containerOf(c.t, task, "app"); awssdk.ToString(x.Reason) != reason {
		c.t.Errorf("the container's reason is %q", awssdk.ToString(x.Reason))
	}
}

// ended checks how a task ended.
func (c *caller) ended(task types.Task, code types.TaskStopCode, reason string) {
	c.t.Helper()
	if task.StopCode != code || awssdk.ToString(task.StoppedReason) != reason {
		c.t.Errorf("the task stopped with %s, %q; it should be %s, %q", task.StopCode, awssdk.ToString(task.StoppedReason), code, reason)
	}
}

// exited checks how a container ended.
func (c *caller) exited(task types.Task, name string, code int32) {
	c.t.Helper()
	x := containerOf(c.t, task, name)
	if x.ExitCode == nil || *x.ExitCode != code || *x.LastStatus != "STOPPED" {
		c.t.Errorf("container %s is %s with exit code %v; it should be STOPPED with %d", name, *x.LastStatus, awssdk.ToInt32(x.ExitCode), code)
	}
}

// What a container definition says is what the engine and the kernel have.
func TestAContainerIsMadeAsItsDefinitionSays(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	fixed := freePort(t)
	definition := types.ContainerDefinition{
		Name: awssdk.String("app"), Image: awssdk.String(image),
		Cpu: 256, Memory: awssdk.Int32(96), MemoryReservation: awssdk.Int32(48),
		User: awssdk.String("1234:4321"), WorkingDirectory: awssdk.String("/work"),
		EntryPoint:  []string{"/steady", "sample", "-listen", ":9090"},
		Command:     []string{"-say", "hello"},
		Environment: []types.KeyValuePair{{Name: awssdk.String("STEADY_SAMPLE_VERSION"), Value: awssdk.String("of the environment")}},
		PortMappings: []types.PortMapping{
			{ContainerPort: awssdk.Int32(9090), HostPort: &fixed},
			{ContainerPort: awssdk.Int32(9090), Protocol: types.TransportProtocolUdp},
		},
	}
	second := app()
	second.Name = awssdk.String("second")
	second.Memory, second.MemoryReservation = nil, awssdk.Int32(32)
	arn := c.run(definition, second)
	task := c.reach(arn, "RUNNING")

	made := c.inspect(task, "app")
	for _, check := range []struct {
		what      string
		got, want any
	}{
		{"memory", made.HostConfig.Memory, int64(96 << 20)},
		{"memoryReservation", made.HostConfig.MemoryReservation, int64(48 << 20)},
		{"cpu", made.HostConfig.CPUShares, int64(256)},
		{"user", made.Config.User, "1234:4321"},
		{"workingDirectory", made.Config.WorkingDir, "/work"},
		{"entryPoint", strings.Join(made.Config.Entrypoint, " "), "/steady sample -listen :9090"},
		{"command", strings.Join(made.Config.Cmd, " "), "-say hello"},
		{"task ARN label", made.Config.Labels["com.amazonaws.ecs.task-arn"], arn},
		{"container name label", made.Config.Labels["com.amazonaws.ecs.container-name"], "app"},
		{"shown cpu", *containerOf(t, task, "app").Cpu, "256"},
		{"shown memory", *containerOf(t, task, "app").Memory, "96"},
		{"shown memoryReservation", *containerOf(t, task, "app").MemoryReservation, "48"},
		{"second's memory", c.inspect(task, "second").HostConfig.Memory, int64(0)},
		{"second's cpu", c.inspect(task, "second").HostConfig.CPUShares, int64(2)},
	} {
		if check.got != check.want {
			t.Errorf("%s is %v, not %v", check.what, check.got, check.want)
		}
	}

	dir, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", made.State.Pid))
	if err != nil || dir != "/work" {
		t.Errorf("the process works in %q (%v)", dir, err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", made.State.Pid))
	if err != nil || !strings.Contains(string(status), "\nUid:\t1234\t") || !strings.Contains(string(status), "\nGid:\t4321\t") {
		t.Errorf("the process does not run as 1234:4321 (%v): %s", err, status)
	}

	bindings := containerOf(t, task, "app").NetworkBindings
	if len(bindings) != 2 {
		t.Fatalf("there are %d network bindings, not 2", len(bindings))
	}
	for _, b := range bindings {
		if *b.BindIP != "0.0.0.0" || *b.ContainerPort != 9090 || *b.HostPort == 0 {
			t.Errorf("a binding is %s:%d to %d/%s", *b.BindIP, *b.HostPort, *b.ContainerPort, b.Protocol)
		}
		if b.Protocol == types.TransportProtocolTcp && *b.HostPort != fixed {
			t.Errorf("the fixed host port %d became %d", fixed, *b.HostPort)
		}
	}
	if answer := get(t, fixed); !strings.HasPrefix(answer, "version of the environment on ") {
		t.Errorf("the fixed port answers %q", answer)
	}
	if answer := get(t, hostPort(t, containerOf(t, task, "second"))); !strings.HasPrefix(answer, "version v1 on ") {
		t.Errorf("the dynamic port answers %q", answer)
	}
}
