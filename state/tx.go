package state

import (
	"strconv"

	"steady/model"
)

// Change is one row that a commit changed. Old or New is nil when the row was
// not there before or is not there after; else both are of the table's type, such
// as *model.Task.
type Change struct {
	Table string
	Key   string
	Old   any
	New   any
}

// Tx is a transaction: it reads the newest state, its own writes included.
type Tx struct {
	Snapshot
	changes []Change
	undos   []func()
	told    uint64 // number of the last event in the outbox
}

func (tx *Tx) undo() {
	for i := len(tx.undos) - 1; i >= 0; i-- {
		tx.undos[i]()
	}
}

// write sets or, with a nil v, removes the row of key.
func write[V any](tx *Tx, t *table[V], key string, v *V) {
	old := t.set(key, v)
	tx.undos = append(tx.undos, func() { t.set(key, old) })
	c := Change{Table: t.name, Key: key}
	if old != nil {
		c.Old = old
	}
	if v != nil {
		c.New = v
	}
	tx.changes = append(tx.changes, c)
}

// Each Put makes the value the row of its key; it must not be changed afterwards.

func (tx *Tx) PutCluster(c *model.Cluster)     { write(tx, tx.clusters, tx.clusters.key(c), c) }
func (tx *Tx) PutInstance(i *model.Instance)   { write(tx, tx.instances, tx.instances.key(i), i) }
func (tx *Tx) PutService(s *model.Service)     { write(tx, tx.services, tx.services.key(s), s) }
func (tx *Tx) PutTask(t *model.Task)           { write(tx, tx.tasks, tx.tasks.key(t), t) }
func (tx *Tx) PutEventRule(r *model.EventRule) { write(tx, tx.rules, tx.rules.key(r), r) }
func (tx *Tx) PutMeta(m *Meta)                 { write(tx, tx.meta, tx.meta.key(m), m) }
func (tx *Tx) PutTaskDefinition(d *model.TaskDefinition) {
	write(tx, tx.definitions, tx.definitions.key(d), d)
}

func (tx *Tx) PutCapacityProvider(p *model.CapacityProvider) {
	write(tx, tx.providers, tx.providers.key(p), p)
}

func (tx *Tx) PutServiceDeployment(d *model.ServiceDeployment) {
	write(tx, tx.deployments, tx.deployments.key(d), d)
}
func (tx *Tx) PutServiceRevision(r *model.ServiceRevision) {
	write(tx, tx.revisions, tx.revisions.key(r), r)
}
func (tx *Tx) PutQueryDefinition(q *model.QueryDefinition) {
	write(tx, tx.queries, tx.queries.key(q), q)
}
func (tx *Tx) PutLookupTable(l *model.LookupTable) { write(tx, tx.lookups, tx.lookups.key(l), l) }

// Each Delete removes a row that is there.

func (tx *Tx) DeleteTask(id string)              { write(tx, tx.tasks, id, nil) }
func (tx *Tx) DeleteEventRule(name string)       { write(tx, tx.rules, name, nil) }
func (tx *Tx) DeleteInstance(id string)          { write(tx, tx.instances, id, nil) }
func (tx *Tx) DeleteServiceDeployment(id string) { write(tx, tx.deployments, id, nil) }
func (tx *Tx) DeleteServiceRevision(id string)   { write(tx, tx.revisions, id, nil) }
func (tx *Tx) DeleteQueryDefinition(id string)   { write(tx, tx.queries, id, nil) }
func (tx *Tx) DeleteLookupTable(name string)     { write(tx, tx.lookups, name, nil) }
func (tx *Tx) DeleteService(cluster, name string) {
	write(tx, tx.services, ServiceKey(cluster, name), nil)
}

// DeleteTaskDefinition removes a revision, and keeps in mind that its number was used.
func (tx *Tx) DeleteTaskDefinition(ref model.TaskDefinitionRef) {
	tx.PutMeta(&Meta{Name: lastRevision(ref.Family), Value: strconv.Itoa(tx.LastRevision(ref.Family))})
	write(tx, tx.definitions, ref.Key(), nil)
}
