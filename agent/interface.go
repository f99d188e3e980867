package agent

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"steady/model"
	"steady/runtime"
)

// ownInterface is the network interface of a task in network mode awsvpc. A container that
// does nothing holds it, as with the ECS agent: it has a network namespace with an address
// of its own, which the task's containers join. It is a resource of the task, and no
// container of it.
type ownInterface struct {
	runner *runner

	mu     sync.Mutex
	holder string // id of the container that holds it; empty before that is made

	// Only the runner's goroutine touches what follows.
	seen    model.Attachment
	begun   bool // containers of the task were made: it cannot have another interface
	leaving bool // it is being taken away
	lost    bool // it is gone, though it was not taken away
	looking bool
	again   bool // it is to be looked at once more
}

// holderName is the name that the ECS agent gives the container.
const holderName = "~internal~ecs~pause"

func newInterface(r *runner) *ownInterface {
	n := &ownInterface{runner: r}
	if a := r.task.Attachments; len(a) > 0 {
		n.seen = a[0]
	}
	return n
}

func (n *ownInterface) resource() resource {
	return resource{name: "network interface", make: n.make, giveBack: n.giveBack}
}

func (n *ownInterface) heldBy() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.holder
}

func (n *ownInterface) setHolder(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.holder = id
}

// make makes the interface, or finds it again after a restart of the agent.
func (n *ownInterface) make(ctx context.Context) error {
	err := n.attach(ctx)
	if err == nil || ctx.Err() != nil || is(err, runtime.Unavailable) {
		return err
	}
	return n.failed(err)
}

// attach takes the interface from where it is to where it has an address.
func (n *ownInterface) attach(ctx context.Context) error {
	rt, id := n.runner.agent.Runtime, n.heldBy()
	state := runtime.Exited
	if id != "" {
		c, err := n.inspect(ctx, id)
		if err != nil && !is(err, runtime.NotFound) {
			return err
		}
		if err == nil {
			state = c.State
		}
	}
	switch {
	case state == runtime.Exited && n.begun:
		n.note(func() { n.lose("its container has ended") })
		return nil
	case state == runtime.Exited:
		if id != "" {
			if err := rt.Remove(ctx, id); err != nil {
				return err
			}
		}
		var err error
		if id, err = n.create(ctx); err != nil {
			return err
		}
	}
	n.setHolder(id)
	n.runner.agent.know(id, n.runner)
	n.note(func() { n.is(model.AttachmentCreated, runtime.Container{}) })
	return n.start(ctx, id, state)
}

func (n *ownInterface) create(ctx context.Context) (id string, err error) {
	a := n.runner.agent
	image, err := a.PauseImage(ctx)
	if err != nil {
		return "", err
	}
	if err := a.Runtime.CreateNetwork(ctx, a.Network, map[string]string{LabelInstallation: a.Installation}); err != nil {
		return "", err
	}
	if a.Endpoints.Reach != nil {
		a.Endpoints.Reach(ctx)
	}
	return a.create(ctx, a.holderSpec(n.runner.current(), n.runner.definition, image))
}

// start starts the container, unless it runs, and looks at what address it has.
func (n *ownInterface) start(ctx context.Context, id string, state runtime.State) error {
	if state != runtime.Running {
		n.note(func() { n.is(model.AttachmentAttaching, runtime.Container{}) })
		err := limited(ctx, startLimit, "started", func(ctx context.Context) error {
			return n.runner.agent.Runtime.Start(ctx, id)
		})
		if err != nil {
			return err
		}
	}
	c, err := n.inspect(ctx, id)
	switch {
	case err != nil:
		return err
	case c.Address == "":
		return fmt.Errorf("container %s has no address in network %s: %s", c.Name, n.runner.agent.Network, cut(c.Error))
	}
	n.note(func() { n.is(model.AttachmentAttached, c) })
	return nil
}

func (n *ownInterface) inspect(ctx context.Context, id string) (runtime.Container, error) {
	limit, cancel := context.WithTimeout(ctx, inspectLimit)
	defer cancel()
	return n.runner.agent.Runtime.Inspect(limit, id)
}

// failed words why the interface cannot be made, as ECS does.
func (n *ownInterface) failed(err error) error {
	n.note(func() { n.is(model.AttachmentFailed, runtime.Container{}) })
	switch {
	case timedOut(err):
		return stopReason("Timeout waiting for network interface provisioning to complete.")
	case strings.Contains(err.Error(), "no available IPv4 addresses"):
		return stopReason("Unexpected EC2 error while attempting to Create Network Interface in subnet '" + n.subnet() + "': InsufficientFreeAddressesInSubnet")
	}
	return stopReason("ResourceInitializationError: failed to configure ENI: failed to setup regular eni: " + err.Error())
}

func (n *ownInterface) subnet() string {
	for _, a := range n.runner.current().Attachments {
		return a.Subnet
	}
	return ""
}

// stopReason is an error that has ECS's words for why a task stopped.
type stopReason string

func (s stopReason) Error() string { return string(s) }

// giveBack takes the interface away. That may be repeated.
func (n *ownInterface) giveBack(ctx context.Context) error {
	rt, id := n.runner.agent.Runtime, n.heldBy()
	if id != "" {
		n.note(func() { n.is(model.AttachmentDetaching, runtime.Container{}) })
		if err := rt.Stop(ctx, id, time.Second); err != nil && !is(err, runtime.NotFound) {
			return err
		}
		n.note(func() { n.is(model.AttachmentDetached, runtime.Container{}) })
		if err := rt.Remove(ctx, id); err != nil {
			return err
		}
	}
	n.note(func() { n.is(model.AttachmentDeleted, runtime.Container{}) })
	return nil
}

// note hands the runner what was seen.
func (n *ownInterface) note(what func()) { n.runner.done <- what }

// is notes a state of the interface, and of the container that holds it what is known.
func (n *ownInterface) is(status model.AttachmentStatus, c runtime.Container) {
	if n.seen.Status.CanBecome(status) {
		n.seen.Status = status
	}
	if id := n.heldBy(); id != "" {
		n.seen.Interface, n.seen.Holder = model.InterfaceID(n.seen.ID), id
	}
	if c.Address != "" {
		n.seen.Address, n.seen.MAC = c.Address, c.MAC
		n.seen.PrivateDNSName = privateDNSName(n.runner.agent.Realm.Region, c.Address)
	}
	n.runner.report.Attachments = []model.Attachment{n.seen}
}

// privateDNSName is the name that Amazon gives an address.
func privateDNSName(region, address string) string {
	name := "ip-" + strings.ReplaceAll(address, ".", "-")
	if region == "us-east-1" {
		return name + ".ec2.internal"
	}
	return name + "." + region + ".compute.internal"
}
