// Package placement turns tasks and container instances into bindings, or into
// the reason why each instance refuses, in ECS's words. It also chooses which
// tasks of a service go when there are too many.
// It never does I/O, reads no clock and keeps no state: chance comes from a seed.
//
// ECS places a task in four steps: it drops the instances that lack CPU, memory
// or ports, then those that miss a constraint, orders the rest by the strategies
// and takes the first.
package placement

import (
	"container/heap"

	"steady/model"
)

// Result is what became of a request.
type Result struct {
	// Bindings are the ids of the instances, one per placed copy, in order.
	Bindings []string
	// Providers are the capacity providers of the Bindings, one for each; none without a
	// strategy.
	Providers []string
	// Missing is the number of copies without a place.
	Missing int
	// Refusals, if copies are missing, hold every ACTIVE instance with its reason.
	// Missing copies without refusals mean that there are no such instances.
	Refusals []Refusal
	// Closest is the refusal of the instance that came closest to taking the task.
	Closest Refusal
	// Empty are the capacity providers that were to take copies and have no ACTIVE
	// instance.
	Empty []string
}

// Provider is the capacity provider of the nth binding, empty without a strategy.
func (r Result) Provider(n int) string {
	if n < len(r.Providers) {
		return r.Providers[n]
	}
	return ""
}

// Refusal says why an instance did not take a task.
type Refusal struct {
	Instance string // id
	Reason   Reason
}

// Place binds as many copies of the task as it can, and enters them with the
// candidates, so that the next request can be placed on the same ones.
// Instances that are not ACTIVE are not examined (ECS: a DRAINING instance gets
// no new tasks), and the tasks on them, which are to leave, do not count for
// spreading.
func Place(req Request, candidates []*Candidate) Result {
	d := req.demand()
	examined := active(candidates)
	fits := func(c *Candidate) bool { return d.refusal(c) == "" }
	var r Result
	q := newQueue(d, examined, fits)
	for len(r.Bindings) < req.Count {
		cell := q.best()
		if cell == nil {
			break
		}
		c := cell.heap[0].Candidate
		if !fits(c) { // since another instance of its machine took a port
			heap.Pop(cell)
			continue
		}
		Hold(req, c)
		r.Bindings = append(r.Bindings, c.Instance.ID)
		cell.placed(fits(c))
	}
	if r.Missing = max(req.Count-len(r.Bindings), 0); r.Missing > 0 {
		r.refuse(d, examined)
	}
	return r
}

func active(candidates []*Candidate) []*Candidate {
	var kept []*Candidate
	for _, c := range candidates {
		if c.Instance.Status == model.Active {
			kept = append(kept, c)
		}
	}
	return kept
}

// Fits gives the reason why the instance cannot take one copy of the task, empty
// if it can. Whether the instance is ACTIVE is not asked: StartTask answers that
// with a failure of its own.
func Fits(req Request, c *Candidate) Reason { return req.demand().refusal(c) }

// Admits tells whether the instance meets the placement constraints of the task, whatever
// else it lacks: that decides on which instances a DAEMON service wants a task.
func Admits(req Request, c *Candidate) bool {
	d := req.demand()
	return distinctInstance(d, c) == "" && memberOf(d, c) == ""
}

// Hold enters one copy of the task with the candidate, as Place does.
func Hold(req Request, c *Candidate) {
	c.take(req.Sizing)
	c.count(req.Group)
}

// refuse asks every instance for its reason and finds the closest match.
func (r *Result) refuse(d *demand, examined []*Candidate) {
	var closest distance
	for _, c := range examined {
		refusal := Refusal{c.Instance.ID, d.refusal(c)}
		r.Refusals = append(r.Refusals, refusal)
		far := d.distance(c)
		if len(r.Refusals) == 1 || far.compare(closest) < 0 {
			closest, r.Closest = far, refusal
		}
	}
}
