// Package outbox tells lifecycle events: it has them derived from every transaction, in
// the transaction itself, and brings them to those who want them. It never decides what
// an event says: that is lifecycle/event's.
//
// Invariants:
//
//   - An event is kept if and only if the change that it tells is kept.
//   - Each change of a task or a container instance that is told has a version one above
//     the last, so that none can be missed unnoticed.
//   - Each consumer gets all events, in order. One that was delivered may come again
//     after a crash, under the same number.
//   - An event leaves the outbox when all consumers have it. Until then it waits,
//     however long that takes and however many wait: Stuck and the log tell.
package outbox

import (
	"maps"
	"slices"
	"time"

	"steady/lifecycle/event"
	"steady/model"
	"steady/placement"
	"steady/state"
)

// Derive makes what state.Derive asks for: it tells the changes of a transaction, and
// raises the version of each container instance whose remaining resources changed.
func Derive(realm model.Realm) func(tx *state.Tx, changes []state.Change) {
	return func(tx *state.Tx, changes []state.Change) {
		d := derivation{
			tx:      tx,
			teller:  event.Teller{Realm: realm, Now: time.Now(), NewID: model.NewUUID},
			resized: map[string]bool{},
		}
		for _, c := range changes {
			d.change(c)
		}
		d.flushTasks()
		for _, id := range slices.Sorted(maps.Keys(d.resized)) {
			d.resize(id)
		}
		tx.Tell(d.told)
	}
}

// derivation is what is told of one transaction.
type derivation struct {
	tx               *state.Tx
	teller           event.Teller
	told             []model.Event
	started, stopped moved
	resized          map[string]bool // ids of container instances
}

// moved are tasks of a service that its scheduler has started or stopped, in a row.
type moved struct {
	cluster, service string
	ids              []string
}

func (d *derivation) tell(events ...model.Event) { d.told = append(d.told, events...) }

func (d *derivation) change(c state.Change) {
	switch after := c.New.(type) {
	case *model.Task:
		before, _ := c.Old.(*model.Task)
		d.task(before, after)
	case *model.Instance:
		if before, _ := c.Old.(*model.Instance); event.InstanceChanged(before, after) {
			d.instance(after)
		}
	case *model.Service:
		before, _ := c.Old.(*model.Service)
		d.flushTasks()
		d.tell(d.teller.Service(before, after)...)
	}
}

func (d *derivation) task(before, after *model.Task) {
	if !event.TaskChanged(before, after) {
		return
	}
	at := event.Place{}
	at.Definition, _ = d.tx.TaskDefinition(after.TaskDefinition)
	at.Instance, _ = d.tx.Instance(after.Instance)
	d.tell(d.teller.Task(after, at))
	if before == nil || before.Live() != after.Live() {
		d.resized[after.Instance] = true
	}
	switch {
	case after.Service == "":
	case before == nil:
		d.move(&d.started, after)
	case !before.StopDecided() && after.StopCode == model.ServiceSchedulerInitiated:
		d.move(&d.stopped, after)
	}
}

// move adds a task to those that its service's scheduler has started or stopped.
func (d *derivation) move(m *moved, t *model.Task) {
	if m.cluster != t.Cluster || m.service != t.Service {
		d.flushTasks()
		m.cluster, m.service = t.Cluster, t.Service
	}
	m.ids = append(m.ids, t.ID)
}

// flushTasks tells which tasks were stopped and started: in the order in which a step of
// the scheduler goes.
func (d *derivation) flushTasks() {
	d.tell(d.teller.TasksStopped(d.stopped.cluster, d.stopped.service, d.stopped.ids)...)
	d.tell(d.teller.TasksStarted(d.started.cluster, d.started.service, d.started.ids)...)
	d.stopped, d.started = moved{}, moved{}
}

func (d *derivation) instance(i *model.Instance) {
	c := placement.Candidate{Instance: i}
	for t := range d.tx.LiveTasksOn(i.ID) {
		c.Hold(t)
	}
	d.tell(d.teller.Instance(i, c.Remaining()))
}

// resize tells that what remains of a container instance has changed. Of one that has
// left its cluster that was the last that is told.
func (d *derivation) resize(id string) {
	i, ok := d.tx.Instance(id)
	if !ok || i.Status == model.Inactive {
		return
	}
	n := *i
	n.Version++
	d.tx.PutInstance(&n)
	d.instance(&n)
}
