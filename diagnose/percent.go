package diagnose

import (
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// percent are the service's percentages. "REPLICA 100/200; DAEMON 0/100" where it
// does not say.
func (p *prospect) percent() (low, high int) {
	low, high = 100, 200
	if p.daemon() {
		low, high = 0, 100
	}
	if c := p.Service.DeploymentConfiguration; c != nil {
		if c.MinimumHealthyPercent != nil {
			low = int(*c.MinimumHealthyPercent)
		}
		if c.MaximumPercent != nil {
			high = int(*c.MaximumPercent)
		}
	}
	return low, high
}

func (p *prospect) daemon() bool {
	return p.Service.SchedulingStrategy == types.SchedulingStrategyDaemon
}

// lower: "⌈desired × minimumHealthyPercent / 100⌉".
func (p *prospect) lower() int {
	low, _ := p.percent()
	return (p.desired*low + 99) / 100
}

// upper: "⌊desired × maximumPercent / 100⌋".
func (p *prospect) upper() int {
	_, high := p.percent()
	return p.desired * high / 100
}

// percentages: ECS may start no task beyond the upper limit and stop none below the
// lower one. Where what runs is at both, no step is left; a task that is pending or
// unhealthy will still move.
func (p *prospect) percentages() *Hopeless {
	stuck := p.rolling && p.missing > 0 && p.pending == 0 && p.running >= p.upper() && p.running <= p.lower() && !p.moving()
	if !stuck {
		return nil
	}
	low, high := p.percent()
	h := &Hopeless{Reason: fmt.Sprintf(
		"maximumPercent %d of %d desired %s allows %d, and %d run, so that none may start; minimumHealthyPercent %d asks for %d, so that none may stop",
		high, p.desired, plural(p.desired, "task"), p.upper(), p.running, low, p.lower())}
	if p.running > 0 {
		h.Remedy = append(h.Remedy, p.lowerMinimum())
	}
	if !p.daemon() {
		enough := ((p.running+1)*100 + p.desired - 1) / p.desired
		h.Remedy = append(h.Remedy, fmt.Sprintf("Set maximumPercent to %d or more, so that a new task may start first.", enough))
	}
	return h
}

// lowerMinimum says how far minimumHealthyPercent must come down for one of the
// running tasks to stop.
func (p *prospect) lowerMinimum() string {
	enough := max(0, p.running-1) * 100 / p.desired
	if enough == 0 {
		return "Set minimumHealthyPercent to 0, so that an old task may stop first."
	}
	return fmt.Sprintf("Set minimumHealthyPercent to %d or less, so that an old task may stop first.", enough)
}

// moving tells whether something about the tasks will change by itself: not all of
// them run, one is unhealthy and will be replaced, or one is being stopped.
func (p *prospect) moving() bool {
	if !p.Looked {
		return false
	}
	for _, t := range p.Tasks {
		if aws.ToString(t.LastStatus) != "RUNNING" || t.HealthStatus == types.HealthStatusUnhealthy {
			return true
		}
	}
	return len(p.Tasks) != p.running
}

// said tells whether the service said something since the PRIMARY deployment
// began.
func (p *prospect) said(what *regexp.Regexp) bool {
	for _, e := range p.Service.Events {
		if what.MatchString(aws.ToString(e.Message)) && !aws.ToTime(e.CreatedAt).Before(aws.ToTime(p.primary.CreatedAt)) {
			return true
		}
	}
	return false
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
