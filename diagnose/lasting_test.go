package diagnose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// crashes are so many tasks that ran for 2 s each, one a minute, and the last line of
// each.
func crashes(n int, line func(n int) string) Evidence {
	e := Evidence{Deployment: ours, Service: service(3, 0), Logs: map[string][]Line{}}
	for i := 1; i <= n; i++ {
		e.StoppedTasks = append(e.StoppedTasks, crashed(i, 1))
		e.Logs[LogKey(fmt.Sprintf("%032d", i), "app")] = written(line(i))
	}
	return e
}

// lives is a running task of a deployment that began so long after ours.
func lives(deployment string, began time.Duration) types.Task {
	return types.Task{TaskArn: aws.String("task/live"), StartedBy: &deployment, LastStatus: aws.String("RUNNING"), StartedAt: at(began)}
}

// A crash is lasting where all end in the same way, and of what time does not mend.
func TestLastingCrashes(t *testing.T) {
	said := func(text string) func(int) string { return func(int) string { return text } }
	varies := func(n int) string {
		return fmt.Sprintf("2026-11-21T13:03:%02dZ ERROR boom pid=%d id=8f0e%d-a%d", n, 4711*n, n*77, n)
	}
	for _, story := range []struct {
		name  string
		e     Evidence
		live  []types.Task
		lasts bool
	}{
		{"the same words", crashes(2, said("no such table")), nil, true},
		{"ids and numbers differ, of two", crashes(2, varies), nil, false},
		{"ids and numbers differ, of many", crashes(4, varies), nil, true},
		{"other words", crashes(6, func(n int) string { return strings.Repeat("x", n) }), nil, false},
		{"the database is not there yet", crashes(6, said("dial tcp 10.0.0.1:5432: connection refused")), nil, false},
		{"nor is its name known for the moment", crashes(6, said("getaddrinfo EAI_AGAIN db")), nil, false},
		{"its name does not exist", crashes(2, said("getaddrinfo ENOTFOUND db")), nil, true},
		{"the database refuses for good", crashes(2, said("password authentication failed for user web")), nil, true},
		{"one lives on", crashes(2, said("bad luck")), []types.Task{lives(ours, time.Minute)}, false},
		{"one lives, not longer than the others did", crashes(2, said("bad luck")), []types.Task{lives(ours, 119*time.Second)}, true},
		{"one of another deployment lives on", crashes(2, said("bad luck")), []types.Task{lives("ecs-svc/1", 0)}, true},
	} {
		story.e.Live = story.live
		f := Explain(story.e)
		if len(f) != 1 || f[0].Deterministic != story.lasts {
			t.Errorf("%s: %+v", story.name, f)
		}
	}
	if f := Explain(crashes(2, said("connection refused"))); !f[0].Heals {
		t.Errorf("time may bring what the program waits for: %+v", f)
	}
}

// Of what an event alone tells, ECS's own count is the number of starts.
func TestStartsThatNeverWere(t *testing.T) {
	const refused = "failed to launch a task with (error ECS was unable to assume the role 'arn:x' that was provided for this task.)."
	for _, story := range []struct {
		name    string
		pending int32
		event   string
		want    int
	}{
		{"the role is refused", 0, refused, 3},
		{"by now a task has come to be", 1, refused, 0},
		{"no place is no failure of the task", 0, "was unable to place a task because no container instance met all of its requirements.", 0},
	} {
		e := Evidence{Deployment: ours, Service: service(1, 0), Events: []types.ServiceEvent{event(time.Second, story.event)}}
		e.Service.Deployments[0].FailedTasks, e.Service.Deployments[0].PendingCount = 3, story.pending
		f := Explain(e)
		switch {
		case len(f) == 0 && story.want == 0:
		case len(f) != 1 || f[0].Tasks != 0 || f[0].Starts != story.want:
			t.Errorf("%s: %+v", story.name, f)
		}
	}
	if f := Explain(crashes(2, func(int) string { return "" })); f[0].Starts != 2 {
		t.Errorf("tasks that were: %+v", f)
	}
}

// What fails by chance on one place of three is no loop of the deployment.
func TestALoopOfAllOrNone(t *testing.T) {
	s := Situation{At: t0.Add(10 * time.Minute), Looked: true, Service: service(3, 2), Tasks: []types.Task{lives(ours, 0), lives(ours, 0)}}
	s.Findings = []Finding{{ID: "C17", Kind: "ambiguous", Confidence: Likely, Tasks: 9, longest: 2 * time.Second}}
	if o := Foresee(s); o.Hopeless != nil {
		t.Errorf("two of three live on: %+v", o.Hopeless)
	}
	s.Findings[0].ID, s.Findings[0].Kind, s.Findings[0].Deterministic = "C04", "deterministic", true
	if o := Foresee(s); o.Hopeless == nil {
		t.Error("what does not heal keeps the third away for ever")
	}
}
