package main

import (
	"context"
	"fmt"
	"os"

	"steady/imagepack"
)

// sampleImageCommand packs the sample application into an image.
type sampleImageCommand struct {
	Name string `arg:"" help:"Name of the image, such as steady-sample:latest."`
}

// Run packs this very binary and loads the image into the Docker Engine.
func (c *sampleImageCommand) Run(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	id, err := imagepack.Load(ctx, c.Name, self, []string{"/steady", "sample"}, nil)
	if err != nil {
		return err
	}
	fmt.Println(c.Name, id)
	return nil
}
