package agent

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// verdict is what becomes of a dependency.
type verdict int

const (
	met verdict = iota
	unmet
	never // it will not be met: "terminal"
)

// wait tells whether a container may be made and started, and else why it never will.
// A time-out that is to come is noted in the plan.
func (t whole) wait(target seen, p *plan) (verdict, string) {
	all := met
	for _, d := range target.needs {
		v, why := t.judge(target, d, p)
		if v == never {
			return never, why
		}
		all = max(all, v)
	}
	return all, ""
}

// judge judges one dependency, in the words of the ECS agent.
func (t whole) judge(target seen, d model.Dependency, p *plan) (verdict, string) {
	i := slices.IndexFunc(t.containers, func(c seen) bool { return c.name == d.Container })
	if i < 0 {
		return never, fmt.Sprintf("dependency graph: container ordering dependency [%s] for target [%s] does not exist.", d.Container, target)
	}
	c := t.containers[i]
	// "Applies to COMPLETE, SUCCESS and HEALTHY only, while the dependency is not stopped
	// and the target not created."
	done := satisfied(c, d.Condition)
	if limit := c.limit(); !done && !limit.IsZero() && d.Condition != types.ContainerConditionStart && target.progress < created {
		if t.now.After(limit) {
			return never, fmt.Sprintf("dependency graph: container ordering dependency [%s] for target [%s] has timed out.", c, target)
		}
		p.later(limit.Add(1))
	}
	failed := "dependency graph: failed to resolve container ordering dependency [" + c.String() + "] for target [" + target.String() + "] "
	switch {
	case done:
		return met, ""
	case c.progress != stopped:
		return unmet, ""
	case c.started.IsZero():
		return never, failed + "because dependency will never start"
	case d.Condition == types.ContainerConditionSuccess, d.Condition == types.ContainerConditionComplete:
		return never, failed + "as dependency did not exit successfully."
	}
	return unmet, "" // HEALTHY: the ECS agent leaves the target waiting
}

// satisfied tells whether a container has come as far as a condition asks.
func satisfied(c seen, condition types.ContainerCondition) bool {
	switch condition {
	case types.ContainerConditionStart: // "or has already run and stopped"
		return c.progress >= running && !c.started.IsZero()
	case types.ContainerConditionComplete:
		return c.progress == stopped && !c.started.IsZero() && c.exit.Known
	case types.ContainerConditionSuccess:
		return c.progress == stopped && !c.started.IsZero() && c.exit == model.Exit{Known: true}
	case types.ContainerConditionHealthy:
		return c.progress == running && c.healthy
	}
	return false
}

// limit is until when a container may be waited for, zero if for ever.
func (c seen) limit() time.Time {
	if c.startTimeout == 0 || c.started.IsZero() || c.progress == stopped {
		return time.Time{}
	}
	return c.started.Add(c.startTimeout)
}

// String is a container as the ECS agent writes it, with what it is and shall be.
func (c seen) String() string {
	is := [...]string{"NONE", "PULLED", "CREATED", "RUNNING", "RUNNING", "STOPPED"}[c.progress]
	shall := "RUNNING"
	if c.progress == stopped && c.started.IsZero() {
		shall = "STOPPED"
	}
	s := fmt.Sprintf("%s(%s) (%s->%s)", c.name, c.image, is, shall)
	if c.exit.Known {
		s += fmt.Sprintf(" - Exit: %d", c.exit.Code)
	}
	return s
}

// usualPeriod is the restartAttemptPeriod of a policy that gives none.
const usualPeriod = 300 * time.Second

// restarts tells whether a container that ended after it had run so long is started
// again: "restart iff the exit code is known and not ignored, the container is not to
// stop, and the time since the last start is at least the period". One that ends before
// the period is over simply stops.
func restarts(policy *types.ContainerRestartPolicy, code int, ran time.Duration, stop bool) bool {
	if policy == nil || !aws.ToBool(policy.Enabled) || stop {
		return false
	}
	period := usualPeriod
	if policy.RestartAttemptPeriod != nil {
		period = time.Duration(*policy.RestartAttemptPeriod) * time.Second
	}
	return !slices.Contains(policy.IgnoredExitCodes, int32(code)) && ran >= period
}
