package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"steady/model"
)

const seeTroubleshooting = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."

// repeatAfter is how long an identical message is suppressed: "until it is
// resolved, or 6 hours".
const repeatAfter = 6 * time.Hour

// tasksPerEvent is how many tasks one message names.
const tasksPerEvent = 10

// addEvent puts a message at the head of the list and keeps the newest.
func addEvent(s *model.Service, now time.Time, message string) {
	e := model.ServiceEvent{ID: model.NewUUID(), At: now, Message: message}
	kept := s.Events[:min(len(s.Events), model.EventsKept-1)]
	s.Events = append([]model.ServiceEvent{e}, kept...)
}

func (d *decision) say(format string, args ...any) {
	addEvent(d.edit(), d.Now, fmt.Sprintf(format, args...))
}

// sayOnce says what has not been said since the primary deployment began, or not
// for six hours, and tells whether it did.
func (d *decision) sayOnce(format string, args ...any) bool {
	message := fmt.Sprintf(format, args...)
	if saidSince(d.service, message, d.Now.Add(-repeatAfter)) {
		return false
	}
	addEvent(d.edit(), d.Now, message)
	return true
}

func saidSince(s *model.Service, message string, since time.Time) bool {
	return toldSince(s, since, func(told string) bool { return told == message })
}

// toldSince tells whether there is such an event of the primary deployment since then.
func toldSince(s *model.Service, since time.Time, such func(message string) bool) bool {
	if p := s.Primary(); p != nil && p.CreatedAt.After(since) {
		since = p.CreatedAt
	}
	return slices.ContainsFunc(s.Events, func(e model.ServiceEvent) bool {
		return !e.At.Before(since) && such(e.Message)
	})
}

// sayStopped tells of tasks that the scheduler stops.
func (d *decision) sayStopped(tasks []*model.Task) {
	for chunk := range named(tasks) {
		d.say("(service %s) has stopped %d running tasks: %s.", d.service.Name, len(chunk), taskList(chunk))
	}
}

// named splits a long list into what single messages name, and leaves out what
// would not be kept in the list of events anyway.
func named(tasks []*model.Task) func(func([]*model.Task) bool) {
	if most := model.EventsKept * tasksPerEvent; len(tasks) > most {
		tasks = tasks[len(tasks)-most:]
	}
	return slices.Chunk(tasks, tasksPerEvent)
}

func taskList(tasks []*model.Task) string {
	names := make([]string, len(tasks))
	for i, t := range tasks {
		names[i] = "(task " + t.ID + ")"
	}
	return strings.Join(names, " ")
}

// Started tells of tasks that were placed, so many of them for unhealthy ones. It
// returns a changed copy.
func Started(s *model.Service, tasks []*model.Task, unhealthy int, now time.Time) *model.Service {
	if len(tasks) == 0 {
		return s
	}
	n := *s
	for chunk := range named(tasks) {
		message := fmt.Sprintf("(service %s) has started %d tasks: %s.", n.Name, len(chunk), taskList(chunk))
		if replaced := min(unhealthy, len(chunk)); replaced > 0 {
			message += fmt.Sprintf(" Amazon ECS replaced %d tasks due to an unhealthy status.", replaced)
			unhealthy -= replaced
		}
		addEvent(&n, now, message)
	}
	return &n
}

// Placed notes that all tasks which were to start have found a place.
func Placed(s *model.Service) *model.Service {
	if !s.Placement.Refused() {
		return s
	}
	n := *s
	n.Placement = model.PlacementRefusal{}
	return &n
}

// Refused notes that a task found no place, and says so unless the same was said
// and still holds. The time of the refusal is set here.
func Refused(s *model.Service, refusal model.PlacementRefusal, now time.Time) *model.Service {
	if s.Placement.Message == refusal.Message && now.Sub(s.Placement.At) < repeatAfter {
		return s
	}
	n := *s
	refusal.At = now
	n.Placement = refusal
	addEvent(&n, now, refusal.Message)
	return &n
}

// sayFailedStarts tells why tasks of the primary deployment did not start: "was unable to
// place a task. Reason: <the task's start error>". Errors of the same name are the same
// message: their details name containers, which differ.
func (d *decision) sayFailedStarts() {
	p := d.service.Primary()
	if p == nil {
		return
	}
	for _, t := range d.Ended {
		if t.Deployment != p.ID || t.StopCode != model.TaskFailedToStart || d.Now.Sub(t.StoppedAt) >= repeatAfter {
			continue
		}
		name, _, _ := strings.Cut(t.StoppedReason, ":")
		told := fmt.Sprintf("(service %s) was unable to place a task. Reason: ", d.service.Name)
		if !toldSince(d.service, d.Now.Add(-repeatAfter), func(message string) bool { return strings.HasPrefix(message, told+name) }) {
			d.say("%s%s", told, t.StoppedReason)
		}
	}
}

// sayImpaired tells that tasks of a deployment cannot be started consistently.
func (d *decision) sayImpaired(deployment string) {
	if !d.sayOnce("(service %s) is unable to consistently start tasks successfully. %s", d.service.Name, seeTroubleshooting) {
		return
	}
	if x := d.edit().Deployment(deployment); x != nil {
		x.ImpairedAt = d.Now
	}
}

// sayDeadlock tells that neither a start nor a stop is allowed, and none is under
// way that could change that.
func (d *decision) sayDeadlock() {
	stuck := d.missing() > 0 && !d.stalled() && d.room() <= 0 &&
		len(d.start)+len(d.stop)+len(d.leaving)+d.gone+len(d.unhealthy) == 0 &&
		d.countHealthy(d.current) == len(d.current) &&
		d.countHealthy(d.replaced) == len(d.replaced)
	if stuck {
		d.sayOnce("(service %s) was unable to stop or start tasks during a deployment because of the service deployment configuration. "+
			"Update the minimumHealthyPercent or maximumPercent value and try again.", d.service.Name)
	}
}

// sayProtected tells that protected tasks of a deployment hold up a scale-in or a
// roll-out.
func (d *decision) sayProtected(deployment string) {
	d.sayOnce("(service %s) was unable to reach steady state because task set (%s) was unable to scale in. "+
		"Reason: The number of protected tasks are more than the desired count of tasks", d.service.Name, deployment)
}

// saySteady tells when the service has reached a steady state: "running equals
// desired, one deployment, all healthy, none pending".
func (d *decision) saySteady() {
	p := d.service.Primary()
	steady := p != nil && p.Rollout == model.Completed && d.arrived()
	if !steady && slices.ContainsFunc(d.current, func(t *model.Task) bool { return !d.watched(t) }) {
		return // nothing is known either way
	}
	if !steady {
		if !d.service.SteadyAt.IsZero() {
			d.edit().SteadyAt = time.Time{}
		}
		return
	}
	if again := d.service.SteadyAt.Add(repeatAfter); !d.service.SteadyAt.IsZero() && d.Now.Before(again) {
		d.wakeAt(again)
		return
	}
	d.say("(service %s) has reached a steady state.", d.service.Name)
	d.edit().SteadyAt = d.Now
	d.wakeAt(d.Now.Add(repeatAfter))
}
