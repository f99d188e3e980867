package rollout

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// chronicle is a service with the records of its roll-outs, kept as a store would.
type chronicle struct {
	*testing.T
	service     *model.Service
	deployments map[string]*model.ServiceDeployment
	revisions   map[string]*model.ServiceRevision
	now         time.Time
	failures    int
	made        int
}

// chronicleOf is a new service with its first deployment, "s1" of revision "r1".
func chronicleOf(t *testing.T) *chronicle {
	c := &chronicle{
		T: t, now: start,
		deployments: map[string]*model.ServiceDeployment{}, revisions: map[string]*model.ServiceRevision{},
	}
	c.put(Begin(&model.Service{
		Name: "web", Cluster: "default", Status: model.Active, DesiredCount: 8, MinimumHealthyPercent: 100, MaximumPercent: 200,
		CircuitBreaker: model.CircuitBreaker{Enable: true, Rollback: true}, LaunchType: types.LaunchTypeEc2,
	}, definition(1), c.names(), c.now))
	return c
}

func definition(revision int) model.TaskDefinitionRef {
	return model.TaskDefinitionRef{Family: "web", Revision: revision}
}

func (c *chronicle) names() Names {
	c.made++
	n := fmt.Sprint(c.made)
	return Names{Deployment: "ecs-svc/" + n, Revision: "r" + n, ServiceDeployment: "s" + n}
}

// put keeps a changed service and its records, a second after the change before it.
func (c *chronicle) put(after *model.Service) *chronicle {
	c.Helper()
	deployments, revisions := History(c.service, after, c.now, Ledger{
		Deployment: func(id string) *model.ServiceDeployment { return c.deployments[id] },
		Revision:   func(id string) *model.ServiceRevision { return c.revisions[id] },
		Failures:   func(*model.Deployment) int { return c.failures },
	})
	for _, d := range deployments {
		if old := c.deployments[d.ID]; old == d {
			c.Errorf("the record of %s was changed in place", d.ID)
		}
		c.deployments[d.ID] = d
	}
	for _, r := range revisions {
		c.revisions[r.ID] = r
	}
	c.service = after
	c.now = c.now.Add(time.Second)
	return c
}

// change puts a copy of the service that f has changed.
func (c *chronicle) change(f func(s *model.Service)) *chronicle {
	c.Helper()
	n := *c.service
	n.Deployments = slices.Clone(n.Deployments)
	f(&n)
	return c.put(&n)
}

func (c *chronicle) deploy(revision int) *chronicle {
	c.Helper()
	return c.put(Begin(c.service, definition(revision), c.names(), c.now))
}

func (c *chronicle) becomes(state model.RolloutState) *chronicle {
	c.Helper()
	return c.change(func(s *model.Service) {
		p := s.Primary()
		p.Rollout = state
		if state == model.Completed {
			s.Completed = model.Revision{ID: p.Revision, TaskDefinition: p.TaskDefinition}
			s.Deployments = s.Deployments[:1]
		}
	})
}

// rollsBack is what the circuit breaker does, in one step.
func (c *chronicle) rollsBack() *chronicle {
	c.Helper()
	n := *c.service
	n.Deployments = slices.Clone(n.Deployments)
	n.Primary().Rollout = model.Failed
	return c.put(beginRollback(&n, *n.Primary(), c.names().Deployment, "rolling back", c.now))
}

// is states all records, oldest first: id, target, sources, status, and why.
func (c *chronicle) is(want ...string) *chronicle {
	c.Helper()
	var got []string
	for _, id := range slices.Sorted(func(yield func(string) bool) {
		for id := range c.deployments {
			if !yield(id) {
				return
			}
		}
	}) {
		d := c.deployments[id]
		s := fmt.Sprintf("%s %v→%s %s", d.ID, d.Sources, d.Target, d.Status)
		if d.Rollback.Revision != "" {
			s += " to " + d.Rollback.Revision
		}
		if d.StatusReason != "" {
			s += ": " + d.StatusReason
		}
		got = append(got, s)
	}
	if !slices.Equal(got, want) {
		c.Fatalf("the records are\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	return c
}

func TestHistoryOfADeploymentThatSucceeds(t *testing.T) {
	c := chronicleOf(t).is("s1 []→r1 IN_PROGRESS")
	d, r := c.deployments["s1"], c.revisions["r1"]
	if d.Cluster != "default" || d.Service != "web" || d.Deployment != "ecs-svc/1" || !d.CreatedAt.Equal(start) || !d.StartedAt.Equal(start) {
		t.Fatalf("the record is %+v", d)
	}
	if r.TaskDefinition != definition(1) || r.LaunchType != types.LaunchTypeEc2 || !r.CreatedAt.Equal(start) {
		t.Fatalf("the revision is %+v", r)
	}
	c.failures = 2
	c.becomes(model.Completed).is("s1 []→r1 SUCCESSFUL")
	d = c.deployments["s1"]
	if !d.FinishedAt.Equal(start.Add(time.Second)) || !d.StoppedAt.IsZero() || d.Failures != 2 || d.Threshold != 4 || !d.Breaker.Enable {
		t.Fatalf("the record is %+v", d)
	}
	c.deploy(2).is("s1 []→r1 SUCCESSFUL", "s2 [r1]→r2 IN_PROGRESS")
}

func TestHistoryOfWhatIsNoDeployment(t *testing.T) {
	c := chronicleOf(t).becomes(model.Completed)
	before := c.deployments["s1"]
	c.change(func(s *model.Service) { s.DesiredCount = 9 })
	c.change(func(s *model.Service) { s.Events = []model.ServiceEvent{{Message: "steady"}} })
	if c.deployments["s1"] != before || len(c.deployments)+len(c.revisions) != 2 {
		t.Fatal("a record changed")
	}
}

func TestHistoryOfASupersededDeployment(t *testing.T) {
	c := chronicleOf(t).becomes(model.Completed).deploy(2).deploy(3)
	c.is("s1 []→r1 SUCCESSFUL",
		"s2 [r1]→r2 STOPPED: Service deployment stopped because a newer service deployment was started.",
		"s3 [r2 r1]→r3 IN_PROGRESS")
	if d := c.deployments["s2"]; d.StoppedAt.IsZero() || !d.FinishedAt.IsZero() {
		t.Fatalf("the record is %+v", d)
	}
	c.becomes(model.Completed)
	if got := c.deployments["s3"].Status; got != types.ServiceDeploymentStatusSuccessful {
		t.Fatalf("status %s", got)
	}
}

const brokeThreshold = "Service deployment rolled back because the circuit breaker threshold was exceeded."

func TestHistoryOfARollback(t *testing.T) {
	c := chronicleOf(t).becomes(model.Completed).deploy(2)
	c.failures = 4
	c.rollsBack().is("s1 []→r1 SUCCESSFUL", "s2 [r1]→r2 ROLLBACK_IN_PROGRESS to r1: "+brokeThreshold)
	d := c.deployments["s2"]
	if d.Rollback.At.IsZero() || d.Rollback.Deployment != "ecs-svc/3" || d.Failures != 4 || d.Threshold != 4 || !d.FinishedAt.IsZero() {
		t.Fatalf("the record is %+v", d)
	}
	c.failures = 0 // of the deployment that rolls back
	c.becomes(model.Completed).is("s1 []→r1 SUCCESSFUL", "s2 [r1]→r2 ROLLBACK_SUCCESSFUL to r1: "+brokeThreshold)
	if d := c.deployments["s2"]; d.Failures != 4 || d.FinishedAt.IsZero() {
		t.Fatalf("the record is %+v", d)
	}
}

func TestHistoryOfARollbackThatFails(t *testing.T) {
	chronicleOf(t).becomes(model.Completed).deploy(2).rollsBack().becomes(model.Failed).
		is("s1 []→r1 SUCCESSFUL", "s2 [r1]→r2 ROLLBACK_FAILED to r1: "+brokeThreshold)
}

func TestHistoryOfARollbackThatIsSuperseded(t *testing.T) {
	chronicleOf(t).becomes(model.Completed).deploy(2).rollsBack().deploy(3).
		is("s1 []→r1 SUCCESSFUL",
			"s2 [r1]→r2 ROLLBACK_FAILED to r1: Service deployment stopped because a newer service deployment was started.",
			"s4 [r1 r2]→r4 IN_PROGRESS")
}

func TestHistoryOfAFailureWithNothingToRollBackTo(t *testing.T) {
	c := chronicleOf(t).becomes(model.Failed)
	c.is("s1 []→r1 ROLLBACK_FAILED: No rollback candidate was found to run the rollback.")
	// The end is final: a newer deployment does not change it.
	c.deploy(2).is("s1 []→r1 ROLLBACK_FAILED: No rollback candidate was found to run the rollback.", "s2 [r1]→r2 IN_PROGRESS")
}

func TestHistoryOfAFailureWithoutRollback(t *testing.T) {
	chronicleOf(t).change(func(s *model.Service) { s.CircuitBreaker.Rollback = false }).becomes(model.Failed).
		is("s1 []→r1 STOPPED: Service deployment stopped because the circuit breaker threshold was exceeded.")
}

func TestHistoryOfAStoppedDeployment(t *testing.T) {
	c := chronicleOf(t).becomes(model.Completed).change(func(s *model.Service) { s.CircuitBreaker = model.CircuitBreaker{} }).deploy(2)
	c.put(StopDeployment(c.service, "ecs-svc/9", c.now))
	c.is("s1 []→r1 SUCCESSFUL",
		"s2 [r1]→r2 ROLLBACK_IN_PROGRESS to r1: Service deployment rolled back because a stop of the service deployment was requested.")
	p := c.service.Primary()
	if p.ID != "ecs-svc/9" || p.TaskDefinition != definition(1) || p.Rollback != "ecs-svc/2" {
		t.Fatalf("PRIMARY is %+v", p)
	}
	if s := StopDeployment(c.service, "ecs-svc/10", c.now); s != c.service {
		t.Fatal("a roll back was stopped")
	}
	c.becomes(model.Completed)
	if s := StopDeployment(c.service, "ecs-svc/10", c.now); s != c.service {
		t.Fatal("what is not in progress was stopped")
	}
}

func TestHistoryOfAStoppedFirstDeployment(t *testing.T) {
	c := chronicleOf(t).change(func(s *model.Service) { s.CircuitBreaker = model.CircuitBreaker{} })
	c.put(StopDeployment(c.service, "ecs-svc/9", c.now))
	c.is("s1 []→r1 ROLLBACK_FAILED: No rollback candidate was found to run the rollback.")
}

func TestHistoryOfADeletedService(t *testing.T) {
	const reason = "s1 []→r1 STOPPED: Service deployment stopped because the service was deleted."
	chronicleOf(t).change(func(s *model.Service) { s.Status = model.Draining }).is(reason).
		change(func(s *model.Service) { s.Status, s.Deployments = model.Inactive, nil }).is(reason)
	chronicleOf(t).change(func(s *model.Service) { s.Status, s.Deployments = model.Inactive, nil }).is(reason)
	chronicleOf(t).becomes(model.Completed).change(func(s *model.Service) { s.Status = model.Draining }).is("s1 []→r1 SUCCESSFUL")
}

func TestHistoryKeepsTheImagesOfARevision(t *testing.T) {
	images := []model.Image{{Container: "app", Digest: "sha256:1"}}
	c := chronicleOf(t)
	old := c.revisions["r1"]
	c.change(func(s *model.Service) { s.Primary().Images = images })
	if !slices.Equal(c.revisions["r1"].Images, images) || old.Images != nil {
		t.Fatalf("the revision is %+v, was %+v", c.revisions["r1"], old)
	}
	// The images are those that were resolved first.
	c.change(func(s *model.Service) { s.Primary().Images = []model.Image{{Container: "app", Digest: "sha256:2"}} })
	if !slices.Equal(c.revisions["r1"].Images, images) {
		t.Fatalf("the revision is %+v", c.revisions["r1"])
	}
}

// A service from before there were records has none, and no change of it makes one.
func TestHistoryOfADeploymentWithoutARecord(t *testing.T) {
	c := chronicleOf(t)
	clear(c.deployments)
	c.becomes(model.Completed).is()
}
