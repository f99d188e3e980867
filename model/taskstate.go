package model

import "slices"

// order is the position of each state in a task's life. A task only moves
// forward; it may skip states that do not apply to it.
var order = []TaskStatus{
	Provisioning, Pending, Activating, Running,
	Deactivating, Stopping, Deprovisioning, Stopped,
}

// CanBecome tells whether a task in state from may next be seen in state to.
// The one table of the task-state edges: forward only, never back, and nothing
// leaves STOPPED. A task that never ran skips from where it is to DEPROVISIONING
// or STOPPED; only a task that ran is DEACTIVATING, since that is the leaving
// of load balancers.
func CanBecome(from, to TaskStatus) bool {
	f, t := slices.Index(order, from), slices.Index(order, to)
	if f < 0 || t < 0 || t <= f {
		return false
	}
	if to == Deactivating {
		return from == Running
	}
	return true
}
