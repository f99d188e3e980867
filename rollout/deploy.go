package rollout

import (
	"slices"

	"steady/lifecycle"
	"steady/model"
)

// dropReplaced forgets deployments that are fully replaced: "INACTIVE deployments
// … are dropped from the list".
func (d *decision) dropReplaced() {
	good := d.lastGood()
	done := func(x model.Deployment) bool {
		return x.Status != model.Primary && (good == nil || x.ID != good.ID) &&
			!slices.ContainsFunc(d.Live, func(t *model.Task) bool { return t.Deployment == x.ID })
	}
	if slices.ContainsFunc(d.service.Deployments, done) {
		s := d.edit()
		s.Deployments = slices.DeleteFunc(s.Deployments, done)
	}
}

// scaleIn stops tasks of the primary deployment that are more than desired.
func (d *decision) scaleIn() {
	excess := len(d.current) - d.service.DesiredCount
	if excess <= 0 {
		return
	}
	var blocked int
	d.current, blocked = d.stopSome(d.current, excess, d.scaling())
	if blocked > 0 {
		d.sayProtected(d.service.Primary().ID)
	}
}

// stopUnhealthy stops tasks of the primary deployment that fail their health checks:
// "start a replacement first where maximumPercent allows; else stop unhealthy tasks
// one at a time".
func (d *decision) stopUnhealthy() {
	if len(d.unhealthy) == 0 {
		return
	}
	n := min(len(d.unhealthy), d.serving()+len(d.unhealthy)-d.service.DesiredCount)
	starting := slices.ContainsFunc(d.current, func(t *model.Task) bool { return !d.settled(t) })
	underWay := len(d.leaving) + d.gone
	if n <= 0 && d.room() <= 0 && underWay == 0 && !starting {
		n = 1
	}
	d.unhealthy = d.stopFailing(d.unhealthy, n)
}

// stopReplaced stops tasks of older revisions, and those on instances that are being
// drained, as far as minimumHealthyPercent allows. A task that is not RUNNING serves
// nobody and goes at once. Where the primary deployment has failed and no other
// revision takes over, older revisions stay, as many tasks as are desired.
func (d *decision) stopReplaced() {
	spare := d.serving() - d.keep()
	d.draining, spare = d.stopServing(d.draining, spare, lifecycle.ReasonDraining)
	if d.stalled() {
		d.replaced, _ = d.stopSome(d.replaced, -d.lost(), d.scaling())
		return
	}
	failing, serving := parted(d.replaced, d.failsChecks)
	if spare >= 0 || d.room() <= 0 {
		failing = d.stopFailing(failing, len(failing))
	}
	coming, serving := parted(serving, d.comesToServe)
	serving, _ = d.stopServing(serving, spare, d.scaling())
	d.replaced = slices.Concat(failing, coming, serving)
}

// comesToServe tells whether a task of an older revision was started in place of an
// unhealthy one, does not run yet, and is still needed.
func (d *decision) comesToServe(t *model.Task) bool {
	return t.Last != model.Running && t.CreatedAt.After(d.service.Primary().CreatedAt) && d.serving() < d.service.DesiredCount
}

// stopServing stops the tasks that do not run, and as many of the others as can be
// spared. It returns the tasks that stay, and what can still be spared.
func (d *decision) stopServing(tasks []*model.Task, spare int, reason string) ([]*model.Task, int) {
	running, idle := parted(tasks, func(t *model.Task) bool { return t.Last == model.Running })
	n := max(0, min(spare, len(running)))
	idle, _ = d.stopSome(idle, len(idle), reason)
	running, blocked := d.stopSome(running, n, reason)
	if blocked > 0 {
		d.sayProtected(running[0].Deployment)
	}
	return append(idle, running...), spare - n + blocked
}

// parted splits tasks by a property.
func parted(tasks []*model.Task, is func(*model.Task) bool) (yes, no []*model.Task) {
	for _, t := range tasks {
		if is(t) {
			yes = append(yes, t)
		} else {
			no = append(no, t)
		}
	}
	return yes, no
}

// count counts the tasks with a property.
func count(tasks []*model.Task, is func(*model.Task) bool) int {
	n := 0
	for _, t := range tasks {
		if is(t) {
			n++
		}
	}
	return n
}

// keep is how many tasks must go on serving while others are stopped. "If
// desiredCount is 4 and minimumHealthyPercent 50, the scheduler may stop two tasks
// to free up capacity before starting two new ones": it goes below the desired
// count only where new tasks have no room or no place otherwise.
func (d *decision) keep() int {
	blocked := d.missing() > 0 && (d.room() <= 0 || d.service.Placement.Refused())
	if blocked {
		return d.lower()
	}
	return max(d.lower(), d.service.DesiredCount)
}

// startMissing starts what the primary deployment lacks, as far as maximumPercent
// allows. "On reaching the threshold: FAILED, stops launching": a failed deployment
// starts nothing; the revision before it keeps its tasks.
func (d *decision) startMissing() {
	p := d.service.Primary()
	if p == nil {
		return
	}
	target, n := *p, d.missing()
	if d.stalled() {
		good := d.lastGood()
		if good == nil {
			return
		}
		target, n = *good, d.lost()
	}
	if n <= 0 {
		return
	}
	n = min(n, d.room())
	if d.resolving(target) {
		n = min(n, 1-len(d.current))
	}
	if n <= 0 || d.throttled(target) {
		return
	}
	d.start = append(d.start, Start{
		Deployment: target.ID, TaskDefinition: target.TaskDefinition, Count: n, Unhealthy: min(n, len(d.unhealthy)),
	})
}

// replaceUnhealthyOld starts replacements of tasks of older revisions that fail their
// health checks while a deployment goes on: "a replacement uses the service revision
// of the task that it replaces".
func (d *decision) replaceUnhealthyOld() {
	p := d.service.Primary()
	if p == nil || d.stalled() || d.serving() >= d.service.DesiredCount {
		return
	}
	for _, x := range d.service.Deployments[1:] {
		n := 0
		for t := range d.tasksOf(x.ID) {
			if t.Live() && !t.StopDecided() && d.failsChecks(t) || t.StoppedReason == lifecycle.ReasonUnhealthy && t.StoppingAt.After(p.CreatedAt) {
				n++
			}
			if !t.CreatedAt.Before(p.CreatedAt) { // it is a replacement
				n--
			}
		}
		if n = min(n, d.room()); n > 0 {
			d.start = append(d.start, Start{Deployment: x.ID, TaskDefinition: x.TaskDefinition, Count: n, Unhealthy: n})
		}
	}
}

// stalled tells whether the primary deployment has failed with nothing to take
// over from it.
func (d *decision) stalled() bool {
	p := d.service.Primary()
	return p != nil && p.Rollout == model.Failed
}

// lost is how many tasks a stalled service lacks, negative if there are too many.
// Those of the failed deployment count as far as they have settled.
func (d *decision) lost() int {
	return d.service.DesiredCount - count(d.current, d.settled) - len(d.replaced)
}

// lastGood is the completed deployment that goes on serving while the primary one is
// FAILED, nil where there is none. It is kept even if all of its tasks should die.
func (d *decision) lastGood() *model.Deployment {
	if !d.stalled() {
		return nil
	}
	i := slices.IndexFunc(d.service.Deployments, func(x model.Deployment) bool { return x.Rollout == model.Completed })
	if i < 0 {
		return nil
	}
	return &d.service.Deployments[i]
}

func (d *decision) scaling() string { return lifecycle.ReasonScaling(d.service.Primary().ID) }

// stopSome stops the n tasks that are missed least, but none that is protected: "task
// scale-in protection blocks scale-in and rolling stops". It returns the tasks that
// stay, and how many were to stop and could not.
func (d *decision) stopSome(tasks []*model.Task, n int, reason string) (stay []*model.Task, blocked int) {
	if n <= 0 {
		return tasks, 0
	}
	protected, free := parted(tasks, func(t *model.Task) bool { return t.Protected(d.Now) })
	for _, t := range protected {
		d.wakeAt(t.ProtectedUntil)
	}
	chosen := d.chooseStops(free, n)
	going := make(map[*model.Task]bool, len(chosen))
	for _, t := range chosen {
		d.decideStop(t, reason)
		going[t] = true
	}
	d.sayStopped(chosen)
	stay, _ = parted(tasks, func(t *model.Task) bool { return !going[t] })
	return stay, max(0, n-len(chosen))
}

// stopFailing stops n tasks that fail their health checks. Protection does not hold
// for them.
func (d *decision) stopFailing(tasks []*model.Task, n int) []*model.Task {
	if n <= 0 {
		return tasks
	}
	for _, t := range tasks[:n] {
		d.say("(service %s) (task %s) failed container health checks.", d.service.Name, t.ID)
		d.decideStop(t, lifecycle.ReasonUnhealthy)
	}
	d.sayStopped(tasks[:n])
	return tasks[n:]
}

func (d *decision) decideStop(t *model.Task, reason string) {
	d.stop = append(d.stop, Stop{t, model.ServiceSchedulerInitiated, reason})
	d.leaving = append(d.leaving, t)
}

// chooseStops chooses the tasks that are missed least: those that do not run, then
// those not healthy, then by where they run, as the view's Prefer says, else the
// youngest.
func (d *decision) chooseStops(tasks []*model.Task, n int) []*model.Task {
	if n >= len(tasks) {
		return tasks
	}
	sorted := slices.SortedStableFunc(slices.Values(tasks), d.missedLess)
	serving := slices.IndexFunc(sorted, d.healthy)
	if d.Prefer == nil || serving < 0 || serving >= n {
		return sorted[:n]
	}
	return append(sorted[:serving:serving], d.Prefer(sorted[serving:], n-serving)...)
}

func (d *decision) missedLess(a, b *model.Task) int {
	rank := func(t *model.Task) int {
		switch {
		case t.Last != model.Running:
			return 0
		case !d.healthy(t):
			return 1
		}
		return 2
	}
	if r := rank(a) - rank(b); r != 0 {
		return r
	}
	return b.CreatedAt.Compare(a.CreatedAt)
}

// complete ends the primary deployment when its tasks are all there, healthy, and
// alone. "COMPLETED when steady; later instability doesn't reopen it."
func (d *decision) complete() {
	p := d.service.Primary()
	if p == nil || p.Rollout != model.InProgress || !d.arrived() && !d.arrivedEarly() {
		return
	}
	s := d.edit()
	p = s.Primary()
	p.Rollout = model.Completed
	p.Reason = "ECS deployment " + p.ID + " completed."
	p.UpdatedAt = d.Now
	s.Completed = model.Revision{ID: p.Revision, TaskDefinition: p.TaskDefinition, Network: p.Network, Capacity: p.Capacity}
	s.CompletedImages = p.Images
	d.say("(service %s) (deployment %s) deployment completed.", s.Name, p.ID)
}

// arrived tells whether what is desired is what runs: one deployment, as many
// healthy tasks as desired, and nothing else pending or leaving.
func (d *decision) arrived() bool {
	return len(d.service.Deployments) == 1 &&
		len(d.current) == d.service.DesiredCount &&
		d.countHealthy(d.current) == d.service.DesiredCount &&
		len(d.replaced)+len(d.unhealthy)+len(d.draining)+len(d.leaving) == 0
}

// arrivedEarly tells whether earlySuccessCriteria are met: "healthyPercent of the
// desired count is healthy"; with BLOCKING the older tasks must be gone as well, with
// DEFERRED they are removed afterwards.
func (d *decision) arrivedEarly() bool {
	e := d.service.EarlySuccess
	// At least one, whatever the percentage: COMPLETED over nothing would be a lie.
	enough := max(part(d.service.DesiredCount, e.HealthyPercent), min(1, d.service.DesiredCount))
	if !e.Enable || d.countHealthy(d.current) < enough {
		return false
	}
	return e.Deferred || len(d.service.Deployments) == 1
}

// drain stops the tasks of a deleted service. "DRAINING → INACTIVE when all tasks
// stop."
func (d *decision) drain() {
	if len(d.Live) == 0 {
		s := d.edit()
		s.Status = model.Inactive
		s.InactiveAt = d.Now
		s.Deployments = nil
		return
	}
	for _, t := range slices.Concat(d.current, d.replaced, d.unhealthy, d.draining) {
		d.decideStop(t, d.scaling())
	}
	stopped := make([]*model.Task, len(d.stop))
	for i, s := range d.stop {
		stopped[i] = s.Task
	}
	d.sayStopped(stopped)
}
