package tail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// twoTasks have written lines that take turns.
func twoTasks() *world {
	w := newWorld()
	w.run(id1, "app", "log")
	w.run(id2, "app")
	for i := range 3 {
		w.write(id1, "app", at(float64(2*i)), fmt.Sprint("one ", i))
		w.write(id2, "app", at(float64(2*i+1)), fmt.Sprint("two ", i))
	}
	w.write(id1, "log", at(2.5), "side")
	return w
}

const merged = `11111111/app | one 0
22222222/app | two 0
11111111/app | one 1
11111111/log | side
22222222/app | two 1
11111111/app | one 2
22222222/app | two 2
`

func TestMerged(t *testing.T) {
	last := func(n int) string {
		lines := strings.SplitAfter(merged, "\n")
		return strings.Join(lines[len(lines)-1-n:], "")
	}
	for _, tt := range []struct {
		name, want string
		change     func(*Options)
	}{
		{"all", merged, func(*Options) {}},
		{"the last", last(3), func(o *Options) { o.Last = 3 }},
		{"more than there are", merged, func(o *Options) { o.Last = 100 }},
		{"since", last(2), func(o *Options) { o.Since = at(4) }},
		{"one container", "11111111/log | side\n", func(o *Options) { o.Container = "log" }},
		{"one task", "11111111/app | one 0\n11111111/app | one 1\n11111111/log | side\n11111111/app | one 2\n", func(o *Options) { o.Name = id1 }},
		{"one container of one task", "two 0\ntwo 1\ntwo 2\n", func(o *Options) { o.Name = id2 }},
		{"with times", "2026-01-02T12:00:02.500Z side\n", func(o *Options) { o.Name, o.Container, o.Timestamps = id1, "log", true }},
	} {
		for _, page := range []int{0, 1, 2} {
			w := twoTasks()
			w.page = page
			if tt.change(new(Options)); page > 0 && strings.Contains(tt.name, "the") {
				continue // the last lines come in one reply
			}
			if got := w.show(t, tt.change); got != tt.want {
				t.Errorf("%s, by %d: got\n%swant\n%s", tt.name, page, got, tt.want)
			}
		}
	}
}

func TestWhereTheOutputIs(t *testing.T) {
	w := newWorld()
	task := *w.run(id1, "app")
	for want, l := range map[string]*types.LogConfiguration{
		"/steady/blue web/app/" + id1: nil,
		"/g p/app/" + id1:             {LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-group": "/g", "awslogs-stream-prefix": "p"}},
		"/g run-app":                  {LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-group": "/g"}},
	} {
		group, stream := location("blue", task, task.Containers[0], l)
		if got := group + " " + stream; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := w.show(t); got != "there is no output of web: none of its containers has a log stream\n" {
		t.Errorf("without any: %q", got)
	}
}

func TestRefused(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"show the output of gone: cluster blue has neither a service nor a task of that name": func(o *Options) { o.Name = "gone" },
		"show the output of web: no task has a container db; there are [app log]":             func(o *Options) { o.Container = "db" },
		"show the last 10001 lines: at most 10000 can be asked for":                           func(o *Options) { o.Last = 10001 },
	} {
		var out strings.Builder
		o := twoTasks().options(&out)
		change(&o)
		if err := Run(t.Context(), o); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	w := twoTasks()
	w.down = errDown
	if err := Run(t.Context(), w.options(new(strings.Builder))); !strings.Contains(fmt.Sprint(err), "connection refused") {
		t.Error(err)
	}
}

// follow runs a tail in a bubble of its own while the world goes on, until it is
// cancelled.
func follow(t *testing.T, w *world, story func(), change ...func(*Options)) string {
	t.Helper()
	var out strings.Builder
	synctest.Test(t, func(t *testing.T) {
		o := w.options(&out)
		o.Follow = true
		for _, c := range change {
			c(&o)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Run(ctx, o) }()
		story()
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return out.String()
}

// pause lets the tail look several times.
func pause() { time.Sleep(10 * time.Second); synctest.Wait() }

// New lines, streams and tasks are shown as they come; a line that comes late is not
// lost.
func TestFollow(t *testing.T) {
	w := twoTasks()
	got := follow(t, w, func() {
		pause()
		w.write(id1, "app", at(10), "one 3")
		pause()
		w.run("33333333333333333333333333333333", "app")
		pause()
		w.write(id2, "app", at(8), "late, and older than others")
		w.write("33333333333333333333333333333333", "app", at(20), "three 0")
		pause()
	})
	if want := merged + "11111111/app | one 3\n22222222/app | late, and older than others\n33333333/app | three 0\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := follow(t, twoTasks(), pause, func(o *Options) { o.Last = 1 }); got != "22222222/app | two 2\n" {
		t.Errorf("from the last line on: %q", got)
	}
}

// An outage is said once, and nothing is lost in it.
func TestFollowThroughAnOutage(t *testing.T) {
	w := twoTasks()
	down := func(err error) { defer w.lock()(); w.down = err }
	got := follow(t, w, func() {
		pause()
		down(errDown)
		w.write(id1, "app", at(10), "meanwhile")
		pause()
		down(nil)
		pause()
	})
	if want := merged + "lost contact with the server; still trying: connection refused\nin contact again\n11111111/app | meanwhile\n"; !strings.HasPrefix(got, merged) || len(got) != len(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// Following a task ends with it, when its last lines are there.
func TestFollowATaskToItsEnd(t *testing.T) {
	w := newWorld()
	task := w.run(id1, "app")
	w.write(id1, "app", at(0), "first")
	var out strings.Builder
	synctest.Test(t, func(t *testing.T) {
		o := w.options(&out)
		o.Follow, o.Name = true, id1
		go func() {
			pause()
			unlock := w.lock()
			task.LastStatus = aws.String("STOPPED")
			unlock()
			time.Sleep(time.Second)
			w.write(id1, "app", at(9), "last words")
		}()
		if err := Run(t.Context(), o); err != nil {
			t.Error(err)
		}
	})
	if out.String() != "first\nlast words\n" {
		t.Errorf("got %q", out.String())
	}
}

// Tasks that have ended are not asked for lines for ever.
func TestEndedTasksAreLeftAlone(t *testing.T) {
	w := newWorld()
	w.run(id1, "app").LastStatus = aws.String("STOPPED")
	w.write(id1, "app", at(0), "x")
	asked := 0
	follow(t, w, func() {
		pause()
		func() { defer w.lock()(); asked = w.asked }()
		pause()
	})
	if w.asked != asked || asked == 0 {
		t.Errorf("asked %d times, then %d", asked, w.asked)
	}
}

func TestHappenings(t *testing.T) {
	deployment := func(id string, state types.DeploymentRolloutState, reason string) types.Deployment {
		return types.Deployment{Id: &id, CreatedAt: aws.Time(at(0)), UpdatedAt: aws.Time(at(9)), RolloutState: state, RolloutStateReason: &reason,
			TaskDefinition: aws.String("arn:aws:ecs:r:a:task-definition/web:3"), DesiredCount: 2}
	}
	task := func(id, by string, created, started, stopped float64, code types.TaskStopCode) types.Task {
		task := types.Task{TaskArn: aws.String("task/blue/" + id), StartedBy: &by, CreatedAt: aws.Time(at(created)), TaskDefinitionArn: aws.String("x/web:3"),
			ContainerInstanceArn: aws.String("container-instance/blue/i123456789"), StopCode: code}
		if started > 0 {
			task.StartedAt = aws.Time(at(started))
		}
		if stopped > 0 {
			task.StoppedAt, task.StoppedReason = aws.Time(at(stopped)), aws.String("Because.")
		}
		return task
	}
	exited := task("aaaaaaaa1", "d", 1, 2, 5, types.TaskStopCodeEssentialContainerExited)
	exited.Containers = []types.Container{{Name: aws.String("app"), ExitCode: aws.Int32(137)}, {Name: aws.String("log"), ExitCode: aws.Int32(0)}}
	rolledBack := []types.ServiceEvent{
		{Id: aws.String("3"), CreatedAt: aws.Time(at(5)), Message: aws.String("(service web) has started 1 tasks: (task a).")},
		{Id: aws.String("2"), CreatedAt: aws.Time(at(4)), Message: aws.String("(service web) (deployment ecs-svc/7) deployment failed: tasks failed to start.")},
		{Id: aws.String("1"), CreatedAt: aws.Time(at(4)), Message: aws.String("(service web) rolling back to deployment ecs-svc/8.")},
	}
	for _, tt := range []struct {
		name    string
		service *types.Service
		tasks   []types.Task
		want    string
	}{
		{"a deployment in progress", &types.Service{Deployments: []types.Deployment{deployment("d", types.DeploymentRolloutStateInProgress, "")}}, nil,
			"0 deployment d started: web:3, 2 desired"},
		{"completed", &types.Service{Deployments: []types.Deployment{deployment("d", types.DeploymentRolloutStateCompleted, "")}}, nil,
			"0 deployment d started: web:3, 2 desired; 9 deployment d completed"},
		{"failed", &types.Service{Deployments: []types.Deployment{deployment("d", types.DeploymentRolloutStateFailed, "tasks failed to start.")}}, nil,
			"0 deployment d started: web:3, 2 desired; 9 deployment d failed: tasks failed to start."},
		{"failed, and gone", &types.Service{Events: rolledBack}, nil,
			"4 deployment ecs-svc/7 failed: tasks failed to start.; 4 rolling back to deployment ecs-svc/8"},
		{"failed, and still there", &types.Service{Events: rolledBack, Deployments: []types.Deployment{deployment("ecs-svc/7", types.DeploymentRolloutStateFailed, "so")}}, nil,
			"0 deployment ecs-svc/7 started: web:3, 2 desired; 4 rolling back to deployment ecs-svc/8; 9 deployment ecs-svc/7 failed: so"},
		{"a task restarts", nil, []types.Task{exited, task("bbbbbbbb2", "d", 6, 7, 0, "")},
			"2 task aaaaaaaa started on i1234567: web:3; 5 task aaaaaaaa stopped: Because. (app exited with code 137); 7 task aaaaaaaa restarted on i1234567 as bbbbbbbb: web:3"},
		{"a task of another deployment is no restart", nil, []types.Task{exited, task("bbbbbbbb2", "e", 6, 7, 0, "")},
			"2 task aaaaaaaa started on i1234567: web:3; 5 task aaaaaaaa stopped: Because. (app exited with code 137); 7 task bbbbbbbb started on i1234567: web:3"},
		{"nor is one beside it", nil, []types.Task{exited, task("bbbbbbbb2", "d", 4, 7, 0, "")},
			"2 task aaaaaaaa started on i1234567: web:3; 5 task aaaaaaaa stopped: Because. (app exited with code 137); 7 task bbbbbbbb started on i1234567: web:3"},
		{"scaling in restarts nothing", nil, []types.Task{task("aaaaaaaa1", "d", 1, 2, 5, types.TaskStopCodeServiceSchedulerInitiated), task("bbbbbbbb2", "d", 6, 7, 0, "")},
			"2 task aaaaaaaa started on i1234567: web:3; 5 task aaaaaaaa stopped: Because.; 7 task bbbbbbbb started on i1234567: web:3"},
		{"never started", nil, []types.Task{task("aaaaaaaa1", "d", 1, 0, 5, types.TaskStopCodeTaskFailedToStart)},
			"5 task aaaaaaaa stopped: Because."},
	} {
		var got []string
		keys := map[string]bool{}
		for _, h := range happenings(tt.service, tt.tasks) {
			got = append(got, fmt.Sprintf("%.0f %s", h.at.Sub(noon).Seconds(), h.text))
			keys[h.key] = true
		}
		if s := strings.Join(got, "; "); s != tt.want || len(keys) != len(got) {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, s, tt.want)
		}
	}
}

// What happens stands between the lines, once, and not before the last lines.
func TestHappeningsBetweenLines(t *testing.T) {
	w := twoTasks()
	w.tasks[0].StartedAt, w.tasks[1].StartedAt = aws.Time(at(-1)), aws.Time(at(3.5))
	out := func(change func(*Options)) string {
		return w.show(t, func(o *Options) { o.NoEvents = false; change(o) })
	}
	local := func(s float64) string { return at(s).In(time.Local).Format("15:04:05") }
	got := out(func(*Options) {})
	if !strings.HasPrefix(got, "-- "+local(-1)+" task 11111111 started: web:3\n11111111/app | one 0\n") ||
		!strings.Contains(got, "two 1\n-- "+local(3.5)+" task 22222222 started: web:3\n11111111/app | one 2\n") {
		t.Error(got)
	}
	if got := out(func(o *Options) { o.Last = 3 }); !strings.HasPrefix(got, "22222222/app | two 1\n-- ") {
		t.Errorf("with the last lines: %s", got)
	}
	follows := follow(t, w, pause, func(o *Options) { o.NoEvents = false })
	if strings.Count(follows, "task 22222222 started") != 1 {
		t.Error(follows)
	}
}

func TestPrinting(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		p          printer
		l          line
	}{
		{"several lines", "1/app | a\n1/app |   b\n", printer{}, line{text: "a\n  b\n"}},
		{"an empty line", "1/app | \n", printer{}, line{text: ""}},
		{"raw", "a\x1b[2Jb\n", printer{raw: true}, line{text: "a\x1b[2Jb"}},
		{"what commands a terminal is left out", "\x1b[36m1/app |\x1b[0m ab\tc\n", printer{color: true}, line{text: "a\x1b[2J\x07b\tc"}},
		{"its colours stay, to its end", "\x1b[36m1/app |\x1b[0m \x1b[31mred\x1b[0m\n", printer{color: true}, line{text: "\x1b[31mred"}},
		{"something that has happened", "-- 12:00:00 so\n", printer{}, line{text: "so", happening: true}},
	} {
		var b strings.Builder
		tt.p.out, tt.p.location = &b, time.UTC
		tt.l.at, tt.l.from = noon, place{task: "1", container: "app"}
		if err := tt.p.print(tt.l); err != nil || b.String() != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.name, b.String(), err, tt.want)
		}
	}
	p := printer{}
	if a, b := p.colorOf("a"), p.colorOf("b"); a == b || p.colorOf("a") != a {
		t.Errorf("the colours are %s and %s", a, b)
	}
}
