// Package rollout decides how a service moves towards what is desired: a service,
// its deployments and tasks and the time in, the next step and its service events
// out. It never does I/O, never reads a clock, and never looks beyond its service.
//
// Decide looks at what is and at what should be, never at what happened, and says
// one step. Taking the step, or not, or twice, is safe: the next look starts from
// what is then. Each rule is one function with the sentence of ECS's behaviour
// that it carries out.
package rollout

import (
	"slices"
	"time"

	"steady/model"
)

// View is what a decision is made from.
type View struct {
	Service *model.Service
	Live    []*model.Task // its tasks that are not STOPPED
	Ended   []*model.Task // the STOPPED tasks of its deployments that are still on record
	Now     time.Time
	// Settle is how long a task without health checks must have been RUNNING to
	// count as healthy: 40 s on Amazon ECS.
	Settle time.Duration
	// NewDeploymentID names the deployment of a roll back.
	NewDeploymentID func() string
	// Draining tells whether a container instance is to be rid of service tasks.
	Draining func(instance string) bool
	// Busy tells whether tasks of REPLICA services are left on a container instance;
	// nil for nowhere.
	Busy func(instance string) bool
	// Prefer chooses n of the tasks to stop where all do their work, by where they
	// run (placement.ChooseStops); nil for the youngest.
	Prefer func(tasks []*model.Task, n int) []*model.Task
	// Watched tells whether the agent of a container instance is connected: what the
	// record says of the tasks there is what was seen last; nil for all.
	Watched func(instance string) bool
	// Eligible are, for a DAEMON service, the container instances that shall have a
	// task: the ACTIVE ones that meet its constraints.
	Eligible []string
	// ResolveImages tells that the primary deployment's tasks shall all run the
	// images that its first task finds (versionConsistency).
	ResolveImages bool
}

// Step is what to do next.
type Step struct {
	// Service is the service after the step: the very one of the view when
	// nothing about it changes.
	Service *model.Service
	Start   []Start
	Stop    []Stop
	// Wake is when to look again even if nothing happens; zero for never.
	Wake time.Time
}

// Start asks for new tasks of one deployment.
type Start struct {
	Deployment     string
	TaskDefinition model.TaskDefinitionRef
	Count          int
	// On are the container instances to start on, one task each; nil where
	// placement chooses.
	On []string
	// Unhealthy is how many of the tasks replace unhealthy ones.
	Unhealthy int
}

// Stop asks for the end of one task.
type Stop struct {
	Task   *model.Task
	Code   model.StopCode
	Reason string
}

// Decide says the next step of a service.
func Decide(v View) Step {
	if v.Service.Status == model.Inactive {
		return Step{Service: v.Service}
	}
	d := decision{View: v, before: v.Service, service: v.Service}
	d.sort()
	if v.Service.Status == model.Draining {
		d.drain()
		return d.step()
	}
	d.resolveImages()
	d.dropReplaced()
	d.noteRan()
	d.sayFailedStarts()
	d.tripCircuitBreaker()
	if d.service.Daemon {
		d.moveDaemon()
	} else {
		d.moveReplicas()
	}
	d.complete()
	d.saySteady()
	d.wakeForHealth()
	return d.step()
}

// moveReplicas stops and starts tasks of a REPLICA service.
func (d *decision) moveReplicas() {
	d.scaleIn()
	d.stopUnhealthy()
	d.stopReplaced()
	d.startMissing()
	d.replaceUnhealthyOld()
	d.sayDeadlock()
}

// decision is a step in the making.
type decision struct {
	View
	before  *model.Service // as the view had it
	service *model.Service // as the rules leave it; a copy once changed
	start   []Start
	stop    []Stop
	wake    time.Time

	// The live tasks, sorted by what the rules ask about them.
	current   []*model.Task // wanted, of the primary deployment, and fit to stay
	replaced  []*model.Task // wanted, of other deployments
	unhealthy []*model.Task // wanted, of the primary deployment, failing their health checks
	draining  []*model.Task // wanted, on instances that shall be rid of them
	leaving   []*model.Task // to stop, but still RUNNING or on the way there
	gone      int           // to stop, and seen STOPPING or later
}

// sort puts each live task where the rules look for it. It is done again when a
// rule makes another deployment PRIMARY.
func (d *decision) sort() {
	d.current = make([]*model.Task, 0, len(d.Live))
	d.replaced, d.unhealthy, d.draining, d.leaving, d.gone = nil, nil, nil, nil, 0
	primary := ""
	if p := d.service.Primary(); p != nil {
		primary = p.ID
	}
	for _, t := range d.Live {
		switch {
		case t.StopDecided() && occupies(t):
			d.leaving = append(d.leaving, t)
		case t.StopDecided():
			d.gone++
		case d.Draining != nil && d.Draining(t.Instance):
			d.draining = append(d.draining, t)
		case t.Deployment != primary:
			d.replaced = append(d.replaced, t)
		case d.failsChecks(t):
			d.unhealthy = append(d.unhealthy, t)
		default:
			d.current = append(d.current, t)
		}
	}
}

// occupies tells whether a task counts against maximumPercent: "the upper limit
// on the number of tasks that are allowed in the RUNNING or PENDING state".
func occupies(t *model.Task) bool {
	switch t.Last {
	case model.Provisioning, model.Pending, model.Activating, model.Running:
		return true
	}
	return false
}

// edit returns the service for changing, a copy the first time.
func (d *decision) edit() *model.Service {
	if d.service == d.before {
		n := *d.before
		n.Deployments = slices.Clone(n.Deployments)
		d.service = &n
	}
	return d.service
}

func (d *decision) step() Step {
	return Step{Service: d.service, Start: d.start, Stop: d.stop, Wake: d.wake}
}

// wakeAt asks to look again at t, or earlier.
func (d *decision) wakeAt(t time.Time) {
	if d.wake.IsZero() || t.Before(d.wake) {
		d.wake = t
	}
}
