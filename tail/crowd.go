package tail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awslogs"
)

// crowd is a service with its tasks, or one task.
type crowd struct {
	ecs             ECS
	cluster, name   string
	container       string
	service         *types.Service // nil: it is one task
	tasks           map[string]types.Task
	definitions     map[string]*types.TaskDefinition // by ARN
	stopped         map[string]time.Time             // since when a task is known to be over, by ARN
	describedAtOnce int
}

func newCrowd(o Options) *crowd {
	return &crowd{
		ecs: o.ECS, cluster: o.Cluster, name: o.Name, container: o.Container,
		tasks: map[string]types.Task{}, definitions: map[string]*types.TaskDefinition{},
		stopped: map[string]time.Time{}, describedAtOnce: 100,
	}
}

// find looks for a service of the name, and else for a task.
func (c *crowd) find(ctx context.Context) error {
	s, err := c.describeService(ctx)
	if err != nil && !refusedName(err) {
		return err
	}
	if s != nil {
		c.service = s
		return c.look(ctx)
	}
	if err := c.describe(ctx, []string{c.name}); err != nil && !refusedName(err) {
		return err
	}
	if len(c.tasks) == 0 {
		return fmt.Errorf("cluster %s has neither a service nor a task of that name", lastPart(c.cluster))
	}
	return nil
}

// refusedName tells whether ECS took a name for none that a service, or a task, can
// have.
func refusedName(err error) bool {
	_, ok := errors.AsType[*types.InvalidParameterException](err)
	return ok
}

func (c *crowd) describeService(ctx context.Context) (*types.Service, error) {
	out, err := c.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &c.cluster, Services: []string{c.name}})
	if err != nil || len(out.Services) == 0 {
		return nil, err
	}
	return &out.Services[0], nil
}

// look sees what has become of the service and its tasks, or of the task.
func (c *crowd) look(ctx context.Context) error {
	if c.service == nil {
		return c.describe(ctx, slices.Collect(maps.Keys(c.tasks)))
	}
	s, err := c.describeService(ctx)
	if err != nil {
		return err
	}
	if s != nil {
		c.service = s
	}
	var news []string
	for _, status := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		arns, err := c.list(ctx, status)
		if err != nil {
			return err
		}
		for _, arn := range arns {
			if t, known := c.tasks[arn]; !known || !isStopped(t) {
				news = append(news, arn)
			}
		}
	}
	return c.describe(ctx, news)
}

func (c *crowd) list(ctx context.Context, status types.DesiredStatus) ([]string, error) {
	var arns []string
	in := &ecs.ListTasksInput{Cluster: &c.cluster, ServiceName: c.service.ServiceName, DesiredStatus: status}
	for {
		out, err := c.ecs.ListTasks(ctx, in)
		if err != nil {
			return nil, err
		}
		arns = append(arns, out.TaskArns...)
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			return arns, nil
		}
	}
}

func (c *crowd) describe(ctx context.Context, tasks []string) error {
	for some := range slices.Chunk(tasks, c.describedAtOnce) {
		out, err := c.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &c.cluster, Tasks: some})
		if err != nil {
			return err
		}
		for _, t := range out.Tasks {
			arn := aws.ToString(t.TaskArn)
			c.tasks[arn] = t
			if _, known := c.stopped[arn]; !known && isStopped(t) {
				c.stopped[arn] = time.Now()
			}
		}
	}
	return nil
}

// Ended tasks give no more output after settled, and are forgotten after forgotten:
// ECS describes them for an hour.
const (
	settled   = 3 * time.Second
	forgotten = 2 * time.Hour
)

// over tells whether no more output can come: of one task that has been over for a
// while.
func (c *crowd) over(now time.Time) bool {
	if c.service != nil {
		return false
	}
	for arn := range c.tasks {
		if !c.quiet(arn, now) {
			return false
		}
	}
	return true
}

// quiet tells whether a task has been over for a while.
func (c *crowd) quiet(arn string, now time.Time) bool {
	since, over := c.stopped[arn]
	return over && now.Sub(since) >= settled
}

// forget drops the tasks that ended long ago.
func (c *crowd) forget(now time.Time) {
	for arn, since := range c.stopped {
		if now.Sub(since) >= forgotten && c.service != nil {
			delete(c.tasks, arn)
			delete(c.stopped, arn)
		}
	}
}

// inOrder are the tasks, oldest first.
func (c *crowd) inOrder() []types.Task {
	return slices.SortedFunc(maps.Values(c.tasks), func(a, b types.Task) int {
		return cmp.Or(aws.ToTime(a.CreatedAt).Compare(aws.ToTime(b.CreatedAt)), strings.Compare(aws.ToString(a.TaskArn), aws.ToString(b.TaskArn)))
	})
}

// passed tells whether a task was over before a time, so that it has no lines after.
func (c *crowd) passed(t types.Task, since time.Time) bool {
	return isStopped(t) && t.StoppedAt != nil && t.StoppedAt.Add(time.Minute).Before(since)
}

// containers are the names of all containers there are.
func (c *crowd) containers() []string {
	names := map[string]bool{}
	for _, t := range c.tasks {
		for _, k := range t.Containers {
			names[aws.ToString(k.Name)] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// place is where the output of a container is.
type place struct {
	group, stream   string
	task, container string // id and name
}

func (p place) key() string { return p.group + "\x00" + p.stream }

// places tells where the output of a task's containers is, as far as that is known.
func (c *crowd) places(ctx context.Context, t types.Task) ([]place, error) {
	d, err := c.definition(ctx, aws.ToString(t.TaskDefinitionArn))
	if err != nil {
		return nil, err
	}
	var places []place
	for _, k := range t.Containers {
		name := aws.ToString(k.Name)
		if c.container != "" && name != c.container {
			continue
		}
		p := place{task: lastPart(aws.ToString(t.TaskArn)), container: name}
		p.group, p.stream = location(lastPart(c.cluster), t, k, logConfiguration(d, name))
		if p.stream != "" {
			places = append(places, p)
		}
	}
	return places, nil
}

func (c *crowd) definition(ctx context.Context, arn string) (*types.TaskDefinition, error) {
	if d, known := c.definitions[arn]; known {
		return d, nil
	}
	out, err := c.ecs.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
	if err != nil {
		return nil, err
	}
	c.definitions[arn] = out.TaskDefinition
	return out.TaskDefinition, nil
}

func logConfiguration(d *types.TaskDefinition, container string) *types.LogConfiguration {
	for _, k := range d.ContainerDefinitions {
		if aws.ToString(k.Name) == container {
			return k.LogConfiguration
		}
	}
	return nil
}

// location is the log group and stream of a container. The stream is empty while it is
// not known.
func location(cluster string, t types.Task, k types.Container, l *types.LogConfiguration) (group, stream string) {
	var o awslogs.Options
	if l != nil && l.LogDriver == types.LogDriverAwslogs {
		o.Group, o.StreamPrefix = l.Options["awslogs-group"], l.Options["awslogs-stream-prefix"]
	}
	family, _, _ := strings.Cut(lastPart(aws.ToString(t.TaskDefinitionArn)), ":")
	return o.Location(awslogs.Container{
		Cluster: cluster, Family: family, Name: aws.ToString(k.Name), Task: lastPart(aws.ToString(t.TaskArn)), RuntimeID: aws.ToString(k.RuntimeId),
	})
}

func isStopped(t types.Task) bool { return aws.ToString(t.LastStatus) == "STOPPED" }

func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
