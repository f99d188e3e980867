package evidence

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"steady/awslogs"
	"steady/diagnose"
)

// gatherLogs reads the last lines of containers that ran and have ended, of the newest
// failed tasks: another container of theirs may take long to stop.
func (c *Collector) gatherLogs(ctx context.Context) {
	if c.logs == nil {
		return
	}
	read := 0
	for _, t := range c.Stopped() {
		if diagnose.Benign(t) || !slices.ContainsFunc(t.Containers, hasEnded) {
			continue
		}
		if read++; read > logTasks {
			return
		}
		for _, k := range t.Containers {
			if hasEnded(k) {
				c.gatherLog(ctx, t, k)
			}
		}
	}
}

func hasEnded(k types.Container) bool { return k.ExitCode != nil }

// gatherLog reads the end of one log, which is then known, if only to be empty. A group
// or stream that is missing, and a server that has no logs at all, is simply no evidence;
// any other refusal is told.
func (c *Collector) gatherLog(ctx context.Context, t types.Task, k types.Container) {
	key := diagnose.LogKey(lastPart(aws.ToString(t.TaskArn)), aws.ToString(k.Name))
	group, stream, ok := c.logLocation(t, k)
	if !ok || len(c.lines[key]) > 0 || c.attempts[key] >= logAttempts {
		return
	}
	c.attempts[key]++
	out, err := c.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &group, LogStreamName: &stream, Limit: aws.Int32(logLines), StartFromHead: aws.Bool(false),
	})
	delete(c.refused, key)
	if err != nil && !noSuchLog(err) {
		c.refused[key] = strings.TrimSuffix(short(err), ".")
		return
	}
	c.lines[key] = []diagnose.Line{}
	if err != nil {
		return
	}
	for _, e := range out.Events {
		for _, text := range strings.FieldsFunc(aws.ToString(e.Message), isLineEnd) {
			c.lines[key] = append(c.lines[key], diagnose.Line{At: time.UnixMilli(aws.ToInt64(e.Timestamp)), Text: text})
		}
	}
}

func noSuchLog(err error) bool {
	var said smithy.APIError
	return errors.As(err, &said) && slices.Contains([]string{"ResourceNotFoundException", "UnknownOperationException"}, said.ErrorCode())
}

func isLineEnd(r rune) bool { return r == '\n' || r == '\r' }

// logLocation tells where a container's log is: where its awslogs options say, else
// where Steady keeps logs by default, whatever the driver.
func (c *Collector) logLocation(t types.Task, k types.Container) (group, stream string, ok bool) {
	name := aws.ToString(k.Name)
	var o awslogs.Options
	if l := c.logConfiguration(name); l != nil && l.LogDriver == types.LogDriverAwslogs && l.Options["awslogs-group"] != "" {
		o.Group, o.StreamPrefix = l.Options["awslogs-group"], l.Options["awslogs-stream-prefix"]
	}
	family, _, _ := strings.Cut(lastPart(aws.ToString(t.TaskDefinitionArn)), ":")
	group, stream = o.Location(awslogs.Container{Cluster: lastPart(c.cluster), Family: family, Name: name,
		Task: lastPart(aws.ToString(t.TaskArn)), RuntimeID: aws.ToString(k.RuntimeId)})
	return group, stream, stream != ""
}

func (c *Collector) logConfiguration(container string) *types.LogConfiguration {
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
