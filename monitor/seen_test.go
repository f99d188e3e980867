package monitor

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// glance is a look at a service at a time after the first one.
type glance struct {
	at time.Duration
	s  *types.Service
}

// What a run of looks tells that no two of them do.
func TestWhatIsSeenOverTime(t *testing.T) {
	failures := func(n int32) change { return func(s *types.Service) { s.Deployments[0].FailedTasks = n } }
	var loop []glance
	for at := 4 * sec; at < 5*time.Minute; at += 8 * sec {
		loop = append(loop, glance{at, web(old(2))}, glance{at + 4*sec, web(old(3))})
	}
	under := func(running, failed int32, more ...change) *types.Service {
		return web(append(more, new7(inProgress, running), old(3), failures(failed))...)
	}
	for _, story := range []struct {
		name  string
		first *types.Service
		looks []glance
		tells string
	}{
		{"a loop of crashes is one degradation", web(old(3)), loop, "service degraded: 2 of 3 tasks run."},
		{"what lasts is a recovery", web(old(3)), []glance{{sec, web(old(1))}, {2 * sec, web(old(3))}, {61 * sec, web(old(3))}, {63 * sec, web(old(3))}, {70 * sec, web(old(3))}},
			"service degraded: 1 of 3 tasks run. | service recovered: 3 of 3 tasks run again, for 1m0s."},
		{"a deployment comes between", web(old(3)), []glance{{sec, web(old(1))}, {2 * sec, web(old(3))}, {9 * sec, web(new7(inProgress, 2), old(2))}, {99 * sec, web(new7(completed, 3))}, {130 * sec, web(new7(completed, 3))}},
			"service degraded: 1 of 3 tasks run. | deployment started: The deployment of web:7 began."},
		{"it was degraded before anybody looked", web(old(1)), []glance{{sec, web(old(1))}, {2 * sec, web(old(3))}, {63 * sec, web(old(3))}},
			"service recovered: 3 of 3 tasks run again, for 1m0s."},
		{"tasks fail, and nothing ends it", web(old(3)), []glance{{sec, under(0, 1, noRollback)}, {2 * sec, under(0, 3, noRollback)}, {9 * sec, under(0, 6, noRollback)}},
			"deployment started: The deployment of web:7 began. | deployment stalled: 3 tasks of web:7 failed, and 0 of 3 run: ECS goes on trying, since no circuit breaker ends it."},
		{"a circuit breaker will end it", under(0, 1), []glance{{sec, under(0, 3)}}, ""},
		{"nothing comes to run", under(0, 0), []glance{{time.Minute, under(1, 0)}, {5 * time.Minute, under(1, 0)}, {6 * time.Minute, under(0, 0)}, {9 * time.Minute, under(0, 0)}},
			"deployment stalled: For 5m0s no more tasks of web:7 have come to run: 0 of 3 do, 0 are PENDING."},
		{"it gets on slowly", under(0, 0), []glance{{4 * time.Minute, under(1, 0)}, {8 * time.Minute, under(2, 0)}, {12 * time.Minute, under(2, 0)}}, ""},
	} {
		t.Run(story.name, func(t *testing.T) {
			seen := See(*story.first, t0)
			var told []string
			for _, l := range story.looks {
				for _, h := range seen.Next(l.s, t0.Add(l.at)) {
					told = append(told, string(h.Kind)+": "+h.Text)
				}
			}
			if got := strings.Join(told, " | "); got != story.tells {
				t.Errorf("told %s", got)
			}
		})
	}
}
