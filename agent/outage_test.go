package agent_test

import (
	"context"
	"testing"
	"time"

	"steady/lifecycle"
	"steady/model"
	"steady/runtime"
)

type runtimeContainer = runtime.Container

func TestACallThatHangsEndsItsTaskOnly(t *testing.T) {
	for _, c := range []struct {
		call   string
		ends   time.Duration
		reason string
	}{
		{"Create", 4 * time.Minute, "DockerTimeoutError: Could not transition to created; timed out after waiting 4m0s"},
		{"Start", 3 * time.Minute, "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s"},
		{"Pull", 2 * time.Hour, "DockerTimeoutError: Could not transition to pulled; timed out after waiting 2h0m0s"},
	} {
		t.Run(c.call, func(t *testing.T) {
			e := newEngine()
			inBubble(t, e, func(w *world) {
				w.start()
				e.hang(c.call, true)
				hung := w.assign()
				w.after(time.Second)
				e.hang(c.call, false)
				other := w.assign()
				w.after(time.Second)
				w.is(other, model.Running, "", "")
				w.after(c.ends - 3*time.Second)
				w.is(hung, model.Pending, "", "")
				w.after(2 * time.Second)
				w.is(hung, model.Stopped, model.TaskFailedToStart, c.reason)
				w.is(other, model.Running, "", "")
				w.has(1)
			})
		})
	}
}

// A container is STOPPED only once it has been seen to be.
func TestAStopThatHangsIsToldAndTriedAgain(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.define(container("app", "graceful"))
		w.start()
		id := w.assign()
		w.after(time.Second)
		e.hang("Stop", true)
		w.end(id)
		w.after(2*time.Minute + 31*time.Second)
		w.is(id, model.Stopping, model.UserInitiated, "Task stopped by user")
		e.hang("Stop", false)
		w.after(5 * time.Minute)
		w.is(id, model.Stopped, model.UserInitiated, "Task stopped by user")
		if c := w.task(id).Containers[0]; c.Reason != "DockerTimeoutError: Could not transition to stopped; timed out after waiting 2m30s" || !c.Exit.Known || c.Exit.Code != 0 {
			t.Errorf("the container's reason is %q, its exit %+v", c.Reason, c.Exit)
		}
		w.has(0)
	})
}

// The engine makes the container after all, when nobody waits for it any more.
func TestAContainerThatComesAfterItsTimeOutIsRemoved(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		e.createTakes = 5 * time.Minute
		w.start()
		id := w.assign()
		w.after(4*time.Minute + time.Second)
		w.is(id, model.Stopped, model.TaskFailedToStart, "DockerTimeoutError: Could not transition to created; timed out after waiting 4m0s")
		w.has(0)
		w.after(59*time.Second + 100*time.Millisecond)
		w.has(1)
		w.after(time.Minute)
		w.has(0)
	})
}

func TestARemovalThatFailsIsTriedAgain(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.start()
		id := w.assign()
		w.after(time.Second)
		e.fail("Remove", true)
		w.end(id)
		w.after(10 * time.Minute)
		w.is(id, model.Stopped, model.UserInitiated, "Task stopped by user")
		w.has(1)
		e.fail("Remove", false)
		w.after(30 * time.Second)
		w.has(0)
	})
}

func TestTheEngineRestarts(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.define(container("app", "graceful log=hello"))
		w.start()
		lives, dies, stops := w.assign(), w.assign(), w.assign()
		w.after(time.Second)
		e.goDown()
		if err := e.Runtime.Stop(context.Background(), w.task(dies).Containers[0].RuntimeID, time.Second); err != nil {
			t.Fatal(err)
		}
		w.end(stops)
		w.after(10 * time.Minute)
		w.is(lives, model.Running, "", "")
		w.is(dies, model.Running, "", "")
		w.is(stops, model.Stopping, model.UserInitiated, "Task stopped by user")
		container := w.task(lives).Containers[0].RuntimeID
		e.comeBack()
		w.after(time.Second)
		w.is(lives, model.Running, "", "")
		w.is(dies, model.Stopped, model.EssentialContainerExited, "Essential container in task exited")
		w.is(stops, model.Stopped, model.UserInitiated, "Task stopped by user")
		w.has(1)
		if now := w.task(lives).Containers[0].RuntimeID; now != container {
			t.Errorf("the task that lived on has container %s, had %s", now, container)
		}
	})
}

// Without an event when it comes back, the engine is found again nevertheless.
func TestTheEngineComesBackQuietly(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.define(container("app", "exit=4 after=1h"))
		w.start()
		id := w.assign()
		w.after(59 * time.Minute)
		e.goDown()
		w.after(time.Hour)
		w.is(id, model.Running, "", "")
		for _, call := range allCalls {
			e.fail(call, false)
		}
		w.after(31 * time.Second)
		w.is(id, model.Stopped, model.EssentialContainerExited, "Essential container in task exited")
		w.has(0)
	})
}

// The agent restarts at each stage of a task's life, while the engine cannot be looked
// at for a while: it goes on from what is there, and starts nothing twice.
func TestTheAgentRestarts(t *testing.T) {
	for _, c := range []struct {
		name    string
		script  string
		before  func(e *engine) // the agent runs for a minute
		between time.Duration
		last    model.TaskStatus
		exit    model.Exit
		left    int
	}{
		{name: "before anything was made", before: func(e *engine) { e.hang("Pull", true) }, last: model.Running, left: 1},
		{name: "created", before: func(e *engine) { e.hang("Start", true) }, last: model.Running, left: 1},
		{name: "RUNNING", last: model.Running, left: 1},
		{name: "exited meanwhile", script: "exit=7 after=10m", between: time.Hour, last: model.Stopped, exit: model.Exit{Known: true, Code: 7}},
		{name: "exited and told", script: "exit=7 after=30s", before: func(e *engine) { e.fail("Remove", true) }, last: model.Stopped, exit: model.Exit{Known: true, Code: 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine()
			inBubble(t, e, func(w *world) {
				w.define(container("app", c.script))
				if c.before != nil {
					c.before(e)
				}
				w.start()
				id := w.assign()
				w.after(time.Minute)
				made := w.task(id).Containers[0].RuntimeID
				w.stop()
				w.after(c.between)
				for _, call := range allCalls {
					e.hang(call, false)
					e.fail(call, false)
				}
				e.fail("Inspect", true)
				w.start()
				w.after(time.Minute)
				e.fail("Inspect", false)
				w.after(time.Minute)
				if task := w.task(id); task.Last != c.last || task.Containers[0].Exit != c.exit {
					t.Errorf("the task is %s (%s), its container %+v", task.Last, task.StoppedReason, task.Containers[0])
				}
				w.has(c.left)
				if now := w.task(id).Containers[0].RuntimeID; made != "" && now != made {
					t.Errorf("the task's container is %s, was %s", now, made)
				}
			})
		})
	}
}

func TestAContainerThatVanishedWhileTheAgentWasDownEndsTheTask(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.stop()
		if err := e.Runtime.Remove(context.Background(), w.task(id).Containers[0].RuntimeID); err != nil {
			t.Fatal(err)
		}
		w.start()
		w.after(time.Second)
		w.is(id, model.Stopped, model.EssentialContainerExited, lifecycle.ReasonEssentialExited)
		if c := w.task(id).Containers[0]; c.Reason != "ContainerVanishedError: No container matching saved ID found" || c.Exit.Known {
			t.Errorf("the container's reason is %q, its exit %+v", c.Reason, c.Exit)
		}
		w.has(0)
	})
}

// A restart of the engine failed good deployments and their roll backs within
// milliseconds: what it did not answer was taken for failures of the tasks.
func TestAnEngineThatIsAwayFailsNoTask(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.start()
		e.goDown()
		id := w.assign()
		w.after(time.Second)
		w.is(id, model.Pending, "", "")
		if i, _ := w.store.Snapshot().Instance(w.instance.ID); i.AgentConnected {
			t.Error("the agent is connected though its engine does not answer")
		}
		w.after(time.Hour)
		w.is(id, model.Pending, "", "")
		e.comeBack()
		w.after(time.Second)
		w.is(id, model.Running, "", "")
		if i, _ := w.store.Snapshot().Instance(w.instance.ID); !i.AgentConnected {
			t.Error("the agent is not connected though its engine is back")
		}
		w.has(1)
	})
}
