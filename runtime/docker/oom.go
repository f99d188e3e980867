package docker

import (
	"context"
	"strconv"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"

	"steady/runtime"
)

const (
	killed = 128 + 9 // exit code of a process that SIGKILL ended
	// oomComesWithin is how long after a container's death the engine may take to
	// notice that it was out of memory. It tells of the death first and does not
	// mend State.OOMKilled afterwards: 53 ms were seen where there was little to do, and
	// more than 500 where there was much. Only who kills a container past the engine
	// makes it wait so long.
	oomComesWithin = 2 * time.Second
	// oomLooksBack bounds how old a death may be whose events are asked for.
	oomLooksBack = time.Minute
)

// outOfMemory tells whether a container that has just been killed was out of memory,
// where its description does not say so yet: it asks for the events about it, and
// waits for late ones unless somebody is known to have killed it.
func (r *Runtime) outOfMemory(ctx context.Context, in container.InspectResponse, c runtime.Container) bool {
	if c.State != runtime.Exited || c.ExitCode != killed || c.OOMKilled ||
		in.HostConfig == nil || in.HostConfig.Memory == 0 || time.Since(c.FinishedAt) > oomLooksBack {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 2*oomComesWithin)
	defer cancel()
	filters := make(client.Filters).Add("container", c.ID).Add("event", string(events.ActionOOM), string(events.ActionKill))
	stream := r.engine.Events(ctx, client.EventsListOptions{
		Since: timestamp(c.FinishedAt.Add(-oomLooksBack)), Until: timestamp(c.FinishedAt.Add(oomComesWithin)), Filters: filters,
	})
	for {
		select {
		case m := <-stream.Messages:
			return m.Action == events.ActionOOM
		case <-stream.Err: // the end of the time asked for, too
			return false
		}
	}
}

// timestamp is a time as the engine's events API takes it.
func timestamp(t time.Time) string {
	return strconv.FormatInt(t.Unix(), 10) + "." + nanoseconds(t)
}
