package agent_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/model"
	"steady/runtime/sim"
)

// The times of a task's pull span the ones that fail too.
func TestAPullThatFailsHasItsTimes(t *testing.T) {
	inBubble(t, sim.New(sim.Options{CPUs: 4, Memory: 8 << 30}), func(w *world) {
		missing := container("missing", "")
		missing.Image = aws.String("pull-fail")
		w.define(container("app", ""), missing)
		began := time.Now()
		id := w.assign()
		w.start()
		w.after(time.Minute)
		synctest.Wait()
		task := w.task(id)
		if task.Last != model.Stopped || task.PullStartedAt.Before(began) || task.PullStoppedAt.Before(task.PullStartedAt) {
			t.Errorf("%s, pulled from %v to %v", task.Last, task.PullStartedAt, task.PullStoppedAt)
		}
	})
}
