package monitor

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// How a service stands is told by what runs now: counts and states of the past do not
// make it steady.
func TestStanding(t *testing.T) {
	nothingWanted := func(s *types.Service) { s.DesiredCount = 0 }
	for _, story := range []struct {
		name    string
		service *types.Service
		state   string
	}{
		{"all is as it should be", web(new7(completed, 3)), "steady"},
		{"a task died since", web(new7(completed, 2)), "not steady"},
		{"old tasks still run", web(new7(completed, 3), old(1)), "not steady"},
		{"on its way", web(new7(inProgress, 1), old(3)), "deploying"},
		{"all run, and it is not complete", web(new7(inProgress, 3)), "deploying"},
		{"failed", web(new7(failed, 0)), "failed"},
		{"behind a Classic Load Balancer", web(new7("", 3)), "steady"},
		{"behind a Classic Load Balancer, and a task is missing", web(new7("", 2)), "not steady"},
		{"rolling back", web(deployment("d3", "web:6", 0, inProgress, 1), rollingBack, new7(failed, 0)), "rolling back"},
		{"rolled back", web(deployment("d3", "web:6", 0, completed, 3), event(0, "rolling back to deployment ecs-svc/d3.")), "rolled back"},
		{"nothing is wanted", web(new7(completed, 0), nothingWanted), "stopped"},
		{"nothing is wanted, and something runs", web(new7(completed, 1), nothingWanted), "not steady"},
		{"being deleted", web(new7(completed, 1), becoming("DRAINING")), "being deleted"},
		{"of another controller", web(), "not steady"},
	} {
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := play(scene{service: story.service})
				f.def = appOf(64)
				all, err := StandAll(t.Context(), Options{ECS: f})
				if err != nil || len(all) != 1 {
					t.Fatal(all, err)
				}
				if all[0].State != story.state {
					t.Errorf("it is said to be %s", all[0].State)
				}
			})
		})
	}
}

// What holds a service up stands beside it.
func TestStandingSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Stand(t.Context(), Options{Service: "web", ECS: tooBig()})
		if err != nil || s.State != "deploying" || s.Outlook.Hopeless == nil {
			t.Errorf("it stands %+v, %v", s, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := play(scene{service: web(new7(inProgress, 0), old(3))})
		f.tasks = []types.Task{crash(1, "d2", 1), crash(2, "d2", 1)}
		s, err := Stand(t.Context(), Options{Service: "web", ECS: f})
		if err != nil || len(s.Findings) == 0 || s.Findings[0].Tasks != 2 {
			t.Errorf("it stands %+v, %v", s, err)
		}
		if got := s.Cause(); !strings.Contains(got, `2 tasks failed: Container "app" exits with code 1`) || strings.Contains(got, "\n") {
			t.Errorf("in a line: %s", got)
		}
		if _, err := Stand(t.Context(), Options{Service: "api", ECS: f}); err == nil {
			t.Error("a service that is not there has a standing")
		}
	})
}
