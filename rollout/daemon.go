package rollout

import (
	"slices"

	"steady/lifecycle"
	"steady/model"
)

// moveDaemon stops and starts tasks of a DAEMON service: "exactly one task on each
// active container instance that meets all of the task placement constraints".
func (d *decision) moveDaemon() {
	if n := len(d.Eligible); n != d.service.DesiredCount {
		d.edit().DesiredCount = n
	}
	d.stopStrays()
	d.stopDaemonReplaced()
	d.startDaemon()
	d.sayDeadlock()
}

// stopStrays stops tasks on instances that shall have none, and all but one of those
// that share an instance. On a draining one "the daemon task is … the last task to stop
// after all replica tasks are stopped".
func (d *decision) stopStrays() {
	last, free := parted(d.draining, func(t *model.Task) bool { return d.Busy != nil && d.Busy(t.Instance) })
	free, _ = d.stopSome(free, len(free), lifecycle.ReasonDraining)
	d.draining = append(last, free...)
	taken := map[string]bool{}
	stray := func(t *model.Task) bool {
		double := taken[t.Instance]
		taken[t.Instance] = true
		return double || !slices.Contains(d.Eligible, t.Instance)
	}
	for _, list := range []*[]*model.Task{&d.current, &d.replaced} {
		clear(taken)
		strays, stay := parted(*list, stray)
		d.stopSome(strays, len(strays), d.scaling())
		*list = stay
	}
	d.unhealthy = d.stopFailing(d.unhealthy, len(d.unhealthy))
}

// stopDaemonReplaced stops tasks of older revisions as far as minimumHealthyPercent
// allows, and at once where they fail their checks: maximumPercent of a DAEMON service
// is 100, so an instance's old task makes room for its new one.
func (d *decision) stopDaemonReplaced() {
	if d.stalled() {
		return
	}
	failing, serving := parted(d.replaced, d.failsChecks)
	serving, _ = d.stopServing(serving, d.serving()-d.lower(), d.scaling())
	d.replaced = append(serving, d.stopFailing(failing, len(failing))...)
}

// startDaemon starts a task on each instance that has none.
func (d *decision) startDaemon() {
	p := d.service.Primary()
	if d.stalled() {
		p = d.lastGood() // it keeps the service alive
	}
	if p == nil || d.throttled(*p) {
		return
	}
	taken := map[string]bool{}
	for _, t := range d.Live {
		taken[t.Instance] = true
	}
	free := slices.DeleteFunc(slices.Clone(d.Eligible), func(i string) bool { return taken[i] })
	if d.resolving(*p) {
		free = free[:max(0, min(len(free), 1-len(d.current)))]
	}
	if len(free) > 0 {
		d.start = append(d.start, Start{Deployment: p.ID, TaskDefinition: p.TaskDefinition, Count: len(free), On: free})
	}
}
