// Package ledger keeps a changed service in the state together with the records of
// its roll-outs, its service deployments and service revisions. It never decides what
// they say: that is rollout's.
package ledger

import (
	"slices"
	"time"

	"steady/model"
	"steady/rollout"
	"steady/state"
)

// Put keeps a service and what its change means for its records. before is nil for a
// new one; settle is how long a task must run to count as healthy.
func Put(tx *state.Tx, before, after *model.Service, settle time.Duration, now time.Time) {
	deployments, revisions := rollout.History(before, after, now, rollout.Ledger{
		Deployment: func(id string) *model.ServiceDeployment { d, _ := tx.ServiceDeployment(id); return d },
		Revision:   func(id string) *model.ServiceRevision { r, _ := tx.ServiceRevision(id); return r },
		Failures: func(d *model.Deployment) int {
			return rollout.BreakerFailures(after, d, tx.TasksOf(after.Cluster, after.Name), settle, now)
		},
	})
	for _, d := range deployments {
		tx.PutServiceDeployment(d)
	}
	for _, r := range revisions {
		tx.PutServiceRevision(r)
	}
	tx.PutService(after)
}

// Drop removes the records of a service: "the history is removed with the service".
func Drop(tx *state.Tx, cluster, service string) {
	for _, d := range slices.Collect(tx.ServiceDeploymentsOf(cluster, service)) {
		tx.DeleteServiceDeployment(d.ID)
	}
	for _, r := range slices.Collect(tx.ServiceRevisionsOf(cluster, service)) {
		tx.DeleteServiceRevision(r.ID)
	}
}
