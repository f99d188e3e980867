package monitor

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestASuccessRunsTheImageThatWasDeployed(t *testing.T) {
	runs := func(n int, deployment, digest string) types.Task {
		task := running(n, deployment, "")
		task.Containers = []types.Container{{Name: aws.String("app"), ImageDigest: aws.String(digest)}}
		return task
	}
	for _, story := range []struct {
		name     string
		tasks    []types.Task
		resolved string
		says     string // empty: it succeeds
	}{
		{"the same everywhere", []types.Task{runs(1, "d2", "sha256:a"), runs(2, "d2", "sha256:a")}, "sha256:a", ""},
		{"not known", []types.Task{runs(1, "d2", ""), runs(2, "d2", "sha256:a")}, "", ""},
		{"old tasks do not count", []types.Task{runs(1, "d2", "sha256:a"), runs(2, "d1", "sha256:b")}, "sha256:a", ""},
		{"two images under one tag", []types.Task{runs(1, "d2", "sha256:a"), runs(2, "d2", "sha256:b"), runs(3, "d2", "sha256:a")}, "",
			`container "app" runs sha256:a in 2 tasks, sha256:b in 1 task.`},
		{"another image than the one deployed", []types.Task{runs(1, "d2", "sha256:b")}, "sha256:a",
			`container "app" runs sha256:a in 0 tasks (the one deployed), sha256:b in 1 task.`},
	} {
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := web(new7(completed, 3))
				s.CurrentServiceRevisions = []types.ServiceCurrentRevisionSummary{{Arn: aws.String("sr")}}
				f := play(scene{service: s, live: story.tasks})
				f.resolved = story.resolved
				v, _, err := watchedFake(t.Context(), Options{}, f)
				if err != nil || (v.Outcome == Succeeded) != (story.says == "") || !strings.Contains(v.Text, story.says) {
					t.Errorf("%v: %s", err, v.Text)
				}
			})
		})
	}
}
