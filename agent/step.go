package agent

import "steady/model"

// progress is how far one container has come here.
type progress int

const (
	nothing progress = iota
	present          // its image
	created
	running
	stopped
)

// seen is what the agent knows of one container of a task.
type seen struct {
	essential bool
	progress  progress
}

// action is what a runner does next.
type action int

const (
	wait    action = iota // for an event, or for a decision to stop
	pull                  // the image of container n
	create                // container n
	start                 // container n
	stopAll               // that still run
	finish                // all is over: report it and clean up
)

// next is the task state machine of the agent: given what is seen of a task's
// containers, in the order of its definition, and whether it shall stop, it says
// what to do next, and with which container.
//
// "Task desired becomes STOPPED when any essential container stops; the task is
// STOPPED only after all its containers have." All images are pulled before the first
// container is created: what the task runs is known, and told, as early as it can be.
func next(containers []seen, stop bool) (action, int) {
	over, alive := true, false
	for _, c := range containers {
		if c.essential && c.progress == stopped {
			stop = true
		}
		over = over && c.progress == stopped
		alive = alive || c.progress == running
	}
	switch {
	case over || stop && !alive:
		return finish, 0
	case stop:
		return stopAll, 0
	}
	for i, c := range containers {
		if c.progress == nothing {
			return pull, i
		}
	}
	for i, c := range containers {
		switch c.progress {
		case present:
			return create, i
		case created:
			return start, i
		}
	}
	return wait, 0
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
// RUNNING then, or was.
func started(containers []seen) bool {
	for _, c := range containers {
		if c.progress < running {
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
