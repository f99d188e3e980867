package ecs

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

func TestACluster(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	create := &ecs.CreateClusterInput{
		ClusterName: aws.String("blue"),
		Settings:    []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: aws.String("enabled")}},
		Tags:        []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
	}
	c := must(w.CreateCluster(ctx, create)).Cluster
	check(t, "ARN", *c.ClusterArn, "arn:aws:ecs:eu-central-1:000000000000:cluster/blue")
	check(t, "status", *c.Status, "ACTIVE")

	// The same name again is the same cluster, whatever else is asked.
	index := w.store.Snapshot().Index
	c = must(w.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("blue")})).Cluster
	check(t, "containerInsights", *c.Settings[0].Value, "enabled")
	check(t, "index", w.store.Snapshot().Index, index)

	check(t, "clusters", strings.Join(must(w.ListClusters(ctx, &ecs.ListClustersInput{})).ClusterArns, " "),
		realm.ClusterARN("blue")+" "+realm.ClusterARN("default"))

	// Settings, statistics and tags are shown on demand.
	c = describeCluster(w, "blue")
	check(t, "parts shown unasked", len(c.Settings)+len(c.Statistics)+len(c.Tags), 0)
	c = describeCluster(w, "arn:aws:ecs:eu-central-1:000000000000:cluster/blue", types.ClusterFieldTags, types.ClusterFieldSettings)
	check(t, "tag", *c.Tags[0].Key, "team")
	check(t, "setting", *c.Settings[0].Value, "enabled")

	check(t, "status", *must(w.DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: aws.String("blue")})).Cluster.Status, "INACTIVE")
	check(t, "status", *describeCluster(w, "blue").Status, "INACTIVE")
	check(t, "clusters", len(must(w.ListClusters(ctx, &ecs.ListClustersInput{})).ClusterArns), 1)
	w.fails("ClusterNotFoundException: The referenced cluster was inactive.", func() error {
		return failed(w.ListTasks(ctx, &ecs.ListTasksInput{Cluster: aws.String("blue")}))
	})

	// Made again it is ACTIVE, and new.
	c = must(w.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("blue")})).Cluster
	check(t, "status", *c.Status, "ACTIVE")
	check(t, "tags", len(c.Tags), 0)
}

func describeCluster(w *world, name string, include ...types.ClusterField) *types.Cluster {
	w.Helper()
	out := must(w.DescribeClusters(w.Context(), &ecs.DescribeClustersInput{Clusters: []string{name}, Include: include}))
	if len(out.Clusters) != 1 {
		w.Fatalf("%d clusters, failures %v", len(out.Clusters), out.Failures)
	}
	return &out.Clusters[0]
}

func TestAMissingClusterIsAFailureNoException(t *testing.T) {
	w := newWorld(t)
	out := must(w.DescribeClusters(t.Context(), &ecs.DescribeClustersInput{Clusters: []string{"default", "gone"}}))
	check(t, "clusters", len(out.Clusters), 1)
	check(t, "arn", *out.Failures[0].Arn, realm.ClusterARN("gone"))
	check(t, "reason", *out.Failures[0].Reason, "MISSING")
	check(t, "clusters when none is named", *must(w.DescribeClusters(t.Context(), &ecs.DescribeClustersInput{})).Clusters[0].ClusterName, "default")
}

func TestCountsOfACluster(t *testing.T) {
	w := equipped(t)
	w.task("t1", w.ofWeb)
	w.task("t2", func(t *model.Task) { t.Last = model.Pending })
	w.task("t3", func(t *model.Task) { t.Last = model.Pending; t.Desired = model.Stopped })
	w.task("t4", func(t *model.Task) { t.Last = model.Stopped; t.Desired = model.Stopped })
	c := describeCluster(w, "default", types.ClusterFieldStatistics)
	check(t, "runningTasksCount", c.RunningTasksCount, 1)
	check(t, "pendingTasksCount", c.PendingTasksCount, 1)
	check(t, "registeredContainerInstancesCount", c.RegisteredContainerInstancesCount, 1)
	check(t, "activeServicesCount", c.ActiveServicesCount, 1)
	statistics := map[string]string{}
	for _, s := range c.Statistics {
		statistics[*s.Name] = *s.Value
	}
	check(t, "runningEC2TasksCount", statistics["runningEC2TasksCount"], "1")
	check(t, "activeEC2ServiceCount", statistics["activeEC2ServiceCount"], "1")
	check(t, "runningFargateTasksCount", statistics["runningFargateTasksCount"], "0")
}

// A cluster is emptied in ECS's order: services, tasks, instances.
func TestAClusterThatIsInUseIsNotDeleted(t *testing.T) {
	w := equipped(t)
	w.task("t1", nil)
	remove := func() error {
		return failed(w.DeleteCluster(t.Context(), &ecs.DeleteClusterInput{Cluster: aws.String("default")}))
	}
	w.fails("ClusterContainsServicesException: The Cluster cannot be deleted while Services are active.", remove)
	must(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web"), Force: aws.Bool(true)}))
	w.fails("ClusterContainsTasksException: The Cluster cannot be deleted while Tasks are active.", remove)
	w.task("t1", func(t *model.Task) { t.Desired, t.Last = model.Stopped, model.Stopped })
	w.fails("ClusterContainsContainerInstancesException: The Cluster cannot be deleted while Container Instances are active or draining.", remove)
	w.update(func(tx *state.Tx) { tx.DeleteInstance("i1") })
	if err := remove(); err != nil {
		t.Error(err)
	}
}

func TestAClusterByAWrongName(t *testing.T) {
	w := newWorld(t)
	w.fails(`InvalidParameterException: Cluster must match ^[a-zA-Z0-9\-_]{1,255}$, but was a b`, func() error {
		_, err := w.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("a b")})
		return err
	})
}

func TestRefusedClusters(t *testing.T) {
	w := newWorld(t)
	for want, in := range map[string]*ecs.CreateClusterInput{
		`InvalidParameterException: clusterName "a b" is not valid: use 1 to 255 letters, numbers, hyphens, and underscores.`: {ClusterName: aws.String("a b")},
		"InvalidParameterException: setting name should be one of [containerInsights]":                                        {Settings: []types.ClusterSetting{{Name: "x"}}},
		"InvalidParameterException: containerInsights should be one of [enabled,enhanced,disabled]": {
			Settings: []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: aws.String("on")}}},
		`InvalidParameterException: Tag key "aws:x" is not valid: the prefix aws: is reserved.`:                       {Tags: []types.Tag{{Key: aws.String("aws:x")}}},
		"InvalidParameterException: A tag has no key.":                                                                {Tags: []types.Tag{{}}},
		"ClientException: The specified capacity provider does not exist. Specify a valid name or ARN and try again.": {ClusterName: aws.String("x"), CapacityProviders: []string{"gone"}},
	} {
		w.fails(want, func() error { return failed(w.CreateCluster(t.Context(), in)) })
	}
	w.fails("InvalidParameterException: Cluster can not be empty.", func() error {
		return failed(w.DeleteCluster(t.Context(), &ecs.DeleteClusterInput{}))
	})
	w.fails("ClusterNotFoundException: Cluster not found.", func() error {
		return failed(w.DeleteCluster(t.Context(), &ecs.DeleteClusterInput{Cluster: aws.String("gone")}))
	})
	w.fails(`InvalidParameterException: Invalid identifier: "arn:aws:ecs:eu-central-1:000000000000:service/x/y" is not the ARN of a cluster.`, func() error {
		return failed(w.DeleteCluster(t.Context(), &ecs.DeleteClusterInput{Cluster: aws.String("arn:aws:ecs:eu-central-1:000000000000:service/x/y")}))
	})
}

// Every operation on what is in a cluster needs the cluster.
func TestAMissingClusterIsAnException(t *testing.T) {
	w := newWorld(t)
	ctx, gone := t.Context(), aws.String("gone")
	web := createWeb()
	web.Cluster = gone
	for name, call := range map[string]func() error{
		"ListContainerInstances": func() error {
			return failed(w.ListContainerInstances(ctx, &ecs.ListContainerInstancesInput{Cluster: gone}))
		},
		"DescribeContainerInstances": func() error {
			return failed(w.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: gone, ContainerInstances: []string{"i"}}))
		},
		"RunTask":   func() error { return failed(w.RunTask(ctx, &ecs.RunTaskInput{Cluster: gone, TaskDefinition: gone})) },
		"StopTask":  func() error { return failed(w.StopTask(ctx, &ecs.StopTaskInput{Cluster: gone, Task: gone})) },
		"ListTasks": func() error { return failed(w.ListTasks(ctx, &ecs.ListTasksInput{Cluster: gone})) },
		"DescribeTasks": func() error {
			return failed(w.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: gone, Tasks: []string{"t"}}))
		},
		"CreateService": func() error { return failed(w.CreateService(ctx, web)) },
		"UpdateService": func() error {
			return failed(w.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: gone, Service: gone}))
		},
		"DescribeServices": func() error {
			return failed(w.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: gone, Services: []string{"s"}}))
		},
		"ListServices": func() error { return failed(w.ListServices(ctx, &ecs.ListServicesInput{Cluster: gone})) },
		"DeleteService": func() error {
			return failed(w.DeleteService(ctx, &ecs.DeleteServiceInput{Cluster: gone, Service: gone}))
		},
		"GetTaskProtection": func() error {
			return failed(w.GetTaskProtection(ctx, &ecs.GetTaskProtectionInput{Cluster: gone, Tasks: []string{"t"}}))
		},
		"DeregisterContainerInstance": func() error {
			return failed(w.DeregisterContainerInstance(ctx, &ecs.DeregisterContainerInstanceInput{Cluster: gone, ContainerInstance: gone}))
		},
	} {
		t.Run(name, func(t *testing.T) { w.fails("ClusterNotFoundException: Cluster not found.", call) })
	}
}
