package simulation

import (
	"context"
	"strings"
	"time"

	"steady/lifecycle"
	"steady/model"
	"steady/rollout"
	"steady/runtime"
	"steady/state"
)

// changeTask checks a change of one task.
func (w *watch) changeTask(old, now *model.Task, later []state.Change) {
	switch {
	case now == nil:
		w.forgotten(old)
		delete(w.tasks, old.ID)
		return
	case old == nil:
		w.noteTask(nil, now)
		w.placed(now)
		if now.Service != "" {
			w.startAllowed(now, w.around(now, later))
		}
		return
	}
	w.moved(old, now)
	w.noteTask(old, now)
	if !old.StopDecided() && now.StopDecided() && now.StopCode == model.ServiceSchedulerInitiated {
		w.stopAllowed(old, now, w.around(now, later))
	}
}

// noteTask makes a task part of the watch's records.
func (w *watch) noteTask(old, now *model.Task) {
	w.tasks[now.ID] = now
	w.seen[now.ID] = true
	w.traceTask(old, now)
	if now.Last == model.Stopped && (old == nil || old.Last != model.Stopped) && w.life.failed(now) {
		w.failures[now.Deployment]++
	}
}

func (w *watch) traceTask(old, now *model.Task) {
	l := w.life
	if old == nil {
		l.trace.note("task %s of %s:%d for %q on %s is new", short(now.ID), now.TaskDefinition.Family, now.TaskDefinition.Revision, now.Service, l.nameOf(now.Instance))
		return
	}
	if old.Last == now.Last && old.Desired == now.Desired && old.Health == now.Health {
		return
	}
	end := ""
	if now.StopDecided() {
		end = " (" + string(now.StopCode) + ": " + now.StoppedReason + ")"
	}
	l.trace.note("task %s of %q on %s %s→%s desired %s health %s%s", short(now.ID), now.Service, l.nameOf(now.Instance),
		old.Last, now.Last, now.Desired, now.Health, end)
}

// moved: a task only moves forward, and what was decided of it stays decided.
func (w *watch) moved(old, now *model.Task) {
	bad := func(what string) {
		w.life.violated("task %s %s:\n\t%s\n\t%s", short(now.ID), what, encoded(old), encoded(now))
	}
	if old.Last != now.Last && !model.CanBecome(old.Last, now.Last) && !w.life.unanswered {
		bad("goes from " + string(old.Last) + " to " + string(now.Last))
	}
	if now.Version < old.Version || now.Version == old.Version && (old.Last != now.Last || old.Desired != now.Desired) {
		bad("changes without a higher version")
	}
	if old.Instance != now.Instance || old.TaskDefinition != now.TaskDefinition || old.Service != now.Service ||
		old.Deployment != now.Deployment || old.StartedBy != now.StartedBy || !old.CreatedAt.Equal(now.CreatedAt) {
		bad("is not the same any more")
	}
	if old.StopDecided() && (!now.StopDecided() || old.StopCode != now.StopCode || old.StoppedReason != now.StoppedReason) {
		bad("was decided to stop otherwise")
	}
	if old.Last == model.Stopped {
		bad("changes after its end")
	}
	if now.Last == model.Stopped {
		w.endedWell(now)
	}
}

// endedWell: every stopped task has a stopCode and a stoppedReason, and times in order.
func (w *watch) endedWell(t *model.Task) {
	forced := t.StoppedReason == lifecycle.ReasonDeregistered // "Container instance deregistration forced by user | –"
	if t.StopCode == "" && !forced || t.StoppedReason == "" || !t.StopDecided() {
		w.life.violated("task %s stopped without a reason: %s", short(t.ID), encoded(t))
	}
	last := t.CreatedAt
	for _, at := range []time.Time{t.StartedAt, t.StoppingAt, t.StoppedAt} {
		if at.IsZero() {
			continue
		}
		if at.Before(last) {
			w.life.violated("task %s has times out of order: %s", short(t.ID), encoded(t))
		}
		last = at
	}
	if t.StoppedAt.IsZero() {
		w.life.violated("task %s stopped at no time", short(t.ID))
	}
	for _, c := range t.Containers {
		if c.Last != model.Stopped {
			w.life.violated("task %s is STOPPED, its container %s is %s", short(t.ID), c.Name, c.Last)
		}
	}
}

// forgotten: only the records of tasks that stopped long ago are removed.
func (w *watch) forgotten(t *model.Task) {
	if t.Live() || time.Since(t.StoppedAt) < retention {
		w.life.violated("the record of task %s is removed too early: %s", short(t.ID), encoded(t))
	}
}

// placed: a new task is on an instance that is ACTIVE and connected and has what it
// needs: nothing is promised twice.
func (w *watch) placed(t *model.Task) {
	if t.Last != model.Provisioning && t.Last != model.Pending || t.StopDecided() {
		w.life.violated("task %s begins as %s, desired %s", short(t.ID), t.Last, t.Desired)
	}
	i := w.instances[t.Instance]
	if i == nil || i.Status != model.Active || !i.AgentConnected {
		w.life.violated("task %s is placed on %s: %s", short(t.ID), w.life.nameOf(t.Instance), encoded(i))
		return
	}
	if over := w.holds(i); over != "" {
		w.life.violated("task %s is placed on %s, which has %s", short(t.ID), w.life.nameOf(i.ID), over)
	}
}

// holds says what of an instance is promised more often than it is there.
func (w *watch) holds(i *model.Instance) string {
	cpu, memory := 0, 0
	ports := map[model.HostPort]bool{}
	for _, t := range w.tasks {
		if t.Instance != i.ID || !t.Live() {
			continue
		}
		cpu, memory = cpu+t.CPU, memory+t.Memory
		for _, p := range t.HostPorts {
			if ports[p] {
				return "a port in use twice"
			}
			ports[p] = true
		}
	}
	switch {
	case cpu > i.CPU:
		return "too little CPU"
	case memory > i.Memory:
		return "too little memory"
	}
	return ""
}

// occupies: "the upper limit on the number of tasks that are allowed in the RUNNING or
// PENDING state".
func occupies(t *model.Task) bool {
	return t.Last == model.Provisioning || t.Last == model.Pending || t.Last == model.Activating || t.Last == model.Running
}

// startAllowed: never more tasks than maximumPercent by a start of Steady's own, and
// only of a deployment that is under way.
func (w *watch) startAllowed(t *model.Task, services []*model.Service) {
	occupied, onInstance := 0, 0
	for _, other := range w.of(t.Cluster, t.Service) {
		if !occupies(other) {
			continue
		}
		occupied++
		if other.Instance == t.Instance {
			onInstance++
		}
	}
	why := "there is no such service"
	for _, s := range services {
		d := s.Deployment(t.Deployment)
		switch {
		case s.Status != model.Active:
			why = "the service is " + string(s.Status)
		case d == nil:
			why = "its deployment is not there"
		case d.TaskDefinition != t.TaskDefinition || t.StartedBy != d.ID:
			why = "its deployment is another one: " + encoded(d)
		case s.Daemon && onInstance > 1:
			why = "the DAEMON service has a task there already"
		case !s.Daemon && occupied > s.DesiredCount*s.MaximumPercent/100:
			why = "it is the " + itoa(occupied) + "th, more than " + itoa(s.MaximumPercent) + "% of " + itoa(s.DesiredCount)
		default:
			return
		}
	}
	w.life.violated("task %s must not start for %q: %s", short(t.ID), t.Service, why)
}

// stopAllowed: the scheduler itself never takes a service below its minimum, and
// protected tasks stay.
func (w *watch) stopAllowed(old, t *model.Task, services []*model.Service) {
	why := ""
	for _, s := range services {
		if why = w.stopForbidden(old, t, s); why == "" {
			return
		}
	}
	w.life.violated("task %s of %q must not stop (%s): %s", short(t.ID), t.Service, t.StoppedReason, why)
}

func (w *watch) stopForbidden(old, t *model.Task, s *model.Service) string {
	if s.Status != model.Active || old.Last != model.Running || w.failsChecks(old, s) {
		return "" // it serves nobody
	}
	if t.StoppedReason == lifecycle.ReasonUnhealthy {
		return "its health checks do not fail: " + encoded(old)
	}
	if old.Protected(time.Now()) && strings.HasPrefix(t.StoppedReason, "Scaling activity") {
		return "it is protected"
	}
	if s.Daemon && w.instances[t.Instance].Status != model.Active {
		return "" // a DAEMON task serves its own instance, which is being emptied
	}
	p := s.Primary()
	if p == nil {
		return "there is no deployment"
	}
	serving := 0
	for _, other := range w.of(t.Cluster, t.Service) {
		if w.serves(other, s, t.Deployment != p.ID) {
			serving++
		}
	}
	if lower := rollout.Lower(s.DesiredCount, s.MinimumHealthyPercent); serving < lower {
		return itoa(serving) + " are left, " + itoa(lower) + " must be"
	}
	return ""
}

// serves tells whether a task is taken to do its work. Where older tasks make room for
// those of the primary deployment, these must have settled.
func (w *watch) serves(t *model.Task, s *model.Service, settled bool) bool {
	if t.StopDecided() || t.Last != model.Running || w.failsChecks(t, s) {
		return false
	}
	if settled && t.Deployment == s.Primary().ID {
		return w.life.healthy(t)
	}
	return true
}

func (w *watch) failsChecks(t *model.Task, s *model.Service) bool {
	return t.Last == model.Running && t.Health == model.Unhealthy && !time.Now().Before(t.StartedAt.Add(s.GracePeriod))
}

// healthy tells whether a task counts as healthy now.
func (l *life) healthy(t *model.Task) bool {
	if t.Last != model.Running {
		return false
	}
	if !t.Checked() {
		return !time.Now().Before(t.StartedAt.Add(l.settle))
	}
	for _, c := range t.Containers {
		if c.Essential && c.Checked && c.Health != model.Healthy {
			return false
		}
	}
	return true
}

// failed tells whether a task that stopped counts against its deployment.
func (l *life) failed(t *model.Task) bool {
	switch t.StopCode {
	case model.TaskFailedToStart:
		return true
	case model.EssentialContainerExited:
		if t.Checked() {
			return t.HealthyAt.IsZero()
		}
		return t.StartedAt.IsZero() || t.ExecutionStoppedAt.Before(t.StartedAt.Add(l.settle))
	}
	return t.StoppedReason == lifecycle.ReasonUnhealthy
}

// labels of the agent's containers.
const (
	labelTask      = "dev.steady.task"
	labelContainer = "com.amazonaws.ecs.container-name"
)

// removedNow tells whether a container of a task has just been removed: commits of the
// same instant are looked at late.
func (l *life) removedNow(t *model.Task) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.removed[t.ID].Equal(time.Now())
}

// really tells what of a task does not run that should: the containers themselves are
// asked. One that ended in this very instant is not yet anybody's lie.
func (l *life) really(t *model.Task) string {
	if l.removedNow(t) {
		return ""
	}
	found, err := l.machines.List(context.Background(), map[string]string{labelTask: t.ID})
	if err != nil {
		return err.Error()
	}
	running := map[string]bool{}
	states := ""
	for _, c := range found {
		states += " " + c.Labels[labelContainer] + "=" + string(c.State)
		if c.State == runtime.Running || c.State == runtime.Exited && !c.FinishedAt.Before(time.Now()) {
			running[c.Labels[labelContainer]] = true
		}
	}
	for _, c := range t.Containers {
		if c.Essential && !running[c.Name] {
			return "task " + short(t.ID) + " does not run, its containers:" + states
		}
	}
	return ""
}
