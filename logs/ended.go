package logs

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// This file is what stands in for the output of containers until it reaches the
// archive: the last lines of ended containers, which the state keeps.

const defaultGroups = "/steady/"

// ended finds the last lines of an ended container by its stream.
func (a *API) ended(group, stream string) (events []event, found bool) {
	s := a.store.Snapshot()
	for t := range candidates(s, stream) {
		for i := range t.Containers {
			c := &t.Containers[i]
			if g, name := location(s, t, c); g != group || name != stream || name == "" {
				continue
			}
			for i, l := range c.LogTail {
				events = append(events, event{at: place{l.At.UnixMilli(), uint64(i + 1)}, message: l.Text, ingested: l.At.UnixMilli()})
			}
			return events, true
		}
	}
	return nil, false
}

// last are the newest of the events, newest first.
func last(events []event, limit int) (newest []event) {
	for i := len(events) - 1; i >= 0 && len(newest) < limit; i-- {
		newest = append(newest, events[i])
	}
	return newest
}

// candidates yields the tasks that a stream of that name may belong to: most names
// end with the task's id.
func candidates(s *state.Snapshot, stream string) func(func(*model.Task) bool) {
	if t, ok := s.Task(stream[strings.LastIndexByte(stream, '/')+1:]); ok {
		return func(yield func(*model.Task) bool) { yield(t) }
	}
	return s.Tasks()
}

// location is the group and the stream of a container.
func location(s *state.Snapshot, t *model.Task, c *model.Container) (group, stream string) {
	options := awslogs(s, t.TaskDefinition, c.Name)
	group = options["awslogs-group"]
	if group == "" {
		return defaultGroups + t.Cluster, t.TaskDefinition.Family + "/" + c.Name + "/" + t.ID
	}
	if prefix := options["awslogs-stream-prefix"]; prefix != "" {
		return group, prefix + "/" + c.Name + "/" + t.ID
	}
	return group, c.RuntimeID
}

// awslogs are the options of the container's awslogs log driver, if it has that.
func awslogs(s *state.Snapshot, ref model.TaskDefinitionRef, container string) map[string]string {
	d, ok := s.TaskDefinition(ref)
	if !ok {
		return nil
	}
	c, _ := d.Container(container)
	return options(c)
}

func options(c types.ContainerDefinition) map[string]string {
	if c.LogConfiguration == nil || c.LogConfiguration.LogDriver != types.LogDriverAwslogs {
		return nil
	}
	return c.LogConfiguration.Options
}
