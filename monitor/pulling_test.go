package monitor

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// pullingTask is a live task whose image is on the way since so many seconds after t0.
func pullingTask(n int, deployment string, since time.Duration, images ...string) types.Task {
	t := running(n, deployment, types.HealthStatusUnknown)
	t.LastStatus, t.StartedAt, t.PullStartedAt = aws.String("PENDING"), nil, aws.Time(t0.Add(since))
	for _, i := range images {
		t.Containers = append(t.Containers, types.Container{Image: aws.String(i)})
	}
	return t
}

func TestPulls(t *testing.T) {
	here := pullingTask(2, "mine", 0, "app:2")
	here.PullStoppedAt = aws.Time(t0.Add(sec))
	stopping := pullingTask(3, "mine", 0, "app:2")
	stopping.StoppingAt = aws.Time(t0.Add(sec))
	resolved := pullingTask(4, "mine", 2*sec, "app:2", "log:1")
	resolved.Containers[0].ImageDigest = aws.String("sha256:1")
	for _, c := range []struct {
		name  string
		tasks []types.Task
		want  string
	}{
		{"none", nil, ""},
		{"over", []types.Task{here}, ""},
		{"of a task that shall stop", []types.Task{stopping}, ""},
		{"of another deployment", []types.Task{pullingTask(1, "other", 0, "app:1")}, ""},
		{"not begun", []types.Task{running(1, "mine", types.HealthStatusUnknown)}, ""},
		{"one", []types.Task{pullingTask(1, "mine", 3*sec, "app:2"), here}, "a task pulls app:2, for 12s"},
		{"several, the longest counts", []types.Task{pullingTask(1, "mine", 3*sec, "app:2"), pullingTask(2, "mine", 5*sec, "app:2")}, "2 tasks pull app:2, for 12s"},
		{"what is here is not waited for", []types.Task{resolved}, "a task pulls log:1, for 13s"},
		{"several images", []types.Task{pullingTask(1, "mine", 5*sec, "c:1", "a:1", "b:1")}, "a task pulls a:1, b:1 and c:1, for 10s"},
		{"of which nothing is told", []types.Task{pullingTask(1, "mine", 5*sec)}, "a task pulls images, for 10s"},
		{"a clock that is behind", []types.Task{pullingTask(1, "mine", 20*sec, "a:1")}, "a task pulls a:1, for 0s"},
	} {
		p := pulls(c.tasks, "ecs-svc/mine")
		if got := p.text(t0.Add(15 * sec)); got != c.want || (p.key() == "") != (c.want == "") {
			t.Errorf("%s: %q (key %q), want %q", c.name, got, p.key(), c.want)
		}
	}
}

// A pull that takes its time is told once in lines.
func TestWatchTellsOfALongPull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := play(scene{service: web(new7(inProgress, 0))})
		f.def = appOf(64)
		f.scenes[0].live = []types.Task{pullingTask(1, "d2", 0, "app:2")}
		_, out, err := watchedFake(t.Context(), Options{Timeout: 30 * sec, Patient: true}, f)
		if err != nil || strings.Count(out, "  pull  ") != 1 || !strings.Contains(out, "a task pulls app:2, for ") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}
