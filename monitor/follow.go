package monitor

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// rollbackGrace is how long a failed deployment is given for its roll-back to
// appear, where the service asks for one. Steady commits both at once; Amazon ECS
// may show the failure first.
const rollbackGrace = 15 * time.Second

// sameMoment is how far the time of a roll-back's event may be from the creation
// of its deployment.
const sameMoment = time.Second

// What the service says about deployments, both in events and in reasons.
var (
	saysRollingBack = regexp.MustCompile(`(?i)rolling back to deployment(?:Id)? (ecs-svc/[^\s.]+)`)
	saysFailed      = regexp.MustCompile(`\(deployment (ecs-svc/[^)\s]+)\) deployment failed`)
	saysCompleted   = regexp.MustCompile(`\(deployment (ecs-svc/[^)\s]+)\) deployment completed`)
)

// follower is the state machine of a watch: each observation of the service in,
// what there is to show and perhaps the ending out. It does no I/O and reads no
// clock.
type follower struct {
	asked    string        // id of the deployment to watch; empty: the PRIMARY at start
	deadline time.Time     // when the watch times out
	hold     time.Duration // how long a success must last to be one

	begun    bool
	mine     types.Deployment // the watched deployment as it was last seen
	failed   bool             // mine has been seen or said to have failed
	failedAt time.Time        // when that was first observed
	rollback string           // id of the deployment that rolls mine back
	shown    map[string]bool  // ids of events
	since    time.Time        // events before this belong to earlier deployments

	arrivedAt  time.Time // since when the deployment is complete and nothing else runs
	hopelessAt time.Time // since when it cannot converge
	doomedAt   time.Time // since when its tasks fail of what does not change

	trial        trial
	ran          bool      // a task of it has been seen to run
	completedAt  time.Time // since when it is seen COMPLETED
	failedBefore int       // tasks that had failed by then
	alikeBefore  int       // those of the first cause
}

// step is what an observation led to.
type step struct {
	rows   []row
	fresh  []types.ServiceEvent // not shown before, oldest first
	phase  string
	ending *ending // nil while the deployment goes on
}

// row is one deployment of the service.
type row struct {
	id, revision, role, rollout string
	desired, pending, running   int
	failed                      int // ECS's own count, which a healthy task resets
	unhealthy                   int // running, and failing their health checks
}

// ending is the outcome with the facts that its text is made of.
type ending struct {
	outcome Outcome
	current string // revision of the newest deployment
	steady  bool
	detail  string // what happened, a sentence or two
}

var errNoDeployments = errors.New("it has no deployments of the ECS deployment controller, and only those can be watched")

// errNoRollout: "the rollout state of a service is only returned for services that use a
// rolling update and are not behind a Classic Load Balancer".
var errNoRollout = errors.New("ECS tells no rollout state of it, as behind a Classic Load Balancer, and without that there is no verdict")

// observe takes in what the service is at a time: nil when there is no such
// service any more. It fails only on the first observation, if that shows nothing
// to watch.
func (f *follower) observe(at time.Time, s *types.Service) (step, error) {
	if s == nil {
		return step{ending: &ending{outcome: Failed, detail: "The service was deleted during the deployment."}}, nil
	}
	if !f.begun {
		if err := f.begin(*s); err != nil {
			return step{}, err
		}
	}
	f.learn(at, *s)
	st := step{ending: f.decide(at, *s)} // first, since it may find the roll-back
	st.rows, st.fresh, st.phase = f.rows(*s), f.fresh(*s), f.phase()
	if st.ending == nil && !at.Before(f.deadline) {
		st.ending = f.timedOut(*s)
	}
	return st, nil
}

// begin settles which deployment is watched.
func (f *follower) begin(s types.Service) error {
	p := primary(s)
	switch {
	case status(s) == "INACTIVE":
		return errors.New("it was deleted; create it again first")
	case p == nil && status(s) == "ACTIVE":
		return errNoDeployments
	case p != nil && p.RolloutState == "":
		return errNoRollout
	}
	f.begun, f.shown = true, map[string]bool{}
	switch d := find(s, f.asked); {
	case d != nil:
		f.mine = *d
	case f.asked != "":
		ended := endSaid(s, f.asked)
		if ended == nil {
			return fmt.Errorf("it has no deployment %s; see aws ecs describe-services for those it has", f.asked)
		}
		// It is gone already. It began before it ended, but nothing tells when.
		f.mine = types.Deployment{Id: aws.String(f.asked), CreatedAt: aws.Time(ended.Add(-sameMoment))}
	case p != nil:
		f.mine = *p
	}
	f.since = aws.ToTime(f.mine.CreatedAt)
	if p != nil && id(p) == id(&f.mine) && rollsBack(s, *p) {
		// The watch began on a roll-back: what it will tell of is the deployment
		// that failed before it, where that is still known.
		f.rollback, f.failed = id(p), true
		f.mine = failedBefore(s, *p)
		if f.mine.CreatedAt != nil {
			f.since = *f.mine.CreatedAt
		}
	}
	return nil
}

// learn takes over what is new about the watched deployment.
func (f *follower) learn(at time.Time, s types.Service) {
	if d := find(s, id(&f.mine)); d != nil {
		f.mine = *d
		f.ran = f.ran || d.RunningCount > 0
	}
	failed := f.mine.RolloutState == types.DeploymentRolloutStateFailed || slices.Contains(f.failures(s), id(&f.mine))
	if failed && !f.failed {
		f.failed, f.failedAt = true, at
	}
}

// decide tells whether the watched deployment has come to an end.
func (f *follower) decide(at time.Time, s types.Service) *ending {
	p := primary(s)
	switch {
	case status(s) != "ACTIVE" || p == nil:
		return &ending{outcome: Failed, detail: "The service is being deleted (" + status(s) + ")."}
	case f.rollback != "" && id(p) == f.rollback:
		return f.rolledBack(s, *p)
	case f.rollback != "":
		return f.superseded(*p)
	case id(p) == id(&f.mine):
		return f.ofMine(at, s, *p)
	case f.isMyRollback(s, *p):
		f.rollback, f.failed = id(p), true
		return f.rolledBack(s, *p)
	}
	return f.superseded(*p)
}

// ofMine judges the watched deployment while it is PRIMARY.
func (f *follower) ofMine(at time.Time, s types.Service, p types.Deployment) *ending {
	switch p.RolloutState {
	case types.DeploymentRolloutStateFailed:
		if wantsRollback(s) && !firstDeployment(s, p) && at.Sub(f.failedAt) < rollbackGrace {
			return nil
		}
		return f.failedForGood(s, p)
	case types.DeploymentRolloutStateCompleted:
		if !f.held(at, arrived(s, p)) {
			return nil
		}
		return f.succeeded(s, p)
	}
	return nil
}

// held tells whether the service has been where it should be for long enough: a
// deployment that has completed is given the time to lose its tasks again.
func (f *follower) held(at time.Time, arrived bool) bool {
	switch {
	case !arrived:
		f.arrivedAt = time.Time{}
		return false
	case f.arrivedAt.IsZero():
		f.arrivedAt = at
	}
	return at.Sub(f.arrivedAt) >= f.hold
}

func (f *follower) succeeded(s types.Service, p types.Deployment) *ending {
	e := &ending{outcome: Succeeded, current: revision(&p), steady: true,
		detail: fmt.Sprintf("%d of %d tasks run %s, and nothing else runs.", p.RunningCount, s.DesiredCount, revision(&p))}
	switch {
	case s.DesiredCount == 0 && s.RunningCount == 0 && f.ran:
		e.detail = fmt.Sprintf("The service is to run no task of %s, and runs none any more.", revision(&p))
	case s.DesiredCount == 0 && s.RunningCount == 0:
		e.detail = fmt.Sprintf("The service is to run no task, and runs none: nothing of %s has run, so that this proves nothing of it.", revision(&p))
	}
	if old := s.RunningCount - p.RunningCount; old > 0 {
		e.detail = fmt.Sprintf("%d of %d tasks run %s. Of older revisions %s still run, which ECS removes afterwards (earlySuccessCriteria).",
			p.RunningCount, s.DesiredCount, revision(&p), tasks(int(old)))
	}
	return e
}

func (f *follower) failedForGood(s types.Service, p types.Deployment) *ending {
	detail := fmt.Sprintf("The deployment of %s failed, and ECS does not roll back.", revision(&p))
	if wantsRollback(s) {
		detail = fmt.Sprintf("The deployment of %s failed, and there is no completed deployment to roll back to.", revision(&p))
	}
	for _, d := range s.Deployments {
		if id(&d) != id(&p) && d.RunningCount > 0 {
			still := "still run"
			if d.RunningCount == 1 {
				still = "still runs"
			}
			detail += fmt.Sprintf(" %s of %s %s.", tasks(int(d.RunningCount)), revision(&d), still)
		}
	}
	return &ending{outcome: Failed, current: revision(&p), detail: detail}
}

// rolledBack follows the roll-back to its own end.
func (f *follower) rolledBack(s types.Service, p types.Deployment) *ending {
	what := "The deployment"
	if r := revision(&f.mine); r != "" {
		what += " of " + r
	}
	switch {
	case p.RolloutState == types.DeploymentRolloutStateFailed:
		return &ending{outcome: RolledBack, current: revision(&p),
			detail: fmt.Sprintf("%s failed, and the roll-back to %s failed too: the service is not steady (%d of %d tasks run).",
				what, revision(&p), s.RunningCount, s.DesiredCount)}
	case p.RolloutState == types.DeploymentRolloutStateCompleted && arrived(s, p):
		return &ending{outcome: RolledBack, current: revision(&p), steady: true,
			detail: fmt.Sprintf("%s failed and was rolled back: the service is steady on revision %s.", what, revision(&p))}
	}
	return nil
}

func (f *follower) superseded(p types.Deployment) *ending {
	which := "the watched deployment"
	if r := revision(&f.mine); r != "" {
		which = "that of " + r
	}
	if f.failed {
		which += ", which had failed"
	}
	return &ending{outcome: Superseded, current: revision(&p),
		detail: fmt.Sprintf("A newer deployment, %s of %s, took the place of %s.", id(&p), revision(&p), which)}
}

func (f *follower) timedOut(s types.Service) *ending {
	p := primary(s)
	detail := fmt.Sprintf("The deployment of %s is still under way: it runs %d of %s.", revision(p), p.RunningCount, tasks(int(s.DesiredCount)))
	switch {
	case f.rollback == "" && p.RolloutState == types.DeploymentRolloutStateCompleted && arrived(s, *p):
		detail = fmt.Sprintf("The deployment of %s is complete, and has not held for %s yet.", revision(p), roughly(f.hold))
	case f.rollback == "" && p.RolloutState == types.DeploymentRolloutStateCompleted:
		detail = fmt.Sprintf("ECS called the deployment of %s complete, but it runs %d of %s.", revision(p), p.RunningCount, tasks(int(s.DesiredCount)))
	case f.rollback != "":
		detail = fmt.Sprintf("The deployment of %s failed, and the roll-back to %s is still under way: it runs %d of %s.",
			revision(&f.mine), revision(p), p.RunningCount, tasks(int(s.DesiredCount)))
	}
	return &ending{outcome: TimedOut, current: revision(p), detail: detail}
}

// isMyRollback tells a roll-back of the watched deployment from a newer update by
// somebody, and from the roll-back of that.
func (f *follower) isMyRollback(s types.Service, p types.Deployment) bool {
	began := f.since
	completed := f.mine.RolloutState == types.DeploymentRolloutStateCompleted
	if completed || aws.ToTime(p.CreatedAt).Before(began) {
		return false
	}
	for _, d := range s.Deployments {
		if id(&d) != id(&p) && id(&d) != id(&f.mine) && aws.ToTime(d.CreatedAt).After(began) {
			return false // a deployment in between: p follows on that one
		}
	}
	for _, failed := range f.failures(s) {
		if failed != id(&f.mine) && failed != id(&p) {
			return false // p rolls that one back
		}
	}
	return rollsBack(s, p)
}

// failures are the deployments that were said to have failed since the watched one
// began.
func (f *follower) failures(s types.Service) []string {
	var failed []string
	for _, e := range s.Events {
		if m := saysFailed.FindStringSubmatch(aws.ToString(e.Message)); m != nil && !aws.ToTime(e.CreatedAt).Before(f.since) {
			failed = append(failed, m[1])
		}
	}
	return failed
}

func (f *follower) phase() string {
	switch {
	case f.rollback != "":
		return "rolling back"
	case f.failed:
		return "failed"
	case !f.arrivedAt.IsZero() && f.hold > 0:
		return "complete"
	}
	return "deploying"
}

func (f *follower) rows(s types.Service) []row {
	var rows []row
	for i := range s.Deployments {
		d := &s.Deployments[i]
		role := "old"
		switch {
		case id(d) == f.rollback:
			role = "rollback"
		case id(d) == id(&f.mine):
			role = "new"
		case aws.ToTime(d.CreatedAt).After(f.since):
			role = "newer"
		}
		rows = append(rows, row{
			id: id(d), revision: revision(d), role: role, rollout: string(d.RolloutState),
			desired: int(d.DesiredCount), pending: int(d.PendingCount), running: int(d.RunningCount), failed: int(d.FailedTasks),
		})
	}
	return rows
}

// fresh are the events since the deployment began that have not been shown. ECS
// lists the newest first, also among those of one moment.
func (f *follower) fresh(s types.Service) []types.ServiceEvent {
	var fresh []types.ServiceEvent
	for _, e := range slices.Backward(s.Events) {
		if f.shown[aws.ToString(e.Id)] || f.since.IsZero() || aws.ToTime(e.CreatedAt).Before(f.since) {
			continue
		}
		f.shown[aws.ToString(e.Id)] = true
		fresh = append(fresh, e)
	}
	slices.SortStableFunc(fresh, func(a, b types.ServiceEvent) int {
		return aws.ToTime(a.CreatedAt).Compare(aws.ToTime(b.CreatedAt))
	})
	return fresh
}
