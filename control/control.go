// Package control holds the loops that turn what is desired into decisions: each
// reads a snapshot, asks a pure package, and commits the answer. It contains no rule
// of its own about services, placement or tasks.
package control

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"steady/state"
)

// Settings are the paces that Amazon ECS hides and Steady lets one choose.
type Settings struct {
	// Settle is how long a task without health checks must have been RUNNING to
	// count as healthy. Amazon ECS: 40 s.
	Settle time.Duration
	// Retention is how long stopped tasks, deleted services and deregistered container
	// instances can be described. Amazon ECS: "at least one hour".
	Retention time.Duration
	// MayAssume tells whether ECS may work under a role for a task; its error is ECS's
	// text. nil: under every one.
	MayAssume func(role string) error
}

// Run runs all loops until ctx ends.
func Run(ctx context.Context, store *state.Store, settings Settings, log *slog.Logger) {
	var wg sync.WaitGroup
	wg.Go(func() { newScheduler(store, settings, log).run(ctx) })
	wg.Go(func() { forget(ctx, store, settings, log) })
	wg.Wait()
}
