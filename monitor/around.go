package monitor

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
	"steady/evidence"
)

// surroundings are what a service that does not get on runs beside: its live
// tasks, the cluster's instances, the protection of its tasks. They are looked at
// rarely: a while after the last change, and then at intervals that grow with the
// number of calls, to two calls a second at most.
type surroundings struct {
	evidence.Around
	still, every time.Duration

	looked  bool // at tasks and instances
	refused bool // and never will be
	movedAt time.Time
	tasksAt time.Time // when the tasks were looked at
	next    time.Time
}

func newSurroundings(o Options) surroundings {
	s := surroundings{Around: evidence.NewAround(o.ECS, o.Cluster, o.Service), still: 10 * time.Second, every: 15 * time.Second}
	if OnLoopback(o.Endpoint) {
		s.still, s.every = time.Second, 3*time.Second
	}
	return s
}

// perCall is the time that one call of a look takes up at least.
const perCall = 500 * time.Millisecond

// due tells whether to look: at everything where nothing has moved for a while, at
// the tasks alone where their health is of interest.
func (a *surroundings) due(now time.Time, checked bool) (tasks, everything bool) {
	if a.refused || now.Before(a.next) {
		return false, false
	}
	everything = now.Sub(a.movedAt) >= a.still
	return checked || everything, everything
}

// unhealthy counts a deployment's live tasks that fail their health checks.
func (a *surroundings) unhealthy(deployment string) int {
	n := 0
	for _, t := range a.Tasks {
		if t.HealthStatus == types.HealthStatusUnhealthy && aws.ToString(t.StartedBy) == deployment {
			n++
		}
	}
	return n
}

// foresee looks around where that is due, and asks whether the service can arrive.
// At the end of the watch it looks once more. What cannot be read is no evidence.
func (w *watch) foresee(ctx context.Context, now time.Time, s *types.Service, findings []diagnose.Finding, last bool) diagnose.Outlook {
	p := (*types.Deployment)(nil)
	if s != nil {
		p = primary(*s)
	}
	if p == nil || status(*s) != "ACTIVE" {
		return diagnose.Outlook{}
	}
	definition := w.lookAround(ctx, now, *s, *p, last)
	situation := diagnose.Situation{
		Service: *s, At: now, Looked: w.around.looked,
		Tasks: w.around.Tasks, Instances: w.around.Instances, Protected: w.around.Protected,
	}
	if definition != nil {
		situation.TaskDefinition = *definition
	}
	if id(p) == id(&w.follow.mine) {
		situation.Findings = findings
	}
	return diagnose.Foresee(situation)
}

func (w *watch) lookAround(ctx context.Context, now time.Time, s types.Service, p types.Deployment, last bool) *types.TaskDefinition {
	a := &w.around
	ctx, cancel := w.inTime(ctx)
	defer cancel()
	a.Calls = 0
	definition, err := w.evidence.Known(p.TaskDefinition), error(nil)
	if definition == nil && !a.refused && (last || !now.Before(a.next)) {
		a.Calls++
		definition, err = w.evidence.Describe(ctx, p.TaskDefinition)
	}
	tasks, everything := a.due(now, hasCheck(definition) && s.RunningCount > 0)
	if last && !a.refused {
		tasks, everything = true, true
	}
	if err == nil && tasks {
		if err = a.LookAtTasks(ctx); err == nil {
			a.tasksAt = now
		}
	}
	if err == nil && everything {
		if err = a.LookAtInstances(ctx, s); err == nil {
			a.looked = true
			a.LookAtProtection(ctx, s, p)
		}
	}
	if tasks || err != nil {
		a.next = now.Add(max(a.every, time.Duration(a.Calls)*perCall))
	}
	if err != nil && ctx.Err() == nil && !mayPass(err) {
		a.refused, a.looked = true, false
	}
	return definition
}

func hasCheck(d *types.TaskDefinition) bool {
	return d != nil && slices.ContainsFunc(d.ContainerDefinitions, func(c types.ContainerDefinition) bool { return c.HealthCheck != nil })
}
