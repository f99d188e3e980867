package facts

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/moby/moby/client"

	"steady/preflight"
)

// savedBytes is the most that an image may have, unpacked, to be looked into.
const savedBytes = 1 << 30

// OnThisMachine looks for images as a server on this machine does, whose instances pull
// them, and use what the Docker Engine has where that fails.
func OnThisMachine(ctx context.Context, image string, programs []string) preflight.Image {
	pulled := Registry(ctx, image, programs)
	if pulled.Presence == preflight.There {
		return pulled
	}
	if kept, has := inEngine(ctx, image, programs); has {
		return kept
	}
	return pulled
}

// inEngine asks the Docker Engine of this machine, and reads what it has saved of an
// image for its files' names.
func inEngine(ctx context.Context, image string, programs []string) (_ preflight.Image, has bool) {
	engine, err := client.New(client.FromEnv)
	if err != nil {
		return preflight.Image{}, false
	}
	defer engine.Close()
	found, err := engine.ImageInspect(ctx, image)
	if err != nil {
		return preflight.Image{}, false
	}
	out := preflight.Image{Presence: preflight.There, Platforms: []string{found.Os + "/" + found.Architecture}}
	if len(programs) == 0 {
		return out, true
	}
	if found.Size > savedBytes {
		out.Uninspected = fmt.Sprintf("it has %d MiB, more than the %d MiB that are read for this", found.Size>>20, savedBytes>>20)
		return out, true
	}
	if out.Programs, err = inSaved(ctx, engine, image, programs); err != nil {
		out.Uninspected = err.Error()
	}
	return out, true
}

func inSaved(ctx context.Context, engine *client.Client, image string, programs []string) (map[string]preflight.Presence, error) {
	saved, err := engine.ImageSave(ctx, []string{image})
	if err != nil {
		return nil, err
	}
	defer saved.Close()
	file, err := os.CreateTemp("", "steady-check-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := io.Copy(file, saved); err != nil {
		return nil, err
	}
	read, err := tarball.ImageFromPath(file.Name(), nil)
	if err != nil {
		return nil, err
	}
	return inspect(read, programs, savedBytes)
}
