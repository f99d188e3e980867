package rollout

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// Texts of a service deployment's statusReason. The first two are Amazon's; the
// others say in its manner what Amazon's documentation leaves open.
const (
	statusBreaker     = "Service deployment rolled back because the circuit breaker threshold was exceeded."
	statusNoCandidate = "No rollback candidate was found to run the rollback."
	statusRequested   = "Service deployment rolled back because a stop of the service deployment was requested."
	statusFailed      = "Service deployment stopped because the circuit breaker threshold was exceeded."
	statusSuperseded  = "Service deployment stopped because a newer service deployment was started."
	statusDeleted     = "Service deployment stopped because the service was deleted."
)

// Ledger is what is on record of a service besides the service itself.
type Ledger struct {
	// Deployment and Revision return the record of that id, nil if there is none.
	Deployment func(id string) *model.ServiceDeployment
	Revision   func(id string) *model.ServiceRevision
	// Failures is what the circuit breaker counts for a deployment (BreakerFailures).
	Failures func(d *model.Deployment) int
}

// History tells what a change of a service means for the records of its roll-outs:
// the service deployments and service revisions that are new or changed, to be kept
// in the transaction that keeps the service. before is nil for a new service.
func History(before, after *model.Service, now time.Time, l Ledger) ([]*model.ServiceDeployment, []*model.ServiceRevision) {
	if before == nil {
		before = &model.Service{}
	}
	h := &history{Ledger: l, before: before, after: after, now: now}
	for i := len(after.Deployments) - 1; i >= 0; i-- {
		d := &after.Deployments[i]
		was := before.Deployment(d.ID)
		if was == nil {
			h.began(d, after.Deployments[i+1:])
		}
		if d.Rollout != model.InProgress && (was == nil || was.Rollout == model.InProgress) {
			h.ended(d)
		}
		if len(d.Images) > 0 && (was == nil || len(was.Images) == 0) {
			h.resolved(d)
		}
	}
	h.cutShort()
	return h.deployments, h.revisions
}

// history is an answer in the making.
type history struct {
	Ledger
	before, after *model.Service
	now           time.Time
	deployments   []*model.ServiceDeployment
	revisions     []*model.ServiceRevision
}

// began records a new deployment: a service deployment with its target revision, or
// the roll back of the one that failed.
func (h *history) began(d *model.Deployment, older []model.Deployment) {
	if d.Rollback != "" {
		h.rollbackBegan(d)
		return
	}
	if d.ServiceDeployment == "" {
		return
	}
	h.deployments = append(h.deployments, &model.ServiceDeployment{
		ID: d.ServiceDeployment, Cluster: h.after.Cluster, Service: h.after.Name,
		Deployment: d.ID, Target: d.Revision, Sources: sources(older),
		Status:    types.ServiceDeploymentStatusInProgress,
		CreatedAt: h.now, StartedAt: h.now, UpdatedAt: h.now,
		Breaker: h.after.CircuitBreaker, Configuration: Configuration(h.after),
	})
	h.revisions = append(h.revisions, &model.ServiceRevision{
		Revision: model.Revision{ID: d.Revision, TaskDefinition: d.TaskDefinition, Network: d.Network, Capacity: d.Capacity},
		Cluster:  h.after.Cluster, Service: h.after.Name, CreatedAt: h.now, LaunchType: h.after.LaunchType,
	})
}

// sources are the revisions that a new deployment replaces, newest first.
func sources(older []model.Deployment) []string {
	var ids []string
	seen := map[string]bool{"": true}
	for _, d := range older {
		if !seen[d.Revision] {
			ids = append(ids, d.Revision)
			seen[d.Revision] = true
		}
	}
	return ids
}

func (h *history) rollbackBegan(d *model.Deployment) {
	r := h.edit(d)
	if r == nil {
		return
	}
	reason := statusBreaker
	if failed := h.after.Deployment(d.Rollback); failed != nil {
		h.count(r, failed)
		if failed.Reason == reasonStopRequested {
			reason = statusRequested
		}
	}
	r.Status, r.StatusReason = types.ServiceDeploymentStatusRollbackInProgress, reason
	r.Rollback = model.Rollback{At: h.now, Reason: reason, Revision: d.Revision, Deployment: d.ID}
}

// ended records what became of a deployment that has completed or failed.
func (h *history) ended(d *model.Deployment) {
	switch {
	case d.Rollout == model.Completed && d.Rollback == "":
		h.finish(d, types.ServiceDeploymentStatusSuccessful, "")
	case d.Rollout == model.Completed:
		h.finish(d, types.ServiceDeploymentStatusRollbackSuccessful, "")
	case d.Rollback != "":
		h.finish(d, types.ServiceDeploymentStatusRollbackFailed, "")
	case h.rolledBack(d):
		// Its record goes on with the roll back.
	case h.after.CircuitBreaker.Rollback || d.Reason == reasonStopRequested:
		h.finish(d, types.ServiceDeploymentStatusRollbackFailed, statusNoCandidate)
	default:
		h.finish(d, types.ServiceDeploymentStatusStopped, statusFailed)
	}
}

// rolledBack tells whether another deployment rolls this one back.
func (h *history) rolledBack(d *model.Deployment) bool {
	for _, other := range h.after.Deployments {
		if other.Rollback == d.ID {
			return true
		}
	}
	return false
}

// cutShort records the end of a deployment that neither completed nor failed: "a
// newer UpdateService supersedes the running deployment", or the service is gone.
func (h *history) cutShort() {
	p := h.before.Primary()
	if p == nil || p.Rollout != model.InProgress {
		return
	}
	if now := h.after.Deployment(p.ID); now != nil && now.Rollout != model.InProgress {
		return
	}
	deleted := h.before.Status == model.Active && h.after.Status != model.Active
	if next := h.after.Primary(); !deleted && next != nil && next.ID == p.ID {
		return
	}
	reason := statusSuperseded
	if deleted {
		reason = statusDeleted
	}
	status := types.ServiceDeploymentStatusStopped
	if p.Rollback != "" {
		// "ROLLBACK_IN_PROGRESS → ROLLBACK_SUCCESSFUL, ROLLBACK_FAILED": no other way.
		status = types.ServiceDeploymentStatusRollbackFailed
	}
	h.finish(p, status, reason)
}

// finish gives the record of a deployment its last status. An empty reason leaves
// what is said already.
func (h *history) finish(d *model.Deployment, status types.ServiceDeploymentStatus, reason string) {
	r := h.edit(d)
	if r == nil {
		return
	}
	if d.Rollback == "" {
		h.count(r, d)
	}
	r.Status = status
	if reason != "" {
		r.StatusReason = reason
	}
	if status == types.ServiceDeploymentStatusStopped {
		r.StoppedAt = h.now
	} else {
		r.FinishedAt = h.now
	}
}

// count keeps what the circuit breaker saw: tasks tell it no longer once they are
// forgotten.
func (h *history) count(r *model.ServiceDeployment, d *model.Deployment) {
	r.Failures = h.Failures(d)
	r.Threshold = Threshold(h.after.CircuitBreaker, h.after.DesiredCount)
	r.Breaker = h.after.CircuitBreaker
	r.Configuration = Configuration(h.after)
}

// resolved records the images of a deployment's revision.
func (h *history) resolved(d *model.Deployment) {
	for _, r := range h.revisions {
		if r.ID == d.Revision {
			r.Images = d.Images
			return
		}
	}
	if r := h.Revision(d.Revision); r != nil && len(r.Images) == 0 {
		n := *r
		n.Images = d.Images
		h.revisions = append(h.revisions, &n)
	}
}

// edit returns the record of a deployment for changing, nil where there is none or
// it has ended: an end is final.
func (h *history) edit(d *model.Deployment) *model.ServiceDeployment {
	for _, r := range h.deployments {
		if r.ID == d.ServiceDeployment {
			return r
		}
	}
	r := h.Deployment(d.ServiceDeployment)
	if r == nil || r.Ended() {
		return nil
	}
	n := *r
	n.UpdatedAt = h.now
	h.deployments = append(h.deployments, &n)
	return &n
}

// Configuration is the deployment configuration of a service in the API's type, with
// ECS's defaults filled in.
func Configuration(s *model.Service) types.DeploymentConfiguration {
	c := types.DeploymentConfiguration{
		DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{
			Enable:                 s.CircuitBreaker.Enable,
			Rollback:               s.CircuitBreaker.Rollback,
			ResetOnHealthyTask:     aws.Bool(!s.CircuitBreaker.KeepFailures),
			ThresholdConfiguration: &types.ThresholdConfiguration{Type: types.ThresholdTypeBoundedPercent, Value: 50},
		},
		MinimumHealthyPercent: aws.Int32(int32(s.MinimumHealthyPercent)),
		MaximumPercent:        aws.Int32(int32(s.MaximumPercent)),
		Strategy:              types.DeploymentStrategyRolling,
		BakeTimeInMinutes:     aws.Int32(0),
	}
	if t := s.CircuitBreaker.Threshold; t.Type != "" {
		c.DeploymentCircuitBreaker.ThresholdConfiguration = &types.ThresholdConfiguration{Type: t.Type, Value: int32(t.Value)}
	}
	if e := s.EarlySuccess; e.Enable {
		c.EarlySuccessCriteria = &types.DeploymentEarlySuccessCriteria{
			Enable: true, HealthyPercent: aws.Int32(int32(e.HealthyPercent)),
			SourceServiceRevisionCleanup: types.ServiceRevisionCleanupBlocking,
		}
		if e.Deferred {
			c.EarlySuccessCriteria.SourceServiceRevisionCleanup = types.ServiceRevisionCleanupDeferred
		}
	}
	return c
}
