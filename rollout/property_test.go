package rollout

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"steady/model"
)

// TestInvariants plays random stories. After every step of the scheduler: never more
// tasks than maximumPercent allows, never fewer serving than minimumHealthyPercent by
// its own act, one PRIMARY. And once failures end, every story ends: with the service
// steady on the last revision, with a failed deployment, or with a stated deadlock.
func TestInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		desired := rapid.IntRange(0, 12).Draw(rt, "desired")
		minimum := rapid.SampledFrom([]int{0, 33, 50, 75, 100}).Draw(rt, "minimum")
		maximum := rapid.SampledFrom([]int{100, 125, 150, 200}).Draw(rt, "maximum")
		w := serve(t, desired, minimum, maximum)
		w.service.CircuitBreaker = model.CircuitBreaker{Enable: rapid.Bool().Draw(rt, "breaker"), Rollback: rapid.Bool().Draw(rt, "rollback")}
		ceiling := 0
		w.check = func(w *world) {
			if n := primaries(w.service); n != 1 {
				rt.Fatalf("%d PRIMARY deployments: %s", n, w)
			}
			if n := occupied(w); n > max(ceiling, Upper(w.service.DesiredCount, maximum)) {
				rt.Fatalf("%d tasks, more than %d%% of %d: %s", n, maximum, w.service.DesiredCount, w)
			}
		}
		if rapid.Bool().Draw(rt, "checks") {
			w.checked()
		}
		revision := 1
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			ceiling = occupied(w) // what was there before desiredCount was lowered may still be
			serving := serving(w)
			switch rapid.IntRange(0, 10).Draw(rt, "what") {
			case 0:
				revision++
				w.deploy(revision)
				checkMinimum(rt, w, serving)
			case 1:
				w.run(revision)
			case 2:
				w.crash(revision)
			case 3:
				w.pass(time.Duration(rapid.IntRange(0, 20).Draw(rt, "seconds")) * time.Second)
				checkMinimum(rt, w, serving)
			case 4:
				w.gone()
				checkMinimum(rt, w, serving)
			case 5:
				w.scale(rapid.IntRange(0, 12).Draw(rt, "desired"))
			case 6:
				w.place = rapid.IntRange(-1, 3).Draw(rt, "places")
				w.settleDown()
			case 7:
				w.health(revision, rapid.IntRange(1, 5).Draw(rt, "tasks"), model.Healthy)
				checkMinimum(rt, w, serving)
			case 8:
				w.health(rapid.IntRange(1, revision).Draw(rt, "revision"), rapid.IntRange(1, 5).Draw(rt, "tasks"), model.Unhealthy)
			case 9:
				w.protect(rapid.IntRange(0, 20).Draw(rt, "task"), time.Minute)
			case 10:
				w.drained = rapid.SampledFrom([]string{"", "i", "j"}).Draw(rt, "drained")
				w.settleDown()
				checkMinimum(rt, w, serving)
			}
		}
		w.place, w.drained = -1, ""
		for range 200 {
			if ended(w) {
				return
			}
			for r := range revision {
				w.run(r+1).health(r+1, 100, model.Healthy)
			}
			w.pass(30 * time.Minute).gone()
		}
		rt.Fatalf("the story does not end: %s", w)
	})
}

func primaries(s *model.Service) int {
	n := 0
	for _, d := range s.Deployments {
		if d.Status == model.Primary {
			n++
		}
	}
	return n
}

// occupied counts the tasks that are RUNNING or PENDING.
func occupied(w *world) int {
	n := 0
	for _, t := range w.tasks {
		if occupies(t) {
			n++
		}
	}
	return n
}

// serving counts the wanted tasks that are RUNNING and do not fail their checks.
func serving(w *world) int {
	n := 0
	for _, t := range w.tasks {
		if t.Last == model.Running && !t.StopDecided() && t.Health != model.Unhealthy {
			n++
		}
	}
	return n
}

// protect protects one task.
func (w *world) protect(i int, d time.Duration) {
	if i < len(w.tasks) && w.tasks[i].Live() {
		t := *w.tasks[i]
		t.ProtectedUntil = w.now.Add(d)
		w.put(&t)
	}
	w.settleDown()
}

// checkMinimum: the scheduler itself takes a service below its minimum never.
func checkMinimum(rt *rapid.T, w *world, before int) {
	lower := Lower(w.service.DesiredCount, w.service.MinimumHealthyPercent)
	if n := serving(w); n < before && n < lower {
		rt.Fatalf("%d tasks serve, %d did before, %d must: %s", n, before, lower, w)
	}
}

// ended tells whether a story has come to a stated end.
func ended(w *world) bool {
	p := w.service.Primary()
	switch {
	case p.Rollout == model.Failed:
		return true
	case p.Rollout == model.Completed && !w.service.SteadyAt.IsZero():
		return true
	}
	for _, e := range w.service.Events {
		if !e.At.Before(p.CreatedAt) && strings.Contains(e.Message, "was unable to stop or start tasks") {
			return true
		}
	}
	return false
}
