package agent

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"steady/agent/output"
	"steady/awslogs"
	"steady/fleet"
	"steady/model"
	"steady/runtime"
)

const (
	// collectedAtOnce is how many containers without a runner have their last lines
	// collected at the same time. Each takes as much memory as a buffer.
	collectedAtOnce = 4
	// lastBuffer is the most that waits for the sink of each.
	lastBuffer = 2 << 20
)

// lastLines sees to it that what a container wrote is kept before it is removed: also what
// a former run of Steady had not come to, whose task nobody has a runner for any more.
type lastLines struct {
	runtime runtime.Runtime
	fleet   *fleet.Fleet
	sink    output.Sink // nil leaves all to the runtime
	log     *slog.Logger
	places  chan struct{} // of those that are collected at the same time

	mu   sync.Mutex
	done map[string]<-chan struct{} // closed once a container's lines are kept or given up, by its id
	wg   sync.WaitGroup
}

func newLastLines(rt runtime.Runtime, f *fleet.Fleet, sink output.Sink, log *slog.Logger) *lastLines {
	return &lastLines{
		runtime: rt, fleet: f, sink: sink, log: log,
		places: make(chan struct{}, collectedAtOnce), done: map[string]<-chan struct{}{},
	}
}

// follows notes the collector of a container that a runner has, of its newest run.
func (l *lastLines) follows(container string, c *output.Collector) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[container] = c.Done()
	l.wg.Go(func() { <-c.Done() })
}

// collect begins to collect what containers without a runner wrote, where nobody has in
// this run of Steady. One that runs still is followed to its end.
func (l *lastLines) collect(ctx context.Context, containers []runtime.Container) {
	if l.sink == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range containers {
		if c.State == runtime.Created || holdsOnly(c) || l.done[c.ID] != nil {
			continue
		}
		done := make(chan struct{})
		l.done[c.ID] = done
		l.wg.Go(func() {
			defer close(done)
			l.collectOne(ctx, c)
		})
	}
}

func (l *lastLines) collectOne(ctx context.Context, c runtime.Container) {
	select {
	case l.places <- struct{}{}:
		defer func() { <-l.places }()
	case <-ctx.Done():
		return
	}
	config, ok := l.config(c)
	if !ok || l.isKept(ctx, c, &config.Stream) {
		return
	}
	config.Log.Info("collecting the last lines of a container whose task is over")
	<-output.Collect(ctx, config).Done()
}

// config is how the output of a container is collected that no runner has, and whether it
// can be. It is nobody's loss if the engine waits, so that nothing is dropped.
func (l *lastLines) config(c runtime.Container) (output.Config, bool) {
	t, d := l.ownerOf(c)
	name := c.Labels[labelContainer]
	definition, known := d.Container(name)
	log := l.log.With("task", t.ID, "container", name)
	if !readBack(definition) {
		return output.Config{}, false
	}
	options, _, err := awslogs.Of(definition)
	if err != nil {
		log.Warn("the log configuration of a container that has ended is not valid", "error", err)
	}
	stream := streamOf(t, d, name, c.ID, options)
	if !known {
		log.Warn("the task definition of a container that has ended is gone: its last lines go to the default log group of its cluster", "taskDefinition", t.TaskDefinition.String(), "group", stream.Group)
	}
	options.Blocking, options.BufferBytes = true, min(options.BufferBytes, lastBuffer)
	return output.Config{Runtime: l.runtime, Sink: l.sink, Container: c.ID, Options: options, Stream: stream, Log: log}, true
}

// ownerOf is the task of a container, and its definition, as they are on record, or else
// as far as the container's labels tell.
func (l *lastLines) ownerOf(c runtime.Container) (*model.Task, *model.TaskDefinition) {
	revision, _ := strconv.Atoi(c.Labels[labelRevision])
	ref := model.TaskDefinitionRef{Family: c.Labels[labelFamily], Revision: revision}
	t, d := l.fleet.Recall(c.Labels[labelTask], ref)
	if t == nil {
		t = &model.Task{ID: c.Labels[labelTask], Cluster: c.Labels[labelCluster], Instance: c.Labels[LabelInstance], TaskDefinition: ref}
		t.Service, _ = strings.CutPrefix(c.Labels[labelGroup], "service:")
	}
	if d == nil {
		d = &model.TaskDefinition{Family: ref.Family, Revision: ref.Revision}
	}
	return t, d
}

// isKept tells whether all that a container wrote is kept already. What the stream's
// events have in common is left as it is where there are any: it may be known better.
func (l *lastLines) isKept(ctx context.Context, c runtime.Container, s *output.Stream) bool {
	limit, cancel := context.WithTimeout(ctx, inspectLimit)
	defer cancel()
	through, err := l.sink.Kept(limit, c.ID)
	if err != nil {
		return false
	}
	if through > 0 {
		s.Context = nil
	}
	if c.State != runtime.Exited {
		return false
	}
	last, err := l.runtime.Tail(limit, c.ID, 1)
	if err != nil {
		return false
	}
	return len(last) == 0 || through > 0 && !last[0].At.After(time.Unix(0, int64(through)))
}

// over tells whether nothing more of a container will be collected. It waits for that, but
// not for long.
func (l *lastLines) over(ctx context.Context, container string) bool {
	l.mu.Lock()
	done := l.done[container]
	l.mu.Unlock()
	if done != nil {
		limit := time.NewTimer(collectedWithin)
		defer limit.Stop()
		select {
		case <-done:
		case <-limit.C:
			return false
		}
	}
	return ctx.Err() == nil // else it is over for this run only
}

// forget tells the logs that a container is gone, and nothing of it will come again. If
// it cannot, they go on knowing it, which costs them a few bytes.
func (l *lastLines) forget(ctx context.Context, container string) {
	l.mu.Lock()
	delete(l.done, container)
	l.mu.Unlock()
	if l.sink == nil {
		return
	}
	if err := l.sink.Forget(ctx, container); err != nil && ctx.Err() == nil {
		l.log.Warn("the logs go on knowing a container that is gone", "container", container, "error", err)
	}
}
