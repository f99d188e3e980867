package control

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"steady/ledger"
	"steady/model"
	"steady/rollout"
	"steady/state"
)

// forgetEvery is how often old records are looked for; mostForgotten bounds how
// many go in one transaction.
const (
	forgetEvery   = 10 * time.Second
	mostForgotten = 1000
)

// forget removes the records of tasks that stopped, and of services and container
// instances that became INACTIVE, longer ago than the retention.
func forget(ctx context.Context, store *state.Store, s Settings, log *slog.Logger) {
	tick := time.NewTicker(min(forgetEvery, max(s.Retention, time.Second)))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for more := true; more && ctx.Err() == nil; {
			err := store.Update(ctx, func(tx *state.Tx) error {
				more = forgetBefore(tx, time.Now().Add(-s.Retention), s.Settle)
				return nil
			})
			if err != nil && ctx.Err() == nil {
				log.Error("remove old records", "error", err)
				break
			}
		}
	}
}

// forgetBefore removes what ended before the given time, and tells whether there is
// more. What a task told about its deployment stays on account there.
func forgetBefore(tx *state.Tx, before time.Time, settle time.Duration) (more bool) {
	var tasks []*model.Task
	for t := range tx.Tasks() {
		if !t.Live() && t.StoppedAt.Before(before) && len(tasks) < mostForgotten {
			tasks = append(tasks, t)
		}
	}
	// In the order in which they ended: an account of consecutive failures depends on it.
	slices.SortFunc(tasks, func(a, b *model.Task) int { return a.StoppedAt.Compare(b.StoppedAt) })
	for _, t := range tasks {
		if s, ok := tx.Service(t.Cluster, t.Service); ok {
			if n := rollout.Forget(s, t, settle); n != s {
				tx.PutService(n)
			}
		}
		tx.DeleteTask(t.ID)
	}
	var services []*model.Service
	for s := range tx.Services() {
		if s.Status == model.Inactive && s.InactiveAt.Before(before) {
			services = append(services, s)
		}
	}
	for _, s := range services {
		ledger.Drop(tx, s.Cluster, s.Name)
		tx.DeleteService(s.Cluster, s.Name)
	}
	for _, i := range slices.Collect(tx.Instances()) {
		if i.Status == model.Inactive && i.InactiveAt.Before(before) {
			tx.DeleteInstance(i.ID)
		}
	}
	forgetDefinitions(tx)
	return len(tasks) == mostForgotten
}
