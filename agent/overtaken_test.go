package agent_test

import (
	"testing"
	"time"

	"steady/model"
)

// A task is not told to run by its last container's start when another, essential one has
// ended meanwhile, though the engine has not said so yet.
func TestATaskWhoseContainerHasEndedIsNotToldToRun(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		e.hang("Events", true)
		w.define(container("app", "exit=5 after=3s"), container("side", "start=6s"))
		w.start()
		id := w.assign()
		w.after(8 * time.Second)
		task := w.task(id)
		if !task.StartedAt.IsZero() {
			t.Errorf("started at %s, its container ended at %s", task.StartedAt, task.ExecutionStoppedAt)
		}
		w.is(id, model.Stopped, model.EssentialContainerExited, "Essential container in task exited")
	})
}
