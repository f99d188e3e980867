package fleet

import (
	"steady/model"
	"steady/state"
)

// Remembers tells whether a task that has ended is still on record, and its service, if
// it had one, not deleted: what is left of its containers may be of use to somebody.
func (s *Session) Remembers(task string) bool {
	snap := s.fleet.store.Snapshot()
	t, ok := snap.Task(task)
	if !ok || t.Service == "" {
		return ok
	}
	service, ok := snap.Service(t.Cluster, t.Service)
	return ok && service.Status == model.Active
}

// Recall is a task and a revision of a task definition, each nil if it is not on record any
// more. The revision is the task's own while that is.
func (f *Fleet) Recall(task string, ref model.TaskDefinitionRef) (*model.Task, *model.TaskDefinition) {
	snap := f.store.Snapshot()
	t, ok := snap.Task(task)
	if ok {
		ref = t.TaskDefinition
	}
	d, _ := snap.TaskDefinition(ref)
	return t, d
}

// Forgotten receives when a task of the instance may have become one that Remembers
// knows no more.
func (s *Session) Forgotten() <-chan struct{} { return s.forgot }

// passForgotten tells the sessions concerned that a task's record is gone, or that a
// service is deleted.
func (f *Fleet) passForgotten(change state.Change) {
	switch old := change.Old.(type) {
	case *model.Task:
		if s, ok := f.sessions[old.Instance]; ok && change.New == nil {
			nudge(s.forgot)
		}
	case *model.Service:
		if now, ok := change.New.(*model.Service); old.Status == model.Active && (!ok || now.Status != model.Active) {
			for _, s := range f.sessions {
				nudge(s.forgot)
			}
		}
	}
}
