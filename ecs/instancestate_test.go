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
		{"InvalidParameterException: Invalid identifier: Identifier is for cluster blue. Your cluster is default",
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
}

// "You can still describe the container instance", and nothing else.
func TestAnInactiveContainerInstance(t *testing.T) {
	w := equipped(t)
	must(w.DeregisterContainerInstance(t.Context(), &ecs.DeregisterContainerInstanceInput{ContainerInstance: aws.String("i1")}))
	shown := must(w.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{ContainerInstances: []string{"i1"}})).ContainerInstances[0]
	check(t, "status", *shown.Status, "INACTIVE")
	check(t, "agentConnected", shown.AgentConnected, false)
	check(t, "version", shown.Version, 2)
	check(t, "of the cluster", describeDefault(w).RegisteredContainerInstancesCount, 0)
	for _, status := range []types.ContainerInstanceStatus{"", "ACTIVE", "DRAINING"} {
		check(t, "listed", len(must(w.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{Status: status})).ContainerInstanceArns), 0)
	}
	check(t, "attributes", len(must(w.ListAttributes(t.Context(), &ecs.ListAttributesInput{TargetType: attributeTargetType})).Attributes), 0)

	index := w.store.Snapshot().Index
	failure := must(w.UpdateContainerInstancesState(t.Context(), &ecs.UpdateContainerInstancesStateInput{ContainerInstances: []string{"i1"}, Status: "ACTIVE"})).Failures[0]
	check(t, "failure", *failure.Arn+" "+*failure.Reason, realm.InstanceARN("default", "i1")+" INACTIVE")
	failure = must(w.StartTask(t.Context(), &ecs.StartTaskInput{TaskDefinition: aws.String("web"), ContainerInstances: []string{"i1"}})).Failures[0]
	check(t, "failure", *failure.Arn+" "+*failure.Reason, realm.InstanceARN("default", "i1")+" INACTIVE")
	check(t, "index", w.store.Snapshot().Index, index)
	w.fails("InvalidParameterException: No Container Instances were found in your cluster.", func() error {
		return failed(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("web")}))
	})
	w.fails("ClientException: Container instance i1 is inactive.", func() error {
		return failed(w.DeregisterContainerInstance(t.Context(), &ecs.DeregisterContainerInstanceInput{ContainerInstance: aws.String("i1"), Force: aws.Bool(true)}))
	})
	attribute := types.Attribute{Name: aws.String("a"), TargetId: text(realm.InstanceARN("default", "i1"))}
	w.fails("TargetNotFoundException: The target "+*attribute.TargetId+" was not found in the cluster default.", func() error {
		return failed(w.PutAttributes(t.Context(), &ecs.PutAttributesInput{Attributes: []types.Attribute{attribute}}))
	})
	w.fails("ResourceNotFoundException: The specified resource was not found.", func() error {
		return failed(w.TagResource(t.Context(), &ecs.TagResourceInput{ResourceArn: attribute.TargetId, Tags: []types.Tag{{Key: aws.String("k")}}}))
	})
}

func describeDefault(w *world) types.Cluster {
	return must(w.DescribeClusters(w.Context(), &ecs.DescribeClustersInput{})).Clusters[0]
}
