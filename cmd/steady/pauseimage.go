package main

import (
	"context"
	"fmt"
	"os"

	"steady/imagepack"
	"steady/pause"
	"steady/runtime/docker"
)

// pauseImageName is the image of the containers that hold the network interfaces of tasks.
const pauseImageName = "steady-pause:latest"

// pauseImage makes sure that the engine has it, also after somebody has removed it, and
// tells the id of it.
func (s *server) pauseImage(ctx context.Context) (string, error) {
	if _, real := s.runtime.(*docker.Runtime); !real {
		return pauseImageName, nil
	}
	info, err := s.runtime.Info(ctx)
	if err != nil {
		return "", err
	}
	program, err := pause.Program(info.CPUArch)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp("", "steady-pause-")
	if err != nil {
		return "", fmt.Errorf("write the pause program: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write(program); err != nil {
		return "", fmt.Errorf("write the pause program: %w", err)
	}
	return imagepack.Load(ctx, pauseImageName, f.Name(), nil, nil)
}
