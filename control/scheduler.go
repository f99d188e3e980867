package control

import (
	"cmp"
	"context"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// lookAgain is the safety net: every service is looked at this often, whatever the
// feed said.
const lookAgain = time.Minute

// retryAfter is the pause after a transaction that failed.
const retryAfter = time.Second

// scheduler keeps every service moving towards what is desired of it.
type scheduler struct {
	store    *state.Store
	settings Settings
	log      *slog.Logger
	due      map[serviceID]time.Time // when to look at each service next
}

type serviceID struct{ cluster, name string }

func newScheduler(store *state.Store, s Settings, log *slog.Logger) *scheduler {
	return &scheduler{store: store, settings: s, log: log, due: map[serviceID]time.Time{}}
}

func (s *scheduler) run(ctx context.Context) {
	snap, sub := s.store.Follow()
	defer sub.Close()
	s.allDue(snap)
	safety := time.NewTicker(lookAgain)
	defer safety.Stop()
	for {
		s.look(ctx)
		alarm := s.alarm()
		select {
		case <-ctx.Done():
			return
		case <-sub.Ready():
		case <-alarm.C:
		case <-safety.C:
			s.allDue(s.store.Snapshot())
		}
		alarm.Stop()
		for _, c := range sub.Take() {
			s.note(c)
		}
	}
}

func (s *scheduler) allDue(snap *state.Snapshot) {
	for svc := range snap.Services() {
		if svc.Status != model.Inactive {
			s.due[serviceID{svc.Cluster, svc.Name}] = time.Time{}
		}
	}
}

// alarm rings when the next service is due.
func (s *scheduler) alarm() *time.Timer {
	next := time.Now().Add(lookAgain)
	for _, at := range s.due {
		if at.Before(next) {
			next = at
		}
	}
	return time.NewTimer(time.Until(next))
}

// note makes the services due that a commit concerns.
func (s *scheduler) note(c state.Commit) {
	freed := map[string]bool{} // clusters where a task may find a place now
	for _, change := range c.Changes {
		s.noteChange(change, freed)
	}
	for cluster := range freed {
		for svc := range c.Snapshot.ServicesIn(cluster) {
			if svc.Placement.Refused() {
				s.due[serviceID{svc.Cluster, svc.Name}] = time.Time{}
			}
		}
	}
	if len(freed) == 0 {
		return
	}
	for svc := range c.Snapshot.Services() { // on Fargate the room of one cluster is that of all
		if svc.Placement.Refused() && svc.LaunchType == types.LaunchTypeFargate {
			s.due[serviceID{svc.Cluster, svc.Name}] = time.Time{}
		}
	}
}

func (s *scheduler) noteChange(change state.Change, freed map[string]bool) {
	now := time.Time{}
	switch v := change.New.(type) {
	case *model.Service:
		s.due[serviceID{v.Cluster, v.Name}] = now
	case *model.Task:
		if v.Service != "" {
			s.due[serviceID{v.Cluster, v.Service}] = now
		}
		if !v.Live() {
			freed[v.Cluster] = true
			if i, ok := s.store.Snapshot().Instance(v.Instance); ok {
				freed[i.Cluster] = true // not the task's, where that was on Fargate
			}
			s.left(v.Instance)
		}
	case *model.Instance:
		if before, ok := change.Old.(*model.Instance); ok && renumbered(before, v) {
			return
		}
		freed[v.Cluster] = true
		s.concerned(v)
	case nil:
		if i, ok := change.Old.(*model.Instance); ok {
			s.concerned(i)
		}
	}
}

// renumbered tells whether nothing but the version of a container instance has changed:
// it rises with what its tasks hold, which the changes of the tasks have told already.
func renumbered(before, after *model.Instance) bool {
	n := *before
	n.Version = after.Version
	return reflect.DeepEqual(&n, after)
}

// concerned makes the services due that have tasks on an instance, or shall have: it
// may be draining, new, or gone.
func (s *scheduler) concerned(i *model.Instance) {
	snap := s.store.Snapshot()
	for t := range snap.LiveTasksOn(i.ID) {
		if t.Service != "" {
			s.due[serviceID{t.Cluster, t.Service}] = time.Time{}
		}
	}
	for svc := range snap.ServicesIn(i.Cluster) {
		if svc.Daemon {
			s.due[serviceID{svc.Cluster, svc.Name}] = time.Time{}
		}
	}
}

// left makes the services due that may wait for a task to leave a draining instance.
func (s *scheduler) left(instance string) {
	if i, ok := s.store.Snapshot().Instance(instance); ok && i.Status == model.Draining {
		s.concerned(i)
	}
}

// before is the order in which services take their steps: "the daemon task is the first
// task to launch on the instances".
func before(tx *state.Tx, a, b serviceID) int {
	rank := func(id serviceID) int {
		if svc, ok := tx.Service(id.cluster, id.name); ok && svc.Daemon {
			return 0
		}
		return 1
	}
	return cmp.Or(rank(a)-rank(b), cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.name, b.name))
}

// look takes the next step of every service that is due, in one transaction.
func (s *scheduler) look(ctx context.Context) {
	now := time.Now()
	var ids []serviceID
	for id, at := range s.due {
		if !at.After(now) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	wake := make([]time.Time, len(ids))
	err := s.store.Update(ctx, func(tx *state.Tx) error {
		slices.SortFunc(ids, func(a, b serviceID) int { return before(tx, a, b) })
		for i, id := range ids {
			wake[i] = s.step(tx, id, now).take()
		}
		return nil
	})
	if err != nil {
		if ctx.Err() == nil {
			s.log.Error("take the next step of services", "error", err)
		}
		for _, id := range ids {
			s.due[id] = now.Add(retryAfter)
		}
		return
	}
	for i, id := range ids {
		delete(s.due, id)
		if !wake[i].IsZero() {
			s.due[id] = wake[i]
		}
	}
}
