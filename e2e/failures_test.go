package e2e

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/moby/moby/client"

	"steady/imagepack"
)

// failure is one way in which a deployment goes wrong, and what Steady is to say of it.
type failure struct {
	name    string // of the service
	what    string // is told in the report
	verdict string // of steady watch
	code    int    // its exit code
	cause   string // the first that steady why names, or nothing
	// before makes the service that is steady before the trouble begins; nil: there is
	// none.
	before func(c *caller, service string)
	begin  func(c *caller, service string)
	// then is done while the deployment is watched; nil: nothing.
	then func(c *caller, service string, w *watched)
	// hold is how long a success must last; empty: as by default.
	hold string
	// about is what why is asked about; nil: the service.
	about func(c *caller, service string) string
	// own are the flags of a server of its own; nil: it shares one.
	own []string
}

// failures are all that Steady's engine can really produce.
var failures = []failure{
	{name: "crash-at-start", what: "The program exits with code 3 at once", verdict: "failed", code: 2, cause: "C17",
		begin: fresh(func(*caller) types.ContainerDefinition { return app("-say", "DB_URL is not set", "-crash", "3") })},
	{name: "crash-after-serving", what: "The program serves for some seconds, then exits with code 4", verdict: "failed", code: 2, cause: "C17", hold: "15s",
		begin: fresh(func(*caller) types.ContainerDefinition { return app("-crash-after", "6s", "-crash", "4") })},
	{name: "crash-later", what: "The program serves for ten minutes, then exits with code 4: longer than anybody holds on, and --hold is 1 s by default", verdict: "succeeded", code: 0, cause: "nothing",
		begin: fresh(func(*caller) types.ContainerDefinition { return app("-crash-after", "10m", "-crash", "4") })},
	{name: "exit-0", what: "The program of a service ends well, with code 0", verdict: "failed", code: 2, cause: "C18",
		begin: fresh(func(*caller) types.ContainerDefinition { return app("-crash", "0") })},
	{name: "missing-image", what: "The registry has no such image", verdict: "failed", code: 2, cause: "A01", begin: fresh(ofARegistryWithout)},
	{name: "unreachable-registry", what: "The registry does not answer", verdict: "failed", code: 2, cause: "A02",
		begin: fresh(func(*caller) types.ContainerDefinition { return withImage("localhost:1/nothing/here:1") })},
	{name: "command-not-found", what: "The image has no such command", verdict: "failed", code: 2, cause: "C01",
		begin: fresh(func(*caller) types.ContainerDefinition { return withEntryPoint("no-such-command") })},
	{name: "file-not-found", what: "The image has no such file to run", verdict: "failed", code: 2, cause: "C02",
		begin: fresh(func(*caller) types.ContainerDefinition { return withEntryPoint("/no/such/command") })},
	{name: "not-executable", what: "The file to run is not executable", verdict: "failed", code: 2, cause: "C03",
		begin: fresh(func(*caller) types.ContainerDefinition { return withEntryPoint("/etc/passwd") })},
	{name: "wrong-architecture", what: "The program in the image is for another processor", verdict: "failed", code: 2, cause: "A12", begin: fresh(ofAnotherProcessor)},
	{name: "out-of-memory", what: "The container uses more memory than its limit", verdict: "failed", code: 2, cause: "C12",
		begin: fresh(func(*caller) types.ContainerDefinition {
			x := app("-memory", "200")
			x.Memory = awssdk.Int32(32)
			return x
		})},
	{name: "unhealthy-check", what: "The health check fails; the circuit breaker rolls back", verdict: "rolled back", code: 3, cause: "D01",
		before: good(app("-version", "v1"), rollingBack), begin: updated(withCheck("/steady", "sample", "-check", "http://127.0.0.1:8080/nowhere"))},
	{name: "check-not-in-image", what: "The health check runs curl, and the image has none", verdict: "rolled back", code: 3, cause: "D18",
		before: good(app("-version", "v1"), rollingBack), begin: updated(withCheck("curl", "-f", "http://127.0.0.1:8080/healthz"))},
	{name: "port-taken", what: "A process of the machine has the host port", verdict: "failed", code: 2, cause: "C04", begin: fresh(withTakenPort)},
	{name: "no-cpu", what: "No instance has the CPU units", verdict: "stuck", code: 6, cause: "E02",
		begin: fresh(func(*caller) types.ContainerDefinition {
			x := app()
			x.Cpu = 190_000
			return x
		})},
	{name: "no-memory", what: "No instance has the memory", verdict: "stuck", code: 6, cause: "E03",
		begin: fresh(func(*caller) types.ContainerDefinition {
			x := app()
			x.Memory = awssdk.Int32(100 << 20) // 100 TiB
			return x
		})},
	{name: "unsatisfiable-constraint", what: "No instance meets the placement constraint", verdict: "stuck", code: 6, cause: "E06", begin: nowhere},
	{name: "missing-log-group", what: "The awslogs group is missing, and may not be made", verdict: "failed", code: 2, cause: "B15",
		begin: fresh(func(*caller) types.ContainerDefinition {
			x := app()
			x.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
				"awslogs-group": "/no/such/group", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"}}
			return x
		})},
	{name: "missing-secret", what: "The secret that the task definition names does not exist", verdict: "failed", code: 2, cause: "B06", begin: withoutItsSecret},
	{name: "ignored-sigterm", what: "The old tasks ignore SIGTERM and are killed after their stopTimeout (why is asked about a stopped task)", verdict: "succeeded", code: 0, cause: "C13", about: stoppedTask,
		before: good(deaf(), nil), begin: updated(app("-version", "v2"))},
	{name: "percent-deadlock", what: "minimumHealthyPercent and maximumPercent allow no step", verdict: "stuck", code: 6, cause: "E19",
		before: good(app("-version", "v1"), &types.DeploymentConfiguration{MinimumHealthyPercent: awssdk.Int32(50), MaximumPercent: awssdk.Int32(100)}),
		begin:  updated(app("-version", "v2"))},
	{name: "superseded", what: "Somebody deploys something else meanwhile", verdict: "superseded", code: 5, cause: "nothing",
		before: good(app("-version", "v1"), nil), begin: updated(app("-version", "v2", "-slow-start", "1h")), then: supersede},
	{name: "drained-instance", what: "The only container instance is drained before a deployment", verdict: "stuck", code: 6, cause: "E01",
		before: good(app("-version", "v1"), nil), begin: drained, own: []string{unhurried}},
	{name: "removed-instance", what: "The container instance is deregistered by force, and another one takes the tasks", verdict: "succeeded", code: 0, cause: "nothing",
		before: good(app("-version", "v1"), nil), begin: updated(app("-version", "v2")), then: deregister, own: []string{unhurried, "--instances=2"}},
	{name: "killed-instance", what: "Server and containers are killed at once, as by a power cut, and come back", verdict: "succeeded", code: 0, cause: "C14",
		before: good(app("-version", "v1"), nil), begin: updated(app("-version", "v2")), then: powerCut, own: []string{unhurried}},
	{name: "restarted-server", what: "The server is killed in the middle of a deployment and comes back", verdict: "succeeded", code: 0, cause: "nothing",
		before: good(app("-version", "v1"), nil), begin: updated(app("-version", "v2")), then: restart, own: []string{unhurried}},
}

// rollingBack is the deployment configuration of a service that goes back by itself.
var rollingBack = &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}}

// fresh makes a service of such a container.
func fresh(of func(*caller) types.ContainerDefinition) func(*caller, string) {
	return func(c *caller, service string) { c.service(service, 1, of(c)) }
}

// good makes a service of a container that serves.
func good(x types.ContainerDefinition, how *types.DeploymentConfiguration) func(*caller, string) {
	return func(c *caller, service string) {
		x := x
		x.Image = &image // known only now
		ref := c.register(service, x)
		if _, err := c.api.CreateService(c.t.Context(), &ecs.CreateServiceInput{
			ServiceName: &service, TaskDefinition: &ref, DesiredCount: awssdk.Int32(1), DeploymentConfiguration: how}); err != nil {
			c.t.Fatal(err)
		}
	}
}

// updated deploys another container.
func updated(x types.ContainerDefinition) func(*caller, string) {
	return func(c *caller, service string) {
		c.event(service, "deployment completed")
		x := x
		x.Image = &image
		c.update(service, x)
	}
}

func (c *caller) update(service string, to types.ContainerDefinition) {
	c.t.Helper()
	ref := c.register(service, to)
	if _, err := c.api.UpdateService(c.t.Context(), &ecs.UpdateServiceInput{Service: &service, TaskDefinition: &ref}); err != nil {
		c.t.Fatal(err)
	}
}

func withImage(name string) types.ContainerDefinition {
	x := app()
	x.Image = &name
	return x
}

func withEntryPoint(file string) types.ContainerDefinition {
	x := app()
	x.EntryPoint = []string{file}
	return x
}

// ofARegistryWithout has the repository, and another image in it.
func ofARegistryWithout(c *caller) types.ContainerDefinition {
	return withImage(registryWith(c.t, "app:v0") + "/app:v1")
}

// registryWith is the address of a registry that has one image, an empty one.
func registryWith(t *testing.T, image string) string {
	t.Helper()
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	address := s.Listener.Addr().String()
	ref, err := name.ParseReference(address + "/" + image)
	if err == nil {
		err = remote.Write(ref, empty.Image)
	}
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// ofAnotherProcessor is the sample application with a header that says that it is for
// ARM, or for x86 on an ARM machine: the kernel executes neither.
func ofAnotherProcessor(c *caller) types.ContainerDefinition {
	program, err := os.ReadFile(binary)
	if err != nil {
		c.t.Fatal(err)
	}
	const machine = 18 // offset of e_machine in an ELF header
	if program[machine] == 0x3e {
		program[machine] = 0xb7
	} else {
		program[machine] = 0x3e
	}
	file := filepath.Join(c.t.TempDir(), "steady")
	if err := os.WriteFile(file, program, 0o700); err != nil {
		c.t.Fatal(err)
	}
	foreign := fmt.Sprintf("steady-e2e-foreign:%d", os.Getpid())
	if _, err := imagepack.Load(c.t.Context(), foreign, file, []string{"/steady", "sample"}, nil); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { imagepack.Remove(context.Background(), foreign) })
	return withImage(foreign)
}

func withTakenPort(c *caller) types.ContainerDefinition {
	port := freePort(c.t)
	l, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", port))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { l.Close() })
	x := app()
	x.PortMappings[0].HostPort = &port
	return x
}

// withoutItsSecret makes a service whose container asks for a secret that nobody made.
func withoutItsSecret(c *caller, service string) {
	x := app()
	x.Secrets = []types.Secret{{Name: awssdk.String("PASSWORD"), ValueFrom: awssdk.String("arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf")}}
	if _, err := c.api.RegisterTaskDefinition(c.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &service, ContainerDefinitions: []types.ContainerDefinition{x}, ExecutionRoleArn: awssdk.String("arn:aws:iam::000000000000:role/brought-from-aws")}); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.api.CreateService(c.t.Context(), &ecs.CreateServiceInput{ServiceName: &service, TaskDefinition: &service, DesiredCount: awssdk.Int32(1)}); err != nil {
		c.t.Fatal(err)
	}
}

// withCheck is the sample application with a health check as quick as ECS allows.
func withCheck(command ...string) types.ContainerDefinition {
	x := app()
	x.HealthCheck = &types.HealthCheck{Command: append([]string{"CMD"}, command...), Interval: awssdk.Int32(5), Timeout: awssdk.Int32(5), Retries: awssdk.Int32(1)}
	return x
}

// deaf is the sample application that does not end when it is told to.
func deaf() types.ContainerDefinition {
	x := app("-ignore-sigterm")
	x.StopTimeout = awssdk.Int32(3)
	return x
}

func nowhere(c *caller, service string) {
	ref := c.register(service, app())
	if _, err := c.api.CreateService(c.t.Context(), &ecs.CreateServiceInput{
		ServiceName: &service, TaskDefinition: &ref, DesiredCount: awssdk.Int32(1),
		PlacementConstraints: []types.PlacementConstraint{{Type: types.PlacementConstraintTypeMemberOf, Expression: awssdk.String("attribute:rack == none")}},
	}); err != nil {
		c.t.Fatal(err)
	}
}

func supersede(c *caller, service string, w *watched) {
	w.says("watch       deployment")
	c.update(service, app("-version", "v3"))
}

// restart kills the server, and starts it again.
func restart(c *caller, service string, w *watched) {
	w.says("has started 1 tasks")
	c.server.kill()
	c.server.start()
}

// powerCut kills the server and all its containers.
func powerCut(c *caller, service string, w *watched) {
	w.says("new       desired 1  pending 0  running 1")
	c.server.kill()
	for _, x := range c.server.everyContainer(c.t) {
		engine.ContainerKill(c.t.Context(), x.ID, client.ContainerKillOptions{Signal: "SIGKILL"})
	}
	c.server.start()
}

// drained takes the only container instance out of use, and then deploys.
func drained(c *caller, service string) {
	c.event(service, "deployment completed")
	out, err := c.api.ListContainerInstances(c.t.Context(), &ecs.ListContainerInstancesInput{})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.api.UpdateContainerInstancesState(c.t.Context(), &ecs.UpdateContainerInstancesStateInput{
		ContainerInstances: out.ContainerInstanceArns, Status: types.ContainerInstanceStatusDraining}); err != nil {
		c.t.Fatal(err)
	}
	c.update(service, app("-version", "v2"))
}

// deregister takes the container instance that a service's new task is on out of the
// cluster, as if it were lost.
func deregister(c *caller, service string, w *watched) {
	w.says("has started 1 tasks")
	listed, err := c.api.ListTasks(c.t.Context(), &ecs.ListTasksInput{ServiceName: &service})
	if err != nil || len(listed.TaskArns) == 0 {
		c.t.Fatalf("list tasks: %v, %d", err, len(listed.TaskArns))
	}
	var newest types.Task
	for _, arn := range listed.TaskArns {
		if task := c.task(arn); newest.CreatedAt == nil || task.CreatedAt.After(*newest.CreatedAt) {
			newest = task
		}
	}
	if _, err := c.api.DeregisterContainerInstance(c.t.Context(), &ecs.DeregisterContainerInstanceInput{
		ContainerInstance: newest.ContainerInstanceArn, Force: awssdk.Bool(true)}); err != nil {
		c.t.Fatal(err)
	}
}

// stoppedTask is the one that a service stopped.
func stoppedTask(c *caller, service string) string {
	out, err := c.api.ListTasks(c.t.Context(), &ecs.ListTasksInput{ServiceName: &service, DesiredStatus: types.DesiredStatusStopped})
	if err != nil || len(out.TaskArns) != 1 {
		return fmt.Sprintf("not one stopped task: %v", err)
	}
	return out.TaskArns[0]
}
