package imagepack

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// Remove removes an image that Load made from the engine. One that is not there is
// no error.
func Remove(ctx context.Context, ref string) error {
	engine, err := client.New(client.FromEnv)
	if err != nil {
		return fmt.Errorf("remove image %s from the Docker Engine: %w: check DOCKER_HOST", ref, err)
	}
	defer engine.Close()
	_, err = engine.ImageRemove(ctx, ref, client.ImageRemoveOptions{Force: true})
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove image %s from the Docker Engine: %w", ref, err)
	}
	return nil
}
