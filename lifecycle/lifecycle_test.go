package lifecycle

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"steady/model"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// task is a task with an essential container "app" and a sidecar "log".
func task() *model.Task {
	return &model.Task{
		ID: "t", Desired: model.Running, Last: model.Pending, Health: model.HealthUnknown, CreatedAt: start, Version: 1,
		Containers: []model.Container{
			{Name: "app", Essential: true, Last: model.Pending},
			{Name: "log", Last: model.Pending},
		},
	}
}

func sees(status model.TaskStatus, app, log model.Container) model.Observation {
	app.Name, log.Name = "app", "log"
	return model.Observation{Task: "t", Status: status, Containers: []model.Container{app, log}}
}

var (
	runs    = model.Container{Last: model.Running}
	pending = model.Container{Last: model.Pending}
)

func exited(code int) model.Container {
	return model.Container{Last: model.Stopped, Exit: model.Exit{Known: true, Code: code}}
}

func refused(reason string) model.Container {
	return model.Container{Last: model.Stopped, Reason: reason}
}

// look is what a story says of a task.
type look struct {
	desired, last model.TaskStatus
	code          model.StopCode
	reason        string
	version       int64
}

func lookAt(t *model.Task) look {
	return look{t.Desired, t.Last, t.StopCode, t.StoppedReason, t.Version}
}

func TestObserve(t *testing.T) {
	scaling := ReasonScaling("ecs-svc/1")
	for name, story := range map[string]struct {
		steps []func(*model.Task) *model.Task
		want  look
	}{
		"runs": {
			steps{observe(sees(model.Running, runs, runs), 1)},
			look{model.Running, model.Running, "", "", 2},
		},
		"the same twice says nothing new": {
			steps{observe(sees(model.Running, runs, runs), 1), observe(sees(model.Running, runs, runs), 2)},
			look{model.Running, model.Running, "", "", 2},
		},
		"an essential container exits while the sidecar still runs": {
			steps{observe(sees(model.Running, runs, runs), 1), observe(sees(model.Running, exited(1), runs), 2)},
			look{model.Stopped, model.Running, model.EssentialContainerExited, "Essential container in task exited", 3},
		},
		"and stops once all are gone": {
			steps{observe(sees(model.Running, runs, runs), 1), observe(sees(model.Running, exited(1), runs), 2),
				observe(sees(model.Stopping, exited(1), runs), 3), observe(sees(model.Stopped, exited(1), exited(143)), 4)},
			look{model.Stopped, model.Stopped, model.EssentialContainerExited, "Essential container in task exited", 5},
		},
		"a sidecar's exit ends nothing": {
			steps{observe(sees(model.Running, runs, runs), 1), observe(sees(model.Running, runs, exited(1)), 2)},
			look{model.Running, model.Running, "", "", 3},
		},
		"crashes before it was seen RUNNING": {
			steps{observe(sees(model.Stopped, exited(1), pending), 1)},
			look{model.Stopped, model.Stopped, model.EssentialContainerExited, "Essential container in task exited", 2},
		},
		"image cannot be pulled": {
			steps{observe(sees(model.Stopped, refused("CannotPullContainerError: no such image"), model.Container{Last: model.Stopped}), 1)},
			look{model.Stopped, model.Stopped, model.TaskFailedToStart, "CannotPullContainerError: no such image", 2},
		},
		"runs out of memory": {
			steps{observe(sees(model.Running, runs, runs), 1),
				observe(sees(model.Stopped, model.Container{Last: model.Stopped, Exit: model.Exit{Known: true, Code: 137}, Reason: "OutOfMemoryError: Container killed due to memory usage"}, exited(0)), 2)},
			look{model.Stopped, model.Stopped, model.EssentialContainerExited, "Essential container in task exited", 3},
		},
		"a sidecar that cannot start ends nothing": {
			steps{observe(sees(model.Running, runs, refused("CannotPullContainerError: no such image")), 1)},
			look{model.Running, model.Running, "", "", 2},
		},
		"an essential container that cannot start, after a sidecar has": {
			steps{observe(sees(model.Pending, refused("CannotStartContainerError: no"), runs), 1)},
			look{model.Stopped, model.Pending, model.TaskFailedToStart, "CannotStartContainerError: no", 2},
		},
		"the scheduler stops it": {
			steps{observe(sees(model.Running, runs, runs), 1), stop(model.ServiceSchedulerInitiated, scaling, 2),
				observe(sees(model.Stopping, runs, runs), 3), observe(sees(model.Stopped, exited(0), exited(0)), 4)},
			look{model.Stopped, model.Stopped, model.ServiceSchedulerInitiated, scaling, 5},
		},
		"the first decision stands": {
			steps{stop(model.UserInitiated, "enough", 1), stop(model.ServiceSchedulerInitiated, scaling, 2)},
			look{model.Stopped, model.Pending, model.UserInitiated, "enough", 2},
		},
		"stopped while it crashes: the decision came first": {
			steps{observe(sees(model.Running, runs, runs), 1), stop(model.UserInitiated, ReasonStoppedByUser, 2),
				observe(sees(model.Stopped, exited(1), exited(0)), 3)},
			look{model.Stopped, model.Stopped, model.UserInitiated, "Task stopped by user", 4},
		},
		"a late word after the end says nothing": {
			steps{observe(sees(model.Stopped, exited(0), exited(0)), 1), observe(sees(model.Running, runs, runs), 2)},
			look{model.Stopped, model.Stopped, model.EssentialContainerExited, "Essential container in task exited", 2},
		},
		"never goes back": {
			steps{observe(sees(model.Running, runs, runs), 1), observe(sees(model.Pending, pending, pending), 2)},
			look{model.Running, model.Running, "", "", 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := task()
			for _, step := range story.steps {
				x = step(x)
			}
			if got := lookAt(x); got != story.want {
				t.Fatalf("the task is %+v\nwant %+v", got, story.want)
			}
		})
	}
}

type steps = []func(*model.Task) *model.Task

func observe(o model.Observation, second int) func(*model.Task) *model.Task {
	return func(t *model.Task) *model.Task { return Observe(t, o, at(second)) }
}

func stop(code model.StopCode, reason string, second int) func(*model.Task) *model.Task {
	return func(t *model.Task) *model.Task { return Stop(t, code, reason, at(second)) }
}

func TestTimes(t *testing.T) {
	o := sees(model.Running, runs, runs)
	o.PullStartedAt, o.PullStoppedAt = at(1), at(2)
	x := Observe(task(), o, at(3))
	o = sees(model.Running, exited(3), runs)
	o.ExecutionStoppedAt = at(4)
	x = Observe(x, o, at(5))
	x = Observe(x, sees(model.Stopping, exited(3), runs), at(6))
	x = Observe(x, sees(model.Stopped, exited(3), exited(0)), at(7))
	got := []time.Time{x.CreatedAt, x.PullStartedAt, x.PullStoppedAt, x.StartedAt, x.ExecutionStoppedAt, x.StoppingAt, x.StoppedAt}
	for i, second := range []int{0, 1, 2, 3, 4, 6, 7} {
		if !got[i].Equal(at(second)) {
			t.Errorf("time %d is %v, want %v", i, got[i], at(second))
		}
	}
}

func TestTaskThatNeverRanHasNoStartedAt(t *testing.T) {
	x := Observe(task(), sees(model.Stopped, refused("CannotCreateContainerError: no"), pending), at(1))
	if !x.StartedAt.IsZero() || !x.ExecutionStoppedAt.IsZero() || !x.StoppedAt.Equal(at(1)) {
		t.Fatalf("started %v, execution stopped %v, stopped %v", x.StartedAt, x.ExecutionStoppedAt, x.StoppedAt)
	}
}

// TestForwardOnly: whatever an agent says, in whatever order, a task only moves
// along the table of edges, its decision is never taken back, its version rises with
// every change, and the record that was there before is not touched.
func TestForwardOnly(t *testing.T) {
	container := rapid.Custom(func(t *rapid.T) model.Container {
		c := model.Container{
			Last:   rapid.SampledFrom([]model.TaskStatus{model.Pending, model.Running, model.Stopped}).Draw(t, "last"),
			Health: rapid.SampledFrom([]model.HealthStatus{"", model.HealthUnknown, model.Healthy, model.Unhealthy}).Draw(t, "health"),
		}
		if c.Last == model.Stopped && rapid.Bool().Draw(t, "exited") {
			c.Exit = model.Exit{Known: true, Code: rapid.IntRange(0, 255).Draw(t, "code")}
		}
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		x := task()
		for i := range 12 {
			before, record := *x, x
			status := rapid.SampledFrom([]model.TaskStatus{model.Pending, model.Running, model.Stopping, model.Stopped}).Draw(t, "status")
			if rapid.IntRange(0, 5).Draw(t, "stop") == 0 {
				x = Stop(x, model.UserInitiated, ReasonStoppedByUser, at(i))
			} else {
				x = Observe(x, sees(status, container.Draw(t, "app"), container.Draw(t, "log")), at(i))
			}
			if x.Last != before.Last && !model.CanBecome(before.Last, x.Last) {
				t.Fatalf("went from %s to %s", before.Last, x.Last)
			}
			if before.StopDecided() && lookAt(x).code != before.StopCode {
				t.Fatalf("the decision %s became %s", before.StopCode, x.StopCode)
			}
			if told := !reflect.DeepEqual(untold(before), untold(*x)); told && x.Version != before.Version+1 || !told && x.Version != before.Version {
				t.Fatalf("version went from %d to %d, and what is told has changed: %v", before.Version, x.Version, told)
			}
			if x.Last == model.Stopped && (x.StopCode == "" || x.StoppedReason == "" || !x.StopDecided()) {
				t.Fatalf("stopped without a reason: %+v", x)
			}
			if record.Last != before.Last || record.Version != before.Version {
				t.Fatal("the record that was committed has been changed")
			}
		}
	})
}

// untold is a task without what no event tells of, and without its version.
func untold(x model.Task) model.Task {
	x.Version, x.Health, x.HealthyAt = 0, "", time.Time{}
	x.Containers = slices.Clone(x.Containers)
	for i := range x.Containers {
		x.Containers[i].Health = ""
	}
	return x
}
