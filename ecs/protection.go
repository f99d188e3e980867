package ecs

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

const (
	maxProtectedTasks   = 10  // of one UpdateTaskProtection
	maxGottenProtection = 100 // tasks of one GetTaskProtection
	defaultProtection   = 120 // minutes
	maxProtection       = 2880
)

// Reasons why a task cannot be protected (ECS developer guide, "API failure
// reasons").
const (
	taskNotValid      = "TASK_NOT_VALID"
	deploymentBlocked = "DEPLOYMENT_BLOCKED"
)

// GetTaskProtection shows whether tasks are protected from scale-in.
func (a *API) GetTaskProtection(ctx context.Context, in *ecs.GetTaskProtectionInput) (*ecs.GetTaskProtectionOutput, error) {
	if err := checkCount("Tasks", in.Tasks, maxGottenProtection); err != nil {
		return nil, err
	}
	s := a.store.Snapshot()
	c, err := a.cluster(s, in.Cluster)
	if err != nil {
		return nil, err
	}
	out := &ecs.GetTaskProtectionOutput{ProtectedTasks: []types.ProtectedTask{}, Failures: []types.Failure{}}
	for _, ref := range in.Tasks {
		t, failure, err := a.protectable(s, c.Name, ref)
		switch {
		case err != nil:
			return nil, err
		case failure != nil:
			out.Failures = append(out.Failures, *failure)
		default:
			out.ProtectedTasks = append(out.ProtectedTasks, a.showProtection(t, time.Now()))
		}
	}
	return out, nil
}

// protectionUpdate is UpdateTaskProtectionInput as it is sent: the SDK's does not tell an
// absent protectionEnabled, which is required, from false.
type protectionUpdate struct {
	Cluster           *string
	ExpiresInMinutes  *int32
	ProtectionEnabled *bool
	Tasks             []string
}

func (a *API) updateTaskProtection(ctx context.Context, in *protectionUpdate) (*ecs.UpdateTaskProtectionOutput, error) {
	if in.ProtectionEnabled == nil {
		return nil, invalid("protectionEnabled can not be null.")
	}
	return a.UpdateTaskProtection(ctx, &ecs.UpdateTaskProtectionInput{
		Cluster: in.Cluster, ExpiresInMinutes: in.ExpiresInMinutes, ProtectionEnabled: *in.ProtectionEnabled, Tasks: in.Tasks,
	})
}

// UpdateTaskProtection protects tasks of services from scale-in and from being
// replaced, or ends that. The time counts anew with each call.
func (a *API) UpdateTaskProtection(ctx context.Context, in *ecs.UpdateTaskProtectionInput) (*ecs.UpdateTaskProtectionOutput, error) {
	if err := checkCount("Tasks", in.Tasks, maxProtectedTasks); err != nil {
		return nil, err
	}
	minutes := int32(defaultProtection)
	if in.ExpiresInMinutes != nil {
		minutes = *in.ExpiresInMinutes
	}
	if minutes < 1 || minutes > maxProtection {
		return nil, invalid("expiresInMinutes should be from 1 to %d.", maxProtection)
	}
	var out *ecs.UpdateTaskProtectionOutput
	err := a.inCluster(ctx, in.Cluster, func(tx *state.Tx, c *model.Cluster) error {
		out = &ecs.UpdateTaskProtectionOutput{ProtectedTasks: []types.ProtectedTask{}, Failures: []types.Failure{}}
		now := time.Now()
		var until time.Time
		if in.ProtectionEnabled {
			until = now.Add(time.Duration(minutes) * time.Minute)
		}
		for _, ref := range in.Tasks {
			t, failure, err := a.protectable(&tx.Snapshot, c.Name, ref)
			if err != nil {
				return err
			}
			if failure == nil && in.ProtectionEnabled {
				failure = a.blocked(&tx.Snapshot, t, now)
			}
			if failure != nil {
				out.Failures = append(out.Failures, *failure)
				continue
			}
			if !t.ProtectedUntil.Equal(until) {
				n := *t
				n.ProtectedUntil = until
				tx.PutTask(&n)
				t = &n
			}
			out.ProtectedTasks = append(out.ProtectedTasks, a.showProtection(t, now))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// protectable finds a RUNNING task of a service: "this operation is only supported
// for tasks belonging to an Amazon ECS service".
func (a *API) protectable(s *state.Snapshot, cluster, ref string) (*model.Task, *types.Failure, error) {
	t, ok, err := a.findTask(s, cluster, ref)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		id, _ := a.identifier("task", ref, cluster)
		f := failure(a.realm.TaskARN(cluster, id))
		return nil, &f, nil
	}
	switch {
	case t.Service == "":
		return nil, a.taskFailure(t, taskNotValid, "The task does not belong to a service."), nil
	case t.StopDecided() || t.Last != model.Running:
		return nil, a.taskFailure(t, taskNotValid, "The task is not running."), nil
	}
	return t, nil, nil
}

// blocked refuses to protect a task while protected tasks keep its service's
// deployment from reaching a steady state: the new revision has all its tasks, and
// what is left of older ones is protected.
func (a *API) blocked(s *state.Snapshot, t *model.Task, now time.Time) *types.Failure {
	svc, ok := s.Service(t.Cluster, t.Service)
	if !ok {
		return nil
	}
	p := svc.Primary()
	if p == nil || p.Rollout != model.InProgress {
		return nil
	}
	running, protected := 0, 0
	for other := range s.LiveTasksOf(t.Cluster, t.Service) {
		switch {
		case other.StopDecided():
		case other.Deployment == p.ID && other.Last == model.Running:
			running++
		case other.Deployment == p.ID:
		case !other.Protected(now):
			return nil
		default:
			protected++
		}
	}
	if protected == 0 || running < svc.DesiredCount {
		return nil
	}
	return a.taskFailure(t, deploymentBlocked, "Protected tasks keep the service deployment from reaching a steady state: "+
		"end the protection of tasks of older revisions, or wait until it expires.")
}

func (a *API) taskFailure(t *model.Task, reason, detail string) *types.Failure {
	return &types.Failure{
		Arn: aws.String(a.realm.TaskARN(t.Cluster, t.ID)), Reason: aws.String(reason), Detail: aws.String(detail),
	}
}

// showProtection tells when the protection ends where there is one.
func (a *API) showProtection(t *model.Task, now time.Time) types.ProtectedTask {
	shown := types.ProtectedTask{TaskArn: aws.String(a.realm.TaskARN(t.Cluster, t.ID))}
	if t.Protected(now) {
		shown.ProtectionEnabled = true
		shown.ExpirationDate = at(t.ProtectedUntil)
	}
	return shown
}
