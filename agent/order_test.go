package agent_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// sidecar is a container that its task can do without.
func sidecar(name, script string) types.ContainerDefinition {
	c := container(name, script)
	c.Essential = aws.Bool(false)
	return c
}

func needs(c types.ContainerDefinition, name string, condition types.ContainerCondition) types.ContainerDefinition {
	c.DependsOn = append(c.DependsOn, types.ContainerDependency{ContainerName: &name, Condition: condition})
	return c
}

// restarting gives a container a restart policy with the shortest period.
func restarting(c types.ContainerDefinition, ignored ...int32) types.ContainerDefinition {
	c.RestartPolicy = &types.ContainerRestartPolicy{Enabled: aws.Bool(true), RestartAttemptPeriod: aws.Int32(60), IgnoredExitCodes: ignored}
	return c
}

func TestContainersComeAndGoInTheOrderOfTheirDependencies(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		db := needs(sidecar("db", "healthy=20s graceful stop=10s"), "init", types.ContainerConditionSuccess)
		db.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}}
		w.define(needs(container("app", "graceful stop=5s"), "db", types.ContainerConditionHealthy), db, sidecar("init", "exit=0 after=30s"))
		w.start()
		id := w.assign()
		// how far each has come, after so long
		for _, step := range []struct {
			after time.Duration
			want  string
		}{
			{29 * time.Second, "PENDING PENDING RUNNING: PENDING"},
			{2 * time.Second, "PENDING RUNNING STOPPED: PENDING"},
			{18 * time.Second, "PENDING RUNNING STOPPED: PENDING"},
			{2 * time.Second, "RUNNING RUNNING STOPPED: RUNNING"},
		} {
			w.after(step.after)
			w.areAt(id, step.want)
		}
		w.end(id)
		w.after(4 * time.Second)
		w.areAt(id, "RUNNING RUNNING STOPPED: STOPPING")
		w.after(2 * time.Second)
		w.areAt(id, "STOPPED RUNNING STOPPED: STOPPING")
		w.after(10 * time.Second)
		w.areAt(id, "STOPPED STOPPED STOPPED: STOPPED")
	})
}

// areAt states the lastStatus of a task's containers and of the task.
func (w *world) areAt(id, want string) {
	w.t.Helper()
	var all []string
	for _, c := range w.task(id).Containers {
		all = append(all, string(c.Last))
	}
	if got := strings.Join(all, " ") + ": " + string(w.task(id).Last); got != want {
		w.t.Fatalf("it is %s, want %s (%s)", got, want, w.task(id).StoppedReason)
	}
}

// What waits for what is not essential is not essential itself then: the task goes on.
func TestADependencyThatFailsEndsOnlyThoseThatNeedIt(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		w.define(container("app", ""), needs(sidecar("agent", ""), "init", types.ContainerConditionSuccess),
			needs(sidecar("after", ""), "agent", types.ContainerConditionStart), sidecar("init", "exit=4 after=5s"))
		w.start()
		id := w.assign()
		w.after(10 * time.Second)
		w.areAt(id, "RUNNING STOPPED STOPPED STOPPED: RUNNING")
		for name, text := range map[string]string{
			"agent": "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [init(web:1) (STOPPED->RUNNING) - Exit: 4] for target [agent(web:1) (PULLED->RUNNING)] as dependency did not exit successfully.",
			"after": "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [agent(web:1) (STOPPED->STOPPED) - Exit: 143] for target [after(web:1) (PULLED->RUNNING)] because dependency will never start",
		} {
			for _, c := range w.task(id).Containers {
				if c.Name == name && (c.Reason != text || c.Exit != model.Exit{Known: true, Code: 143}) {
					t.Errorf("%s ended with %+v: %s", name, c.Exit, c.Reason)
				}
			}
		}
	})
}

func TestStartTimeout(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		db := sidecar("db", "healthy=10m")
		db.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}}
		db.StartTimeout = aws.Int32(120)
		w.define(needs(container("app", ""), "db", types.ContainerConditionHealthy), db)
		w.start()
		id := w.assign()
		w.after(2 * time.Minute)
		w.areAt(id, "PENDING RUNNING: PENDING")
		w.after(time.Second)
		w.is(id, model.Stopped, model.TaskFailedToStart, "CannotStartContainerError: dependency graph: container ordering dependency [db(web:1) (RUNNING->RUNNING)] for target [app(web:1) (PULLED->RUNNING)] has timed out.")
		w.has(0)
	})
}

func TestARestartPolicyStartsAContainerAgainInPlace(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		w.define(restarting(container("app", "exit=1 after=90s log=hello")))
		w.start()
		id := w.assign()
		w.after(time.Minute)
		before := w.task(id)
		w.after(10 * time.Minute) // it has ended 7 times by then
		now := w.task(id)
		if c := now.Containers[0]; now.Last != model.Running || c.Last != model.Running || c.RestartCount != 7 || c.Exit.Known || c.Reason != "" || c.RuntimeID != before.Containers[0].RuntimeID {
			t.Fatalf("the task is %s, its container %+v", now.Last, c)
		}
		if n := w.logs.count("hello"); n != 8 {
			t.Errorf("of 8 runs there are %d first lines in the log", n)
		}
		w.end(id)
		w.after(time.Minute)
		w.is(id, model.Stopped, model.UserInitiated, "Task stopped by user")
		w.after(10 * time.Minute)
		if c := w.task(id).Containers[0]; c.RestartCount != 7 {
			t.Errorf("after its task was to stop the container was started again: %+v", c)
		}
	})
}

func TestWhatARestartPolicyDoesNotCover(t *testing.T) {
	for name, app := range map[string]types.ContainerDefinition{
		"an end before the period is over": restarting(container("app", "exit=1 after=59s")),
		"an ignored exit code":             restarting(container("app", "exit=1 after=90s"), 1),
	} {
		inBubble(t, newEngine(), func(w *world) {
			w.define(app)
			w.start()
			id := w.assign()
			w.after(2 * time.Minute)
			if c := w.task(id).Containers[0]; w.task(id).StopCode != model.EssentialContainerExited || c.Exit.Code != 1 || c.RestartCount != 0 {
				t.Errorf("%s: the task is %s, its container %+v", name, w.task(id).Last, c)
			}
		})
	}
}

// "Not while the agent is down."
func TestWhatEndedWithoutAnAgentIsNotStartedAgain(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		w.define(restarting(container("app", "exit=1 after=90s")))
		w.start()
		id := w.assign()
		w.after(2 * time.Minute) // once
		w.stop()
		w.after(2 * time.Minute)
		w.start()
		w.after(time.Second)
		if c := w.task(id).Containers[0]; w.task(id).Last != model.Stopped || c.Exit.Code != 1 || c.RestartCount != 1 {
			t.Errorf("the task is %s, its container %+v", w.task(id).Last, c)
		}
	})
}

func TestOneContainerThatHangsHoldsUpNoOther(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.define(container("app", "start=10m"), sidecar("other", ""))
		w.start()
		id := w.assign()
		w.after(10 * time.Second)
		w.areAt(id, "PENDING RUNNING: PENDING")
		w.after(3 * time.Minute)
		w.is(id, model.Stopped, model.TaskFailedToStart, "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s")
	})
}

// "Resources of stopping tasks are still held": a task with the port of another one waits.
func TestAHostPortIsWaitedFor(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		slow := container("app", "graceful stop=20s")
		slow.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80), HostPort: aws.Int32(8080)}}
		w.define(slow)
		w.start()
		ports := []model.HostPort{{Port: 8080, Protocol: "tcp"}}
		first := w.assignWith(ports)
		w.after(time.Second)
		w.end(first)
		w.after(time.Second)
		second := w.assignWith(ports)
		w.after(10 * time.Second)
		w.areAt(first, "RUNNING: STOPPING")
		w.areAt(second, "PENDING: PENDING")
		w.after(20 * time.Second)
		w.areAt(first, "STOPPED: STOPPED")
		w.areAt(second, "RUNNING: RUNNING")
	})
}

// Thousands of exits a minute of one service's containers leave the others alone, and
// leave nothing behind.
func TestManyExitsDisturbNoOther(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		w.start()
		healthy := container("app", "healthy=1s")
		healthy.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}}
		w.define(healthy)
		var well []string
		for range 20 {
			well = append(well, w.assignOf("well", "ecs-svc/1"))
		}
		w.after(5 * time.Second)
		version := map[string]int64{}
		for _, id := range well {
			w.is(id, model.Running, "", "")
			version[id] = w.task(id).Version
		}
		before := runtime.NumGoroutine()
		w.define(container("app", "exit=1 after=100ms log=bye"))
		const rounds, together = 60, 50 // 3,000 in a minute
		for range rounds {
			var ill []string
			for range together {
				ill = append(ill, w.assignOf("ill", "ecs-svc/2"))
			}
			w.after(time.Second)
			for _, id := range ill {
				w.is(id, model.Stopped, model.EssentialContainerExited, "Essential container in task exited")
			}
		}
		w.after(time.Minute)
		for _, id := range well {
			if task := w.task(id); task.Last != model.Running || task.Health != model.Healthy || task.Version != version[id] {
				t.Errorf("a healthy task is %s, %s, version %d; it was %d", task.Last, task.Health, task.Version, version[id])
			}
		}
		if now := runtime.NumGoroutine(); now > before+10 {
			t.Errorf("there were %d goroutines, and now %d", before, now)
		}
		w.has(len(well) + w.keep)
		if n := w.logs.count("bye"); n != rounds*together {
			t.Errorf("of %d ends %d last lines are kept", rounds*together, n)
		}
	})
}

// After a restart of the agent too, the ports are those of the tasks that held them, in
// whatever order the tasks are told.
func TestAHostPortStaysItsTasksAfterARestart(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		slow := container("app", "graceful stop=20s")
		w.define(slow)
		w.start()
		var first, second []string
		for port := range 8 {
			ports := []model.HostPort{{Port: 8080 + port, Protocol: "tcp"}}
			first = append(first, w.assignWith(ports))
			w.after(time.Second)
			w.end(first[port])
			second = append(second, w.assignWith(ports))
			w.after(time.Second)
		}
		w.stop()
		w.start()
		w.after(time.Second)
		for i := range first {
			w.areAt(first[i], "RUNNING: STOPPING")
			w.areAt(second[i], "PENDING: PENDING")
		}
		w.after(time.Minute)
		for i := range first {
			w.areAt(first[i], "STOPPED: STOPPED")
			w.areAt(second[i], "RUNNING: RUNNING")
		}
	})
}
