package monitor

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
)

const (
	describedAtOnce = 100 // tasks per DescribeTasks, the API's limit
	logLines        = 20  // read from the end of a log stream
	logTasks        = 5   // newest failed tasks whose logs are read
	logAttempts     = 3   // at an empty log stream: lines may come late
)

// collector gathers the evidence about one deployment and keeps it: stopped tasks
// vanish from the API after an hour. What cannot be read is no evidence, and is
// tried again with the next round.
type collector struct {
	ecs     ECS
	logs    Logs
	cluster string
	service string

	definition  *types.TaskDefinition            // of the watched deployment
	definitions map[string]*types.TaskDefinition // by ARN
	tasks       map[string]types.Task            // the deployment's tasks that are to stop, by ARN
	passed      map[string]bool                  // ARNs of stopped tasks of other deployments
	lines       map[string][]diagnose.Line
	attempts    map[string]int // by log key
}

func newCollector(o Options) *collector {
	return &collector{
		ecs: o.ECS, logs: o.Logs, cluster: o.Cluster, service: o.Service,
		definitions: map[string]*types.TaskDefinition{},
		tasks:       map[string]types.Task{}, passed: map[string]bool{}, lines: map[string][]diagnose.Line{}, attempts: map[string]int{},
	}
}

// gather looks for tasks of the deployment that have stopped since, and for their
// logs. The first error ends the round.
func (c *collector) gather(ctx context.Context, d types.Deployment) error {
	if id(&d) == "" {
		return nil
	}
	unknown, err := c.stopping(ctx)
	if err != nil {
		return err
	}
	for arns := range slices.Chunk(unknown, describedAtOnce) {
		out, err := c.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &c.cluster, Tasks: arns})
		if err != nil {
			return err
		}
		for _, t := range out.Tasks {
			// A service task's startedBy is its deployment.
			if aws.ToString(t.StartedBy) == id(&d) {
				c.tasks[aws.ToString(t.TaskArn)] = t
			} else {
				c.passed[aws.ToString(t.TaskArn)] = true
			}
		}
	}
	err = c.gatherDefinition(ctx, d)
	c.gatherLogs(ctx)
	return err
}

func (c *collector) gatherDefinition(ctx context.Context, d types.Deployment) error {
	arn := d.TaskDefinition
	if stopped := c.list(); arn == nil && len(stopped) > 0 {
		arn = stopped[0].TaskDefinitionArn
	}
	if c.definition != nil || arn == nil {
		return nil
	}
	definition, err := c.describe(ctx, arn)
	c.definition = definition
	return err
}

// describe reads a task definition, which never changes, once.
func (c *collector) describe(ctx context.Context, arn *string) (*types.TaskDefinition, error) {
	if d, known := c.definitions[aws.ToString(arn)]; known || arn == nil {
		return d, nil
	}
	out, err := c.ecs.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: arn})
	if err != nil {
		return nil, err
	}
	c.definitions[*arn] = out.TaskDefinition
	return out.TaskDefinition, nil
}

// stopping lists the service's tasks that are to stop and not yet known to have
// stopped. ("startedBy must be the only filter", so that the deployment's own are
// told apart later.)
func (c *collector) stopping(ctx context.Context) ([]string, error) {
	var unknown []string
	in := &ecs.ListTasksInput{Cluster: &c.cluster, ServiceName: &c.service, DesiredStatus: types.DesiredStatusStopped}
	for {
		out, err := c.ecs.ListTasks(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, arn := range out.TaskArns {
			if t, known := c.tasks[arn]; !c.passed[arn] && (!known || !isStopped(t)) {
				unknown = append(unknown, arn)
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return unknown, nil
		}
		in.NextToken = out.NextToken
	}
}

func isStopped(t types.Task) bool { return aws.ToString(t.LastStatus) == "STOPPED" }

// list gives the deployment's stopped tasks, the newest first.
func (c *collector) list() []types.Task {
	var all []types.Task
	for _, t := range c.tasks {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b types.Task) int {
		return cmp.Or(
			aws.ToTime(b.CreatedAt).Compare(aws.ToTime(a.CreatedAt)),
			cmp.Compare(aws.ToString(a.TaskArn), aws.ToString(b.TaskArn)))
	})
	return all
}

// gatherLogs reads the last lines of containers that ran, of the newest failed
// tasks.
func (c *collector) gatherLogs(ctx context.Context) {
	if c.logs == nil {
		return
	}
	read := 0
	for _, t := range c.list() {
		if !isStopped(t) || diagnose.Benign(t) {
			continue
		}
		if read++; read > logTasks {
			return
		}
		for _, k := range t.Containers {
			if k.ExitCode != nil {
				c.gatherLog(ctx, t, k)
			}
		}
	}
}

// gatherLog reads the end of one log. A group or stream that is missing, and a
// server that has no logs at all, is simply no evidence.
func (c *collector) gatherLog(ctx context.Context, t types.Task, k types.Container) {
	key := diagnose.LogKey(lastPart(aws.ToString(t.TaskArn)), aws.ToString(k.Name))
	group, stream, ok := c.logLocation(t, k)
	if !ok || len(c.lines[key]) > 0 || c.attempts[key] >= logAttempts {
		return
	}
	c.attempts[key]++
	out, err := c.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &group, LogStreamName: &stream, Limit: aws.Int32(logLines), StartFromHead: aws.Bool(false),
	})
	if err != nil {
		return
	}
	for _, e := range out.Events {
		for _, text := range strings.FieldsFunc(aws.ToString(e.Message), isLineEnd) {
			c.lines[key] = append(c.lines[key], diagnose.Line{At: time.UnixMilli(aws.ToInt64(e.Timestamp)), Text: text})
		}
	}
}

func isLineEnd(r rune) bool { return r == '\n' || r == '\r' }

// logLocation tells where a container's log is: where its awslogs options say
// ("stream prefix/container/task-id"; without a prefix the container's runtime
// id), else where Steady keeps logs by default, whatever the driver.
func (c *collector) logLocation(t types.Task, k types.Container) (group, stream string, ok bool) {
	task, name := lastPart(aws.ToString(t.TaskArn)), aws.ToString(k.Name)
	if l := c.logConfiguration(name); l != nil && l.LogDriver == types.LogDriverAwslogs && l.Options["awslogs-group"] != "" {
		group = l.Options["awslogs-group"]
		if prefix := l.Options["awslogs-stream-prefix"]; prefix != "" {
			return group, prefix + "/" + name + "/" + task, true
		}
		return group, aws.ToString(k.RuntimeId), k.RuntimeId != nil
	}
	family, _, _ := strings.Cut(lastPart(aws.ToString(t.TaskDefinitionArn)), ":")
	return "/steady/" + lastPart(c.cluster), family + "/" + name + "/" + task, true
}

func (c *collector) logConfiguration(container string) *types.LogConfiguration {
	if c.definition == nil {
		return nil
	}
	for _, d := range c.definition.ContainerDefinitions {
		if aws.ToString(d.Name) == container {
			return d.LogConfiguration
		}
	}
	return nil
}

// explain asks for the causes behind what was gathered about a deployment of s.
// Events after until (the beginning of its roll-back; zero for none) are no longer
// about it.
func (c *collector) explain(s types.Service, d types.Deployment, since, until time.Time) []diagnose.Finding {
	e := diagnose.Evidence{Service: s, Deployment: id(&d), StoppedTasks: c.list(), Others: map[string]bool{}, Logs: c.lines}
	for arn := range c.passed {
		e.Others[lastPart(arn)] = true
	}
	if find(s, id(&d)) == nil && id(&d) != "" {
		e.Service.Deployments = append(slices.Clone(s.Deployments), d) // as it was last seen
	}
	for _, ev := range s.Events {
		at := aws.ToTime(ev.CreatedAt)
		if !since.IsZero() && !at.Before(since) && (until.IsZero() || !at.After(until)) {
			e.Events = append(e.Events, ev)
		}
	}
	if c.definition != nil {
		e.TaskDefinition = *c.definition
	}
	return diagnose.Explain(e)
}

func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
