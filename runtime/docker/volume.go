package docker

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// CreateVolume asks the engine for a volume; it leaves one of that name as it is, and
// refuses one of another driver.
func (r *Runtime) CreateVolume(ctx context.Context, v runtime.Volume) error {
	_, err := r.engine.VolumeCreate(ctx, client.VolumeCreateOptions{
		Name: v.Name, Driver: v.Driver, DriverOpts: v.Options, Labels: v.Labels,
	})
	if err != nil {
		return failure("CannotCreateVolumeError", v.Name, err)
	}
	return nil
}

// RemoveVolume removes a volume.
func (r *Runtime) RemoveVolume(ctx context.Context, name string) error {
	_, err := r.engine.VolumeRemove(ctx, name, client.VolumeRemoveOptions{})
	if err != nil && !errdefs.IsNotFound(err) {
		return failure("CannotRemoveVolumeError", name, err)
	}
	return nil
}

// InspectVolume looks at one volume.
func (r *Runtime) InspectVolume(ctx context.Context, name string) (runtime.Volume, error) {
	res, err := r.engine.VolumeInspect(ctx, name, client.VolumeInspectOptions{})
	if err != nil {
		return runtime.Volume{}, failure("CannotInspectVolumeError", name, err)
	}
	v := res.Volume
	return runtime.Volume{Name: v.Name, Driver: v.Driver, Options: v.Options, Labels: v.Labels}, nil
}

// ListVolumes finds volumes by their labels.
func (r *Runtime) ListVolumes(ctx context.Context, labels map[string]string) ([]runtime.Volume, error) {
	found, err := r.engine.VolumeList(ctx, client.VolumeListOptions{Filters: labelFilter(labels)})
	if err != nil {
		return nil, fmt.Errorf("list volumes labelled %v: %w", labels, err)
	}
	var all []runtime.Volume
	for _, v := range found.Items {
		all = append(all, runtime.Volume{Name: v.Name, Driver: v.Driver, Options: v.Options, Labels: v.Labels})
	}
	return all, nil
}
