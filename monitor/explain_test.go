package monitor

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

// What could not be read is not said to be absent.
func TestUnreadIsNoEvidence(t *testing.T) {
	const says = "The cause is not known, since the stopped tasks could not be read: api error AccessDeniedException: no."
	failing := func(s *types.Service) { s.Deployments[0].FailedTasks = 34 }
	for name, story := range map[string]struct {
		scene   scene
		outcome Outcome
		says    string
	}{
		"nothing else tells":           {scene{service: web(noRollback, new7(inProgress, 0), failing)}, TimedOut, says},
		"and an event tells a symptom": {scene{service: web(noRollback, new7(failed, 0), failing, event(sec, "(deployment ecs-svc/d2) deployment failed: tasks failed to start."))}, Failed, says},
		"all that is wanted runs":      {scene{service: web(new7(completed, 3))}, Succeeded, "Whether tasks of it failed on the way is not known, since the stopped tasks could not be read"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				story.scene.hidden, story.scene.denied = errDenied, errDenied
				v, out, err := watchedFake(t.Context(), Options{Timeout: 8 * sec}, play(story.scene))
				if err != nil || v.Outcome != story.outcome || !strings.Contains(v.Text, story.says) || strings.Contains(v.Text, "no evidence") {
					t.Errorf("%v: %s", err, v.Text)
				}
				if strings.Count(out, "contact     the stopped tasks could not be read") != 1 {
					t.Errorf("it is not said once while it goes on:\n%s", out)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		f := play(scene{service: web(noRollback, new7(inProgress, 0), failing), hidden: &smithy.GenericAPIError{Code: "ThrottlingException", Message: "slow down"}})
		s, err := Stand(t.Context(), Options{Service: "web", ECS: f})
		if err != nil || !strings.Contains(s.Text, "could not be read: api error ThrottlingException: slow down.") {
			t.Errorf("it stands %+v, %v", s, err)
		}
	})
}

// The time given is kept, whichever answer does not come.
func TestTimeoutIsKept(t *testing.T) {
	for name, story := range map[string]struct {
		scenes  []scene
		outcome Outcome
	}{
		"of the stopped tasks":                  {[]scene{{service: web(new7(inProgress, 0), old(3)), hangs: true}}, TimedOut},
		"of the service, from a moment on":      {[]scene{{service: web(new7(inProgress, 0), old(3))}, {from: 3*sec + sec/2, silent: true}}, Inconclusive},
		"of the service, from the beginning on": {[]scene{{silent: true}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := play(story.scenes...)
				v, _, err := watchedFake(t.Context(), Options{Timeout: 8 * sec, Patient: true}, f)
				if (err != nil) != (story.outcome == "") || v.Outcome != story.outcome {
					t.Fatalf("%v: %s", err, v.Text)
				}
				if took := f.since(); took > 8*sec+4*lastWord {
					t.Errorf("it took %s", took)
				}
				if v.Outcome == Inconclusive && (strings.Contains(v.Text, "lost 0s ago") || errors.Is(err, nil) && !strings.Contains(v.Text, "s ago")) {
					t.Error(v.Text)
				}
			})
		})
	}
}

// A service that is to run nothing has proven nothing.
func TestNothingHasRun(t *testing.T) {
	nothingWanted := func(s *types.Service) { s.DesiredCount = 0 }
	for name, story := range map[string]struct {
		scenes []scene
		says   string
	}{
		"from the start":  {[]scene{{service: web(new7(completed, 0), nothingWanted)}}, "nothing of web:7 has run, so that this proves nothing of it"},
		"after some time": {[]scene{{service: web(new7(inProgress, 2))}, {from: 3*sec + sec/2, service: web(new7(completed, 0), nothingWanted)}}, "runs none any more"},
	} {
		synctest.Test(t, func(t *testing.T) {
			v, _, err := watchedFake(t.Context(), Options{}, play(story.scenes...))
			if err != nil || v.Outcome != Succeeded || !strings.Contains(v.Text, story.says) {
				t.Errorf("%s: %v: %s", name, err, v.Text)
			}
		})
	}
}
