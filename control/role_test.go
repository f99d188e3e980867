package control_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/model"
	"steady/rollout"
	"steady/state"
)

const unassumable = "ECS was unable to assume the role 'bad' that was provided for this task."

// withRole gives a revision of web a task role.
func (s *steady) withRole(revision int, role string) {
	s.update(func(tx *state.Tx) {
		d, _ := tx.TaskDefinition(model.TaskDefinitionRef{Family: "web", Revision: revision})
		n := *d
		n.Spec.TaskRoleArn = aws.String(role)
		tx.PutTaskDefinition(&n)
	})
}

func (s *steady) said(text string) (n int) {
	for _, e := range s.service().Events {
		if strings.Contains(e.Message, text) {
			n++
		}
	}
	return n
}

func TestADeploymentWhoseRoleECSMayNotAssumeFails(t *testing.T) {
	inBubble(t, 1, func(s *steady) {
		s.mayAssume = func(role string) error {
			if role == "bad" {
				return errors.New(unassumable)
			}
			return nil
		}
		s.create(1, "start=1s")
		s.after(2 * settle).is("PRIMARY 1 COMPLETED 1")
		ref := s.register(2, "start=1s")
		s.withRole(2, "bad")
		s.update(func(tx *state.Tx) {
			svc, _ := tx.Service("default", "web")
			tx.PutService(rollout.Begin(svc, ref, rollout.NewNames(), time.Now()))
		})
		s.after(time.Minute).is("PRIMARY 1 COMPLETED 1") // rolled back
		if n := s.said("(service web) failed to launch a task with (error " + unassumable + ")."); n != 1 {
			t.Errorf("said %d times", n)
		}
		if n := s.said("deployment failed: tasks failed to start."); n != 1 {
			t.Errorf("the failure is said %d times", n)
		}
	})
}

func TestAServiceStartsWhenItsRoleIsMended(t *testing.T) {
	inBubble(t, 1, func(s *steady) {
		var mended atomic.Bool
		var asked atomic.Int64
		s.mayAssume = func(role string) error {
			asked.Add(1)
			if mended.Load() {
				return nil
			}
			return errors.New(unassumable)
		}
		ref := s.register(1, "start=1s")
		s.withRole(1, "bad")
		s.update(func(tx *state.Tx) {
			tx.PutService(rollout.Begin(&model.Service{
				Name: "web", Cluster: "default", Status: model.Active, DesiredCount: 1, MinimumHealthyPercent: 100, MaximumPercent: 200,
			}, ref, rollout.NewNames(), time.Now()))
		})
		s.after(10 * time.Minute).is("PRIMARY 1 IN_PROGRESS 0")
		if n := asked.Load(); n < 10 || n > 70 {
			t.Errorf("%d attempts in ten minutes", n)
		}
		if p := s.service().Placement; !p.Configuration || p.Reason != unassumable {
			t.Errorf("what holds it up is %+v", p)
		}
		mended.Store(true)
		s.after(time.Minute).is("PRIMARY 1 COMPLETED 1")
		if s.service().Placement.Refused() {
			t.Error("it is still said to be held up")
		}
	})
}
