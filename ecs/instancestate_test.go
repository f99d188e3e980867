package ecs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

func TestDrainingAContainerInstance(t *testing.T) {
	w := equipped(t)
	w.instance("i2")
	set := func(status types.ContainerInstanceStatus, instances ...string) *ecs.UpdateContainerInstancesStateOutput {
		return must(w.UpdateContainerInstancesState(t.Context(), &ecs.UpdateContainerInstancesStateInput{ContainerInstances: instances, Status: status}))
	}
	out := set(types.ContainerInstanceStatusDraining, "i1", realm.InstanceARN("default", "i2"), "gone")
	check(t, "instances", len(out.ContainerInstances), 2)
	check(t, "status", *out.ContainerInstances[0].Status, "DRAINING")
	check(t, "version", out.ContainerInstances[0].Version, 2)
	check(t, "failure", *out.Failures[0].Arn+" "+*out.Failures[0].Reason, realm.InstanceARN("default", "gone")+" MISSING")
	list := func(status types.ContainerInstanceStatus) int {
		return len(must(w.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{Status: status})).ContainerInstanceArns)
	}
	check(t, "draining", list(types.ContainerInstanceStatusDraining), 2)

	index := w.store.Snapshot().Index
	check(t, "version", set(types.ContainerInstanceStatusDraining, "i1").ContainerInstances[0].Version, 2)
	check(t, "index", w.store.Snapshot().Index, index)
	check(t, "status", *set(types.ContainerInstanceStatusActive, "i1").ContainerInstances[0].Status, "ACTIVE")
	check(t, "draining", list(types.ContainerInstanceStatusDraining), 1)
}

func TestRefusedStatesOfContainerInstances(t *testing.T) {
	w := equipped(t)
	for _, tt := range []struct {
		want string
		in   ecs.UpdateContainerInstancesStateInput
	}{
		{"ClientException: Container Instances cannot be empty.", ecs.UpdateContainerInstancesStateInput{Status: "ACTIVE"}},
		{"InvalidParameterException: Container Instances cannot have more than 10 elements.",
			ecs.UpdateContainerInstancesStateInput{Status: "ACTIVE", ContainerInstances: make([]string, 11)}},
		{"InvalidParameterException: Container instance status should be one of [ACTIVE, DRAINING]",
			ecs.UpdateContainerInstancesStateInput{ContainerInstances: []string{"i1"}}},
		{"InvalidParameterException: Container instance status should be one of [ACTIVE, DRAINING]",
			ecs.UpdateContainerInstancesStateInput{ContainerInstances: []string{"i1"}, Status: "DEREGISTERING"}},
		{"ClusterNotFoundException: Cluster not found.",
			ecs.UpdateContainerInstancesStateInput{ContainerInstances: []string{"i1"}, Status: "DRAINING", Cluster: aws.String("gone")}},
		// One that cannot be read keeps all from being changed.
		{"InvalidParameterException: Identifier is for blue. Your cluster is default",
			ecs.UpdateContainerInstancesStateInput{ContainerInstances: []string{"i1", realm.InstanceARN("blue", "i1")}, Status: "DRAINING"}},
	} {
		w.fails(tt.want, func() error { return failed(w.UpdateContainerInstancesState(t.Context(), &tt.in)) })
	}
}

func TestDeregisteringAContainerInstance(t *testing.T) {
	w := equipped(t)
	w.task("t1", w.ofWeb)
	w.task("t2", func(t *model.Task) {
		t.Desired, t.StopCode, t.StoppedReason = model.Stopped, model.UserInitiated, "enough"
	})
	deregister := func(instance string, force bool) (*ecs.DeregisterContainerInstanceOutput, error) {
		return w.DeregisterContainerInstance(t.Context(), &ecs.DeregisterContainerInstanceInput{ContainerInstance: text(instance), Force: aws.Bool(force)})
	}
	w.fails("InvalidParameterException: Found running tasks on the instance.", func() error { return failed(deregister("i1", false)) })
	w.fails("InvalidParameterException: The referenced container instance was not found.", func() error { return failed(deregister("gone", true)) })
	w.fails("InvalidParameterException: Container instance can not be empty.", func() error { return failed(deregister("", true)) })

	shown := must(deregister("i1", true)).ContainerInstance
	check(t, "status", *shown.Status, "INACTIVE")
	check(t, "runningTasksCount", shown.RunningTasksCount, 0)
	check(t, "instances", len(must(w.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{})).ContainerInstanceArns), 0)
	tasks := must(w.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: []string{"t1", "t2"}})).Tasks
	for i, want := range []string{"Container instance deregistration forced by user", "enough"} {
		check(t, "lastStatus", *tasks[i].LastStatus, "STOPPED")
		check(t, "desiredStatus", *tasks[i].DesiredStatus, "STOPPED")
		check(t, "stoppedReason", *tasks[i].StoppedReason, want)
		check(t, "stoppedAt is set", tasks[i].StoppedAt != nil, true)
	}
	check(t, "runningCount", describeWeb(w).RunningCount, 0)

	// An instance without tasks goes without force.
	w.instance("i2")
	check(t, "status", *must(deregister("i2", false)).ContainerInstance.Status, "INACTIVE")
	check(t, "failures", len(must(w.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{ContainerInstances: []string{"i2"}})).Failures), 1)
}
