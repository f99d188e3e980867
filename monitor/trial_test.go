package monitor

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// died is a task of web:7 that ended so long after t0 with this code, after this life.
func died(at, life time.Duration, code int32) types.Task {
	t := crash(0, "d2", code)
	t.TaskArn = aws.String(fmt.Sprintf("arn:aws:ecs:eu-1:1:task/default/at%d", at/time.Second))
	t.CreatedAt, t.StartedAt = aws.Time(t0.Add(at-life)), aws.Time(t0.Add(at-life))
	t.StoppedAt, t.ExecutionStoppedAt = aws.Time(t0.Add(at)), aws.Time(t0.Add(at))
	return t
}

// looping is a service of which ECS says that its deployment is complete, and of which a
// task ends every 13 s after a life of 5 s, from the start on and for so long. Is it said so, one is missing
// for a second each time; else no look shows one missing.
func looping(long time.Duration, code int32, missing bool) *fake {
	f := play()
	var also []types.Task
	for at := time.Duration(0); at < long; at += 13 * sec {
		also = append(also[:len(also):len(also)], died(at, 5*sec, code))
		running := int32(3)
		if missing {
			running = 2
		}
		f.scenes = append(f.scenes, scene{from: at, service: web(noRollback, new7(completed, running)), also: also},
			scene{from: at + sec, service: web(noRollback, new7(completed, 3)), also: also})
	}
	return f
}

// Between two crashes of a loop all that is wanted runs, and ECS calls the deployment
// complete: that is no success, whatever the tasks fail of. Nor is it called lasting
// what may pass.
func TestACrashLoopIsNoSuccess(t *testing.T) {
	for _, story := range []struct {
		name     string
		fake     func() *fake
		o        Options
		outcome  Outcome
		from, to time.Duration
		says     string
	}{
		{"no look shows a task missing", func() *fake { return looping(160*sec, 4, false) },
			Options{Timeout: 40 * sec}, TimedOut, 40 * sec, 41 * sec, "after 5s at most), and those that run have not outlived them"},
		{"it goes on for minutes", func() *fake { return looping(160*sec, 4, true) },
			Options{}, Failed, longTrial, longTrial + 14*sec, "does not hold: for 2m10s its tasks have been failing"},
		{"ended from outside, as it looks", func() *fake { return looping(160*sec, 143, true) },
			Options{Timeout: 150 * sec}, TimedOut, 150 * sec, 151 * sec, "(exit code 143)"},
		{"it ends", func() *fake { return looping(30*sec, 4, true) },
			Options{}, Succeeded, 40 * sec, 46 * sec, "On the way 3 tasks failed"},
		{"one alone is outlived too", func() *fake { return looping(sec, 4, false) },
			Options{}, Succeeded, 15 * sec, 20 * sec, "On the way 1 task failed"},
	} {
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				story.o.Hold = sec
				v, out, err := watchedFake(t.Context(), story.o, story.fake())
				if err != nil || v.Outcome != story.outcome || !strings.Contains(v.Text, story.says) {
					t.Errorf("%v: %s\n%s", err, v.Text, out)
				}
				if v.Elapsed < story.from || v.Elapsed > story.to {
					t.Errorf("the verdict came after %s", v.Elapsed)
				}
			})
		})
	}
}

// What a service in a loop of crashes looks like in one of its good moments.
func TestALoopIsNotSteady(t *testing.T) {
	for _, story := range []struct {
		name  string
		lives time.Duration // of the youngest task that runs
		state string
	}{
		{"it may die next", 4 * sec, "not steady"},
		{"it has outlived the others", 16 * sec, "steady"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := play(scene{service: web(new7(completed, 3)), live: []types.Task{{
				TaskArn: aws.String("task/live"), StartedBy: aws.String("ecs-svc/d2"), StartedAt: aws.Time(t0.Add(-story.lives))}}})
			f.tasks = []types.Task{died(-story.lives-sec, 5*sec, 1), died(-story.lives-7*sec, 5*sec, 1)}
			s, err := Stand(t.Context(), Options{Service: "web", ECS: f})
			if err != nil || s.State != story.state || strings.Contains(s.Text, "2 tasks, after 5s at most") != (s.State != "steady") {
				t.Errorf("%s: it stands %+v, %v", story.name, s, err)
			}
		})
	}
}

// What may pass is not called lasting, and what an event alone tells is, in time.
func TestFailsEarlyOfWhatStays(t *testing.T) {
	const refused = "failed to launch a task with (error ECS was unable to assume the role 'arn:x' that was provided for this task.)."
	failedStarts := func(n int32) change { return func(s *types.Service) { s.Deployments[0].FailedTasks = n } }
	saying := func(text string, live ...types.Task) func() *fake {
		return func() *fake {
			f := play(scene{service: web(noRollback, new7(inProgress, int32(len(live))), old(3)), live: live, denied: errDenied})
			f.tasks, f.logs = []types.Task{crash(1, "d2", 1), crash(2, "d2", 1), crash(3, "d2", 1), crash(4, "d2", 1), crash(5, "d2", 1), crash(6, "d2", 1)}, map[string]string{}
			for i := range f.tasks {
				f.logs[fmt.Sprintf("/ecs/web app/app/task%d", i+1)] = text
			}
			f.def = types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), LogConfiguration: &types.LogConfiguration{
				LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "app"}}}}}
			return f
		}
	}
	survivor := types.Task{TaskArn: aws.String("task/live"), StartedBy: aws.String("ecs-svc/d2"), LastStatus: aws.String("RUNNING"), StartedAt: aws.Time(t0)}
	for _, story := range []struct {
		name    string
		fake    func() *fake
		outcome Outcome
	}{
		{"all end with the same words", saying("no such table"), Failed},
		{"the database is not there yet", saying("db connection refused"), TimedOut},
		{"one lives on", saying("no luck", survivor), TimedOut},
		{"the role is refused, and no task ever was", func() *fake {
			return play(scene{service: web(noRollback, new7(inProgress, 0), old(3), event(sec, refused), failedStarts(3)), denied: errDenied})
		}, Failed},
		{"it was refused once", func() *fake {
			return play(scene{service: web(noRollback, new7(inProgress, 0), old(3), event(sec, refused), failedStarts(1)), denied: errDenied})
		}, TimedOut},
	} {
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v, out, err := watchedFake(t.Context(), Options{Timeout: time.Minute}, story.fake())
				if err != nil || v.Outcome != story.outcome || strings.Contains(v.Text, "Trying again will not help") && v.Outcome == TimedOut && len(v.Findings) > 0 && v.Findings[0].Tasks > 1 {
					t.Errorf("%v: %s\n%s", err, v.Text, out)
				}
			})
		})
	}
}
