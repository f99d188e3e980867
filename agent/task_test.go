package agent_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/lifecycle"
	"steady/model"
	"steady/state"
)

func TestStopDuringAPull(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		e.hang("Pull", true)
		w.start()
		id := w.assign()
		w.after(10 * time.Minute)
		w.is(id, model.Pending, "", "")
		w.end(id)
		w.after(0)
		w.is(id, model.Stopped, model.UserInitiated, "Task stopped by user")
		if task := w.task(id); task.PullStartedAt.IsZero() || task.Ran() {
			t.Errorf("pull started at %v, task at %v", task.PullStartedAt, task.StartedAt)
		}
	})
}

func TestStopDuringACreate(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		e.createTakes = 2 * time.Second
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.end(id)
		w.after(2 * time.Second)
		w.is(id, model.Stopped, model.UserInitiated, "Task stopped by user")
		w.has(0)
	})
}

func TestStopDuringAStart(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.define(container("app", "start=5s graceful"))
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.end(id)
		w.after(5 * time.Second)
		w.is(id, model.Stopped, model.UserInitiated, "Task stopped by user")
		w.has(0)
		if c := w.task(id).Containers[0]; c.Exit != (model.Exit{Known: true}) {
			t.Errorf("the container that had been started ended with %+v", c.Exit)
		}
	})
}

func TestWhatCannotBeStartedEndsTheTask(t *testing.T) {
	for script, reason := range map[string]string{
		"start-fail='no such file'":   "CannotStartContainerError: no such file",
		"create-fail='no space left'": "CannotCreateContainerError: no space left",
		"pull-fail=toomanyrequests":   "CannotPullContainerError: toomanyrequests",
	} {
		inBubble(t, newEngine(), func(w *world) {
			w.define(container("app", script), container("second", ""))
			w.start()
			id := w.assign()
			w.after(time.Second)
			w.is(id, model.Stopped, model.TaskFailedToStart, reason)
			w.has(0)
			if c := w.task(id).Containers[0]; c.Reason != reason || c.Exit.Known {
				t.Errorf("the container's reason is %q, its exit %+v", c.Reason, c.Exit)
			}
		})
	}
}

func TestAContainerThatVanishesEndsTheTask(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.start()
		id := w.assign()
		w.after(time.Second)
		if err := e.Runtime.Remove(context.Background(), w.task(id).Containers[0].RuntimeID); err != nil {
			t.Fatal(err)
		}
		w.after(0)
		w.is(id, model.Stopped, model.EssentialContainerExited, lifecycle.ReasonEssentialExited)
		if c := w.task(id).Containers[0]; c.Reason != "ContainerVanishedError: No container matching saved ID found" || c.Exit.Known {
			t.Errorf("the container's reason is %q, its exit %+v", c.Reason, c.Exit)
		}
	})
}

func TestASidecarEndsAndTheTaskGoesOn(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		sidecar := container("sidecar", "exit=3 after=5s log=bye")
		sidecar.Essential = aws.Bool(false)
		w.define(container("app", ""), sidecar)
		w.start()
		id := w.assign()
		w.after(6 * time.Second)
		w.is(id, model.Running, "", "")
		c := w.task(id).Containers
		if c[0].Last != model.Running || c[1].Last != model.Stopped || c[1].Exit.Code != 3 {
			t.Errorf("the containers are %+v", c)
		}
		w.end(id)
		w.after(time.Second)
		w.is(id, model.Stopped, model.UserInitiated, "Task stopped by user")
		w.has(0)
	})
}

func TestHealthIsTold(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		checked := container("app", "healthy=10s unhealthy=1m")
		checked.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}, Interval: aws.Int32(30)}
		sidecar := container("sidecar", "")
		sidecar.Essential = aws.Bool(false)
		w.define(checked, sidecar)
		w.start()
		id := w.assign()
		for _, step := range []struct {
			after time.Duration
			want  model.HealthStatus
		}{{9 * time.Second, model.HealthUnknown}, {time.Second, model.Healthy}, {49 * time.Second, model.Healthy}, {time.Second, model.Unhealthy}} {
			w.after(step.after)
			task := w.task(id)
			if task.Health != step.want || task.Containers[0].Health != step.want || task.Containers[1].Health != model.HealthUnknown || task.Last != model.Running {
				t.Fatalf("the task is %s, its containers %+v; want %s", task.Health, task.Containers, step.want)
			}
		}
		w.end(id)
		w.after(time.Minute)
		if task := w.task(id); task.Last != model.Stopped || task.Health != model.Unhealthy {
			t.Errorf("the task that has ended is %s, %s: want its last health", task.Last, task.Health)
		}
	})
}

// The digests are told before the first container is created, since the deployment
// waits for them.
func TestDigestsAreToldEarly(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.define(container("app", ""), container("second", ""))
		e.hang("Create", true)
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.is(id, model.Pending, "", "")
		task := w.task(id)
		for _, c := range task.Containers {
			if !strings.HasPrefix(c.Digest, "sha256:") || c.RuntimeID != "" {
				t.Errorf("container %s: digest %q, container %q", c.Name, c.Digest, c.RuntimeID)
			}
		}
		if task.PullStartedAt.IsZero() || task.PullStoppedAt.IsZero() {
			t.Errorf("pulled from %v to %v", task.PullStartedAt, task.PullStoppedAt)
		}
	})
}

// All tasks of a deployment run the images that its first task found, also when a tag
// has moved on; a container that opted out runs what the tag stands for.
func TestTasksRunTheImagesOfTheirDeployment(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		loose := container("loose", "")
		loose.VersionConsistency = types.VersionConsistencyDisabled
		w.define(container("app", ""), loose)
		w.start()
		deploy := func(images ...model.Image) {
			w.update(func(tx *state.Tx) {
				tx.PutService(&model.Service{Name: "web", Cluster: model.DefaultCluster, Status: model.Active,
					Deployments: []model.Deployment{{ID: "ecs-svc/1", Images: images}}})
			})
		}
		digests := func(id string) (d []string) {
			for _, c := range w.task(id).Containers {
				d = append(d, c.Digest)
				if !slices.ContainsFunc(w.containers(), func(x runtimeContainer) bool { return x.ID == c.RuntimeID && x.Image == "web@"+c.Digest }) {
					t.Errorf("container %s does not run %s", c.Name, c.Digest)
				}
			}
			return d
		}
		deploy()
		first := w.assignOf("web", "ecs-svc/1")
		w.after(time.Second)
		found := digests(first)
		deploy(model.Image{Container: "app", Digest: found[0]}, model.Image{Container: "loose", Digest: found[1]})

		e.Push("web:1")
		second := w.assignOf("web", "ecs-svc/1")
		w.after(time.Second)
		if got := digests(second); got[0] != found[0] || got[1] == found[1] {
			t.Errorf("the second task runs %v, the first %v", got, found)
		}

		none := "sha256:" + strings.Repeat("0", 64)
		deploy(model.Image{Container: "app", Digest: none})
		third := w.assignOf("web", "ecs-svc/1")
		w.after(time.Second)
		if task := w.task(third); task.StopCode != model.TaskFailedToStart || !strings.HasPrefix(task.StoppedReason, "CannotPullContainerError: ") || !strings.Contains(task.StoppedReason, "web@"+none) {
			t.Errorf("a task whose image is gone: %s, %q", task.StopCode, task.StoppedReason)
		}
	})
}

// A crash while the record says less than the containers: what is told late is told
// whole.
func TestReportsThatAreNotTakenAreRepeated(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.stop()
		w.update(func(tx *state.Tx) { // a record from before the last reports
			old := lifecycle.New(w.definition, lifecycle.Launch{Cluster: model.DefaultCluster, Instance: w.instance.ID}, time.Now())
			old.ID, old.Containers[0].ID = id, w.task(id).Containers[0].ID
			tx.PutTask(old)
		})
		w.start()
		w.after(time.Second)
		w.is(id, model.Running, "", "")
		w.has(1)
	})
}
