package sim

import (
	"context"
	"maps"

	"steady/runtime"
)

// CreateVolume notes a volume, which holds nothing.
func (r *Runtime) CreateVolume(ctx context.Context, v runtime.Volume) error {
	if err := ctx.Err(); err != nil {
		return ended("CannotCreateVolumeError", v.Name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, there := r.volumes[v.Name]; !there {
		v.Labels, v.Options = maps.Clone(v.Labels), maps.Clone(v.Options)
		r.volumes[v.Name] = v
	}
	return nil
}

// RemoveVolume forgets a volume, but for one that a container holds.
func (r *Runtime) RemoveVolume(ctx context.Context, name string) error {
	const failed = "CannotRemoveVolumeError"
	if err := ctx.Err(); err != nil {
		return ended(failed, name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holders[name] > 0 {
		return &runtime.Error{Name: failed, Detail: "Error response from daemon: remove " + name + ": volume is in use"}
	}
	delete(r.volumes, name)
	return nil
}

// InspectVolume looks at one volume.
func (r *Runtime) InspectVolume(ctx context.Context, name string) (runtime.Volume, error) {
	const failed = "CannotInspectVolumeError"
	if err := ctx.Err(); err != nil {
		return runtime.Volume{}, ended(failed, name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.volumes[name]
	if !ok {
		return runtime.Volume{}, &runtime.Error{Kind: runtime.NotFound, Name: failed, Detail: "Error response from daemon: get " + name + ": no such volume"}
	}
	return v, nil
}

// ListVolumes finds volumes by their labels.
func (r *Runtime) ListVolumes(ctx context.Context, labels map[string]string) ([]runtime.Volume, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []runtime.Volume
	for _, v := range r.volumes {
		if carries(v.Labels, labels) {
			found = append(found, v)
		}
	}
	return found, ctx.Err()
}

// hold notes how many more containers hold the volumes of c. As with Docker, a volume
// that is not there is made by the container that names it.
func (r *Runtime) hold(c *container, n int) {
	for _, m := range c.mounts {
		if m.Volume == "" {
			continue
		}
		if _, there := r.volumes[m.Volume]; !there {
			r.volumes[m.Volume] = runtime.Volume{Name: m.Volume}
		}
		if r.holders[m.Volume] += n; r.holders[m.Volume] == 0 {
			delete(r.holders, m.Volume)
		}
	}
}
