package ecs

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

func TestStopTask(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	w.task("t1", func(t *model.Task) { t.Tags = []model.Tag{{Key: "team", Value: "a"}} })
	stop := func(reason string) types.Task {
		return *must(w.StopTask(t.Context(), &ecs.StopTaskInput{Task: aws.String(realm.TaskARN("default", "t1")), Reason: text(reason)})).Task
	}
	task := stop("")
	check(t, "desiredStatus", *task.DesiredStatus, "STOPPED")
	check(t, "lastStatus", *task.LastStatus, "RUNNING")
	check(t, "stopCode", task.StopCode, types.TaskStopCodeUserInitiated)
	check(t, "stoppedReason", *task.StoppedReason, "Task stopped by user")
	record, _ := w.store.Snapshot().Task("t1")
	check(t, "tags", len(record.Tags), 0)
	check(t, "version", record.Version, 3)

	// The first decision stands.
	index := w.store.Snapshot().Index
	check(t, "stoppedReason", *stop("again").StoppedReason, "Task stopped by user")
	w.task("t1", func(t *model.Task) { *t = *record; t.Last = model.Stopped })
	check(t, "stoppedReason of a stopped task", *stop("again").StoppedReason, "Task stopped by user")
	check(t, "index", w.store.Snapshot().Index, index+1) // of the record that the test put

	w.task("t2", nil)
	check(t, "stoppedReason", *must(w.StopTask(t.Context(), &ecs.StopTaskInput{Task: aws.String("t2"), Reason: aws.String("too slow")})).Task.StoppedReason, "too slow")

	w.fails("InvalidParameterException: The referenced task was not found.", func() error {
		return failed(w.StopTask(t.Context(), &ecs.StopTaskInput{Task: aws.String("t3")}))
	})
	w.fails("InvalidParameterException: Task can not be empty.", func() error {
		return failed(w.StopTask(t.Context(), &ecs.StopTaskInput{}))
	})
	w.fails("InvalidParameterException: Invalid identifier: Identifier is for cluster blue. Your cluster is default", func() error {
		return failed(w.StopTask(t.Context(), &ecs.StopTaskInput{Task: aws.String(realm.TaskARN("blue", "t1"))}))
	})
}

// A task of another cluster is not there, even by its bare id.
func TestATaskIsLookedForInItsCluster(t *testing.T) {
	w := newWorld(t)
	must(w.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String("blue")}))
	w.task("t1", func(t *model.Task) { t.Cluster = "blue" })
	w.fails("InvalidParameterException: The referenced task was not found.", func() error {
		return failed(w.StopTask(t.Context(), &ecs.StopTaskInput{Task: aws.String("t1")}))
	})
	out := must(w.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: []string{"t1", "arn:aws:ecs:eu-central-1:000000000000:task/t1"}}))
	check(t, "tasks", len(out.Tasks), 0)
	for _, f := range out.Failures {
		check(t, "failure", *f.Arn+" "+*f.Reason, realm.TaskARN("default", "t1")+" MISSING")
	}
	check(t, "tasks in blue", len(must(w.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String("blue"), Tasks: []string{"t1"}})).Tasks), 1)
}

func TestRefusedTaskDescriptions(t *testing.T) {
	w := newWorld(t)
	w.fails("InvalidParameterException: Tasks cannot be empty.", func() error {
		return failed(w.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{}))
	})
	w.fails("InvalidParameterException: Tasks cannot have more than 100 elements.", func() error {
		return failed(w.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: make([]string, 101)}))
	})
	w.fails("InvalidParameterException: include should be one of [TAGS]", func() error {
		return failed(w.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: []string{"t"}, Include: []types.TaskField{"x"}}))
	})
}

func TestListTasksFilters(t *testing.T) {
	w := equipped(t)
	w.instance("i2")
	w.task("a", w.ofWeb)
	w.task("b", func(t *model.Task) { t.Instance = "i2" })
	w.task("c", func(t *model.Task) { t.TaskDefinition.Family = "db"; t.StartedBy = "me" })
	w.task("d", func(t *model.Task) { t.Desired = model.Stopped })
	w.task("e", func(t *model.Task) { t.Cluster = "blue" })
	for _, tt := range []struct {
		what string
		in   ecs.ListTasksInput
		want string
	}{
		{"nothing", ecs.ListTasksInput{}, "a b c"},
		{"desiredStatus RUNNING", ecs.ListTasksInput{DesiredStatus: types.DesiredStatusRunning}, "a b c"},
		{"desiredStatus STOPPED", ecs.ListTasksInput{DesiredStatus: types.DesiredStatusStopped}, "d"},
		{"desiredStatus PENDING", ecs.ListTasksInput{DesiredStatus: types.DesiredStatusPending}, ""},
		{"serviceName", ecs.ListTasksInput{ServiceName: aws.String("web")}, "a"},
		{"containerInstance", ecs.ListTasksInput{ContainerInstance: aws.String(realm.InstanceARN("default", "i2"))}, "b"},
		{"family", ecs.ListTasksInput{Family: aws.String("web")}, "a b"},
		{"startedBy", ecs.ListTasksInput{StartedBy: aws.String("me")}, "c"},
		{"launchType EC2", ecs.ListTasksInput{LaunchType: types.LaunchTypeEc2}, "a b c"},
		{"launchType FARGATE", ecs.ListTasksInput{LaunchType: types.LaunchTypeFargate}, ""},
		{"two filters", ecs.ListTasksInput{Family: aws.String("web"), ServiceName: aws.String("web")}, "a"},
	} {
		var ids []string
		for _, arn := range must(w.ListTasks(t.Context(), &tt.in)).TaskArns {
			ids = append(ids, strings.TrimPrefix(arn, realm.TaskARN("default", "")))
		}
		check(t, "the list filtered by "+tt.what, strings.Join(ids, " "), tt.want)
	}
	for want, in := range map[string]*ecs.ListTasksInput{
		"InvalidParameterException: launch type should be one of [EC2,FARGATE,EXTERNAL]":                                               {LaunchType: "ec2"},
		"InvalidParameterException: desiredStatus should be one of [RUNNING,PENDING,STOPPED]":                                          {DesiredStatus: "x"},
		"ServiceNotFoundException: Service not found.":                                                                                 {ServiceName: aws.String("db")},
		"InvalidParameterException: The referenced container instance was not found.":                                                  {ContainerInstance: aws.String("i3")},
		"InvalidParameterException: startedBy must be the only filter.":                                                                {StartedBy: aws.String("me"), Family: aws.String("web")},
		"ClientException: daemonName is not supported by Steady yet: remove it from the filters":                                       {DaemonName: aws.String("x")},
		"InvalidParameterException: maxResults should be between 1 and 100":                                                            {MaxResults: aws.Int32(101)},
		"InvalidParameterException: Invalid token. Give the nextToken of the reply before, unchanged.":                                 {NextToken: aws.String("x")},
		"InvalidParameterException: Invalid identifier: Identifier is for cluster blue. Your cluster is default":                       {ServiceName: aws.String(realm.ServiceARN("blue", "web"))},
		`InvalidParameterException: Invalid identifier: "arn:aws:ecs:eu-central-1:000000000000:task/x/y" is not the ARN of a service.`: {ServiceName: aws.String("arn:aws:ecs:eu-central-1:000000000000:task/x/y")},
	} {
		w.fails(want, func() error { return failed(w.ListTasks(t.Context(), in)) })
	}
}

func run1() *ecs.RunTaskInput { return &ecs.RunTaskInput{TaskDefinition: aws.String("web")} }

func TestRunTask(t *testing.T) {
	w := newWorld(t)
	w.instance("i1")
	w.instance("i2")
	w.register("web")
	in := run1()
	in.Count = aws.Int32(2)
	in.StartedBy = aws.String("me")
	in.EnableECSManagedTags = true
	in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}
	in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("app"), Cpu: aws.Int32(512)}}}
	out := must(w.RunTask(t.Context(), in))
	check(t, "tasks", len(out.Tasks), 2)
	check(t, "failures", len(out.Failures), 0)
	task := out.Tasks[0]
	check(t, "lastStatus", *task.LastStatus, "PENDING")
	check(t, "desiredStatus", *task.DesiredStatus, "RUNNING")
	check(t, "group", *task.Group, "family:web")
	check(t, "startedBy", *task.StartedBy, "me")
	check(t, "cpu", *task.Cpu, "512")
	check(t, "cpu of the container", *task.Containers[0].Cpu, "512")
	check(t, "managed tag", *task.Tags[1].Key+"="+*task.Tags[1].Value, "aws:ecs:clusterName=default")
	check(t, "both on one instance", *out.Tasks[0].ContainerInstanceArn == *out.Tasks[1].ContainerInstanceArn, false)
	record, ok := w.store.Snapshot().Task(strings.TrimPrefix(*task.TaskArn, realm.TaskARN("default", "")))
	check(t, "on record", ok, true)
	check(t, "CPU held", record.CPU, 512)
}

// Copies without a place are told for each instance; the others run.
func TestRunTaskWithoutEnoughRoom(t *testing.T) {
	w := newWorld(t)
	w.instance("i1")
	w.register("web")
	w.task("t1", func(t *model.Task) { t.CPU = 2048 - 300 })
	in := run1()
	in.Count = aws.Int32(3)
	out := must(w.RunTask(t.Context(), in))
	check(t, "tasks", len(out.Tasks), 1)
	check(t, "failures", len(out.Failures), 1)
	check(t, "failure", *out.Failures[0].Arn+" "+*out.Failures[0].Reason, realm.InstanceARN("default", "i1")+" RESOURCE:CPU")
}

// An SDK repeats a request that it got no answer to, with the same clientToken.
func TestRunTaskIsIdempotentOnItsToken(t *testing.T) {
	w := newWorld(t)
	w.instance("i1")
	w.register("web")
	in := run1()
	in.ClientToken = aws.String("token")
	one := must(w.RunTask(t.Context(), in))
	two := must(w.RunTask(t.Context(), in))
	check(t, "task", *two.Tasks[0].TaskArn, *one.Tasks[0].TaskArn)
	in.Count = aws.Int32(2)
	w.fails("ConflictException: The clientToken was used before with other parameters: use a new one.", func() error {
		err := failed(w.RunTask(t.Context(), in))
		check(t, "resourceIds", err.(*awsapi.Error).Fields["resourceIds"].([]string)[0], *one.Tasks[0].TaskArn)
		return err
	})
}

func TestRefusedRuns(t *testing.T) {
	w := newWorld(t)
	run := func(in *ecs.RunTaskInput) func() error {
		return func() error { return failed(w.RunTask(t.Context(), in)) }
	}
	w.fails("ClientException: TaskDefinition not found.", run(run1()))
	w.register("web")
	w.fails("InvalidParameterException: No Container Instances were found in your cluster.", run(run1()))
	w.instance("i1")
	for _, tt := range []struct {
		want   string
		change func(*ecs.RunTaskInput)
	}{
		{"InvalidParameterException: taskDefinition can not be empty.", func(in *ecs.RunTaskInput) { in.TaskDefinition = nil }},
		{"InvalidParameterException: count should be from 1 to 10.", func(in *ecs.RunTaskInput) { in.Count = aws.Int32(11) }},
		{"InvalidParameterException: count should be from 1 to 10.", func(in *ecs.RunTaskInput) { in.Count = aws.Int32(0) }},
		{"InvalidParameterException: Invalid namespace for group.", func(in *ecs.RunTaskInput) { in.Group = aws.String("service:web") }},
		{"InvalidParameterException: startedBy longer than 128.",
			func(in *ecs.RunTaskInput) { in.StartedBy = aws.String(strings.Repeat("x", 129)) }},
		{"InvalidParameterException: clientToken can have at most 64 characters.",
			func(in *ecs.RunTaskInput) { in.ClientToken = aws.String(strings.Repeat("x", 65)) }},
		{"InvalidParameterException: launch type should be one of [EC2,FARGATE,EXTERNAL]", func(in *ecs.RunTaskInput) { in.LaunchType = "x" }},
		{"InvalidParameterException: Task definition does not support launch_type FARGATE.",
			func(in *ecs.RunTaskInput) { in.LaunchType = types.LaunchTypeFargate }},
		{"InvalidParameterException: propagateTags should be one of [TASK_DEFINITION,NONE]",
			func(in *ecs.RunTaskInput) { in.PropagateTags = types.PropagateTagsService }},
		{"InvalidParameterException: Override for container named db is not a container in the TaskDefinition.",
			func(in *ecs.RunTaskInput) { in.Overrides = overriding("db", nil) }},
		{"ClientException: Invalid setting for container 'app'. The environment file '/web.env' is no ARN of an object of S3, such as arn:aws:s3:::BUCKET/KEY.env.",
			func(in *ecs.RunTaskInput) {
				in.Overrides = overriding("app", func(o *types.ContainerOverride) { o.EnvironmentFiles = environmentFiles("/web.env") })
			}},
		{"ClientException: When you are specifying environment files, you must also specify a value for 'executionRoleArn'.",
			func(in *ecs.RunTaskInput) {
				in.Overrides = overriding("app", func(o *types.ContainerOverride) { o.EnvironmentFiles = environmentFiles("arn:aws:s3:::bucket/web.env") })
			}},
		{"ClientException: A task can have at most 10 environment files; 11 are given.",
			func(in *ecs.RunTaskInput) {
				in.Overrides = overriding("app", func(o *types.ContainerOverride) {
					o.EnvironmentFiles = environmentFiles(slices.Repeat([]string{"file:///web.env"}, 11)...)
				})
			}},
		{"InvalidParameterException: The override of container 'app' has a negative cpu.",
			func(in *ecs.RunTaskInput) {
				in.Overrides = overriding("app", func(o *types.ContainerOverride) { o.Cpu = aws.Int32(-1) })
			}},
		{"InvalidParameterException: The override of container 'app' has a memory or memoryReservation of less than 6 MiB.",
			func(in *ecs.RunTaskInput) {
				in.Overrides = overriding("app", func(o *types.ContainerOverride) { o.Memory = aws.Int32(1) })
			}},
		{"ClientException: Invalid setting for container 'app'. 'memory' should not be less than 'memoryReservation'.",
			func(in *ecs.RunTaskInput) {
				in.Overrides = overriding("app", func(o *types.ContainerOverride) { o.MemoryReservation = aws.Int32(513) })
			}},
		{"InvalidParameterException: Container 'app' is overridden more than once: put all of its overrides into one.",
			func(in *ecs.RunTaskInput) {
				in.Overrides = overriding("app", func(o *types.ContainerOverride) { o.Cpu = aws.Int32(1) })
				in.Overrides.ContainerOverrides = append(in.Overrides.ContainerOverrides, in.Overrides.ContainerOverrides...)
			}},
		{"ClientException: Role is not valid",
			func(in *ecs.RunTaskInput) {
				in.Overrides = &types.TaskOverride{TaskRoleArn: aws.String("arn:aws:s3:::x")}
			}},
		{`InvalidParameterException: The override of container 'app' has an environment variable with the name "".`,
			func(in *ecs.RunTaskInput) {
				in.Overrides = overriding("app", func(o *types.ContainerOverride) { o.Environment = make([]types.KeyValuePair, 1) })
			}},
		{"InvalidParameterException: The override of ephemeralStorage is supported for tasks on FARGATE only.",
			func(in *ecs.RunTaskInput) {
				in.Overrides = &types.TaskOverride{EphemeralStorage: &types.EphemeralStorage{}}
			}},
	} {
		in := run1()
		tt.change(in)
		w.fails(tt.want, run(in))
	}
	must(w.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("web:1")}))
	in := run1()
	in.TaskDefinition = aws.String("web:1")
	w.fails("ClientException: TaskDefinition is inactive", run(in))
}

func overriding(container string, change func(*types.ContainerOverride)) *types.TaskOverride {
	o := types.ContainerOverride{Name: &container}
	if change != nil {
		change(&o)
	}
	return &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{o}}
}

func TestContainerInstances(t *testing.T) {
	w := equipped(t)
	w.instance("i2")
	w.update(func(tx *state.Tx) {
		i, _ := tx.Instance("i2")
		n := *i
		n.Status, n.Tags = model.Draining, []model.Tag{{Key: "rack", Value: "7"}}
		tx.PutInstance(&n)
	})
	w.task("t1", func(t *model.Task) {
		t.HostPorts = []model.HostPort{{Port: 80, Protocol: "tcp"}, {Port: 53, Protocol: "udp"}}
	})
	w.task("t2", func(t *model.Task) { t.Last = model.Pending })
	w.task("t3", func(t *model.Task) { t.Last, t.Desired = model.Stopped, model.Stopped })

	i := must(w.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{ContainerInstances: []string{"i1"}})).ContainerInstances[0]
	check(t, "runningTasksCount", i.RunningTasksCount, 1)
	check(t, "pendingTasksCount", i.PendingTasksCount, 1)
	check(t, "registered", shownResources(i.RegisteredResources), "CPU=2048 MEMORY=4096 PORTS=22,51678 PORTS_UDP=")
	check(t, "remaining", shownResources(i.RemainingResources), "CPU=1536 MEMORY=3072 PORTS=22,80,51678 PORTS_UDP=53")
	check(t, "dockerVersion", *i.VersionInfo.DockerVersion, "DockerVersion: 20.10.24")
	check(t, "zone", *i.Attributes[1].Name+"="+*i.Attributes[1].Value, "ecs.availability-zone="+zoneA)

	out := must(w.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{
		ContainerInstances: []string{"i2", "i3"}, Include: []types.ContainerInstanceField{types.ContainerInstanceFieldTags}}))
	check(t, "tag", *out.ContainerInstances[0].Tags[0].Value, "7")
	check(t, "failure", *out.Failures[0].Arn+" "+*out.Failures[0].Reason, realm.InstanceARN("default", "i3")+" MISSING")

	list := func(in ecs.ListContainerInstancesInput) string {
		var ids []string
		for _, arn := range must(w.ListContainerInstances(t.Context(), &in)).ContainerInstanceArns {
			ids = append(ids, strings.TrimPrefix(arn, realm.InstanceARN("default", "")))
		}
		return strings.Join(ids, " ")
	}
	check(t, "instances", list(ecs.ListContainerInstancesInput{}), "i1 i2")
	check(t, "DRAINING", list(ecs.ListContainerInstancesInput{Status: types.ContainerInstanceStatusDraining}), "i2")
	check(t, "filtered", list(ecs.ListContainerInstancesInput{Filter: aws.String("runningTasksCount > 0")}), "i1")

	w.fails("InvalidParameterException: Container instance status should be one of [ACTIVE, DRAINING]", func() error {
		return failed(w.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{Status: "x"}))
	})
	if err := failed(w.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{Filter: aws.String("nonsense")})); err == nil ||
		!strings.HasPrefix(err.Error(), "InvalidParameterException: Invalid filter: ") {
		t.Error(err)
	}
	w.fails("ClientException: Container Instances cannot be empty.", func() error {
		return failed(w.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{}))
	})
}

func shownResources(resources []types.Resource) string {
	var shown []string
	for _, r := range resources {
		value := strings.Join(r.StringSetValue, ",")
		if *r.Type == "INTEGER" {
			value = string(must(awsapi.Encode(r.IntegerValue)))
		}
		shown = append(shown, *r.Name+"="+value)
	}
	return strings.Join(shown, " ")
}

func environmentFiles(values ...string) []types.EnvironmentFile {
	var all []types.EnvironmentFile
	for _, v := range values {
		all = append(all, types.EnvironmentFile{Type: types.EnvironmentFileTypeS3, Value: &v})
	}
	return all
}
