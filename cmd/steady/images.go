package main

import (
	"context"
	"fmt"
	"time"

	"steady/agent/images"
	"steady/runtime"
	"steady/runtime/docker"
)

// imageFlags say how images are pulled and cleaned up.
type imageFlags struct {
	ImagePullBehavior docker.PullBehavior `help:"When a registry is asked for an image, as ECS_IMAGE_PULL_BEHAVIOR of the ECS agent: default asks for each task and falls back on the image that is here; always fails without the registry; once asks unless a former task had it pulled; prefer-cached asks only for what is not here." default:"default"`
	DockerConfig      string              `help:"Directory of the config.json with logins for registries, as docker login leaves it. Credentials of a container's repositoryCredentials come first." default:"${docker_config}" env:"DOCKER_CONFIG" type:"path"`
	ImageCleanupEvery time.Duration       `help:"How often images are removed that Steady pulled and nothing uses. 0 is never." default:"30m"`
	ImageMinAge       time.Duration       `help:"How long ago such an image has to have been pulled and last used." default:"1h"`
	ImageCleanupMost  int                 `help:"How many images are removed at a time, those first that were not used for the longest time. 0 is no limit." default:"5"`
	ImageMinFree      byteSize            `help:"Free space on the disk of the images, such as 2GiB, under which such images are removed whatever their age. 0 is none." default:"1GiB"`
}

func (f imageFlags) check() error {
	switch {
	case f.ImageCleanupEvery < 0:
		return fmt.Errorf("--image-cleanup-every is %v: give a duration that is not negative, such as 30m", f.ImageCleanupEvery)
	case f.ImageMinAge < 0:
		return fmt.Errorf("--image-min-age is %v: give a duration that is not negative, such as 1h", f.ImageMinAge)
	case f.ImageCleanupMost < 0:
		return fmt.Errorf("--image-cleanup-most is %d: give a number that is not negative, such as 5", f.ImageCleanupMost)
	}
	return nil
}

// cleanImages removes images that the agents of this machine brought and nobody uses.
func (s *server) cleanImages(ctx context.Context) {
	engine, ok := s.runtime.(runtime.Images)
	if !ok {
		return // a simulation has none
	}
	f := s.options.Images
	images.Cleaning{
		Runtime: engine, Record: s.images, Every: f.ImageCleanupEvery, MinFree: int64(f.ImageMinFree), Log: s.log,
		Rules: images.Rules{MinAge: f.ImageMinAge, Most: f.ImageCleanupMost},
	}.Run(ctx)
}
