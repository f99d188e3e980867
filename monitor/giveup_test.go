package monitor

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func breakerOnly(s *types.Service) {
	s.DeploymentConfiguration.DeploymentCircuitBreaker.Rollback = false
}

// From what cannot come any more, the watch does not wait for the time-out.
func TestGivesUp(t *testing.T) {
	sick := []types.Task{crash(1, "d2", 127), crash(2, "d2", 127)}
	for i := range sick {
		sick[i].Containers[0].Reason = new(`CannotStartContainerError: Error response from daemon: failed to create shim task: exec: "/serve": stat /serve: no such file or directory: unknown`)
		sick[i].StopCode = types.TaskStopCodeTaskFailedToStart
		sick[i].StartedAt = nil
	}
	third := sick[1]
	third.TaskArn = new(*third.TaskArn + "later")
	later := []types.Task{third}
	for _, story := range []struct {
		name    string
		fake    func() *fake
		o       Options
		outcome Outcome
		after   time.Duration
		says    string
	}{
		{"no instance will ever be big enough", tooBig, Options{}, Stuck, sec + stuckAfter,
			"STUCK: service web. The deployment of web:7 runs 0 of 3 tasks, and more will not come.\nIt " + tooBigSaid},
		{"the same, with patience", tooBig, Options{Patient: true, Timeout: time.Minute}, TimedOut, time.Minute, "It " + tooBigSaid},
		{"two tasks fail of what does not change", func() *fake {
			f := play(scene{service: web(noRollback, new7(inProgress, 0), old(3))})
			f.tasks = sick
			return f
		}, Options{}, Failed, 0, "The deployment of web:7 cannot succeed: 2 tasks failed of one cause, and trying again does not change it. ECS goes on trying."},
		{"complete for a moment is no success of what keeps failing", func() *fake {
			f := play(scene{service: web(noRollback, new7(completed, 3))}, scene{from: 4 * sec, service: web(noRollback, new7(completed, 2)), also: later})
			f.tasks = sick
			return f
		}, Options{Hold: sec}, Failed, 4 * sec, "ECS called the deployment of web:7 complete, but it does not hold: 3 tasks failed of one cause"},
		{"nor a failure, where no more of it fails", func() *fake {
			f := play(scene{service: web(noRollback, new7(completed, 3))}, scene{from: 4 * sec, service: web(noRollback, new7(completed, 2))},
				scene{from: 8 * sec, service: web(noRollback, new7(completed, 3))})
			f.tasks = sick
			return f
		}, Options{Hold: sec}, Succeeded, 8*sec + shortTrial, "On the way 2 tasks failed"},
		{"what outlives the failures is a success", func() *fake {
			f := play(scene{service: web(noRollback, new7(completed, 3))})
			f.tasks = sick
			return f
		}, Options{Hold: sec}, Succeeded, shortTrial, "On the way 2 tasks failed"},
		{"and none that has no time to", func() *fake {
			f := play(scene{service: web(noRollback, new7(completed, 3))})
			f.tasks = sick
			return f
		}, Options{Timeout: 5 * sec}, TimedOut, 5 * sec, "those that run have not outlived them clearly"},
		{"one task alone proves nothing", func() *fake {
			f := play(scene{service: web(noRollback, new7(inProgress, 0), old(3))})
			f.tasks = sick[:1]
			return f
		}, Options{Timeout: time.Minute}, TimedOut, time.Minute, ""},
		{"a circuit breaker is given a moment", func() *fake {
			f := play(scene{service: web(breakerOnly, new7(inProgress, 0), old(3))}, scene{from: 9 * sec, service: web(breakerOnly, new7(failed, 0), old(3))})
			f.tasks = sick
			return f
		}, Options{}, Failed, 9 * sec, "The deployment of web:7 failed, and ECS does not roll back."},
		{"a circuit breaker takes too long", func() *fake {
			f := play(scene{service: web(breakerOnly, new7(inProgress, 0), old(3))})
			f.tasks = sick
			return f
		}, Options{}, Failed, rollbackGrace, "cannot succeed"},
		{"a roll back is waited for", func() *fake {
			f := play(scene{service: web(new7(inProgress, 0), old(3))}, scene{from: time.Minute, service: web(deployment("d3", "web:6", time.Minute, completed, 3), rollingBack)})
			f.tasks = sick
			return f
		}, Options{}, RolledBack, time.Minute, "rolled back"},
	} {
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v, _, err := watchedFake(t.Context(), story.o, story.fake())
				if err != nil || v.Outcome != story.outcome || !strings.Contains(v.Text, story.says) {
					t.Errorf("%v: %s", err, v.Text)
				}
				if late := v.Elapsed - story.after; late < 0 || late > 5*sec {
					t.Errorf("the verdict came after %s, not %s", v.Elapsed, story.after)
				}
			})
		})
	}
	if Stuck.ExitCode() != 6 {
		t.Error("the exit code of stuck is documented as 6")
	}
}

// A success that does not last is none.
func TestSuccessMustHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := play(
			scene{service: web(new7(completed, 3))},
			scene{from: 4 * sec, service: web(new7(completed, 2))},
			scene{from: 6 * sec, service: web(new7(completed, 3))})
		v, out, err := watchedFake(t.Context(), Options{Hold: 5 * sec}, f)
		if err != nil || v.Outcome != Succeeded || v.Elapsed < 11*sec || v.Elapsed > 16*sec {
			t.Errorf("%+v, %v\n%s", v, err, out)
		}
	})
}
