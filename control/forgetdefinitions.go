package control

import (
	"cmp"
	"maps"
	"slices"

	"steady/model"
	"steady/state"
)

// forgetDefinitions removes the revisions that are to be deleted and that neither a task
// on record nor a deployment, or what it may roll back to, is of: "DELETE_IN_PROGRESS
// until all dependencies have ended".
func forgetDefinitions(tx *state.Tx) {
	deleting := map[model.TaskDefinitionRef]bool{}
	for d := range tx.TaskDefinitions() {
		if d.Status == model.DeleteInProgress {
			deleting[d.Ref()] = true
		}
	}
	if len(deleting) == 0 {
		return
	}
	for t := range tx.Tasks() {
		delete(deleting, t.TaskDefinition)
	}
	for s := range tx.Services() {
		for _, d := range s.Deployments {
			delete(deleting, d.TaskDefinition)
		}
		if s.Status != model.Inactive {
			delete(deleting, s.Completed.TaskDefinition)
		}
	}
	for _, ref := range slices.SortedFunc(maps.Keys(deleting), func(a, b model.TaskDefinitionRef) int { return cmp.Compare(a.Key(), b.Key()) }) {
		tx.DeleteTaskDefinition(ref)
	}
}
