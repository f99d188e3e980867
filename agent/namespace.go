package agent

import (
	"context"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
)

// namespaceHolder is the name that the ECS agent gives the container which holds what the
// containers of a task share with pidMode task or ipcMode task. It does nothing, runs as
// long as the task, and is no container of it.
const namespaceHolder = "~internal~ecs~pause-namespace"

// holdsOnly tells whether a container is none of its task, but holds what that shares.
func holdsOnly(c runtime.Container) bool {
	name := c.Labels[labelContainer]
	return name == holderName || name == namespaceHolder
}

// sharesNamespaces tells whether the containers of a task share their processes or IPC.
func sharesNamespaces(d *model.TaskDefinition) bool {
	return d.Spec.PidMode == types.PidModeTask || d.Spec.IpcMode == types.IpcModeTask
}

// heldBy is how the runtime is told to join what the holder holds.
func heldBy(t *model.Task, d *model.TaskDefinition) string {
	return "container:" + containerName(t, d, "internalecspausenamespace")
}

// namespaces are what the containers of a task share with each other or their machine.
func namespaces(t *model.Task, d *model.TaskDefinition) runtime.Namespaces {
	var n runtime.Namespaces
	switch d.Spec.PidMode {
	case types.PidModeHost:
		n.PID = "host"
	case types.PidModeTask:
		n.PID = heldBy(t, d)
	}
	switch d.Spec.IpcMode {
	case types.IpcModeHost:
		n.IPC = "host"
	case types.IpcModeNone:
		n.IPC = "none"
	case types.IpcModeTask:
		n.IPC = heldBy(t, d)
	}
	return n
}

// namespaceResource is the container that holds the namespaces of a task.
func (a *Agent) namespaceResource(t *model.Task, d *model.TaskDefinition) resource {
	return resource{
		name:     "namespaces",
		make:     func(ctx context.Context) error { return a.holdNamespaces(ctx, t, d) },
		giveBack: func(ctx context.Context) error { return a.leaveNamespaces(ctx, t, d) },
	}
}

// namespaceSpec is the holder. What the task's containers ask of a common IPC namespace is
// asked of it: "IPC namespace related systemControls will apply to all containers".
func (a *Agent) namespaceSpec(t *model.Task, d *model.TaskDefinition, image string) runtime.Spec {
	s := runtime.Spec{
		Name: containerName(t, d, "internalecspausenamespace"), Image: image, Labels: a.labels(t, d, namespaceHolder),
		CPUShares: 2, Cgroup: a.parent(t), Network: runtime.Network{Mode: "none"}, Namespaces: runtime.Namespaces{IPC: "shareable"},
	}
	if d.Spec.IpcMode != types.IpcModeTask {
		return s
	}
	s.Process.Sysctls = map[string]string{}
	for _, c := range d.Containers() {
		s.Files.SharedMemory = max(s.Files.SharedMemory, files(t, d, c).SharedMemory)
		maps.Copy(s.Process.Sysctls, ofNetwork(process(c).Sysctls, false))
	}
	return s
}

// holdNamespaces makes the holder, or finds it again after a restart of the agent.
func (a *Agent) holdNamespaces(ctx context.Context, t *model.Task, d *model.TaskDefinition) error {
	image, err := a.PauseImage(ctx)
	if err != nil {
		return err
	}
	spec := a.namespaceSpec(t, d, image)
	found, err := a.holders(ctx, spec)
	if err != nil {
		return err
	}
	id := ""
	if len(found) > 0 {
		id = found[0].ID
	} else if id, err = a.create(ctx, spec); err != nil {
		return err
	}
	return limited(ctx, startLimit, "started", func(ctx context.Context) error { return a.Runtime.Start(ctx, id) })
}

func (a *Agent) holders(ctx context.Context, spec runtime.Spec) ([]runtime.Container, error) {
	limit, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	return a.Runtime.List(limit, spec.Labels)
}

// leaveNamespaces removes the holder. That may be repeated.
func (a *Agent) leaveNamespaces(ctx context.Context, t *model.Task, d *model.TaskDefinition) error {
	found, err := a.holders(ctx, a.namespaceSpec(t, d, ""))
	if err != nil {
		return err
	}
	for _, c := range found {
		if err := a.Runtime.Stop(ctx, c.ID, time.Second); err != nil && !is(err, runtime.NotFound) {
			return err
		}
		if err := a.Runtime.Remove(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}
