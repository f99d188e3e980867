package monitor

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// look is one observation of a story and the outcome it must lead to; "" goes on.
type look struct {
	service *types.Service
	want    Outcome
}

// TestStories shows a deployment's course, a look each second, and says when which
// verdict is due. Nothing may be said before.
func TestStories(t *testing.T) {
	const sec = time.Second
	failedSaid := event(9*sec, "(deployment ecs-svc/d2) deployment failed: tasks failed to start.")
	backSaid := event(9*sec, "rolling back to deployment ecs-svc/d3.")
	stories := []struct {
		name  string
		asked string
		looks []look
		text  string // part of the ending's sentence
	}{
		{"it succeeds once old tasks are gone", "", []look{
			{web(new7(inProgress, 0), old(3)), ""},
			{web(new7(inProgress, 3), old(1)), ""},
			{web(new7(inProgress, 3)), ""}, // the counts are right, but it is not complete
			{web(new7(completed, 3)), Succeeded},
		}, "3 of 3 tasks run web:7"},
		{"it was complete before the watch began", "", []look{{web(old(3)), Succeeded}}, "web:6"},
		{"complete, but tasks of the old revision still run", "", []look{
			{web(new7(completed, 3), old(1)), ""}, {web(new7(completed, 3)), Succeeded}}, ""},
		{"complete, but the service's count has not caught up with its deployments", "", []look{
			{func() *types.Service { s := web(new7(completed, 3), old(1)); s.RunningCount = 3; return s }(), ""}}, ""},
		{"complete, but one task is missing", "", []look{
			{web(new7(completed, 2)), ""}, {web(new7(completed, 3)), Succeeded}}, ""},
		{"complete, but the service names another revision", "", []look{
			{func() *types.Service {
				s := web(new7(completed, 3))
				s.TaskDefinition = aws.String(familyARN + "web:6")
				return s
			}(), ""}}, ""},
		{"the breaker rolls back, and the watch follows to the end", "", []look{
			{web(new7(inProgress, 0), old(3)), ""},
			{web(deployment("d3", "web:6", 9*sec, inProgress, 0), rollingBack, new7(failed, 0), old(3), failedSaid, backSaid), ""},
			{web(deployment("d3", "web:6", 9*sec, inProgress, 3), rollingBack, failedSaid, backSaid), ""},
			{web(deployment("d3", "web:6", 9*sec, completed, 3), failedSaid, backSaid), RolledBack},
		}, "steady on revision web:6"},
		{"the failed one is gone before it was seen to fail", "", []look{
			{web(new7(inProgress, 0)), ""},
			{web(deployment("d3", "web:6", 9*sec, inProgress, 0), rollingBack), ""},
			{web(deployment("d3", "web:6", 9*sec, completed, 3)), RolledBack},
		}, "web:7 failed and was rolled back"},
		{"the roll-back is complete before it was seen to begin", "", []look{
			{web(new7(inProgress, 0)), ""},
			{web(deployment("d3", "web:6", 9*sec, completed, 3), failedSaid, backSaid), RolledBack},
		}, "steady on revision web:6"},
		{"the event names the deployment gone back to, as it may on Amazon", "", []look{
			{web(new7(inProgress, 0)), ""},
			{web(deployment("d3", "web:6", 9*sec, completed, 3), failedSaid, event(9*sec+200*time.Millisecond, "rolling back to deployment ecs-svc/d1.")), RolledBack},
		}, ""},
		{"a failure is shown before its roll-back", "", []look{
			{web(new7(failed, 0), old(3)), ""},
			{web(deployment("d3", "web:6", 1*sec, inProgress, 0), rollingBack, new7(failed, 0)), ""},
			{web(deployment("d3", "web:6", 1*sec, completed, 3)), RolledBack},
		}, ""},
		{"the roll-back fails too", "", []look{
			{web(new7(inProgress, 0), old(3)), ""},
			{web(deployment("d3", "web:6", 9*sec, failed, 1), new7(failed, 0), failedSaid, backSaid), RolledBack},
		}, "the roll-back to web:6 failed too"},
		{"it fails without a roll-back", "", []look{
			{web(noRollback, new7(inProgress, 0), old(3)), ""},
			{web(noRollback, new7(failed, 0), old(3)), Failed},
		}, "ECS does not roll back. 3 tasks of web:6 still run."},
		{"a first deployment has nothing to roll back to", "", []look{
			{web(new7(failed, 0), func(s *types.Service) { s.CreatedAt = aws.Time(t0) }), Failed}},
			"no completed deployment to roll back to"},
		{"a newer update takes its place", "", []look{
			{web(new7(inProgress, 1), old(3)), ""},
			{web(deployment("d3", "web:8", 5*sec, inProgress, 0), new7(inProgress, 1), old(3)), Superseded},
		}, "ecs-svc/d3 of web:8, took the place of that of web:7."},
		{"a newer update of the old revision is no roll-back", "", []look{
			{web(new7(inProgress, 1), old(3)), ""},
			{web(deployment("d3", "web:6", 5*sec, completed, 3)), Superseded},
		}, ""},
		{"the newer update was rolled back, not ours", "", []look{
			{web(new7(inProgress, 1), old(3)), ""},
			{web(deployment("d4", "web:6", 9*sec, inProgress, 0), rollingBack, deployment("d3", "web:8", 5*sec, failed, 0), new7(inProgress, 0)), Superseded},
		}, ""},
		{"the newer update was rolled back and is gone", "", []look{
			{web(new7(inProgress, 1), old(3)), ""},
			{web(deployment("d4", "web:6", 9*sec, inProgress, 0), rollingBack,
				event(9*sec, "(deployment ecs-svc/d3) deployment failed: tasks failed to start.")), Superseded},
		}, ""},
		{"an unrelated update comes while it is rolled back", "", []look{
			{web(new7(inProgress, 0), old(3)), ""},
			{web(deployment("d3", "web:6", 9*sec, inProgress, 0), rollingBack, new7(failed, 0), old(3), failedSaid, backSaid), ""},
			{web(deployment("d4", "web:8", 12*sec, inProgress, 0), deployment("d3", "web:6", 9*sec, inProgress, 0), old(3), failedSaid, backSaid), Superseded},
		}, "that of web:7, which had failed."},
		{"an unrelated update came before the roll-back was seen", "", []look{
			{web(new7(inProgress, 0), old(3)), ""},
			{web(deployment("d4", "web:8", 12*sec, completed, 3), failedSaid, backSaid), Superseded},
		}, "which had failed"},
		{"the service is deleted", "", []look{
			{web(new7(inProgress, 0), old(3)), ""}, {web(becoming("DRAINING"), new7(inProgress, 0)), Failed}}, "being deleted"},
		{"the service is gone", "", []look{
			{web(new7(inProgress, 0), old(3)), ""}, {nil, Failed}}, "was deleted"},
		{"the watch begins while it is rolled back", "", []look{
			{web(deployment("d3", "web:6", 9*sec, inProgress, 0), rollingBack, new7(failed, 0), old(3)), ""},
			{web(deployment("d3", "web:6", 9*sec, completed, 3), failedSaid, backSaid), RolledBack},
		}, "The deployment of web:7 failed"},
		{"the watch begins after it was rolled back", "", []look{
			{web(deployment("d3", "web:6", 9*sec, completed, 3), failedSaid, backSaid), RolledBack}}, ""},
		{"the deployment asked for is gone: it was rolled back", "ecs-svc/d2", []look{
			{web(deployment("d3", "web:6", 9*sec, completed, 3), failedSaid, backSaid), RolledBack}}, ""},
		{"the deployment asked for is gone: it was complete and replaced", "ecs-svc/d2", []look{
			{web(deployment("d3", "web:8", 9*sec, inProgress, 3), event(5*sec, "(deployment ecs-svc/d2) deployment completed.")), Superseded}}, ""},
		{"it is complete early, and old tasks are removed afterwards", "", []look{
			{web(early("DEFERRED", 50), new7(inProgress, 1), old(3)), ""},
			{web(early("DEFERRED", 50), new7(completed, 2), old(3)), Succeeded},
		}, "2 of 3 tasks run web:7. Of older revisions 3 tasks still run, which ECS removes afterwards"},
		{"it is complete early, but less runs than that takes", "", []look{
			{web(early("DEFERRED", 50), new7(completed, 1), old(3)), ""}}, ""},
		{"a clean-up that blocks is waited for", "", []look{
			{web(early("BLOCKING", 100), new7(completed, 3), old(1)), ""},
			{web(early("BLOCKING", 100), new7(completed, 3)), Succeeded},
		}, "nothing else runs"},
		{"nothing wanted, nothing runs", "", []look{
			{func() *types.Service { s := web(new7(completed, 0)); s.DesiredCount = 0; return s }(), Succeeded}}, ""},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			f := follower{asked: story.asked, deadline: t0.Add(time.Hour)}
			for i, l := range story.looks {
				st, err := f.observe(t0.Add(time.Duration(i)*time.Second), l.service)
				if err != nil {
					t.Fatal(err)
				}
				var got Outcome
				if st.ending != nil {
					got = st.ending.outcome
				}
				if got != l.want {
					t.Fatalf("look %d: %q, want %q (%+v)", i, got, l.want, st.ending)
				}
				if st.ending != nil && !strings.Contains(st.ending.detail, story.text) {
					t.Errorf("says %q, want %q in it", st.ending.detail, story.text)
				}
			}
		})
	}
}

func TestWaitsForARollbackOnlySoLong(t *testing.T) {
	f := follower{deadline: t0.Add(time.Hour)}
	stuck := web(new7(failed, 0), old(3))
	for at := time.Duration(0); at < rollbackGrace; at += time.Second {
		if st, _ := f.observe(t0.Add(at), stuck); st.ending != nil {
			t.Fatalf("after %s: %+v", at, st.ending)
		}
	}
	if st, _ := f.observe(t0.Add(rollbackGrace), stuck); st.ending == nil || st.ending.outcome != Failed {
		t.Fatalf("after the grace: %+v", st.ending)
	}
}

func TestTimesOut(t *testing.T) {
	f := follower{deadline: t0.Add(time.Minute)}
	f.observe(t0, web(new7(inProgress, 1), old(2)))
	if st, _ := f.observe(t0.Add(time.Minute-1), web(new7(inProgress, 1), old(2))); st.ending != nil {
		t.Fatalf("too early: %+v", st.ending)
	}
	st, _ := f.observe(t0.Add(time.Minute), web(new7(inProgress, 1), old(2)))
	if st.ending == nil || st.ending.outcome != TimedOut || !strings.Contains(st.ending.detail, "it runs 1 of 3 tasks") {
		t.Fatalf("%+v", st.ending)
	}
	late := follower{deadline: t0}
	if st, _ := late.observe(t0, web(new7(completed, 3))); st.ending.outcome != Succeeded {
		t.Errorf("what is complete at the deadline has succeeded: %+v", st.ending)
	}
}

func TestNothingToWatch(t *testing.T) {
	for name, f := range map[string]struct {
		asked string
		s     *types.Service
	}{
		"unknown deployment":    {"ecs-svc/9", web(new7(inProgress, 0))},
		"another controller":    {"", web()},
		"no rollout state":      {"", web(new7("", 3))},
		"deleted service":       {"", web(becoming("INACTIVE"))},
		"deployment of another": {"ecs-svc/9", web(new7(inProgress, 0), event(0, "(deployment ecs-svc/d1) deployment completed."))},
	} {
		if _, err := (&follower{asked: f.asked, deadline: t0.Add(time.Hour)}).observe(t0, f.s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEventsOnceInOrderSinceTheDeployment(t *testing.T) {
	f := follower{deadline: t0.Add(time.Hour)}
	before := event(-time.Second, "has reached a steady state.")
	first := event(time.Second, "has started 1 tasks: (task a).")
	second := event(time.Second, "has stopped 1 running tasks: (task b).") // of the same moment
	st, _ := f.observe(t0, web(new7(inProgress, 0), before, first, second))
	if len(st.fresh) != 2 || !strings.Contains(*st.fresh[0].Message, "started") || !strings.Contains(*st.fresh[1].Message, "stopped") {
		t.Errorf("%+v", st.fresh)
	}
	st, _ = f.observe(t0, web(new7(inProgress, 0), before, first, second, event(2*time.Second, "more")))
	if len(st.fresh) != 1 || !strings.Contains(*st.fresh[0].Message, "more") {
		t.Errorf("%+v", st.fresh)
	}
}
