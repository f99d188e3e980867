package agent

import (
	"context"
	"errors"
	"maps"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
)

// volume finds a volume of a task definition.
func volume(d *model.TaskDefinition, name string) (types.Volume, bool) {
	for _, v := range d.Spec.Volumes {
		if aws.ToString(v.Name) == name {
			return v, true
		}
	}
	return types.Volume{}, false
}

// directory is the path of the machine that a volume stands for; empty for one that the
// runtime keeps.
func directory(v types.Volume) string {
	if v.Host == nil {
		return ""
	}
	return aws.ToString(v.Host.SourcePath)
}

// shared tells whether a volume outlives its task: "volumes that are scoped as shared
// persist after the task stops".
func shared(v types.Volume) bool {
	return v.DockerVolumeConfiguration != nil && v.DockerVolumeConfiguration.Scope == types.ScopeShared
}

// volumeName is the runtime's name for a volume. A shared one is known by its own.
func volumeName(t *model.Task, d *model.TaskDefinition, v types.Volume) string {
	if shared(v) {
		return aws.ToString(v.Name)
	}
	return "ecs-" + d.Family + "-" + strconv.Itoa(d.Revision) + "-" + aws.ToString(v.Name) + "-" + t.ID
}

// mounts are the mount points of a container.
func mounts(t *model.Task, d *model.TaskDefinition, c types.ContainerDefinition) []runtime.Mount {
	var all []runtime.Mount
	for _, p := range c.MountPoints {
		v, ok := volume(d, aws.ToString(p.SourceVolume))
		if !ok {
			continue
		}
		m := runtime.Mount{Source: directory(v), Target: aws.ToString(p.ContainerPath), ReadOnly: aws.ToBool(p.ReadOnly)}
		if m.Source == "" {
			m.Volume = volumeName(t, d, v)
		}
		all = append(all, m)
	}
	return all
}

// volumes makes the volumes of a task. Those of the task alone carry its labels, by which
// they are found and removed once its containers are gone.
func (a *Agent) volumes(ctx context.Context, t *model.Task, d *model.TaskDefinition) error {
	for _, v := range d.Spec.Volumes {
		if directory(v) != "" {
			continue
		}
		if err := a.makeVolume(ctx, t, d, v); err != nil {
			return err
		}
	}
	return nil
}

func (a *Agent) makeVolume(ctx context.Context, t *model.Task, d *model.TaskDefinition, v types.Volume) error {
	want := runtime.Volume{Name: volumeName(t, d, v), Labels: map[string]string{}}
	if c := v.DockerVolumeConfiguration; c != nil {
		want.Driver, want.Options = aws.ToString(c.Driver), c.DriverOpts
		maps.Copy(want.Labels, c.Labels)
	}
	if shared(v) {
		_, err := a.Runtime.InspectVolume(ctx, want.Name)
		switch {
		case err == nil:
			return nil // "if the volume exists it is used as it is"
		case !is(err, runtime.NotFound):
			return renamed(err, cannotCreateVolume)
		case !aws.ToBool(v.DockerVolumeConfiguration.Autoprovision):
			return &runtime.Error{Name: cannotCreateVolume, Detail: "the shared volume " + want.Name + " does not exist: create it with `docker volume create " + want.Name + "`, or set autoprovision"}
		}
	} else {
		maps.Copy(want.Labels, a.mark())
		want.Labels[labelTask] = t.ID
	}
	return a.Runtime.CreateVolume(ctx, want)
}

// cannotCreateVolume is the ECS agent's name for that.
const cannotCreateVolume = "CannotCreateVolumeError"

// renamed gives a runtime's error the name of what it prevents.
func renamed(err error, name string) error {
	var e *runtime.Error
	if errors.As(err, &e) {
		return &runtime.Error{Kind: e.Kind, Name: name, Detail: e.Detail}
	}
	return err
}

// removeVolumes removes the volumes of tasks that are not to run here any more. One that
// a container of such a task still holds, because that is kept, goes after it.
func (a *Agent) removeVolumes(ctx context.Context, before map[string]bool) {
	limit, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	found, err := a.Runtime.ListVolumes(limit, a.mark())
	if err == nil && len(found) > 0 {
		var containers []runtime.Container
		if containers, err = a.list(ctx); err == nil {
			a.removeUnheld(ctx, found, containers, before)
		}
	}
	if err != nil && ctx.Err() == nil {
		a.Log.Warn("look for volumes whose task is over, trying again later", "error", err)
	}
}

func (a *Agent) removeUnheld(ctx context.Context, volumes []runtime.Volume, containers []runtime.Container, before map[string]bool) {
	held := a.running()
	maps.Copy(held, before)
	for _, c := range containers {
		held[c.Labels[labelTask]] = true
	}
	for _, v := range volumes {
		if held[v.Labels[labelTask]] || ctx.Err() != nil {
			continue // the runners end with ctx, but their tasks go on
		}
		err := limited(ctx, removeLimit, "removed", func(ctx context.Context) error { return a.Runtime.RemoveVolume(ctx, v.Name) })
		if err != nil && ctx.Err() == nil {
			a.Log.Warn("remove a volume whose task is over, trying again later", "volume", v.Name, "task", v.Labels[labelTask], "error", err)
		}
	}
}
