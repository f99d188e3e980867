package simulation

import (
	"strings"
	"time"

	"steady/agent"
	"steady/model"
	"steady/runtime"
	"steady/state"
)

// patience are the times after which every service must have ended: the longest
// back-off, 27 minutes, is in them several times.
var patience = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 30 * time.Minute, 2 * time.Hour, 12 * time.Hour}

// rest waits until every service has converged or says why it does not, and checks
// that nothing is left over.
func (l *life) rest() {
	unended := l.unended()
	for _, d := range patience {
		if unended == "" || l.over() {
			break
		}
		if l.client.restless() {
			d = min(d, 10*time.Minute)
		}
		l.pass(d)
		unended = l.unended()
	}
	l.look()
	if l.over() {
		return
	}
	if unended != "" {
		l.violated("no end: %s", unended)
	}
	l.leftOver()
	l.history.agree()
}

// unended says what of the cluster has not come to an end, "" if all has.
func (l *life) unended() string {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	for key, s := range l.watch.services {
		if why := l.unendedService(s); why != "" {
			return key + " " + why
		}
	}
	for _, t := range l.watch.tasks {
		switch {
		case t.StopDecided() && t.Live() && !l.recent(t):
			return "task " + short(t.ID) + " was decided to stop and does not: " + encoded(t)
		case t.Last == model.Pending && time.Since(t.CreatedAt) > settling:
			return "task " + short(t.ID) + " is PENDING since " + time.Since(t.CreatedAt).String()
		}
	}
	return ""
}

// recent tells whether a task may still be stopping.
func (l *life) recent(t *model.Task) bool {
	return time.Since(t.CreatedAt) < settling || time.Since(t.StoppingAt) < settling || time.Since(t.ExecutionStoppedAt) < settling
}

func (l *life) unendedService(s *model.Service) string {
	switch s.Status {
	case model.Inactive:
		return ""
	case model.Draining:
		return "is DRAINING for ever"
	}
	p := s.Primary()
	if p == nil {
		return "has no deployment"
	}
	if p.Rollout == model.Failed {
		return "" // truly, and rolled back if that was possible: see failedTruly
	}
	if l.converged(s) || said(s, p.CreatedAt) {
		return ""
	}
	if s.Placement.Refused() {
		if place := l.hasPlace(s); place != "" {
			return "says that there is no place, but " + place + l.tasksOf(s)
		}
		return "" // stated, and true
	}
	if b := l.client.definitions[p.TaskDefinition.String()]; b == nil || b.good {
		return "has not converged: " + encoded(s.Deployments) + l.tasksOf(s)
	}
	return l.badEnd(s, p)
}

// badEnd: tasks that cannot stay say so by their number.
func (l *life) badEnd(s *model.Service, p *model.Deployment) string {
	if s.DesiredCount == 0 && p.Rollout != model.Completed {
		return "wants nothing and has not converged: " + encoded(s.Deployments) + l.tasksOf(s)
	}
	if p.Rollout == model.Completed || l.watch.failures[p.ID] > 0 {
		return ""
	}
	for _, t := range l.watch.of(s.Cluster, s.Name) {
		if t.Deployment == p.ID && t.Last == model.Stopped {
			return ""
		}
	}
	return "does nothing: " + encoded(s.Deployments) + l.tasksOf(s)
}

func (l *life) tasksOf(s *model.Service) string {
	out := ""
	for _, t := range l.client.tasks(func(t *model.Task) bool { return t.Service == s.Name }) {
		out += "\n\t" + short(t.ID) + " of " + t.Deployment + " " + t.TaskDefinition.String() + " on " + l.nameOf(t.Instance) +
			" " + string(t.Last) + ", desired " + string(t.Desired) + ", health " + string(t.Health)
	}
	if len(s.Events) > 0 {
		out += "\n\tlast event: " + s.Events[0].Message
	}
	return out
}

// converged: what is desired is what runs, and Steady says so.
func (l *life) converged(s *model.Service) bool {
	running := 0
	for _, t := range l.watch.of(s.Cluster, s.Name) {
		switch {
		case !t.Live():
		case t.StopDecided() || t.Last != model.Running:
			return false
		default:
			running++
		}
	}
	return running == s.DesiredCount && len(s.Deployments) == 1 && s.Primary().Rollout == model.Completed && !s.SteadyAt.IsZero()
}

// reasons are the events that say why a service does not converge.
var reasons = []string{
	"is unable to consistently start tasks successfully",
	"was unable to stop or start tasks during a deployment because of the service deployment configuration",
	"was unable to scale in",
}

func said(s *model.Service, since time.Time) bool {
	for _, e := range s.Events {
		for _, r := range reasons {
			if !e.At.Before(since) && strings.Contains(e.Message, r) {
				return true
			}
		}
	}
	return false
}

// hasPlace says where a task of a service could be placed that Steady says finds no
// place. It is careful: constraints are left to placement's own tests, and where tasks
// end by themselves there may be room again before the next attempt.
func (l *life) hasPlace(s *model.Service) string {
	b := l.client.definitions[s.Primary().TaskDefinition.String()]
	if b == nil || !b.good || len(s.PlacementConstraints) > 0 || b.sidecar != "" || s.Daemon {
		return ""
	}
	for _, i := range l.watch.instances {
		cpu, memory, port := i.CPU, i.Memory, false
		for _, t := range l.watch.tasks {
			if t.Instance != i.ID || !t.Live() {
				continue
			}
			cpu, memory = cpu-t.CPU, memory-t.Memory
			for _, p := range t.HostPorts {
				port = port || p.Port == int(b.hostPort)
			}
		}
		if i.Status == model.Active && i.AgentConnected && cpu >= int(b.cpu) && memory >= int(b.memory) && !(b.hostPort != 0 && port) {
			return l.nameOf(i.ID) + " has room"
		}
	}
	return ""
}

// leftOver: no container is without a live task, once those that are being removed
// have gone, but those of the newest tasks of each group that are kept for a while.
func (l *life) leftOver() {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	all, err := l.machines.List(ctx, nil)
	if err != nil {
		l.violated("list containers: %v", err)
	}
	kept := map[string]map[string]bool{} // tasks by group and instance
	for _, c := range all {
		t, instance := l.watch.tasks[c.Labels[labelTask]], c.Labels[agent.LabelInstance]
		if t != nil && t.Live() || time.Since(endOf(t, c)) < sweeping {
			continue
		}
		if !l.mayBeKept(t, c) {
			l.violated("container %s (%s) of %s is left over, its task is %s", c.Name, c.State, l.nameOf(instance), encoded(t))
			continue
		}
		group := instance + t.Group
		if kept[group] == nil {
			kept[group] = map[string]bool{}
		}
		if kept[group][t.ID] = true; len(kept[group]) > l.keep {
			l.violated("of %s on %s more than %d stopped tasks have containers", t.Group, l.nameOf(instance), l.keep)
		}
	}
}

// sweeping is how long the containers of a task that has ended, or whose record has just
// gone, may wait for the next sweep.
const sweeping = time.Minute

// endOf is when a task ended, or when its record went.
func endOf(t *model.Task, c runtime.Container) time.Time {
	if t == nil {
		return c.FinishedAt.Add(retention)
	}
	return t.StoppedAt
}

// mayBeKept tells whether a container of a task that is over may be left to look at.
func (l *life) mayBeKept(t *model.Task, c runtime.Container) bool {
	if t == nil || c.State != runtime.Exited || l.keep == 0 {
		return false
	}
	s := l.watch.services[state.ServiceKey(t.Cluster, t.Service)]
	return t.Service == "" || s != nil && s.Status == model.Active
}
