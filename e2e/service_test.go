package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// How a service is to be deployed, in the CLI's shorthand.
const (
	breakerOff      = "deploymentCircuitBreaker={enable=false,rollback=false}"
	breakerOn       = "deploymentCircuitBreaker={enable=true,rollback=false}"
	breakerRollback = "deploymentCircuitBreaker={enable=true,rollback=true}"
)

// unhurried is for stories of tasks that crash at once, and of what is to be seen of a
// deployment on its way: a machine under load may take a while for either, and no task
// must count as healthy meanwhile.
const unhurried = "--settle=4s"

// percent words minimumHealthyPercent and maximumPercent in the CLI's shorthand.
func percent(minimumHealthy, maximum int) string {
	return fmt.Sprintf("minimumHealthyPercent=%d,maximumPercent=%d", minimumHealthy, maximum)
}

// ecs runs a command of the AWS CLI on ECS, which must succeed.
func (c *caller) ecs(args ...string) {
	c.t.Helper()
	if _, err := c.server.tryAWS(append([]string{"ecs"}, args...)...); err != nil {
		c.t.Fatal(err)
	}
}

// revision registers with the AWS CLI what runs the sample application with these
// flags.
func (c *caller) revision(family string, flags ...string) {
	c.t.Helper()
	definitions, err := json.Marshal([]map[string]any{{
		"name": "app", "image": image, "memory": 64, "command": flags,
		"portMappings": []map[string]int{{"containerPort": 8080}},
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.ecs("register-task-definition", "--family", family, "--container-definitions", string(definitions))
}

// create makes service web of web:1 with the AWS CLI and waits until it is steady.
func (c *caller) create(desired int, configuration ...string) {
	c.t.Helper()
	c.revision("web", "-version", "v1")
	c.ecs("create-service", "--service-name", "web", "--task-definition", "web:1",
		"--desired-count", fmt.Sprint(desired), "--deployment-configuration", strings.Join(configuration, ","))
	c.steady("web:1", desired)
}

// hasty is the sample application with these flags, killed soon after SIGTERM: what is
// stopped while it starts does not hear that, and would be waited for half a minute.
func hasty(flags ...string) types.ContainerDefinition {
	d := app(flags...)
	d.StopTimeout = awssdk.Int32(1)
	return d
}

// steady waits until web has exactly so many tasks, all of one completed deployment
// of a revision, and the engine has as many containers running, and no more stopped
// ones than are kept.
func (c *caller) steady(revision string, n int) types.Service {
	c.t.Helper()
	var s types.Service
	eventually(c.t, func() string {
		s = c.describe("web")
		d := s.Deployments[0]
		if len(s.Deployments) != 1 || d.RolloutState != types.DeploymentRolloutStateCompleted ||
			!strings.HasSuffix(*d.TaskDefinition, "/"+revision) || int(s.RunningCount) != n || s.PendingCount != 0 {
			return "web is not steady on " + revision + ": " + shape(s)
		}
		if n := len(c.stopping()); n != 0 {
			return fmt.Sprintf("%d tasks of web are stopping", n)
		}
		all := c.server.everyContainer(c.t)
		running := len(slices.DeleteFunc(slices.Clone(all), stopped))
		if running != n || len(all)-running > kept*c.server.instances(c.t) {
			return fmt.Sprintf("of web the engine has %d containers running, not %d, and %d others", running, n, len(all)-running)
		}
		return ""
	})
	return s
}

// kept is of how many stopped tasks a container instance keeps the containers: the
// default of --keep-stopped.
const kept = 3

func stopped(x container.Summary) bool { return x.State == container.StateExited }

// stopping are the tasks of web that are to stop and have not yet.
func (c *caller) stopping() []types.Task {
	c.t.Helper()
	return slices.DeleteFunc(c.tasks(types.DesiredStatusStopped), func(t types.Task) bool { return *t.LastStatus == "STOPPED" })
}

// answering waits until the process of each running task of web answers: before, it
// would not hear SIGTERM.
func (c *caller) answering() {
	c.t.Helper()
	for _, task := range c.tasks(types.DesiredStatusRunning) {
		get(c.t, hostPort(c.t, containerOf(c.t, task, "app")))
	}
}

// instances is how many container instances the server's containers are spread over at
// most.
func (s *server) instances(t *testing.T) int {
	t.Helper()
	out, err := s.caller(t).api.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.ContainerInstanceArns)
}

// shape is what the deployments of a service look like, newest first.
func shape(s types.Service) string {
	var all []string
	for _, d := range s.Deployments {
		_, revision, _ := strings.Cut(*d.TaskDefinition, "task-definition/")
		all = append(all, fmt.Sprintf("%s %s %s pending %d running %d failed %d",
			*d.Status, revision, d.RolloutState, d.PendingCount, d.RunningCount, d.FailedTasks))
	}
	return strings.Join(all, "; ")
}

// everyContainer is all containers of a server, running or not.
func (s *server) everyContainer(t *testing.T) []container.Summary {
	t.Helper()
	out, err := s.engine.ContainerList(t.Context(), client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", "dev.steady.installation="+s.installation()),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Items
}

// started is when the engine started each container of a server that runs, by id: what
// changes when a container is restarted or replaced.
func (s *server) started(t *testing.T) map[string]string {
	t.Helper()
	at := map[string]string{}
	for _, x := range s.everyContainer(t) {
		if stopped(x) {
			continue
		}
		out, err := s.engine.ContainerInspect(t.Context(), x.ID, client.ContainerInspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		at[x.ID] = out.Container.State.StartedAt
	}
	return at
}

// tasks describes the tasks of web with a desired status.
func (c *caller) tasks(desired types.DesiredStatus) []types.Task {
	c.t.Helper()
	var all []types.Task
	pages := ecs.NewListTasksPaginator(c.api, &ecs.ListTasksInput{ServiceName: awssdk.String("web"), DesiredStatus: desired})
	for pages.HasMorePages() {
		listed, err := pages.NextPage(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		if len(listed.TaskArns) == 0 {
			continue
		}
		out, err := c.api.DescribeTasks(c.t.Context(), &ecs.DescribeTasksInput{Tasks: listed.TaskArns})
		if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, out.Tasks...)
	}
	return all
}

// taskID is the end of a task's ARN.
func taskID(t types.Task) string {
	return (*t.TaskArn)[strings.LastIndex(*t.TaskArn, "/")+1:]
}

var (
	aTask       = regexp.MustCompile(`\(task [0-9a-f]{32}\)`)
	aDeployment = regexp.MustCompile(`ecs-svc/\d{19}`)
)

// told is the events of web, oldest first, one a line. Tasks lose their ids, and
// deployments are numbered as they are first named.
func (c *caller) told() string {
	c.t.Helper()
	numbers := map[string]string{}
	var lines []string
	for _, e := range slices.Backward(c.describe("web").Events) {
		line := aTask.ReplaceAllString(*e.Message, "(task)")
		lines = append(lines, aDeployment.ReplaceAllStringFunc(line, func(id string) string {
			if numbers[id] == "" {
				numbers[id] = fmt.Sprintf("D%d", len(numbers)+1)
			}
			return numbers[id]
		}))
	}
	return strings.Join(lines, "\n") + "\n"
}

// tells checks the events of web against a story: each line is a regular expression
// for one or more events. Whatever is the same in all, "(service web) ", is left out.
func (c *caller) tells(story ...string) {
	c.t.Helper()
	told := strings.ReplaceAll(c.told(), "(service web) ", "")
	if !regexp.MustCompile("^" + strings.Join(story, "") + "$").MatchString(told) {
		c.t.Errorf("the events are\n%s\nbut should match\n%s", told, strings.Join(story, "\n"))
	}
}

// Lines for tells.
const (
	// The first task of a deployment finds out what its images are, for the others.
	startsThree = `has started 1 tasks: \(task\)\.\nhas started 2 tasks: \(task\) \(task\)\.\n`
	startsMore  = `(has started \d tasks: (\(task\) ?)+\.\n)*`
	stopsSome   = `(has stopped \d running tasks: (\(task\) ?)+\.\n)+`
	isSteady    = `has reached a steady state\.\n`
)

// completes is the line for a deployment's success.
func completes(deployment string) string {
	return `\(deployment ` + deployment + `\) deployment completed\.\n`
}

// samples is what was seen of web while something happened.
type samples struct {
	engine, api span     // containers running; tasks RUNNING at least, RUNNING or PENDING at most
	shapes      []string // of its deployments, each time they changed
}

type span struct{ fewest, most, looks int }

func (s *span) note(low, high int) {
	if s.looks == 0 {
		s.fewest = low
	}
	s.fewest, s.most = min(s.fewest, low), max(s.most, high)
	s.looks++
}

// during asks the engine and the API about web all the while that f goes on.
func (c *caller) during(f func()) samples {
	c.t.Helper()
	var seen samples
	ctx, cancel := context.WithCancel(c.t.Context())
	filter := make(client.Filters).Add("label", "dev.steady.installation="+c.server.installation())
	var wg sync.WaitGroup
	look := func(once func() error) {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := once(); err != nil && ctx.Err() == nil {
					c.t.Errorf("look at web: %v", err)
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	look(func() error {
		out, err := engine.ContainerList(ctx, client.ContainerListOptions{Filters: filter})
		if err == nil {
			seen.engine.note(len(out.Items), len(out.Items))
		}
		return err
	})
	look(func() error {
		out, err := c.api.DescribeServices(ctx, &ecs.DescribeServicesInput{Services: []string{"web"}})
		if err != nil {
			return err
		}
		s := out.Services[0]
		seen.api.note(int(s.RunningCount), int(s.RunningCount+s.PendingCount))
		if now := shape(s); len(seen.shapes) == 0 || seen.shapes[len(seen.shapes)-1] != now {
			seen.shapes = append(seen.shapes, now)
		}
		return nil
	})
	f()
	cancel()
	wg.Wait()
	if seen.engine.looks == 0 || seen.api.looks == 0 {
		c.t.Errorf("%d looks at the engine and %d at the API", seen.engine.looks, seen.api.looks)
	}
	return seen
}

// saw checks that web's deployments once looked as a regular expression says.
func (s samples) saw(t *testing.T, shape string) {
	t.Helper()
	if !slices.ContainsFunc(s.shapes, regexp.MustCompile("^"+shape+"$").MatchString) {
		t.Errorf("web's deployments never were %q, only\n%s", shape, strings.Join(s.shapes, "\n"))
	}
}

// quoted is events that were told before, as a line for tells.
func quoted(told string) string { return regexp.QuoteMeta(told) }
