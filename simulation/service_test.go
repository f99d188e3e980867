package simulation

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"steady/model"
)

func itoa(n int) string { return strconv.Itoa(n) }

// changeService checks a change of one service.
func (w *watch) changeService(key string, old, now *model.Service) {
	if now == nil {
		if old.Status != model.Inactive || time.Since(old.InactiveAt) < retention {
			w.life.violated("the record of service %s is removed too early", key)
		}
		delete(w.services, key)
		return
	}
	w.services[key] = now
	w.traceService(old, now)
	if now.Status == model.Active {
		w.onePrimary(now)
	}
	if old == nil || old.Status == model.Inactive {
		old = &model.Service{}
	}
	w.deployments(old, now)
	w.events(old, now)
}

func (w *watch) traceService(old, now *model.Service) {
	l := w.life
	if old == nil || old.Status != now.Status || old.DesiredCount != now.DesiredCount {
		l.trace.note("service %s is %s, desired %d, %d/%d%%, breaker %+v", now.Name, now.Status, now.DesiredCount,
			now.MinimumHealthyPercent, now.MaximumPercent, now.CircuitBreaker)
	}
	for _, d := range now.Deployments {
		var was *model.Deployment
		if old != nil {
			was = old.Deployment(d.ID)
		}
		if was == nil || was.Rollout != d.Rollout || was.Status != d.Status {
			l.trace.note("service %s: %s of %s is %s %s: %s", now.Name, d.ID, d.TaskDefinition, d.Status, d.Rollout, d.Reason)
		}
	}
}

// onePrimary: exactly one PRIMARY, the newest.
func (w *watch) onePrimary(s *model.Service) {
	ids := map[string]bool{}
	for i, d := range s.Deployments {
		if (i == 0) != (d.Status == model.Primary) || ids[d.ID] {
			w.life.violated("the deployments of %s are %s", s.Name, encoded(s.Deployments))
		}
		ids[d.ID] = true
	}
	if len(s.Deployments) == 0 {
		w.life.violated("service %s has no deployment", s.Name)
	}
}

// deployments checks how deployments begin, move, end and go.
func (w *watch) deployments(old, now *model.Service) {
	for i := range now.Deployments {
		d := &now.Deployments[i]
		was := old.Deployment(d.ID)
		switch {
		case was == nil, was.Rollout == model.InProgress && d.Rollout == model.InProgress:
		case was.Rollout == d.Rollout:
		case was.Rollout != model.InProgress:
			w.life.violated("%s of %s goes from %s to %s", d.ID, now.Name, was.Rollout, d.Rollout)
		case d.Rollout == model.Completed:
			w.completed(now, d)
		case d.Rollout == model.Failed:
			w.failedTruly(now, d)
		}
	}
	if now.Status != model.Active {
		return
	}
	for _, d := range old.Deployments {
		if now.Deployment(d.ID) != nil {
			continue
		}
		for _, t := range w.of(now.Cluster, now.Name) {
			if t.Deployment == d.ID && t.Live() {
				w.life.violated("%s of %s is dropped while it has task %s", d.ID, now.Name, short(t.ID))
			}
		}
	}
}

// completed: a success is never false. As many tasks as desired are healthy, and
// their containers run; by early success criteria, as many as these ask for.
func (w *watch) completed(s *model.Service, d *model.Deployment) {
	want := s.DesiredCount
	if s.EarlySuccess.Enable {
		want = (want*s.EarlySuccess.HealthyPercent + 99) / 100
	}
	healthy := 0
	for _, t := range w.of(s.Cluster, s.Name) {
		if t.Deployment != d.ID || t.StopDecided() || !w.life.healthy(t) {
			continue
		}
		lie := w.life.really(t)
		if lie != "" && !s.EarlySuccess.Enable {
			w.life.violated("%s of %s is COMPLETED, but %s", d.ID, s.Name, lie)
		}
		if lie == "" {
			healthy++
		}
	}
	if healthy < want {
		w.life.violated("%s of %s is COMPLETED with %d healthy tasks of %d", d.ID, s.Name, healthy, want)
	}
}

// failedTruly: a deployment fails with as many failed tasks as the threshold says, or
// because a user stopped it; and is rolled back in the same moment.
func (w *watch) failedTruly(s *model.Service, d *model.Deployment) {
	if strings.Contains(d.Reason, "stop of the service deployment was requested") {
		return
	}
	if !s.CircuitBreaker.Enable {
		w.life.violated("%s of %s FAILED without a circuit breaker", d.ID, s.Name)
	}
	threshold := min(max((s.DesiredCount+1)/2, 3), 200)
	if s.CircuitBreaker.Threshold.Type != "" {
		threshold = 1 // other kinds are rollout's own tests
	}
	if s.CircuitBreaker.Rollback && s.Completed.ID != "" && d.Rollback == "" && s.Primary().Rollback != d.ID {
		w.life.violated("%s of %s FAILED and is not rolled back to %s", d.ID, s.Name, s.Completed.TaskDefinition)
	}
	if n := w.failures[d.ID]; n < threshold {
		w.life.violated("%s of %s FAILED with %d failed tasks, the threshold is %d", d.ID, s.Name, n, threshold)
	}
}

var (
	namedTask  = regexp.MustCompile(`\(task ([0-9a-f]{32})\)`)
	startedMsg = regexp.MustCompile(`^\(service [^)]+\) has started (\d+) tasks: (.*)\.`)
	stoppedMsg = regexp.MustCompile(`^\(service [^)]+\) has stopped (\d+) running tasks: (.*)\.`)
)

// events: newest first, at most 100, none lost from the top, each about what is true.
func (w *watch) events(old, now *model.Service) {
	if len(now.Events) > model.EventsKept {
		w.life.violated("%s has %d events", now.Name, len(now.Events))
	}
	fresh := len(now.Events)
	if len(old.Events) > 0 {
		for i, e := range now.Events {
			if e.ID == old.Events[0].ID {
				fresh = i
				break
			}
		}
	}
	for i := 1; i < len(now.Events); i++ {
		if now.Events[i].At.After(now.Events[i-1].At) {
			w.life.violated("the events of %s are not newest first: %s", now.Name, encoded(now.Events[i-1:i+1]))
		}
	}
	for i := fresh - 1; i >= 0; i-- {
		w.event(now, now.Events[i])
	}
}

// event checks what a new event says.
func (w *watch) event(s *model.Service, e model.ServiceEvent) {
	w.life.trace.note("event: %s", e.Message)
	if !e.At.Equal(time.Now()) {
		w.life.violated("an event of %s is dated %v: %s", s.Name, e.At, e.Message)
	}
	for _, m := range namedTask.FindAllStringSubmatch(e.Message, -1) {
		if !w.seen[m[1]] {
			w.life.violated("%s names a task that never was: %s", s.Name, e.Message)
		}
	}
	if m := startedMsg.FindStringSubmatch(e.Message); m != nil {
		w.counted(s, e, m)
	}
	if m := stoppedMsg.FindStringSubmatch(e.Message); m != nil {
		w.counted(s, e, m)
		for _, id := range namedTask.FindAllStringSubmatch(e.Message, -1) {
			if t := w.tasks[id[1]]; t != nil && !t.StopDecided() {
				w.life.violated("%s says that it stopped task %s, which is to run", s.Name, short(t.ID))
			}
		}
	}
	if strings.HasSuffix(e.Message, "has reached a steady state.") {
		w.steady(s)
	}
}

// counted: an event's number is that of the tasks that it names.
func (w *watch) counted(s *model.Service, e model.ServiceEvent, m []string) {
	if n := len(namedTask.FindAllString(m[2], -1)); itoa(n) != m[1] {
		w.life.violated("an event of %s counts %s and names %d: %s", s.Name, m[1], n, e.Message)
	}
}

// steady: "running equals desired, one deployment, all healthy, none pending".
func (w *watch) steady(s *model.Service) {
	running := 0
	for _, t := range w.of(s.Cluster, s.Name) {
		switch {
		case !t.Live() || t.StopDecided() && !occupies(t):
		case t.StopDecided() || !w.life.healthy(t):
			w.life.violated("%s is not steady: %s", s.Name, encoded(t))
		default:
			running++
			if lie := w.life.really(t); lie != "" {
				w.life.violated("%s is not steady: %s", s.Name, lie)
			}
		}
	}
	if p := s.Primary(); running != s.DesiredCount || len(s.Deployments) != 1 || p.Rollout != model.Completed {
		w.life.violated("%s is not steady: %d tasks of %d run, %s", s.Name, running, s.DesiredCount, encoded(s.Deployments))
	}
}
