package agent

import (
	"context"
	"slices"

	"steady/model"
)

// Endpoints are where containers can ask about themselves.
type Endpoints struct {
	// Environment adds to the environment of a container where it can ask; nil adds
	// nothing.
	Environment func(t *model.Task, d *model.TaskDefinition, container string, own []string) []string
	// Reach makes them reachable from the network in which tasks in network mode awsvpc
	// have their addresses, which is there.
	Reach func(context.Context)
}

// Task is a task that the agent runs, as the fleet knows it.
func (a *Agent) Task(id string) (*model.Task, *model.TaskDefinition, bool) {
	a.mu.Lock()
	r, ok := a.runners[id]
	a.mu.Unlock()
	if !ok {
		return nil, nil, false
	}
	return r.known(), r.definition, true
}

// isMade notes the runtime's id of a container.
func (r *runner) isMade(container, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made == nil {
		r.made = map[string]string{}
	}
	r.made[container] = id
}

// known is the task as the fleet knows it, and which containers were made of late: one that
// asks as soon as it runs is not on record yet.
func (r *runner) known() *model.Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := *r.task
	t.Containers = slices.Clone(t.Containers)
	for i := range t.Containers {
		if c := &t.Containers[i]; c.RuntimeID == "" {
			c.RuntimeID = r.made[c.Name]
		}
	}
	return &t
}

// TaskAt is the task whose own network interface has an address.
func (a *Agent) TaskAt(address string) (*model.Task, *model.TaskDefinition, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.runners {
		t := r.current()
		for _, n := range t.Attachments {
			if n.Address == address && address != "" {
				return r.known(), r.definition, true
			}
		}
	}
	return nil, nil, false
}

// Settled tells whether the agent knows all its tasks, and how they are.
func (a *Agent) Settled() bool {
	select {
	case <-a.taken:
		return true
	default:
		return false
	}
}
