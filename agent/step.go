package agent

import (
	"time"

	"steady/model"
)

// progress is how far one container has come here.
type progress int

const (
	nothing progress = iota
	present          // its image
	created
	running
	ended // its process; its restart policy has it started again
	stopped
)

// seen is what the agent knows of one container of a task.
type seen struct {
	name, image string
	essential   bool
	needs       []model.Dependency
	// startTimeout is how long those that wait for this one do so from its start on;
	// zero is for ever.
	startTimeout time.Duration

	progress progress
	busy     bool      // an action on it is under way
	held     time.Time // no action before: one has failed and is tried again
	started  time.Time // when it was last started; zero before
	exit     model.Exit
	healthy  bool
	trailing bool // it has ended, and its last lines are waited for
	never    bool // it has ended without having been started
}

// over tells whether nothing of the container runs, nor will without another action.
func (c seen) over() bool {
	starting := c.busy && (c.progress == created || c.progress == ended)
	return c.progress != running && !starting
}

// provision is how far the resources of a task have come: what it needs before its
// containers are created and gives back after the last one has ended.
type provision int

const (
	wanting provision = iota
	ready
	refused // they cannot be had
	returned
)

// whole is what the agent knows of a task: its containers in the order of its
// definition.
type whole struct {
	containers []seen
	resources  provision
	providing  bool // or giving back
	stop       bool // by decision
	now        time.Time
}

// verb is what a runner does next.
type verb int

const (
	provide  verb = iota // the task's resources
	pull                 // the image of a container
	create               // a container
	start                // a container, also again
	abandon              // a container that can never start
	end                  // stop a container
	giveBack             // the task's resources
	finish               // all is over: report it and clean up
)

// action is one thing to do, with the container that it is done to.
type action struct {
	verb  verb
	which int
	why   string // of abandon
}

// plan is what to do at once, all of it together.
type plan struct {
	actions  []action
	stopping bool      // nothing more is started
	again    time.Time // when time alone asks for another plan; zero is never
}

// next is the task state machine of the agent: given what is seen of a task it says
// what to do next. What depends on nothing goes together.
//
// "Task desired becomes STOPPED when any essential container stops; the task is
// STOPPED only after all its containers have."
func next(t whole) plan {
	p := plan{stopping: t.stop || t.resources == refused || t.resources == returned}
	all := true
	for _, c := range t.containers {
		p.stopping = p.stopping || c.essential && c.progress == stopped
		all = all && c.progress == stopped
	}
	if p.stopping || all {
		t.shut(&p)
		return p
	}
	if t.resources == wanting && !t.providing {
		p.do(provide, 0)
	}
	t.open(&p)
	return p
}

func (p *plan) do(v verb, which int) { p.actions = append(p.actions, action{verb: v, which: which}) }

// later asks for another plan at a time.
func (p *plan) later(at time.Time) {
	if p.again.IsZero() || at.Before(p.again) {
		p.again = at
	}
}

// open takes every container one step towards RUNNING that can take one. All images are
// pulled before the first container is created: what the task runs is known, and told,
// as early as it can be.
func (t whole) open(p *plan) {
	pulled := resolved(t.containers)
	for i, c := range t.containers {
		switch {
		case c.busy:
		case c.held.After(t.now):
			p.later(c.held)
		case c.progress == nothing:
			p.do(pull, i)
		case c.progress == ended:
			p.do(start, i)
		case c.progress == present || c.progress == created:
			switch v, why := t.wait(c, p); {
			case v == never:
				p.actions = append(p.actions, action{abandon, i, why})
			case v == unmet || !pulled || t.resources != ready:
			case c.progress == present:
				p.do(create, i)
			default:
				p.do(start, i)
			}
		}
	}
}

// shut stops what still runs, dependents first: "for container shutdown it is reversed".
// Those on which nothing depends that runs are stopped together.
func (t whole) shut(p *plan) {
	quiet := !t.providing
	for i, c := range t.containers {
		quiet = quiet && !c.busy && !c.trailing && c.progress != running
		if c.progress != running || c.busy || !t.released(c) {
			continue
		}
		if c.held.After(t.now) {
			p.later(c.held)
			continue
		}
		p.do(end, i)
	}
	switch {
	case !quiet:
	case t.resources != returned:
		p.do(giveBack, 0)
	default:
		p.do(finish, 0)
	}
}

// released tells whether no container runs any more that depends on this one.
func (t whole) released(target seen) bool {
	for _, c := range t.containers {
		for _, d := range c.needs {
			if d.Container == target.name && !c.over() {
				return false
			}
		}
	}
	return true
}

// resolved tells whether no image is left to pull.
func resolved(containers []seen) bool {
	for _, c := range containers {
		if c.progress == nothing {
			return false
		}
	}
	return true
}

// started tells whether every container of a task has been started: the task is
// RUNNING then, or was. One that it can do without may have failed to.
func started(containers []seen) bool {
	for _, c := range containers {
		if c.progress < running || c.never && c.essential {
			return false
		}
	}
	return true
}

// status sums up a task from its containers.
func status(containers []seen, stopping bool) model.TaskStatus {
	switch {
	case stopping:
		return model.Stopping
	case started(containers):
		return model.Running
	}
	return model.Pending
}
