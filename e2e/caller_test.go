package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// caller speaks to a server through the AWS SDK on behalf of one test.
type caller struct {
	t      *testing.T
	server *server
	api    *ecs.Client
}

func (s *server) caller(t *testing.T) *caller {
	return &caller{t: t, server: s, api: ecs.New(ecs.Options{
		Region: "us-east-1", BaseEndpoint: awssdk.String(s.url),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	})}
}

// app is a container of the sample application with these flags.
func app(flags ...string) types.ContainerDefinition {
	return types.ContainerDefinition{
		Name: awssdk.String("app"), Image: awssdk.String(image), Memory: awssdk.Int32(64), Command: flags,
		PortMappings: []types.PortMapping{{ContainerPort: awssdk.Int32(8080)}},
	}
}

// register makes a revision of a family and returns "family:revision".
func (c *caller) register(family string, containers ...types.ContainerDefinition) string {
	c.t.Helper()
	out, err := c.api.RegisterTaskDefinition(c.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &family, ContainerDefinitions: containers,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprintf("%s:%d", family, out.TaskDefinition.Revision)
}

// run starts one task of its own, of a family that is named after the test.
func (c *caller) run(containers ...types.ContainerDefinition) (arn string) {
	c.t.Helper()
	family := strings.Map(func(r rune) rune {
		if r == '/' {
			return '-'
		}
		return r
	}, c.t.Name())
	ref := c.register(family, containers...)
	out, err := c.api.RunTask(c.t.Context(), &ecs.RunTaskInput{TaskDefinition: &ref})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(out.Tasks) != 1 || len(out.Failures) != 0 {
		c.t.Fatalf("RunTask placed %d tasks and told failures %s", len(out.Tasks), reasons(out.Failures))
	}
	return *out.Tasks[0].TaskArn
}

func (c *caller) task(arn string) types.Task {
	c.t.Helper()
	out, err := c.api.DescribeTasks(c.t.Context(), &ecs.DescribeTasksInput{Tasks: []string{arn}})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(out.Tasks) != 1 {
		c.t.Fatalf("DescribeTasks found %d tasks of %s, failures %s", len(out.Tasks), arn, reasons(out.Failures))
	}
	return out.Tasks[0]
}

// reach waits until the task's lastStatus is the one given and returns the task.
func (c *caller) reach(arn, status string) types.Task {
	c.t.Helper()
	var t types.Task
	eventually(c.t, func() string {
		t = c.task(arn)
		if *t.LastStatus == status {
			return ""
		}
		return fmt.Sprintf("the task is %s, not %s; stoppedReason %q", *t.LastStatus, status, awssdk.ToString(t.StoppedReason))
	})
	return t
}

// stop asks for a task's end.
func (c *caller) stop(arn string) {
	c.t.Helper()
	if _, err := c.api.StopTask(c.t.Context(), &ecs.StopTaskInput{Task: &arn}); err != nil {
		c.t.Fatal(err)
	}
}

// service makes a service and deletes it when the test ends.
func (c *caller) service(name string, desired int32, containers ...types.ContainerDefinition) {
	c.t.Helper()
	ref := c.register(name, containers...)
	if _, err := c.api.CreateService(c.t.Context(), &ecs.CreateServiceInput{
		ServiceName: &name, TaskDefinition: &ref, DesiredCount: &desired,
	}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) describe(service string) types.Service {
	c.t.Helper()
	out, err := c.api.DescribeServices(c.t.Context(), &ecs.DescribeServicesInput{Services: []string{service}})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(out.Services) != 1 {
		c.t.Fatalf("DescribeServices found no service %s: %s", service, reasons(out.Failures))
	}
	return out.Services[0]
}

// event waits for a service event whose message contains a text.
func (c *caller) event(service, text string) string {
	c.t.Helper()
	var found string
	eventually(c.t, func() string {
		var all []string
		for _, e := range c.describe(service).Events {
			if strings.Contains(*e.Message, text) {
				found = *e.Message
				return ""
			}
			all = append(all, *e.Message)
		}
		return fmt.Sprintf("no event of %s contains %q, only %q", service, text, all)
	})
	return found
}

// inspect asks the engine about a task's container.
func (c *caller) inspect(t types.Task, name string) container.InspectResponse {
	c.t.Helper()
	out, err := c.server.engine.ContainerInspect(c.t.Context(), *containerOf(c.t, t, name).RuntimeId, client.ContainerInspectOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	return out.Container
}

// containerOf is the container of a task by that name.
func containerOf(t *testing.T, task types.Task, name string) types.Container {
	t.Helper()
	for _, c := range task.Containers {
		if *c.Name == name {
			return c
		}
	}
	t.Fatalf("the task has no container %s", name)
	return types.Container{}
}

// containers counts the containers of a server that the engine has running, as
// `docker ps` would.
func (s *server) containers(t *testing.T) int {
	t.Helper()
	out, err := s.engine.ContainerList(t.Context(), client.ContainerListOptions{
		Filters: make(client.Filters).Add("label", "dev.steady.installation="+s.installation()),
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Items)
}

func reasons(failures []types.Failure) string {
	var all []string
	for _, f := range failures {
		all = append(all, awssdk.ToString(f.Arn)+" "+awssdk.ToString(f.Reason))
	}
	return strings.Join(all, ", ")
}

// get asks the application behind a task's only published port, and waits until it
// answers: a container runs a moment before its process listens.
func get(t *testing.T, hostPort int32) string {
	t.Helper()
	url := fmt.Sprintf("http://127.0.0.1:%d/", hostPort)
	var answer string
	eventually(t, func() string {
		client := http.Client{Timeout: 10 * time.Second}
		res, err := client.Get(url)
		if err != nil {
			return err.Error()
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			return err.Error()
		}
		answer = string(b)
		return ""
	})
	return answer
}

// hostPort is where the machine publishes a container's only port.
func hostPort(t *testing.T, c types.Container) int32 {
	t.Helper()
	if len(c.NetworkBindings) != 1 {
		t.Fatalf("container %s has %d network bindings, not 1", *c.Name, len(c.NetworkBindings))
	}
	return *c.NetworkBindings[0].HostPort
}

// nextPort is where freePort looks next: no two tests are given the same port.
var nextPort atomic.Int32

func init() { nextPort.Store(int32(10000 + os.Getpid()%80*100)) }

// freePort is a port of this machine that nothing uses, below the range from which
// servers choose one for their metadata endpoint, and that of the kernel and the engine.
func freePort(t *testing.T) int32 {
	t.Helper()
	for port := nextPort.Add(1); port < 20000; port = nextPort.Add(1) {
		l, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", port))
		if err != nil {
			continue
		}
		l.Close()
		return port
	}
	t.Fatal("every port up to 20000 is in use")
	return 0
}
