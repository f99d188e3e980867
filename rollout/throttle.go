package rollout

import (
	"slices"
	"time"

	"steady/model"
)

// Delays between attempts to start tasks that never reach RUNNING. "The delay
// grows up to 27 minutes"; Amazon does not say how: the first three rounds are
// free, then 15 s, doubled each time.
const (
	freeRounds = 3
	firstDelay = 15 * time.Second
	lastDelay  = 27 * time.Minute
)

// crashPause is the time between rounds of tasks that did run, but never became
// healthy, once there were freeRounds of them. It does not grow: "after RUNNING,
// failures are never throttled". It is about the pace at which Amazon's scheduler
// looks, which keeps a crash loop there from taking a whole machine.
const crashPause = 10 * time.Second

// crashes is how soon after its start a task that ends by itself has served nobody,
// however short the settling time: without any, what crashes at once would be started
// again and again without a pause.
const crashes = time.Second

// Delay is how long to wait after the given number of rounds, in each of which all
// of the tasks that were started failed to reach RUNNING.
func Delay(rounds int) time.Duration {
	if rounds < freeRounds {
		return 0
	}
	delay := firstDelay
	for range rounds - freeRounds {
		if delay *= 2; delay >= lastDelay {
			return lastDelay
		}
	}
	return delay
}

// throttled tells whether starting tasks of a deployment has to wait.
func (d *decision) throttled(x model.Deployment) bool {
	mine := slices.Collect(d.tasksOf(x.ID))
	atOnce := max(1, d.service.DesiredCount-count(d.current, (*model.Task).Ran)) // those that start or shall start
	b, last := backoff(x, mine, atOnce, d.Now)
	d.keepBackoff(x, b)
	until := last.Add(Delay(b.Rounds))
	if d.Now.Before(until) {
		d.wakeAt(until)
		d.sayImpaired(x.ID)
		return true
	}
	f := failures(d.service, &x, d.Live, d.Ended, max(d.Settle, crashes), d.Now)
	if again := f.last.Add(crashPause); f.failed/atOnce >= freeRounds && d.Now.Before(again) {
		d.wakeAt(again)
		return true
	}
	return false
}

// backoff is what the throttle of a deployment has come to, and when a task of it last
// failed to start.
func backoff(x model.Deployment, mine []*model.Task, atOnce int, now time.Time) (model.Backoff, time.Time) {
	b, n := x.Backoff, x.Forgotten.NeverRan
	if ran := lastRan(mine); ran.After(b.Since) {
		b, n = model.Backoff{Since: ran}, 0 // "never for tasks that did run"
	}
	if atOnce > b.Width {
		b.Width = atOnce
	}
	var last time.Time
	for _, t := range mine {
		at, failed := failedToRun(t, now)
		if !failed || !at.After(b.Since) {
			continue
		}
		n++
		if at.After(last) {
			last = at
		}
	}
	b.Rounds = max(b.Rounds, n/b.Width)
	return b, last
}

func lastRan(tasks []*model.Task) time.Time {
	var last time.Time
	for _, t := range tasks {
		if t.StartedAt.After(last) {
			last = t.StartedAt
		}
	}
	return last
}

// failedToRun tells whether a task went "from PENDING to STOPPED without having been
// RUNNING" by itself, and when. One that is about to counts as well: its place is free
// already, and would be taken without a pause.
func failedToRun(t *model.Task, now time.Time) (at time.Time, failed bool) {
	byItself := t.StopCode != model.ServiceSchedulerInitiated && t.StopCode != model.UserInitiated
	if !t.StopDecided() || t.Ran() || !byItself {
		return time.Time{}, false
	}
	if t.Live() {
		return now, true
	}
	return t.StoppedAt, true
}

// keepBackoff notes the state of the throttle once there is anything to tell.
func (d *decision) keepBackoff(x model.Deployment, b model.Backoff) {
	if b == x.Backoff || b.Rounds == 0 && x.Backoff.Rounds == 0 {
		return
	}
	s := d.edit()
	if kept := s.Deployment(x.ID); kept != nil {
		if b.Since != kept.Backoff.Since {
			kept.Forgotten.NeverRan = 0
		}
		kept.Backoff = b
	}
}
