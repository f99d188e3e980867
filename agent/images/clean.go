package images

import (
	"context"
	"log/slog"
	"time"

	"steady/runtime"
)

const (
	// lookEvery is how often the disk is looked at, and what is in use.
	lookEvery = time.Minute
	// oneLimit bounds the removal of one image.
	oneLimit = 5 * time.Minute
)

// Cleaning removes images of a machine.
type Cleaning struct {
	Runtime runtime.Images
	Record  *Record
	// Every is how often images go by their age (ECS: ECS_IMAGE_CLEANUP_INTERVAL, 30 min);
	// 0 is never.
	Every time.Duration
	Rules Rules
	// MinFree is the free space of the disk, in bytes, under which images go whatever
	// their age, until there is more; 0 is none.
	MinFree int64
	Log     *slog.Logger
}

// Run cleans up until ctx ends.
func (c Cleaning) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	next := time.Now().Add(c.Every)
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		c.relieve(ctx)
		if c.Every > 0 && !time.Now().Before(next) {
			c.remove(ctx, c.surplus(ctx, c.Rules), "unused")
			next = time.Now().Add(c.Every)
		}
	}
}

// surplus looks at the images that are here; it also keeps the record true.
func (c Cleaning) surplus(ctx context.Context, rules Rules) []runtime.Image {
	ctx, cancel := context.WithTimeout(ctx, oneLimit)
	defer cancel()
	here, err := c.Runtime.Images(ctx)
	if err != nil {
		c.Log.Warn("look for images to remove, trying again later", "error", err)
		return nil
	}
	known, held := c.Record.look(here)
	return Surplus(here, known, held, rules, time.Now())
}

// relieve removes images as long as there is too little space on the disk.
func (c Cleaning) relieve(ctx context.Context) {
	surplus := c.surplus(ctx, Rules{})
	for _, i := range surplus {
		if !c.short(ctx) {
			return
		}
		c.remove(ctx, []runtime.Image{i}, "disk space")
	}
}

// short tells whether there is too little space.
func (c Cleaning) short(ctx context.Context) bool {
	if c.MinFree <= 0 || ctx.Err() != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, oneLimit)
	defer cancel()
	free, known, err := c.Runtime.FreeSpace(ctx)
	if err != nil {
		c.Log.Warn("look at the disk of the images, trying again later", "error", err)
	}
	return known && free < c.MinFree
}

// remove removes images. One that cannot be removed is tried again the next time.
func (c Cleaning) remove(ctx context.Context, surplus []runtime.Image, why string) {
	for _, i := range surplus {
		if ctx.Err() != nil {
			return
		}
		removed, err := c.Record.remove(i.ID, func() error {
			limit, cancel := context.WithTimeout(ctx, oneLimit)
			defer cancel()
			return c.Runtime.RemoveImage(limit, i)
		})
		switch {
		case err != nil && ctx.Err() == nil:
			c.Log.Warn("remove an image that is not used, trying again later", "image", i.Tags, "id", i.ID, "error", err)
		case removed:
			c.Log.Info("removed an image", "image", i.Tags, "id", i.ID, "bytes", i.Bytes, "because", why)
		}
	}
}
