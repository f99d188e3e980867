package rollout

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"steady/lifecycle"
	"steady/model"
)

// world is a service with its tasks in which a story is played: what the scheduler
// decides is carried out, and what happens to tasks is told by the story. Time is
// a number.
type world struct {
	t        *testing.T
	service  *model.Service
	tasks    []*model.Task
	now      time.Time
	settle   time.Duration
	place    int // how many more tasks find a place; -1 for all
	made     int
	launched int
	wake     time.Time
	checks   bool // tasks have health checks
	drained  string
	busy     bool // tasks of other services are left on the drained instance
	eligible []string
	resolve  bool
	// unwatched tells that no agent is connected.
	unwatched bool
	away      string // the instance whose agent is not connected
	check     func(w *world)
}

const settling = 10 * time.Second

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// serve makes a world with a service of so many tasks of revision 1 to begin.
func serve(t *testing.T, desired, minimum, maximum int) *world {
	w := &world{t: t, now: start, settle: settling, place: -1}
	w.service = Begin(&model.Service{
		Name: "web", Cluster: "default", Status: model.Active,
		DesiredCount: desired, MinimumHealthyPercent: minimum, MaximumPercent: maximum,
	}, model.TaskDefinitionRef{Family: "web", Revision: 1}, w.names(), w.now)
	w.settleDown()
	return w
}

func (w *world) deploymentID() string {
	w.made++
	return fmt.Sprintf("ecs-svc/%d", w.made)
}

func (w *world) names() Names {
	id := w.deploymentID()
	return Names{Deployment: id, Revision: "revision of " + id, ServiceDeployment: "roll-out of " + id}
}

// deploy asks for a revision, as UpdateService does.
func (w *world) deploy(revision int) *world {
	w.service = Begin(w.service, model.TaskDefinitionRef{Family: "web", Revision: revision}, w.names(), w.now)
	return w.settleDown()
}

// scale asks for another number of tasks.
func (w *world) scale(desired int) *world {
	s := *w.service
	s.DesiredCount = desired
	w.service = &s
	return w.settleDown()
}

func (w *world) view() View {
	v := View{Service: w.service, Now: w.now, Settle: w.settle, NewDeploymentID: w.deploymentID,
		Draining: func(i string) bool { return i != "" && i == w.drained }, Busy: func(i string) bool { return w.busy && i == w.drained }, Eligible: w.eligible, ResolveImages: w.resolve,
		Watched: func(i string) bool { return !w.unwatched && (w.away == "" || i != w.away) }}
	for _, t := range w.tasks {
		if t.Live() {
			v.Live = append(v.Live, t)
		} else {
			v.Ended = append(v.Ended, t)
		}
	}
	return v
}

// settleDown takes steps until there is none to take.
func (w *world) settleDown() *world {
	w.t.Helper()
	for range 100 {
		before := w.service
		step := Decide(w.view())
		w.service, w.wake = step.Service, step.Wake
		for _, stop := range step.Stop {
			w.put(lifecycle.Stop(stop.Task, stop.Code, stop.Reason, w.now))
		}
		for _, s := range step.Start {
			w.launch(s)
		}
		if w.check != nil {
			w.check(w)
		}
		if before == w.service && len(step.Stop)+len(step.Start) == 0 {
			return w
		}
		if before == w.service && len(step.Stop) == 0 && w.service.Placement.Refused() {
			return w
		}
	}
	w.t.Fatalf("the scheduler does not come to rest: %s", w)
	return w
}

func (w *world) launch(s Start) {
	var started []*model.Task
	for i := range s.Count {
		if w.place == 0 {
			break
		}
		w.place--
		t := lifecycle.New(&model.TaskDefinition{Family: s.TaskDefinition.Family, Revision: s.TaskDefinition.Revision},
			lifecycle.Launch{Cluster: "default", Service: "web", Deployment: s.Deployment, Instance: []string{"i", "j", "k"}[len(w.tasks)%3]}, w.now)
		if s.On != nil {
			t.Instance = s.On[i]
		}
		t.Containers = []model.Container{{Name: "app", Essential: true, Last: model.Pending, Checked: w.checks}}
		t.ID = fmt.Sprintf("%032d", w.launched)
		w.launched++
		w.tasks = append(w.tasks, t)
		started = append(started, t)
	}
	w.service = Started(w.service, started, s.Unhealthy, w.now)
	if len(started) == s.Count {
		w.service = Placed(w.service)
		return
	}
	w.service = Refused(w.service, model.PlacementRefusal{Message: "(service web) was unable to place a task because no container instance met all of its requirements."}, w.now)
}

func (w *world) put(t *model.Task) {
	i := slices.IndexFunc(w.tasks, func(o *model.Task) bool { return o.ID == t.ID })
	w.tasks[i] = t
}

// each applies f to the tasks that match, then lets the scheduler act.
func (w *world) each(match func(*model.Task) bool, f func(*model.Task) *model.Task) *world {
	w.t.Helper()
	for _, t := range slices.Clone(w.tasks) {
		if match(t) {
			w.put(f(t))
		}
	}
	return w.settleDown()
}

func pendingOf(revision int) func(*model.Task) bool {
	return func(t *model.Task) bool {
		return t.Last == model.Pending && !t.StopDecided() && t.TaskDefinition.Revision == revision
	}
}

func runningOf(revision int) func(*model.Task) bool {
	return func(t *model.Task) bool {
		return t.Last == model.Running && !t.StopDecided() && t.TaskDefinition.Revision == revision
	}
}

func leaving(t *model.Task) bool { return t.StopDecided() && t.Live() }

func (w *world) observe(t *model.Task, s model.TaskStatus, c model.Container) *model.Task {
	c.Name, c.Last = "app", s
	return lifecycle.Observe(t, model.Observation{Task: t.ID, Status: s, Containers: []model.Container{c}}, w.now)
}

// run sees the pending tasks of a revision RUNNING.
func (w *world) run(revision int) *world {
	w.t.Helper()
	return w.each(pendingOf(revision), func(t *model.Task) *model.Task { return w.observe(t, model.Running, model.Container{}) })
}

// crash sees the tasks of a revision exit with code 1, pending ones without having
// been RUNNING.
func (w *world) crash(revision int) *world {
	w.t.Helper()
	return w.each(func(t *model.Task) bool { return pendingOf(revision)(t) || runningOf(revision)(t) },
		func(t *model.Task) *model.Task {
			return w.observe(t, model.Stopped, model.Container{Exit: model.Exit{Known: true, Code: 1}})
		})
}

// killOne sees one running task of a revision end.
func (w *world) killOne(revision int) *world {
	w.t.Helper()
	killed := false
	return w.each(func(t *model.Task) bool { k := !killed && runningOf(revision)(t); killed = killed || k; return k },
		func(t *model.Task) *model.Task {
			return w.observe(t, model.Stopped, model.Container{Exit: model.Exit{Known: true, Code: 137}})
		})
}

// gone sees the tasks that were told to stop STOPPED.
func (w *world) gone() *world {
	w.t.Helper()
	return w.each(leaving, func(t *model.Task) *model.Task {
		return w.observe(t, model.Stopped, model.Container{Exit: model.Exit{Known: true}})
	})
}

// pass lets time go by.
func (w *world) pass(d time.Duration) *world {
	w.t.Helper()
	w.now = w.now.Add(d)
	return w.settleDown()
}

// steady takes a service that is being deployed to its steady state.
func (w *world) steady(revision int) *world {
	w.t.Helper()
	for range 100 {
		if w.service.Primary().Rollout == model.Completed && !w.service.SteadyAt.IsZero() {
			return w
		}
		w.run(revision).pass(settling).gone()
	}
	w.t.Fatalf("the service does not become steady: %s", w)
	return w
}

// String sums the world up: each deployment with its wanted tasks by state.
func (w *world) String() string {
	var b strings.Builder
	for _, d := range w.service.Deployments {
		var pending, running, leaving int
		for _, t := range w.tasks {
			switch {
			case t.Deployment != d.ID || !t.Live():
			case t.StopDecided():
				leaving++
			case t.Last == model.Running:
				running++
			default:
				pending++
			}
		}
		failed := FailedTasks(w.service, &d, slices.Values(w.tasks), w.settle, w.now)
		fmt.Fprintf(&b, "%s:%d %s pending %d running %d leaving %d failed %d; ",
			d.Status, d.TaskDefinition.Revision, d.Rollout, pending, running, leaving, failed)
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// is states what must be true at this point of the story.
func (w *world) is(want string) *world {
	w.t.Helper()
	if got := w.String(); got != want {
		w.t.Fatalf("the service is\n\t%s\nwant\n\t%s", got, want)
	}
	return w
}

// said states the newest events, newest first. "…" stands for any ids.
func (w *world) said(want ...string) *world {
	w.t.Helper()
	for i, m := range want {
		if i >= len(w.service.Events) {
			w.t.Fatalf("event %d is missing, want %q", i, m)
		}
		got := w.service.Events[i].Message
		head, tail, cut := strings.Cut(m, "…")
		if cut && (!strings.HasPrefix(got, head) || !strings.HasSuffix(got, tail)) || !cut && got != m {
			w.t.Fatalf("event %d is %q, want %q", i, got, m)
		}
	}
	return w
}
