// Package lifecycle is the task state machine: what a decision to stop and what an
// agent's observation make of a task's record, with the stop codes and reasons in
// ECS's words. It never does I/O and never reads a clock.
package lifecycle

import (
	"slices"
	"time"

	"steady/model"
)

// Texts of stoppedReason, as ECS words them.
const (
	ReasonEssentialExited = "Essential container in task exited"
	ReasonStoppedByUser   = "Task stopped by user"
	ReasonFailedToStart   = "Task failed to start"
	ReasonUnhealthy       = "Task failed container health checks"
	// ReasonDraining is ours; Amazon's text is known only to contain its end.
	ReasonDraining = "Service task stopped: container instance is in DRAINING state"
)

// ReasonScaling is the text for a task that its service's deployment stops, both
// when it scales in and when it replaces a revision.
func ReasonScaling(deployment string) string {
	return "Scaling activity initiated by (deployment " + deployment + ")"
}

// Stop decides that the task shall end. "desiredStatus flips to STOPPED at the
// moment of decision, while lastStatus still says RUNNING." The first decision
// stands: a task that is to stop already is returned as it is.
func Stop(t *model.Task, code model.StopCode, reason string, now time.Time) *model.Task {
	if t.StopDecided() {
		return t
	}
	n := *t
	n.Desired = model.Stopped
	n.StopCode = code
	n.StoppedReason = reason
	n.Version++
	return &n
}

// Observe applies what an agent saw. It returns the task itself when that says
// nothing new: an observation may come twice, or late, and a task only moves
// forward.
func Observe(t *model.Task, o model.Observation, now time.Time) *model.Task {
	if !t.Live() {
		return t
	}
	n := *t
	told, kept := observeContainers(&n, o.Containers)
	kept = observeHealth(&n, now) || kept
	told = observeAttachments(&n, o.Attachments) || told
	told = observeTimes(&n, o) || told
	told = observeEnd(&n, o) || told
	told = advance(&n, o.Status, now) || told
	switch {
	case told:
		n.Version++ // "+1 per change that makes an event"
	case !kept:
		return t
	}
	return &n
}

// observeContainers merges what was seen of each container. It tells whether anything
// changed that ECS tells of, and anything else that is kept.
func observeContainers(n *model.Task, seen []model.Container) (told, kept bool) {
	n.Containers = slices.Clone(n.Containers)
	for _, s := range seen {
		i := slices.IndexFunc(n.Containers, func(c model.Container) bool { return c.Name == s.Name })
		if i < 0 {
			continue
		}
		told = mergeContainer(&n.Containers[i], s) || told
		kept = mergeKept(&n.Containers[i], s) || kept
	}
	return told, kept
}

// mergeContainer takes over what was seen; what an observation leaves out stays.
func mergeContainer(c *model.Container, s model.Container) bool {
	changed := false
	if c.Last != s.Last && (s.Last == model.Stopped || model.CanBecome(c.Last, s.Last)) {
		c.Last, changed = s.Last, true
	}
	take := func(into *string, v string) {
		if v != "" && v != *into {
			*into, changed = v, true
		}
	}
	take(&c.RuntimeID, s.RuntimeID)
	take(&c.Digest, s.Digest)
	take(&c.Reason, s.Reason)
	take(&c.Address, s.Address)
	take(&c.MAC, s.MAC)
	if s.Exit.Known && c.Exit != s.Exit {
		c.Exit, changed = s.Exit, true
	}
	if len(s.Bindings) > 0 && !slices.Equal(c.Bindings, s.Bindings) {
		c.Bindings, changed = s.Bindings, true
	}
	return changed
}

// mergeKept takes over what no event tells. What health checks say: "task health is not a
// part of the event"; and how often the container was started again.
func mergeKept(c *model.Container, s model.Container) bool {
	before := *c
	if s.Health != "" {
		c.Health = s.Health
	}
	c.RestartCount = max(c.RestartCount, s.RestartCount)
	return c.Health != before.Health || c.RestartCount != before.RestartCount
}

// observeTimes takes over times that only the agent knows; the first word counts.
func observeTimes(n *model.Task, o model.Observation) bool {
	changed := false
	take := func(into *time.Time, v time.Time) {
		if into.IsZero() && !v.IsZero() {
			*into, changed = v, true
		}
	}
	take(&n.PullStartedAt, o.PullStartedAt)
	take(&n.PullStoppedAt, o.PullStoppedAt)
	take(&n.ExecutionStoppedAt, o.ExecutionStoppedAt)
	return changed
}

// observeEnd decides that the task shall end when its containers ended by
// themselves. "Task desired becomes STOPPED when any essential container stops."
func observeEnd(n *model.Task, o model.Observation) bool {
	if n.StopDecided() {
		return false
	}
	code, reason := endOf(n, o)
	if code == "" {
		return false
	}
	n.Desired = model.Stopped
	n.StopCode = code
	n.StoppedReason = reason
	return true
}

// endOf tells why a task that nobody stopped is over, or "" when it is not.
func endOf(n *model.Task, o model.Observation) (model.StopCode, string) {
	if c := failedStart(n); c != nil && !n.Ran() {
		// "For start failures they are also the task's stoppedReason;
		// TaskFailedToStart if startedAt was never set."
		return model.TaskFailedToStart, c.Reason
	}
	switch {
	case o.Failed != "" && n.Ran():
		return model.EssentialContainerExited, o.Failed
	case o.Failed != "":
		return model.TaskFailedToStart, o.Failed
	}
	for _, c := range n.Containers {
		if c.Essential && c.Last == model.Stopped {
			return model.EssentialContainerExited, ReasonEssentialExited
		}
	}
	if o.Status == model.Stopped {
		return model.TaskFailedToStart, ReasonFailedToStart
	}
	return "", ""
}

// failedStart finds an essential container that ended without having been started; its
// reason says why.
func failedStart(n *model.Task) *model.Container {
	for i, c := range n.Containers {
		if c.Essential && c.Last == model.Stopped && !c.Started() && c.Reason != "" {
			return &n.Containers[i]
		}
	}
	return nil
}

// advance moves the task's own state forward, with the times that go with it.
func advance(n *model.Task, to model.TaskStatus, now time.Time) bool {
	if !model.CanBecome(n.Last, to) {
		return false
	}
	n.Last = to
	if n.ConnectivityAt.IsZero() && to != model.Stopped {
		n.ConnectivityAt = now
	}
	switch to {
	case model.Running:
		n.StartedAt = now
	case model.Stopping:
		n.StoppingAt = now
	case model.Stopped:
		if n.Ran() && n.StoppingAt.IsZero() {
			n.StoppingAt = now
		}
		if n.ExecutionStoppedAt.IsZero() && n.Ran() {
			n.ExecutionStoppedAt = now
		}
		n.StoppedAt = now
	}
	return true
}
