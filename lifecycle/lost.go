package lifecycle

import (
	"slices"
	"time"

	"steady/model"
)

// ReasonDeregistered is the stoppedReason of a task whose container instance was
// deregistered by force.
const ReasonDeregistered = "Container instance deregistration forced by user"

// Lost ends a task that nobody will observe any more, since its container instance
// is gone: "orphaned, no longer monitored or accounted for". A decision to stop that
// was made before stands; code is empty where ECS tells none.
func Lost(t *model.Task, code model.StopCode, reason string, now time.Time) *model.Task {
	if !t.Live() {
		return t
	}
	n := *t
	if !t.StopDecided() {
		n.Desired, n.StopCode, n.StoppedReason = model.Stopped, code, reason
	}
	n.Containers = slices.Clone(n.Containers)
	for i := range n.Containers {
		n.Containers[i].Last = model.Stopped
	}
	advance(&n, model.Stopped, now)
	n.Version++
	return &n
}
