package agent

import (
	"context"

	"steady/model"
	"steady/runtime"
)

// takeUp notes what a former run of the agent has come to.
func (n *ownInterface) takeUp() {
	for i := range n.runner.parts {
		p := &n.runner.parts[i]
		n.begun = n.begun || p.id != "" || p.observed.RuntimeID != ""
	}
}

// status is the task's as far as its interface is concerned, empty where that is neither
// being made nor taken away.
func (n *ownInterface) status() model.TaskStatus {
	switch {
	case n == nil:
		return ""
	case n.leaving:
		return model.Deprovisioning
	case n.seen.Address == "" && !n.begun:
		return model.Provisioning
	}
	return ""
}

// lookAgain looks whether the interface is there. Without it the task's containers are cut
// off: the task is over. Where they have ended as well, as they do with the engine, their
// end is what is told.
func (n *ownInterface) lookAgain(ctx context.Context) {
	switch {
	case n == nil || n.leaving || n.lost || n.seen.Status != model.AttachmentAttached:
		return
	case n.looking:
		n.again = true
		return
	}
	n.looking, n.again = true, false
	id, others := n.heldBy(), n.others()
	n.runner.aside(func() func() {
		gone, detail := n.gone(ctx, id)
		for _, other := range others {
			c, err := n.inspect(ctx, other)
			gone = gone && err == nil && c.State == runtime.Running
		}
		return func() {
			n.looking = false
			if gone && !n.leaving {
				n.lose(detail)
			}
			if n.again {
				n.lookAgain(ctx)
			}
		}
	})
}

// others are the containers that run in the interface's network.
func (n *ownInterface) others() []string {
	var ids []string
	for i := range n.runner.parts {
		if p := &n.runner.parts[i]; p.progress == running {
			ids = append(ids, p.id)
		}
	}
	return ids
}

func (n *ownInterface) gone(ctx context.Context, id string) (gone bool, detail string) {
	c, err := n.inspect(ctx, id)
	switch {
	case is(err, runtime.NotFound):
		return true, "its container was removed"
	case err == nil && c.State == runtime.Exited:
		return true, "its container has ended"
	}
	return false, ""
}

// lose ends the task.
func (n *ownInterface) lose(detail string) {
	if n.lost || n.leaving {
		return
	}
	n.lost = true
	lost := &runtime.Error{Name: "ContainerNetworkingError", Detail: "the network interface " + n.seen.Interface + " of the task is gone: " + detail}
	n.runner.log.Warn("a task has lost its network interface", "interface", n.seen.Interface, "detail", detail)
	if !n.runner.shallStop() {
		n.runner.report.Failed = lost.Error()
	}
}
