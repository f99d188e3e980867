package rollout

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/lifecycle"
	"steady/model"
)

// checked makes the tasks of a world have health checks.
func (w *world) checked() *world {
	w.checks = true
	for _, t := range w.tasks {
		t.Containers[0].Checked = true
	}
	return w
}

// health sees the health checks of the running tasks of a revision say something; of
// at most n of them.
func (w *world) health(revision, n int, h model.HealthStatus) *world {
	w.t.Helper()
	return w.each(func(t *model.Task) bool {
		if !runningOf(revision)(t) || t.Health == h || n == 0 {
			return false
		}
		n--
		return true
	}, func(t *model.Task) *model.Task {
		x := *t
		x.Containers = []model.Container{t.Containers[0]}
		x.Containers[0].Health, x.Health = h, h
		if h == model.Healthy && x.HealthyAt.IsZero() {
			x.HealthyAt = w.now
		}
		return &x
	})
}

func TestHealthChecksGateADeployment(t *testing.T) {
	w := serve(t, 2, 100, 200).checked()
	w.run(1).pass(time.Hour).is("PRIMARY:1 IN_PROGRESS pending 0 running 2 leaving 0 failed 0")
	w.health(1, 1, model.Healthy).is("PRIMARY:1 IN_PROGRESS pending 0 running 2 leaving 0 failed 0")
	w.health(1, 1, model.Healthy).is("PRIMARY:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
	w.deploy(2).run(2).pass(time.Minute)
	w.is("PRIMARY:2 IN_PROGRESS pending 0 running 2 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
	w.health(2, 1, model.Healthy)
	w.is("PRIMARY:2 IN_PROGRESS pending 0 running 2 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 1 leaving 1 failed 0")
	w.health(2, 1, model.Healthy).gone().is("PRIMARY:2 COMPLETED pending 0 running 2 leaving 0 failed 0")
}

func TestUnhealthyTaskIsReplacedStartFirst(t *testing.T) {
	w := serve(t, 2, 100, 200).checked().run(1).health(1, 2, model.Healthy)
	w.health(1, 1, model.Unhealthy).is("PRIMARY:1 COMPLETED pending 1 running 2 leaving 0 failed 0")
	w.said("(service web) has started 1 tasks: (task …). Amazon ECS replaced 1 tasks due to an unhealthy status.")
	w.run(1).is("PRIMARY:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	w.health(1, 1, model.Healthy) // the sick one recovers: then one is too many
	w.is("PRIMARY:1 COMPLETED pending 0 running 2 leaving 1 failed 0")
}

func TestUnhealthyTaskStopsOnceItsReplacementIsHealthy(t *testing.T) {
	w := serve(t, 2, 100, 200).checked().run(1).health(1, 2, model.Healthy)
	w.health(1, 1, model.Unhealthy).run(1)
	young := w.tasks[len(w.tasks)-1].ID
	w.each(func(t *model.Task) bool { return t.ID == young }, func(t *model.Task) *model.Task {
		x := *t
		x.Containers = []model.Container{t.Containers[0]}
		x.Containers[0].Health, x.Health, x.HealthyAt = model.Healthy, model.Healthy, w.now
		return &x
	})
	w.is("PRIMARY:1 COMPLETED pending 0 running 2 leaving 1 failed 0")
	w.said("(service web) has stopped 1 running tasks: (task …).", "(service web) (task …) failed container health checks.")
	for _, task := range w.tasks {
		if leaving(task) && (task.StoppedReason != "Task failed container health checks" || task.StopCode != model.ServiceSchedulerInitiated) {
			t.Fatalf("stopped with %s: %s", task.StopCode, task.StoppedReason)
		}
	}
	w.gone().said("(service web) has reached a steady state.")
}

func TestUnhealthyTasksStopOneAtATimeWithoutRoom(t *testing.T) {
	w := serve(t, 3, 50, 100).checked().run(1).health(1, 3, model.Healthy)
	w.pass(time.Second).health(1, 2, model.Unhealthy).is("PRIMARY:1 COMPLETED pending 0 running 2 leaving 1 failed 0")
	w.gone().is("PRIMARY:1 COMPLETED pending 1 running 2 leaving 0 failed 1")
	w.run(1).is("PRIMARY:1 COMPLETED pending 0 running 3 leaving 0 failed 1")
}

func TestGracePeriod(t *testing.T) {
	w := serve(t, 1, 100, 200).checked()
	w.service.GracePeriod = time.Minute
	w.run(1).pass(10*time.Second).health(1, 1, model.Unhealthy)
	w.is("PRIMARY:1 IN_PROGRESS pending 0 running 1 leaving 0 failed 0")
	if want := w.now.Add(50 * time.Second); !w.wake.Equal(want) {
		t.Fatalf("wakes at %v, want %v", w.wake, want)
	}
	w.pass(50 * time.Second).is("PRIMARY:1 IN_PROGRESS pending 1 running 1 leaving 0 failed 0")
}

func TestFailedHealthChecksTripTheBreaker(t *testing.T) {
	w := serve(t, 2, 100, 200).checked()
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true, Rollback: true}
	w.run(1).health(1, 2, model.Healthy).deploy(2)
	for range 4 {
		w.run(2).health(2, 2, model.Unhealthy).gone()
	}
	if d := w.service.Primary(); d.Rollback == "" || d.TaskDefinition.Revision != 1 {
		t.Fatalf("not rolled back: %s", w)
	}
	w.run(1).health(1, 9, model.Healthy).gone().gone().is("PRIMARY:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
}

// "A replacement uses the service revision of the task that it replaces", and stays while
// the new revision does not do the work.
func TestUnhealthyTaskOfTheOldRevisionIsReplacedByItsOwn(t *testing.T) {
	w := serve(t, 2, 100, 300).checked().run(1).health(1, 2, model.Healthy)
	w.pass(time.Minute).deploy(2).pass(time.Minute) // which hangs
	w.health(1, 1, model.Unhealthy)
	w.is("PRIMARY:2 IN_PROGRESS pending 2 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 1 running 2 leaving 0 failed 0")
	w.said("(service web) has started 1 tasks: (task …). Amazon ECS replaced 1 tasks due to an unhealthy status.")
	w.pass(time.Minute).run(1).gone()
	w.is("PRIMARY:2 IN_PROGRESS pending 2 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 2 leaving 0 failed 1")
	w.health(1, 2, model.Healthy).pass(time.Minute).each(func(t *model.Task) bool { return t.ID == w.tasks[4].ID }, func(t *model.Task) *model.Task {
		x := *t // and fails its checks as well
		x.Health = model.Unhealthy
		return &x
	})
	w.is("PRIMARY:2 IN_PROGRESS pending 2 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 1 running 2 leaving 0 failed 0")
	w.run(1).health(1, 2, model.Healthy).run(2).health(2, 2, model.Healthy).gone()
	w.is("PRIMARY:2 COMPLETED pending 0 running 2 leaving 0 failed 0")
}

// One that is not needed any more goes before it runs.
func TestAReplacementOfTheOldRevisionGoesWhenItIsNotNeeded(t *testing.T) {
	w := serve(t, 2, 100, 300).checked().run(1).health(1, 2, model.Healthy)
	w.pass(time.Minute).deploy(2).pass(time.Minute)
	w.health(1, 1, model.Unhealthy).health(1, 2, model.Healthy)
	w.is("PRIMARY:2 IN_PROGRESS pending 2 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 2 leaving 1 failed 0")
	w.gone()
	w.is("PRIMARY:2 IN_PROGRESS pending 2 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
}

// However often it is looked at, one unhealthy task has one replacement: also where the
// clock shows no time between the deployment and that.
func TestAReplacementOfTheOldRevisionIsStartedOnce(t *testing.T) {
	w := serve(t, 2, 100, 300).checked().run(1).health(1, 2, model.Healthy).pass(time.Minute)
	w.deploy(2).health(1, 1, model.Unhealthy)
	if n := len(w.tasks); n != 5 {
		t.Fatalf("there have been %d tasks: %s", n, w)
	}
}

func TestThresholds(t *testing.T) {
	for _, c := range []struct {
		kind                 types.ThresholdType
		value, desired, want int
	}{
		{"", 0, 25, 13}, {types.ThresholdTypeBoundedPercent, 50, 25, 13}, {types.ThresholdTypeBoundedPercent, 10, 10, 3},
		{types.ThresholdTypeUnboundedPercent, 10, 10, 1}, {types.ThresholdTypeUnboundedPercent, 100, 500, 500},
		{types.ThresholdTypeCount, 1, 100, 1}, {types.ThresholdTypeCount, 7, 1, 7},
	} {
		b := model.CircuitBreaker{Threshold: model.Threshold{Type: c.kind, Value: c.value}}
		if got := Threshold(b, c.desired); got != c.want {
			t.Errorf("%s %d of %d is %d, want %d", c.kind, c.value, c.desired, got, c.want)
		}
	}
}

func TestFailuresThatAreKeptTripTheBreakerInSpiteOfAHealthyTask(t *testing.T) {
	w := serve(t, 1, 100, 200)
	w.service.CircuitBreaker = model.CircuitBreaker{Enable: true, KeepFailures: true}
	w.service.EarlySuccess = model.EarlySuccess{} // one task: complete once healthy
	w.steady(1).scale(2)
	w.deploy(2)
	w.service.CircuitBreaker.KeepFailures = true
	hung := ""
	crashOne := func() {
		w.each(func(t *model.Task) bool {
			if !pendingOf(2)(t) {
				return false
			}
			if hung == "" {
				hung = t.ID
			}
			return t.ID != hung
		}, func(t *model.Task) *model.Task {
			return w.observe(t, model.Stopped, model.Container{Exit: model.Exit{Known: true, Code: 1}})
		})
	}
	crashOne()
	crashOne()
	w.each(func(t *model.Task) bool { return t.ID == hung }, func(t *model.Task) *model.Task { return w.observe(t, model.Running, model.Container{}) })
	w.pass(settling) // a task has become healthy
	if p := w.service.Primary(); p.Rollout != model.InProgress {
		t.Fatalf("ended early: %s", w)
	}
	crashOne()
	if p := w.service.Primary(); p.Rollout != model.Failed {
		t.Fatalf("three failures in all did not trip the breaker: %s", w)
	}
}

func TestEarlySuccess(t *testing.T) {
	w := serve(t, 4, 50, 200).steady(1)
	w.service.EarlySuccess = model.EarlySuccess{Enable: true, HealthyPercent: 75, Deferred: true}
	w.deploy(2)
	n := 0
	w.each(func(t *model.Task) bool { n++; return pendingOf(2)(t) && n < 8 }, func(t *model.Task) *model.Task { return w.observe(t, model.Running, model.Container{}) })
	w.pass(settling)
	if p := w.service.Primary(); p.Rollout != model.Completed || len(w.service.Deployments) != 2 {
		t.Fatalf("three of four are healthy, but: %s", w)
	}
	w.run(2).pass(settling).gone().is("PRIMARY:2 COMPLETED pending 0 running 4 leaving 0 failed 0")
	w.said("(service web) has reached a steady state.")
}

func TestDrainedInstanceIsRidOfItsTasks(t *testing.T) {
	w := serve(t, 3, 100, 200).steady(1)
	first := w.tasks[0].ID
	w.tasks[0].Instance = "drained"
	w.drained = "drained"
	w.settleDown().is("PRIMARY:1 COMPLETED pending 1 running 3 leaving 0 failed 0")
	w.run(1).pass(settling).is("PRIMARY:1 COMPLETED pending 0 running 3 leaving 1 failed 0")
	for _, task := range w.tasks {
		if task.ID == first && task.StoppedReason != lifecycle.ReasonDraining {
			t.Fatalf("stopped for %q", task.StoppedReason)
		}
	}
	w.gone().said("(service web) has reached a steady state.")
	if len(w.service.Deployments) != 1 || w.service.Primary().ID != "ecs-svc/1" {
		t.Fatal("draining started a deployment")
	}
}

// A task of the new revision that has not settled does not make up for an old one only
// because its instance is drained.
func TestUnsettledTaskOnADrainedInstanceDoesNotServe(t *testing.T) {
	w := serve(t, 3, 66, 133).steady(1).deploy(2).gone().run(2)
	const before = "PRIMARY:2 IN_PROGRESS pending 0 running 1 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 2 leaving 0 failed 0"
	w.is(before)
	old := slices.IndexFunc(w.tasks, runningOf(1))
	w.tasks[old].Instance, w.drained = "drained", "drained"
	w.tasks[slices.IndexFunc(w.tasks, runningOf(2))].Instance = "drained"
	w.settleDown().is(before)
	w.pass(settling).gone()
	if n := serving(w); n < 2 {
		t.Fatalf("%d tasks serve: %s", n, w)
	}
}

func TestPendingTaskOnADrainedInstanceStopsAtOnce(t *testing.T) {
	w := serve(t, 2, 100, 200)
	w.tasks[0].Instance = "drained"
	w.drained = "drained"
	w.settleDown().is("PRIMARY:1 IN_PROGRESS pending 2 running 0 leaving 1 failed 0")
}

func TestProtectedTasksAreNotScaledIn(t *testing.T) {
	w := serve(t, 3, 100, 200).steady(1)
	until := w.now.Add(time.Hour)
	for _, task := range w.tasks[:2] {
		task.ProtectedUntil = until
	}
	w.scale(1).is("PRIMARY:1 COMPLETED pending 0 running 2 leaving 1 failed 0")
	w.gone()
	if m := w.service.Events[0].Message; !strings.HasSuffix(m, "was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks") &&
		!strings.Contains(w.service.Events[1].Message, "was unable to scale in") {
		t.Fatalf("the events are %v", w.service.Events[:3])
	}
	if !w.wake.Equal(until) {
		t.Fatalf("wakes at %v, want when protection ends, %v", w.wake, until)
	}
	w.pass(time.Hour).gone().is("PRIMARY:1 COMPLETED pending 0 running 1 leaving 0 failed 0")
}

func TestProtectedTasksHoldUpARollOut(t *testing.T) {
	w := serve(t, 2, 100, 200).steady(1)
	w.tasks[0].ProtectedUntil = w.now.Add(time.Hour)
	w.deploy(2).run(2).pass(settling).gone()
	w.is("PRIMARY:2 IN_PROGRESS pending 0 running 2 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 1 leaving 0 failed 0")
	said := false
	for _, e := range w.service.Events {
		said = said || strings.Contains(e.Message, "because task set (ecs-svc/1) was unable to scale in. Reason: The number of protected tasks")
	}
	if !said {
		t.Fatalf("not said: %v", w.service.Events)
	}
	w.pass(time.Hour).gone().is("PRIMARY:2 COMPLETED pending 0 running 2 leaving 0 failed 0")
}

func TestDaemonHasOneTaskOnEachInstance(t *testing.T) {
	w := &world{t: t, now: start, settle: settling, place: -1, eligible: []string{"a", "b", "c"}}
	w.service = Begin(&model.Service{Name: "web", Cluster: "default", Status: model.Active, Daemon: true, MaximumPercent: 100},
		model.TaskDefinitionRef{Family: "web", Revision: 1}, w.names(), w.now)
	w.settleDown().is("PRIMARY:1 IN_PROGRESS pending 3 running 0 leaving 0 failed 0")
	w.run(1).pass(settling).is("PRIMARY:1 COMPLETED pending 0 running 3 leaving 0 failed 0")
	if w.service.DesiredCount != 3 {
		t.Fatalf("desiredCount is %d", w.service.DesiredCount)
	}
	w.eligible = []string{"a", "b", "c", "d"}
	w.settleDown().is("PRIMARY:1 COMPLETED pending 1 running 3 leaving 0 failed 0")
	w.run(1).pass(settling)
	w.eligible = []string{"b", "c", "d"}
	w.settleDown().is("PRIMARY:1 COMPLETED pending 0 running 3 leaving 1 failed 0")
	w.gone().said("(service web) has reached a steady state.")
	w.deploy(2).is("PRIMARY:2 IN_PROGRESS pending 0 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 0 leaving 3 failed 0")
	w.gone().run(2).pass(settling).is("PRIMARY:2 COMPLETED pending 0 running 3 leaving 0 failed 0")
}

// "The daemon task is the last task to stop after all replica tasks are stopped."
func TestDaemonTaskIsTheLastToLeaveADrainedInstance(t *testing.T) {
	w := &world{t: t, now: start, settle: settling, place: -1, eligible: []string{"a", "b"}}
	w.service = Begin(&model.Service{Name: "web", Cluster: "default", Status: model.Active, Daemon: true, MaximumPercent: 100},
		model.TaskDefinitionRef{Family: "web", Revision: 1}, w.names(), w.now)
	w.settleDown().run(1).pass(settling)
	w.drained, w.busy, w.eligible = "a", true, []string{"b"}
	w.settleDown().is("PRIMARY:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
	w.busy = false
	w.settleDown().is("PRIMARY:1 COMPLETED pending 0 running 1 leaving 1 failed 0")
}

// An unhealthy task serves nobody: minimumHealthyPercent does not keep it.
func TestDaemonReplacesUnhealthyTasksOfAnOlderRevision(t *testing.T) {
	w := &world{t: t, now: start, settle: settling, place: -1, eligible: []string{"a", "b"}, checks: true}
	w.service = Begin(&model.Service{Name: "web", Cluster: "default", Status: model.Active, Daemon: true, MinimumHealthyPercent: 50, MaximumPercent: 100},
		model.TaskDefinitionRef{Family: "web", Revision: 1}, w.names(), w.now)
	w.settleDown().run(1).health(1, 2, model.Healthy).is("PRIMARY:1 COMPLETED pending 0 running 2 leaving 0 failed 0")
	w.deploy(2).gone().run(2)
	w.is("PRIMARY:2 IN_PROGRESS pending 0 running 1 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 1 leaving 0 failed 0")
	w.health(1, 1, model.Unhealthy).gone().run(2).health(2, 2, model.Healthy)
	w.is("PRIMARY:2 COMPLETED pending 0 running 2 leaving 0 failed 0")
}

// The only task may not stop first, and no second one may start beside it.
func TestDaemonSaysThatItsPercentagesAllowNoStep(t *testing.T) {
	w := &world{t: t, now: start, settle: settling, place: -1, eligible: []string{"a"}}
	w.service = Begin(&model.Service{Name: "web", Cluster: "default", Status: model.Active, Daemon: true, MinimumHealthyPercent: 50, MaximumPercent: 100},
		model.TaskDefinitionRef{Family: "web", Revision: 1}, w.names(), w.now)
	w.settleDown().run(1).pass(settling).deploy(2)
	w.is("PRIMARY:2 IN_PROGRESS pending 0 running 0 leaving 0 failed 0; ACTIVE:1 COMPLETED pending 0 running 1 leaving 0 failed 0")
	w.said("(service web) was unable to stop or start tasks during a deployment because of the service deployment configuration. " +
		"Update the minimumHealthyPercent or maximumPercent value and try again.")
}

func TestFirstTaskResolvesTheImages(t *testing.T) {
	w := &world{t: t, now: start, settle: settling, place: -1, resolve: true}
	w.service = Begin(&model.Service{Name: "web", Cluster: "default", Status: model.Active, DesiredCount: 3, MinimumHealthyPercent: 100, MaximumPercent: 200},
		model.TaskDefinitionRef{Family: "web", Revision: 1}, w.names(), w.now)
	w.settleDown().is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed 0")
	w.each(pendingOf(1), func(t *model.Task) *model.Task {
		return w.observe(t, model.Pending, model.Container{Digest: "sha256:1"})
	})
	w.is("PRIMARY:1 IN_PROGRESS pending 3 running 0 leaving 0 failed 0")
	if i := w.service.Primary().Images; len(i) != 1 || i[0] != (model.Image{Container: "app", Digest: "sha256:1"}) {
		t.Fatalf("the images are %v", i)
	}
	w.run(1).pass(settling)
	if i := w.service.CompletedImages; len(i) != 1 {
		t.Fatalf("the completed images are %v", i)
	}
}

func TestImagesThatCannotBeResolvedDoNotHoldUpForEver(t *testing.T) {
	w := &world{t: t, now: start, settle: settling, place: -1, resolve: true}
	w.service = Begin(&model.Service{Name: "web", Cluster: "default", Status: model.Active, DesiredCount: 2, MinimumHealthyPercent: 100, MaximumPercent: 200},
		model.TaskDefinitionRef{Family: "web", Revision: 1}, w.names(), w.now)
	w.settleDown()
	for range 3 {
		w.is("PRIMARY:1 IN_PROGRESS pending 1 running 0 leaving 0 failed " + string(rune('0'+len(w.tasks)-1)))
		w.crash(1)
	}
	w.is("PRIMARY:1 IN_PROGRESS pending 2 running 0 leaving 0 failed 3")
}

// All new tasks are healthy: an old one that fails its checks is stopped, not replaced.
func TestNothingOfAnOldRevisionStartsWhenTheNewOneIsThere(t *testing.T) {
	w := serve(t, 4, 100, 200).checked().run(1).health(1, 4, model.Healthy).pass(time.Second).deploy(2).run(2)
	w.health(1, 1, model.Unhealthy).pass(time.Second)
	n := len(w.tasks)
	w.health(2, 9, model.Healthy).gone().gone()
	for _, task := range w.tasks[n:] {
		if task.TaskDefinition.Revision == 1 {
			t.Fatalf("a task of revision 1 was started: %s", w)
		}
	}
	w.is("PRIMARY:2 COMPLETED pending 0 running 4 leaving 0 failed 0")
}

// A DAEMON service whose new revision has failed is kept alive by the last good one.
func TestStalledDaemonIsKeptAlive(t *testing.T) {
	w := &world{t: t, now: start, settle: settling, place: -1, eligible: []string{"a", "b"}}
	w.service = Begin(&model.Service{Name: "web", Cluster: "default", Status: model.Active, Daemon: true, MaximumPercent: 100, MinimumHealthyPercent: 50,
		CircuitBreaker: model.CircuitBreaker{Enable: true}}, model.TaskDefinitionRef{Family: "web", Revision: 1}, w.names(), w.now)
	w.settleDown().run(1).pass(settling).deploy(2)
	for range 5 {
		w.gone().crash(2)
	}
	if w.service.Primary().Rollout != model.Failed {
		t.Fatalf("not failed: %s", w)
	}
	w.eligible = []string{"a", "b", "c"}
	w.crash(1).run(1).pass(settling)
	if n := serving(w); n != 3 {
		t.Fatalf("%d tasks serve: %s", n, w)
	}
}

func TestUnhealthyTaskIsReplacedWhileAnotherInstanceIsAway(t *testing.T) {
	w := serve(t, 2, 50, 100).checked().run(1).health(1, 2, model.Healthy).pass(time.Second)
	w.away = w.tasks[0].Instance
	w.each(func(t *model.Task) bool { return t.Instance != w.away }, func(t *model.Task) *model.Task {
		x := *t
		x.Containers = []model.Container{t.Containers[0]}
		x.Containers[0].Health, x.Health = model.Unhealthy, model.Unhealthy
		return &x
	})
	w.is("PRIMARY:1 COMPLETED pending 0 running 1 leaving 1 failed 0")
}

func TestEarlySuccessNeedsAHealthyTask(t *testing.T) {
	w := serve(t, 2, 0, 200)
	w.service.EarlySuccess = model.EarlySuccess{Enable: true, Deferred: true}
	w.settleDown().is("PRIMARY:1 IN_PROGRESS pending 2 running 0 leaving 0 failed 0")
}
