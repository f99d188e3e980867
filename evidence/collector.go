package evidence

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
)

// Limits of what is read at once.
const (
	describedAtOnce = 100 // tasks per DescribeTasks, the API's limit
	logLines        = 20  // read from the end of a log stream
	logTasks        = 5   // newest failed tasks whose logs are read
	logAttempts     = 3   // at an empty log stream: lines may come late
)

// Collector gathers the evidence about one deployment and keeps it: stopped tasks
// vanish from the API after an hour. What cannot be read is no evidence, and is
// tried again with the next round. It must not be used from several goroutines.
type Collector struct {
	ecs     ECS
	logs    Logs
	cluster string
	service string

	definition  *types.TaskDefinition            // of the watched deployment
	definitions map[string]*types.TaskDefinition // by ARN
	tasks       map[string]types.Task            // the deployment's tasks that are to stop, by ARN
	passed      map[string]bool                  // ARNs of stopped tasks of other deployments
	lines       map[string][]diagnose.Line
	refused     map[string]string // why a log could not be read, by log key
	attempts    map[string]int    // by log key
}

// NewCollector makes a collector for deployments of a service; logs may be nil.
func NewCollector(api ECS, logs Logs, cluster, service string) *Collector {
	return &Collector{
		ecs: api, logs: logs, cluster: cluster, service: service,
		definitions: map[string]*types.TaskDefinition{},
		tasks:       map[string]types.Task{}, passed: map[string]bool{}, lines: map[string][]diagnose.Line{}, refused: map[string]string{}, attempts: map[string]int{},
	}
}

// Gather looks for tasks of the deployment that have stopped since, and for their
// logs. The first error ends the round.
func (c *Collector) Gather(ctx context.Context, d types.Deployment) error {
	if aws.ToString(d.Id) == "" {
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
			if aws.ToString(t.StartedBy) == aws.ToString(d.Id) {
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

func (c *Collector) gatherDefinition(ctx context.Context, d types.Deployment) error {
	arn := d.TaskDefinition
	if stopped := c.Stopped(); arn == nil && len(stopped) > 0 {
		arn = stopped[0].TaskDefinitionArn
	}
	if c.definition != nil || arn == nil {
		return nil
	}
	definition, err := c.Describe(ctx, arn)
	c.definition = definition
	return err
}

// Describe reads a task definition, which never changes, once; nil without an ARN.
func (c *Collector) Describe(ctx context.Context, arn *string) (*types.TaskDefinition, error) {
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
func (c *Collector) stopping(ctx context.Context) ([]string, error) {
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

// Known gives a task definition that was described before, else nil.
func (c *Collector) Known(arn *string) *types.TaskDefinition { return c.definitions[aws.ToString(arn)] }

// Stopped gives the deployment's tasks that were to stop, the newest first.
func (c *Collector) Stopped() []types.Task {
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

// Evidence is what was gathered about a deployment of s. Events before since are not
// about it (all, where that is zero), nor are those after until, the beginning of its
// roll-back (zero: there is none).
func (c *Collector) Evidence(s types.Service, d types.Deployment, since, until time.Time) diagnose.Evidence {
	e := diagnose.Evidence{Service: s, Deployment: aws.ToString(d.Id), StoppedTasks: c.Stopped(), Others: map[string]bool{}, Logs: c.lines, Unread: c.refused}
	for arn := range c.passed {
		e.Others[lastPart(arn)] = true
	}
	if e.Deployment != "" && !slices.ContainsFunc(s.Deployments, func(o types.Deployment) bool { return aws.ToString(o.Id) == e.Deployment }) {
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
	return e
}

// lastPart is what stands behind the last slash: the id or name in an ARN.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
