package rollout

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// Lower is the fewest tasks that a deployment may leave healthy: "the lower limit
// is rounded up".
func Lower(desired, minimumHealthyPercent int) int {
	return part(desired, minimumHealthyPercent)
}

// Upper is the most tasks that may be RUNNING or PENDING: "the upper limit is
// rounded down".
func Upper(desired, maximumPercent int) int {
	return desired * maximumPercent / 100
}

// part is a percentage of a number, rounded up.
func part(n, percent int) int { return (n*percent + 99) / 100 }

// Threshold is how many failures trip the circuit breaker. BOUNDED_PERCENT, the
// default, is a percentage of the desired count (50), "but not less than 3 and not
// more than 200"; UNBOUNDED_PERCENT has no such bounds; COUNT is the number itself.
func Threshold(b model.CircuitBreaker, desired int) int {
	switch b.Threshold.Type {
	case types.ThresholdTypeCount:
		return b.Threshold.Value
	case types.ThresholdTypeUnboundedPercent:
		return max(1, part(desired, b.Threshold.Value))
	}
	percent := b.Threshold.Value
	if percent == 0 {
		percent = 50
	}
	return min(max(part(desired, percent), 3), 200)
}

func (d *decision) lower() int {
	return Lower(d.service.DesiredCount, d.service.MinimumHealthyPercent)
}

// room is how many tasks may be started under maximumPercent.
func (d *decision) room() int {
	occupied := len(d.leaving)
	for _, list := range [][]*model.Task{d.current, d.replaced, d.unhealthy, d.draining} {
		occupied += count(list, occupies)
	}
	for _, s := range d.start {
		occupied += s.Count
	}
	return Upper(d.service.DesiredCount, d.service.MaximumPercent) - occupied
}

// missing is how many tasks the primary deployment lacks.
func (d *decision) missing() int {
	return max(0, d.service.DesiredCount-len(d.current))
}

// serving counts the tasks that are taken to do their work: healthy ones of the
// primary deployment; of older ones, those that run and do not fail their checks,
// since nobody waits for these to settle any more.
func (d *decision) serving() int {
	p := d.service.Primary()
	return d.countHealthy(d.current) + count(d.replaced, d.serves) + count(d.draining, func(t *model.Task) bool {
		return d.serves(t) && (p == nil || t.Deployment != p.ID || d.settled(t))
	})
}

func (d *decision) serves(t *model.Task) bool {
	return t.Last == model.Running && d.watched(t) && !d.failsChecks(t)
}
