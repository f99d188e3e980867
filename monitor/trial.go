package monitor

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
)

// The time that a deployment is on trial, of which tasks failed: longer than those
// lived, by far.
const (
	trialFactor = 3
	shortTrial  = 10 * time.Second
	longTrial   = 2 * time.Minute
)

// loopFailures is how many tasks must have failed of what ECS calls complete for that to
// be a loop, if it goes on for a long trial as well.
const loopFailures = 3

// trial is what is known of the failed tasks of a deployment, whatever they failed of. A
// loop of crashes has its moments in which all that is wanted runs: only what outlives
// the failures is a success.
type trial struct {
	failed  int           // tasks that are known to have
	counted int           // by ECS, which forgets them when one becomes healthy
	longest time.Duration // that one of them ran
	since   time.Time     // when the last failure became known
}

// learn takes in the tasks of the deployment that were to stop.
func (t *trial) learn(at time.Time, d types.Deployment, stopped []types.Task) {
	failed := 0
	for _, task := range stopped {
		if !hasFailed(task) {
			continue
		}
		failed++
		t.longest = max(t.longest, life(task))
	}
	if failed > t.failed || int(d.FailedTasks) > t.counted {
		t.since = at
	}
	t.failed, t.counted = max(t.failed, failed), int(d.FailedTasks)
}

// hasFailed tells of a task that was to stop whether that was its own doing, as far as it
// has been said.
func hasFailed(t types.Task) bool {
	said := t.StopCode != "" || t.StoppedReason != nil || aws.ToString(t.LastStatus) == "STOPPED"
	return said && !diagnose.Benign(t)
}

// life is how long a task ran that has ended.
func life(t types.Task) time.Duration {
	ended := cmp.Or(t.ExecutionStoppedAt, t.StoppedAt)
	if t.StartedAt == nil || ended == nil {
		return 0
	}
	return ended.Sub(*t.StartedAt)
}

// time is how long tasks have to live to have outlived those that failed.
func (t *trial) time() time.Duration {
	return min(max(trialFactor*t.longest, shortTrial), longTrial)
}

// on tells that it is too early to call a deployment a success: tasks of it failed, and
// those that run since have not outlived them clearly.
func (t *trial) on(at, arrived time.Time) bool {
	if t.since.IsZero() {
		return false
	}
	if arrived.Before(t.since) {
		arrived = t.since
	}
	return at.Sub(arrived) < t.time()
}

// text is what a deployment on trial waits for.
func (t *trial) text() string {
	return fmt.Sprintf("the tasks that run to outlive those that failed (%s), for %s", failedAfter(max(t.failed, 1), t.longest), roughly(t.time()))
}

// failedAfter is "6 tasks, after 5s at most".
func failedAfter(failed int, longest time.Duration) string {
	if longest == 0 {
		return tasks(failed) + ", without having run"
	}
	return fmt.Sprintf("%s, after %s at most", tasks(failed), roughly(max(longest, time.Second)))
}

// untried is the ending of a deployment on trial: none before the time given is over.
func (f *follower) untried(at time.Time, s types.Service) *ending {
	if at.Before(f.deadline) {
		return nil
	}
	r := revision(primary(s))
	return &ending{outcome: TimedOut, current: r,
		detail: fmt.Sprintf("The deployment of %s is complete, but of its tasks some failed (%s), and those that run have not outlived them clearly.",
			r, failedAfter(max(f.trial.failed, 1), f.trial.longest))}
}

// fellBack ends the watch of a deployment that ECS calls COMPLETED, since its tasks ran
// for a moment, and whose tasks go on failing: of a cause that stays, or for so long that
// it is a loop, though time may mend that. No circuit breaker looks at it any more.
func (f *follower) fellBack(at time.Time, s types.Service, p types.Deployment, findings []diagnose.Finding) *ending {
	alike := 0
	if len(findings) > 0 {
		alike = findings[0].Starts
	}
	if f.completedAt.IsZero() {
		f.completedAt, f.failedBefore, f.alikeBefore = at, f.trial.failed, alike
	}
	since := f.trial.failed - f.failedBefore
	switch {
	case arrived(s, p):
		return nil
	case willNotHeal(findings) && alike > f.alikeBefore:
		return &ending{outcome: Failed, current: revision(&p),
			detail: fmt.Sprintf("ECS called the deployment of %s complete, but it does not hold: %s failed of one cause, and trying again does not change it.",
				revision(&p), tasks(alike))}
	case since >= loopFailures && at.Sub(f.completedAt) >= longTrial && len(findings) > 0 && !findings[0].Heals:
		return &ending{outcome: Failed, current: revision(&p),
			detail: fmt.Sprintf("ECS called the deployment of %s complete, but it does not hold: for %s its tasks have been failing (%s).",
				revision(&p), roughly(at.Sub(f.completedAt)), failedAfter(since, f.trial.longest))}
	}
	return nil
}
