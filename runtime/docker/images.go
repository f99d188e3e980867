package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"steady/runtime"
)

var _ runtime.Images = (*Runtime)(nil)

// Images lists the images, then the containers: one made in between shows as using its
// image.
func (r *Runtime) Images(ctx context.Context) ([]runtime.Image, error) {
	all, err := r.engine.ImageList(ctx, client.ImageListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the images: %w", err)
	}
	containers, err := r.engine.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return nil, fmt.Errorf("list the containers: %w", err)
	}
	used := map[string]bool{}
	for _, c := range containers.Items {
		used[c.ImageID] = true
	}
	var images []runtime.Image
	for _, i := range all.Items {
		images = append(images, runtime.Image{ID: i.ID, Tags: named(i.RepoTags), Digests: named(i.RepoDigests), Bytes: i.Size, Used: used[i.ID]})
	}
	return images, nil
}

// named leaves out the engine's "<none>:<none>" and "<none>@<none>".
func named(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return strings.HasPrefix(n, "<none>") })
}

// RemoveImage removes the tags, which takes along what the engine knows of their digests,
// then the digests that are left. It never forces: the engine refuses to remove what a
// container uses, or another image is built on.
func (r *Runtime) RemoveImage(ctx context.Context, i runtime.Image) error {
	names := slices.Concat(i.Tags, i.Digests)
	if len(names) == 0 {
		names = []string{i.ID}
	}
	for _, n := range names {
		if _, err := r.engine.ImageRemove(ctx, n, client.ImageRemoveOptions{PruneChildren: true}); err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("remove the image %s: %w", n, err)
		}
	}
	return nil
}

// FreeSpace looks at the directory that the engine keeps everything in, where that is
// one of this machine.
func (r *Runtime) FreeSpace(ctx context.Context) (int64, bool, error) {
	if !strings.HasPrefix(r.engine.DaemonHost(), "unix://") {
		return 0, false, nil
	}
	info, err := r.engine.Info(ctx, client.InfoOptions{})
	if err != nil {
		return 0, false, fmt.Errorf("ask the Docker Engine for its directory: %w", err)
	}
	var s syscall.Statfs_t
	err = syscall.Statfs(info.Info.DockerRootDir, &s)
	switch {
	case errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.EACCES): // in a machine of its own
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("look at the disk of %s: %w", info.Info.DockerRootDir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), true, nil
}
