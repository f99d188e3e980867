package rollout

import (
	"slices"
	"strings"
	"testing"
	"time"

	"steady/lifecycle"
	"steady/model"
)

func TestServiceBecomesSteady(t *testing.T) {
	w := serve(t, 3, 100, 200)
	w.is("PRIMARY:1 IN_PROGRESS pending 3 running 0 leaving 0 failed 0")
	w.said("(service web) has started 3 tasks: (task …).")
	w.run(1).is("PRIMARY:1 IN_PROGRESS pending 0 running 3 leaving 0 failed 0")
	if want := w.now.Add(settling); !w.wake.Equal(want) {
		t.Fatalf("wakes at %v, want when the tasks have settled, %v", w.wake, want)
	}
	w.pass(settling).is("PRIMARY:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	w.said("(service web) has reached a steady state.", "(service web) (deployment ecs-svc/1) deployment completed.")
	if r := w.service.Primary().Reason; r != "ECS deployment ecs-svc/1 completed." {
		t.Fatalf("rolloutStateReason is %q", r)
	}
	if w.service.Completed.TaskDefinition.Revision != 1 {
		t.Fatalf("the last completed revision is %v", w.service.Completed)
	}
}

func TestRollingUpdateStartsFirst(t *testing.T) {
	w := serve(t, 3, 100, 200).steady(1).deploy(2)
	w.is("PRIMARY:2 IN_PROGRESS pending 3 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	w.run(2).is("PRIMARY:2 IN_PROGRESS pending 0 running 3 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	w.pass(settling).is("PRIMARY:2 IN_PROGRESS pending 0 running 3 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 0 leaving 3 failed 0")
	w.said("(service web) has stopped 3 running tasks: (task …).")
	w.gone().is("PRIMARY:2 COMPLETED pending 0 running 3 leaving 0 failed 0")
	w.said("(service web) has reached a steady state.", "(service web) (deployment ecs-svc/2) deployment completed.")
}

func TestStopFirstWhereMaximumLeavesNoRoom(t *testing.T) {
	w := serve(t, 4, 50, 100).steady(1).deploy(2)
	w.is("PRIMARY:2 IN_PROGRESS pending 0 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 2 leaving 2 failed 0")
	w.gone().is("PRIMARY:2 IN_PROGRESS pending 2 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
	w.run(2).pass(settling).is("PRIMARY:2 IN_PROGRESS pending 0 running 2 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 0 leaving 2 failed 0")
	w.gone().run(2).pass(settling).is("PRIMARY:2 COMPLETED pending 0 running 4 leaving 0 failed 0")
}

func TestHalfMayBeMissingButNeedNot(t *testing.T) {
	// 50/200 has room for all new tasks: none of the old ones is stopped early.
	w := serve(t, 4, 50, 200).steady(1).deploy(2)
	w.is("PRIMARY:2 IN_PROGRESS pending 4 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 4 leaving 0 failed 0")
}

func TestNoPlaceForNewTasksFreesOldOnes(t *testing.T) {
	// One instance whose port is taken: 0/200 has to stop the old task first.
	w := serve(t, 1, 0, 200).steady(1)
	w.place = 0
	w.deploy(2).is("PRIMARY:2 IN_PROGRESS pending 0 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 0 leaving 1 failed 0")
	w.place = -1
	w.gone().run(2).pass(settling).is("PRIMARY:2 COMPLETED pending 0 running 1 leaving 0 failed 0")
}

func TestNoPlaceKeepsTheMinimum(t *testing.T) {
	w := serve(t, 2, 100, 200).steady(1)
	w.place = 0
	w.deploy(2).is("PRIMARY:2 IN_PROGRESS pending 0 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
	events := len(w.service.Events)
	w.pass(time.Hour)
	if len(w.service.Events) != events {
		t.Fatal("the refusal was said again within six hours")
	}
	w.pass(6 * time.Hour)
	if len(w.service.Events) != events+1 {
		t.Fatal("the refusal was not said again after six hours")
	}
}

func TestPercentagesThatAllowNoStep(t *testing.T) {
	const deadlock = "(service web) was unable to stop or start tasks during a deployment because of the service deployment configuration. " +
		"Update the minimumHealthyPercent or maximumPercent value and try again."
	for _, c := range []struct{ desired, minimum, maximum int }{{3, 100, 100}, {2, 75, 100}, {3, 100, 125}} {
		w := serve(t, c.desired, c.minimum, c.maximum).steady(1).deploy(2)
		w.said(deadlock)
		events := len(w.service.Events)
		w.pass(time.Minute)
		if len(w.service.Events) != events {
			t.Fatalf("%+v: said twice", c)
		}
	}
}

func TestCircuitBreakerRollsBack(t *testing.T) {
	w := serve(t, 3, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true, Rollback: true}
	w.steady(1).deploy(2).crash(2)
	w.is("PRIMARY:1 IN_PROGRESS pending 3 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	w.said("(service web) has started 3 tasks: (task …).",
		"(service web) rolling back to deployment ecs-svc/3.",
		"(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.")
	if r := w.service.Primary().Reason; r != "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/3." {
		t.Fatalf("rolloutStateReason is %q", r)
	}
	w.run(1).pass(settling).gone().is("PRIMARY:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
}

func TestFailedDeploymentIsShownUntilItsTasksAreGone(t *testing.T) {
	w := serve(t, 3, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true, Rollback: true}
	w.steady(1).deploy(2)
	// Two crash twice, one hangs in PENDING.
	hung := ""
	crashTwo := func() {
		w.each(func(t *model.Task) bool {
			if hung == "" && pendingOf(2)(t) {
				hung = t.ID
			}
			return pendingOf(2)(t) && t.ID != hung
		}, func(t *model.Task) *model.Task {
			return w.observe(t, model.Stopped, model.Container{Exit: model.Exit{Known: true, Code: 1}})
		})
	}
	crashTwo()
	w.is("PRIMARY:2 IN_PROGRESS pending 3 running 0 leaving 0 failed 2; ACTIVE:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	crashTwo()
	w.is("PRIMARY:1 IN_PROGRESS pending 2 running 0 leaving 0 failed 0; ACTIVE:2 FAILED pending 0 running 0 leaving 1 failed 4; ACTIVE:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	w.gone().is("PRIMARY:1 IN_PROGRESS pending 3 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
}

func TestCircuitBreakerWithNothingToRollBackTo(t *testing.T) {
	w := serve(t, 1, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true, Rollback: true}
	w.crash(1).crash(1).is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed 2")
	w.crash(1).is("PRIMARY:1 FAILED pending 0 running 0 leaving 0 failed 3")
	if r := w.service.Primary().Reason; r != "ECS deployment circuit breaker: tasks failed to start." {
		t.Fatalf("rolloutStateReason is %q", r)
	}
	w.pass(time.Hour).is("PRIMARY:1 FAILED pending 0 running 0 leaving 0 failed 3")
	w.deploy(2).is("PRIMARY:2 IN_PROGRESS pending 1 running 0 leaving 0 failed 0")
}

func TestCircuitBreakerWithoutRollbackKeepsTheOldRevisionServing(t *testing.T) {
	w := serve(t, 3, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true}
	w.steady(1).deploy(2).crash(2)
	w.is("PRIMARY:2 FAILED pending 0 running 0 leaving 0 failed 3; ACTIVE:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	// One of the old tasks dies: its own revision replaces it.
	w.killOne(1)
	w.is("PRIMARY:2 FAILED pending 0 running 0 leaving 0 failed 3; ACTIVE:1 COMPLETED pending 1 running 2 leaving 0 failed 0")
}

// refuse sees the pending tasks of a revision fail to start.
func (w *world) refuse(revision int, reason string) *world {
	w.t.Helper()
	return w.each(pendingOf(revision), func(t *model.Task) *model.Task {
		return w.observe(t, model.Stopped, model.Container{Reason: reason})
	})
}

// The second stage of the circuit breaker: once a task of the deployment has been RUNNING
// what cannot be started does not count any more.
func TestFailedStartsDoNotTripTheBreakerOnceATaskRan(t *testing.T) {
	w := serve(t, 2, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true, Rollback: true, KeepFailures: true}
	w.steady(1).deploy(2)
	w.refuse(2, "CannotPullContainerError: no").is("PRIMARY:2 IN_PROGRESS pending 2 running 0 leaving 0 failed 2; ACTIVE:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
	one := ""
	w.each(func(t *model.Task) bool {
		if one == "" && pendingOf(2)(t) {
			one = t.ID
		}
		return t.ID == one
	}, func(t *model.Task) *model.Task { return w.observe(t, model.Running, model.Container{}) })
	ran := w.now
	for n := 3; n < 9; n++ {
		w.pass(time.Minute).refuse(2, "CannotPullContainerError: no")
	}
	w.gone().is("PRIMARY:2 IN_PROGRESS pending 0 running 1 leaving 0 failed 8; ACTIVE:1 COMPLETED pending 0 running 1 leaving 0 failed 0")
	p := w.service.Primary()
	if n := BreakerFailures(w.service, p, slices.Values(w.tasks), w.settle, w.now); n != 2 || !p.RanAt.Equal(ran) {
		t.Fatalf("the breaker counts %d, the first task ran at %v", n, p.RanAt)
	}
	// Nor when the records have gone.
	for _, task := range slices.Clone(w.tasks) {
		if !task.Live() {
			w.service = Forget(w.service, task, w.settle)
			w.tasks = slices.DeleteFunc(w.tasks, func(o *model.Task) bool { return o == task })
		}
	}
	p = w.service.Primary()
	if n := BreakerFailures(w.service, p, slices.Values(w.tasks), w.settle, w.now); n != 2 {
		t.Fatalf("the breaker counts %d of what is forgotten", n)
	}
}

func TestWhyTasksDoNotStartIsSaidOnce(t *testing.T) {
	w := serve(t, 2, 100, 200)
	w.refuse(1, "CannotPullContainerError: no such image").said("(service web) has started 2 tasks: (task …).",
		"(service web) was unable to place a task. Reason: CannotPullContainerError: no such image")
	w.refuse(1, "CannotPullContainerError: manifest unknown").refuse(1, "CannotStartContainerError: no such file")
	told := 0
	for _, e := range w.service.Events {
		if strings.Contains(e.Message, "was unable to place a task. Reason: ") {
			told++
		}
	}
	if told != 2 {
		t.Fatalf("%d reasons are said, want one for each error: %v", told, w.service.Events)
	}
}

func TestFailedRollbackIsNotRolledBackAgain(t *testing.T) {
	w := serve(t, 1, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true, Rollback: true}
	w.steady(1).deploy(2).crash(2).crash(2).crash(2)
	w.is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 1 leaving 0 failed 0")
	for range 3 {
		w.refuse(1, "CannotPullContainerError: gone")
	}
	w.is("PRIMARY:1 FAILED pending 0 running 0 leaving 0 failed 3; ACTIVE:1 COMPLETED pending 0 running 1 leaving 0 failed 0")
}

func TestHealthyTaskResetsFailures(t *testing.T) {
	w := serve(t, 1, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true}
	w.crash(1).crash(1).run(1).pass(settling)
	w.is("PRIMARY:1 COMPLETED pending 0 running 1 leaving 0 failed 0")
	// It had served: its end is no failure of the deployment.
	w.pass(time.Minute).crash(1).is("PRIMARY:1 COMPLETED pending 1 running 0 leaving 0 failed 0")
}

func TestTaskThatDiesBeforeItSettledIsAFailure(t *testing.T) {
	w := serve(t, 1, 100, 200)
	w.run(1).pass(settling / 2).crash(1)
	w.is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed 1")
}

func TestNewerUpdateSupersedes(t *testing.T) {
	w := serve(t, 2, 100, 200).steady(1).deploy(2).deploy(3).deploy(4)
	w.is("PRIMARY:4 IN_PROGRESS pending 0 running 0 leaving 0 failed 0; ACTIVE:2 IN_PROGRESS pending 0 running 0 leaving 2 failed 0; ACTIVE:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
	w.steady(4).is("PRIMARY:4 COMPLETED pending 0 running 2 leaving 0 failed 0")
}

func TestScaling(t *testing.T) {
	w := serve(t, 1, 100, 200).steady(1)
	w.scale(10).is("PRIMARY:1 COMPLETED pending 9 running 1 leaving 0 failed 0")
	w.run(1).pass(settling).said("(service web) has reached a steady state.")
	w.scale(5).is("PRIMARY:1 COMPLETED pending 0 running 5 leaving 5 failed 0")
	w.gone().said("(service web) has reached a steady state.")
	w.scale(0).gone().is("PRIMARY:1 COMPLETED pending 0 running 0 leaving 0 failed 0")
	if w.service.Deployments[0].ID != "ecs-svc/1" {
		t.Fatal("scaling started a deployment")
	}
}

func TestNothingDesired(t *testing.T) {
	serve(t, 0, 100, 200).is("PRIMARY:1 COMPLETED pending 0 running 0 leaving 0 failed 0").said("(service web) has reached a steady state.")
}

func TestSteadyStateIsSaidAgainAfterSixHours(t *testing.T) {
	w := serve(t, 1, 100, 200).steady(1)
	events := len(w.service.Events)
	w.pass(time.Hour)
	if len(w.service.Events) != events {
		t.Fatal("said again after an hour")
	}
	w.pass(5 * time.Hour)
	if len(w.service.Events) != events+1 {
		t.Fatal("not said again after six hours")
	}
}

func TestTasksThatNeverRunAreThrottled(t *testing.T) {
	w := serve(t, 1, 100, 200)
	for range 3 {
		w.crash(1)
	}
	w.is("PRIMARY:1 IN_PROGRESS pending 0 running 0 leaving 0 failed 3")
	w.said("(service web) is unable to consistently start tasks successfully. " + seeTroubleshooting)
	if want := w.now.Add(15 * time.Second); !w.wake.Equal(want) {
		t.Fatalf("wakes at %v, want %v", w.wake, want)
	}
	w.pass(15 * time.Second).is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed 3")
	w.crash(1).pass(29 * time.Second).is("PRIMARY:1 IN_PROGRESS pending 0 running 0 leaving 0 failed 4")
	w.deploy(2).is("PRIMARY:2 IN_PROGRESS pending 1 running 0 leaving 0 failed 0")
}

func TestTasksThatRanAreNeverThrottledMoreThanAPause(t *testing.T) {
	w := serve(t, 1, 100, 200)
	for range 3 {
		w.is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed " + string(rune('0'+len(w.tasks)-1)))
		w.run(1).crash(1)
	}
	for n := range 5 {
		w.pass(crashPause - time.Second)
		if len(w.tasks) != 3+n {
			t.Fatalf("%d tasks before the pause is over", len(w.tasks))
		}
		w.pass(time.Second).is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed " + string(rune('3'+n)))
		w.run(1).crash(1)
	}
}

// Without a settling time a task counts as healthy as soon as it runs, and its end is no
// failure. A crash loop has its pauses all the same.
func TestACrashLoopHasPausesWithoutASettlingTime(t *testing.T) {
	w := serve(t, 1, 100, 200)
	w.settle = 0
	for range 3 {
		w.is("PRIMARY:1 " + string(w.service.Primary().Rollout) + " pending 1 running 0 leaving 0 failed 0")
		w.run(1).crash(1)
	}
	w.is("PRIMARY:1 COMPLETED pending 0 running 0 leaving 0 failed 0")
	if want := w.now.Add(crashPause); !w.wake.Equal(want) {
		t.Fatalf("wakes at %v, want %v", w.wake, want)
	}
	w.pass(crashPause).is("PRIMARY:1 COMPLETED pending 1 running 0 leaving 0 failed 0")
	w.run(1).pass(crashes).crash(1).is("PRIMARY:1 COMPLETED pending 1 running 0 leaving 0 failed 0") // it served
}

// A service whose image is removed: one task dies, and none can be started in its
// place. That earlier tasks of the deployment did run must not undo the throttle.
func TestReplacementsThatNeverRunAreThrottled(t *testing.T) {
	w := serve(t, 3, 100, 200).steady(1).pass(time.Minute)
	w.killOne(1)
	for range 3 {
		w.is("PRIMARY:1 COMPLETED pending 1 running 2 leaving 0 failed " + string(rune('0'+len(w.tasks)-4)))
		w.pass(time.Second).refuse(1, "CannotPullContainerError: no such image")
	}
	w.is("PRIMARY:1 COMPLETED pending 0 running 2 leaving 0 failed 3")
	w.said("(service web) is unable to consistently start tasks successfully. " + seeTroubleshooting)
	w.pass(15 * time.Second).is("PRIMARY:1 COMPLETED pending 1 running 2 leaving 0 failed 3")
}

// A task that could not be started is not STOPPED at once. What is to take its place
// waits as long as if it were.
func TestATaskThatIsAboutToStopIsAFailedStart(t *testing.T) {
	w := serve(t, 1, 100, 200)
	for range 2 {
		w.pass(time.Second).refuse(1, "CannotPullContainerError: no such image")
	}
	w.pass(time.Second).each(pendingOf(1), func(t *model.Task) *model.Task {
		return lifecycle.Observe(t, model.Observation{Task: t.ID, Status: model.Pending, Containers: []model.Container{
			{Name: "app", Last: model.Stopped, Reason: "CannotPullContainerError: no such image"}}}, w.now)
	})
	w.is("PRIMARY:1 IN_PROGRESS pending 0 running 0 leaving 1 failed 2")
	w.pass(time.Second).gone().is("PRIMARY:1 IN_PROGRESS pending 0 running 0 leaving 0 failed 3")
	w.pass(15 * time.Second).is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed 3")
}

// The machine restarts while a failed deployment is PRIMARY: all tasks of the last
// good revision end at once. It must come back.
func TestStalledServiceKeepsItsLastGoodRevision(t *testing.T) {
	w := serve(t, 3, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true}
	w.steady(1).deploy(2).crash(2).deploy(3).crash(3)
	w.is("PRIMARY:3 FAILED pending 0 running 0 leaving 0 failed 3; ACTIVE:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	for _, task := range w.tasks {
		if runningOf(1)(task) {
			w.put(w.observe(task, model.Stopped, model.Container{Exit: model.Exit{Known: true, Code: 137}}))
		}
	}
	w.settleDown().is("PRIMARY:3 FAILED pending 0 running 0 leaving 0 failed 3; ACTIVE:1 COMPLETED pending 3 running 0 leaving 0 failed 0")
	w.run(1).pass(settling).deploy(4).steady(4).is("PRIMARY:4 COMPLETED pending 0 running 3 leaving 0 failed 0")
}

// A failed deployment leaves tasks behind that still start: the last good revision must
// not be stopped for them and started again, over and over.
func TestStalledServiceIsCalm(t *testing.T) {
	w := serve(t, 3, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true}
	w.steady(1).deploy(2)
	hung := w.tasks[len(w.tasks)-1].ID
	for range 2 {
		w.each(func(t *model.Task) bool { return pendingOf(2)(t) && t.ID != hung }, func(t *model.Task) *model.Task {
			return w.observe(t, model.Stopped, model.Container{Exit: model.Exit{Known: true, Code: 1}})
		})
	}
	w.is("PRIMARY:2 FAILED pending 1 running 0 leaving 0 failed 4; ACTIVE:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	w.run(2).pass(settling).gone().is("PRIMARY:2 FAILED pending 0 running 1 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
}

func TestStalledServiceCanBeScaled(t *testing.T) {
	w := serve(t, 3, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true}
	w.steady(1).deploy(2).crash(2)
	w.scale(1).gone().is("PRIMARY:2 FAILED pending 0 running 0 leaving 0 failed 3; ACTIVE:1 COMPLETED pending 0 running 1 leaving 0 failed 0")
	w.scale(0).gone().is("PRIMARY:2 FAILED pending 0 running 0 leaving 0 failed 3; ACTIVE:1 COMPLETED pending 0 running 0 leaving 0 failed 0")
	w.scale(2).is("PRIMARY:2 FAILED pending 0 running 0 leaving 0 failed 3; ACTIVE:1 COMPLETED pending 2 running 0 leaving 0 failed 0")
}

func TestDeletedServiceDrains(t *testing.T) {
	w := serve(t, 2, 100, 200).steady(1)
	s := *w.service
	s.Status = model.Draining
	w.service = &s
	w.settleDown().is("PRIMARY:1 COMPLETED pending 0 running 0 leaving 2 failed 0")
	w.gone()
	if w.service.Status != model.Inactive || len(w.service.Deployments) != 0 || !w.service.InactiveAt.Equal(w.now) {
		t.Fatalf("the service is %s with %d deployments", w.service.Status, len(w.service.Deployments))
	}
}

func TestForgottenTasksStillCount(t *testing.T) {
	w := serve(t, 1, 100, 200)
	w.crash(1).pass(time.Second).crash(1)
	w.is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed 2")
	w.service = Forget(w.service, w.tasks[0], w.settle)
	w.tasks = w.tasks[1:]
	w.is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed 2")
	w.pass(time.Second).run(1).pass(settling).is("PRIMARY:1 COMPLETED pending 0 running 1 leaving 0 failed 0")
}

func TestDelay(t *testing.T) {
	for rounds, want := range []time.Duration{0, 0, 0, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute,
		4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 27 * time.Minute, 27 * time.Minute} {
		if got := Delay(rounds); got != want {
			t.Errorf("after %d rounds the delay is %v, want %v", rounds, got, want)
		}
	}
}

func TestBounds(t *testing.T) {
	for _, c := range []struct{ desired, minimum, maximum, lower, upper int }{
		{4, 50, 200, 2, 8}, {3, 50, 150, 2, 4}, {2, 75, 100, 2, 2}, {3, 100, 125, 3, 3},
		{1, 50, 100, 1, 1}, {1, 0, 100, 0, 1}, {10, 33, 133, 4, 13}, {0, 100, 200, 0, 0},
	} {
		if l, u := Lower(c.desired, c.minimum), Upper(c.desired, c.maximum); l != c.lower || u != c.upper {
			t.Errorf("%d@%d/%d is %d to %d, want %d to %d", c.desired, c.minimum, c.maximum, l, u, c.lower, c.upper)
		}
	}
	for desired, want := range map[int]int{0: 3, 1: 3, 5: 3, 6: 3, 7: 4, 25: 13, 400: 200, 5000: 200} {
		if got := Threshold(model.CircuitBreaker{}, desired); got != want {
			t.Errorf("threshold of %d is %d, want %d", desired, got, want)
		}
	}
}

// After a restart of the server, what the record says of tasks is what its predecessor
// saw. Until their agent has looked, nothing is complete on the strength of it.
func TestNothingCompletesOverTasksThatNobodyWatches(t *testing.T) {
	w := serve(t, 2, 100, 200).run(1)
	w.unwatched = true
	w.pass(settling).is("PRIMARY:1 IN_PROGRESS pending 0 running 2 leaving 0 failed 0")
	w.unwatched = false
	w.settleDown().is("PRIMARY:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
	events := len(w.service.Events)
	w.unwatched = true
	w.pass(time.Minute)
	w.unwatched = false
	w.settleDown()
	if len(w.service.Events) != events {
		t.Fatalf("said anew: %v", w.service.Events[0].Message)
	}
}

// The back-off must not be undone by the end of old records, nor by scaling.
func TestBackoffOutlivesRecordsAndScaling(t *testing.T) {
	w := serve(t, 1, 100, 200)
	var gaps []time.Duration
	last := w.now
	for len(gaps) < 20 {
		w.refuse(1, "CannotPullContainerError: no such image")
		for len(w.tasks) > 0 && w.now.Sub(w.tasks[0].StoppedAt) > time.Hour && !w.tasks[0].Live() {
			w.service = Forget(w.service, w.tasks[0], w.settle)
			w.tasks = w.tasks[1:]
		}
		if pending := w.wake.Sub(w.now); pending > 0 {
			w.pass(pending)
		}
		gaps = append(gaps, w.now.Sub(last))
		last = w.now
	}
	for i := 1; i < len(gaps); i++ {
		if gaps[i] < gaps[i-1] {
			t.Fatalf("the gaps shrink: %v", gaps)
		}
	}
	if gaps[len(gaps)-1] != 27*time.Minute {
		t.Fatalf("the gaps are %v", gaps)
	}
	w.crash(1)
	n := len(w.tasks)
	w.scale(20)
	if len(w.tasks) != n {
		t.Fatalf("scaling up started %d tasks in the middle of the back-off", len(w.tasks)-n)
	}
	w.deploy(2)
	if len(w.tasks) != n+20 {
		t.Fatalf("a new revision started %d tasks", len(w.tasks)-n)
	}
}

func TestForgettingDoesNotDependOnTheOrder(t *testing.T) {
	w := serve(t, 1, 100, 200)
	for range 3 {
		w.pass(time.Second).crash(1)
	}
	s := w.service
	for _, i := range []int{2, 0, 1} {
		s = Forget(s, w.tasks[i], w.settle)
	}
	if f := s.Deployments[0].Forgotten; f.Failures != 3 || !f.FailedAt.Equal(w.tasks[2].StoppedAt) || f.NeverRan != 3 {
		t.Fatalf("the account is %+v", f)
	}
}
