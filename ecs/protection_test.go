package ecs

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

func protect(w *world, on bool, minutes *int32, tasks ...string) *ecs.UpdateTaskProtectionOutput {
	w.Helper()
	return must(w.UpdateTaskProtection(w.Context(), &ecs.UpdateTaskProtectionInput{
		Cluster: aws.String("default"), Tasks: tasks, ProtectionEnabled: on, ExpiresInMinutes: minutes,
	}))
}

func protectionOf(w *world, task string) types.ProtectedTask {
	w.Helper()
	out := must(w.GetTaskProtection(w.Context(), &ecs.GetTaskProtectionInput{Cluster: aws.String("default"), Tasks: []string{task}}))
	if len(out.ProtectedTasks) != 1 {
		w.Fatalf("failures %v", out.Failures)
	}
	return out.ProtectedTasks[0]
}

func TestTaskProtection(t *testing.T) {
	w := equipped(t)
	w.task("t1", w.ofWeb)
	check(t, "protected", protectionOf(w, "t1").ProtectionEnabled, false)
	check(t, "expirationDate", protectionOf(w, "t1").ExpirationDate, nil)

	expires := func(p types.ProtectedTask) time.Duration {
		return time.Until(*p.ExpirationDate).Round(time.Minute)
	}
	shown := protect(w, true, nil, "t1").ProtectedTasks[0]
	check(t, "task", *shown.TaskArn, realm.TaskARN("default", "t1"))
	check(t, "protected", shown.ProtectionEnabled, true)
	check(t, "expires", expires(shown), 2*time.Hour)
	// The time counts anew with each call.
	check(t, "expires", expires(protect(w, true, aws.Int32(2880), realm.TaskARN("default", "t1")).ProtectedTasks[0]), 48*time.Hour)
	check(t, "expires", expires(protectionOf(w, "t1")), 48*time.Hour)
	check(t, "protected", protect(w, false, nil, "t1").ProtectedTasks[0].ProtectionEnabled, false)
	check(t, "protected", protectionOf(w, "t1").ProtectionEnabled, false)
}

func TestTaskProtectionExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := equipped(t)
		w.task("t1", w.ofWeb)
		protect(w, true, aws.Int32(1), "t1")
		time.Sleep(time.Minute - time.Millisecond)
		check(t, "protected", protectionOf(w, "t1").ProtectionEnabled, true)
		time.Sleep(time.Millisecond)
		check(t, "protected", protectionOf(w, "t1").ProtectionEnabled, false)
	})
}

func TestTasksThatCannotBeProtected(t *testing.T) {
	w := equipped(t)
	w.task("own", nil)
	w.task("starts", func(t *model.Task) { w.ofWeb(t); t.Last = model.Pending })
	w.task("stops", func(t *model.Task) { w.ofWeb(t); t.Desired = model.Stopped })
	w.task("runs", w.ofWeb)
	want := map[string]string{"own": "TASK_NOT_VALID", "starts": "TASK_NOT_VALID", "stops": "TASK_NOT_VALID", "gone": "MISSING"}
	out := protect(w, true, nil, "own", "starts", "stops", "gone", "runs")
	check(t, "protected tasks", len(out.ProtectedTasks), 1)
	gotten := must(w.GetTaskProtection(t.Context(), &ecs.GetTaskProtectionInput{Tasks: []string{"own", "starts", "stops", "gone"}}))
	for _, failures := range [][]types.Failure{out.Failures, gotten.Failures} {
		check(t, "failures", len(failures), len(want))
		for _, f := range failures {
			task := (*f.Arn)[len(realm.TaskARN("default", "")):]
			check(t, "reason for "+task, *f.Reason, want[task])
		}
	}
}

// When all that is left of an older revision is protected, nothing more can be.
func TestProtectionThatBlocksADeployment(t *testing.T) {
	w := equipped(t)
	w.register("web")
	w.completes()
	w.task("old1", w.ofWeb)
	w.task("old2", w.ofWeb)
	protect(w, true, nil, "old1")
	w.deploy("web:2")
	w.task("new1", w.ofWeb)
	// old2 can still be stopped: the deployment goes on.
	check(t, "failures", len(protect(w, true, nil, "new1").Failures), 0)
	w.task("old2", func(t *model.Task) { w.ofWeb(t); t.Desired, t.Last = model.Stopped, model.Stopped })
	f := protect(w, true, nil, "old1", "new1").Failures
	check(t, "failures", len(f), 2)
	check(t, "reason", *f[0].Reason, "DEPLOYMENT_BLOCKED")
	// Taking protection away is always possible, and ends the block.
	check(t, "failures", len(protect(w, false, nil, "old1").Failures), 0)
	check(t, "failures", len(protect(w, true, nil, "new1").Failures), 0)
}

func TestRefusedProtection(t *testing.T) {
	w := equipped(t)
	w.task("t1", w.ofWeb)
	update := func(minutes *int32, cluster string, tasks ...string) func() error {
		return func() error {
			return failed(w.UpdateTaskProtection(t.Context(), &ecs.UpdateTaskProtectionInput{
				Cluster: aws.String(cluster), Tasks: tasks, ProtectionEnabled: true, ExpiresInMinutes: minutes,
			}))
		}
	}
	get := func(tasks ...string) func() error {
		return func() error {
			return failed(w.GetTaskProtection(t.Context(), &ecs.GetTaskProtectionInput{Tasks: tasks}))
		}
	}
	w.fails("InvalidParameterException: Tasks cannot be empty.", update(nil, "default"))
	w.fails("InvalidParameterException: Tasks cannot have more than 10 elements.", update(nil, "default", make([]string, 11)...))
	w.fails("InvalidParameterException: expiresInMinutes should be from 1 to 2880.", update(aws.Int32(0), "default", "t1"))
	w.fails("InvalidParameterException: expiresInMinutes should be from 1 to 2880.", update(aws.Int32(2881), "default", "t1"))
	w.fails("ClusterNotFoundException: Cluster not found.", update(nil, "gone", "t1"))
	w.fails("InvalidParameterException: Invalid identifier: Identifier is for cluster blue. Your cluster is default", update(nil, "default", "t1", realm.TaskARN("blue", "t1")))
	w.fails("InvalidParameterException: protectionEnabled can not be null.", func() error {
		return failed(w.updateTaskProtection(t.Context(), &protectionUpdate{Tasks: []string{"t1"}}))
	})
	w.fails("InvalidParameterException: Tasks cannot be empty.", get())
	w.fails("InvalidParameterException: Tasks cannot have more than 100 elements.", get(make([]string, 101)...))
}
