package secretsmanager

import (
	"context"
	"log/slog"
	"time"

	"steady/state"
)

// purgeEvery is how often secrets are looked for that are past their recovery window.
const purgeEvery = time.Hour

// KeepPurged removes, now and every hour until ctx ends, the secrets that are past their
// recovery window: such a secret can be found no more, and its value shall not stay on
// the disk until somebody makes another secret.
func (a *API) KeepPurged(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		if err := a.Purge(ctx); err != nil && ctx.Err() == nil {
			log.Error("remove secrets that are past their recovery window", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Purge removes the secrets that are past their recovery window, if there are any.
func (a *API) Purge(ctx context.Context) error {
	for s := range a.store.Snapshot().Secrets() {
		if gone(s, time.Now()) {
			return a.update(ctx, func(*state.Tx, time.Time) error { return nil })
		}
	}
	return nil
}
