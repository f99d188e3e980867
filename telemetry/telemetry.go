// Package telemetry tells what the tasks of a cluster use, as Container Insights does:
// performance log events of each container, task, service and cluster, for the clusters
// that ask for them.
// It never measures by itself and never keeps an event: it is given both seams.
package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"steady/model"
	"steady/runtime"
	"steady/state"
)

// Config is what the loop needs.
type Config struct {
	Store *state.Store
	Realm model.Realm
	// Every is the pace, more than 0; ECS tells once a minute.
	Every time.Duration
	// Stats measures a container. One that is gone is left out.
	Stats func(ctx context.Context, container string) (runtime.Stats, error)
	// Keep keeps events.
	Keep func(ctx context.Context, events []Event) error
	Log  *slog.Logger
}

const (
	// together is how many containers are measured at once.
	together = 8
	// measureLimit bounds how long one is waited for.
	measureLimit = 10 * time.Second
)

// Run tells until ctx ends, at whole multiples of the pace.
func Run(ctx context.Context, c Config) {
	before := Samples{}
	for {
		now := time.Now()
		select {
		case <-time.After(now.Truncate(c.Every).Add(c.Every).Sub(now)):
		case <-ctx.Done():
			return
		}
		at := time.Now().Truncate(c.Every)
		samples := c.measure(ctx, wanted(c.Store.Snapshot()))
		events := shape(c.Store.Snapshot(), c.Realm, before, samples, at)
		before = samples
		if len(events) == 0 {
			continue
		}
		if err := c.Keep(ctx, events); err != nil && ctx.Err() == nil {
			c.Log.Warn("telemetry could not be kept; it is left out", "events", len(events), "error", err)
		}
	}
}

// measure measures containers, as far as they can be.
func (c Config) measure(ctx context.Context, containers []string) Samples {
	samples := Samples{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, together)
	for _, id := range containers {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			limit, cancel := context.WithTimeout(ctx, measureLimit)
			defer cancel()
			s, err := c.Stats(limit, id)
			if err != nil {
				if ctx.Err() == nil {
					c.Log.Debug("measure a container", "container", id, "error", err)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			samples[id] = s
		})
	}
	wg.Wait()
	return samples
}
