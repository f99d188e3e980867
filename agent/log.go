package agent

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent/output"
	"steady/agent/supply"
	"steady/awslogs"
	"steady/model"
	"steady/runtime"
)

// collectedWithin is how long the end of a container waits for its last lines to be
// kept, so that who hears of the end finds them. After that they are kept in the
// background.
const collectedWithin = 2 * time.Second

// destination is where the output of a container goes.
type destination struct {
	stream  output.Stream
	options awslogs.Options
	given   bool  // it has the awslogs driver
	err     error // the options are of a definition from before they were checked
}

func (r *runner) destination(p *part) destination {
	options, given, err := awslogs.Of(p.definition)
	return destination{r.stream(p, options), options, given, err}
}

// openLog makes the log stream of a container with the awslogs driver that is about to
// start. Without its log group it cannot start; any other trouble is overcome while it
// runs. The stream of any other container is made with its first line.
func (r *runner) openLog(ctx context.Context, container string, d destination) error {
	switch {
	case r.agent.Output == nil:
		return nil
	case d.err != nil:
		return noLogDriver(d.err.Error())
	case !d.given:
		return nil
	}
	limit, cancel := context.WithTimeout(ctx, inspectLimit)
	defer cancel()
	if err := r.canLog(limit, d); err != nil {
		return noLogDriver(err.Error())
	}
	err := r.agent.Output.Open(limit, d.stream)
	if errors.Is(err, output.ErrNoGroup) {
		return noLogDriver("failed to create Cloudwatch log stream: ResourceNotFoundException: " + err.Error())
	}
	if err != nil && ctx.Err() == nil {
		r.log.Warn("open the log stream of a container, trying again while it runs", "container", container, "error", err)
	}
	return nil
}

// canLog tells why the execution role may not make a container's log stream. On Fargate
// that was asked before the container was made.
func (r *runner) canLog(ctx context.Context, d destination) error {
	t := r.current()
	if r.agent.Supply == nil || t.OnFargate() {
		return nil
	}
	return r.agent.Supply.CanLog(ctx, t, r.definition, supply.Log{Group: d.stream.Group, Stream: d.stream.Name, CreateGroup: d.stream.CreateGroup})
}

// blockingLog is what the engine keeps of a container with mode blocking: so much that a
// reader who is far behind, or away for a while, still finds it. The engine goes on
// writing where ECS's driver would have the container wait.
var blockingLog = map[string]string{"max-size": "512m", "max-file": "2"}

// engineLog is how the engine keeps what a container writes that Steady reads back.
func engineLog(c types.ContainerDefinition) runtime.Log {
	if o, given, err := awslogs.Of(c); err == nil && given && o.Blocking {
		return runtime.Log{Options: blockingLog}
	}
	return runtime.Log{}
}

// noLogDriver is why a container does not start, as Docker's awslogs driver would say.
func noLogDriver(detail string) error {
	return &runtime.Error{Name: "CannotStartContainerError", Detail: "Error response from daemon: failed to initialize logging driver: " + detail}
}

// collect begins to collect the output of a container, once for each time that it runs.
// Collectors of one container follow one another.
func (r *runner) collect(ctx context.Context, p *part) {
	if r.agent.Output == nil || p.collector != nil && p.collected == p.run || !readBack(p.definition) {
		return
	}
	d := r.destination(p)
	if d.err != nil {
		r.log.Warn("the log configuration of a running container is not valid", "container", p.name, "error", d.err)
	}
	var before <-chan struct{}
	if p.collector != nil {
		before = p.collector.Done()
	}
	p.collected = p.run
	p.collector = output.Collect(ctx, output.Config{
		Runtime: r.agent.Runtime, Sink: r.agent.Output, Container: p.id, Options: d.options,
		Stream: d.stream, Log: r.log.With("container", p.name), After: before,
	})
	r.agent.lines.follows(p.id, p.collector)
}

// stream is where the output of a container goes, with what its events have in common.
func (r *runner) stream(p *part, o awslogs.Options) output.Stream {
	return streamOf(r.current(), r.definition, p.observed.Name, p.id, o)
}

// streamOf is where the output of a task's container goes, with what its events have in
// common. The names are those that CloudWatch Logs gives to the entity of a log event, as
// far as it has any.
func streamOf(t *model.Task, d *model.TaskDefinition, container, id string, o awslogs.Options) output.Stream {
	group, name := o.Location(awslogs.Container{
		Cluster: t.Cluster, Family: d.Family, Name: container, Task: t.ID, RuntimeID: id,
	})
	about := map[string]string{
		"KeyAttributes.Type":               "Service",
		"KeyAttributes.Name":               t.Service,
		"KeyAttributes.Environment":        "ecs:" + t.Cluster,
		"Attributes.PlatformType":          "AWS::ECS",
		"Attributes.ECS.Cluster":           t.Cluster,
		"Attributes.ECS.Service":           t.Service,
		"Attributes.ECS.Task":              t.ID,
		"Attributes.ECS.Container":         container,
		"Attributes.ECS.ContainerInstance": t.Instance,
		"Attributes.ECS.TaskDefinition":    d.Ref().String(),
		"Attributes.ECS.Deployment":        t.Deployment,
	}
	if t.Service == "" {
		about["KeyAttributes.Name"] = d.Family
		delete(about, "Attributes.ECS.Service")
	}
	if t.Deployment == "" {
		delete(about, "Attributes.ECS.Deployment")
	}
	return output.Stream{Group: group, Name: name, CreateGroup: o.CreateGroup, Origin: id, Context: about}
}

// trail waits beside the runner until all that an ended container wrote is kept, but not
// for ever. That it has ended is told before: what replaces its task need not wait.
func (r *runner) trail(ctx context.Context, p *part) {
	if p.collector == nil || p.trailing {
		return
	}
	p.trailing = true
	done := p.collector.Done()
	r.aside(func() func() {
		select {
		case <-done:
		case <-time.After(collectedWithin):
			r.log.Warn("the last lines of a container are not in its log yet", "container", p.name)
		case <-ctx.Done():
		}
		return func() { p.trailing = false }
	})
}
