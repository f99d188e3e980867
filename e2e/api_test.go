package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The operations of ECS as the stock AWS CLI calls them and prints their replies.
// Only what both of its versions print alike is read: they differ in times.

const arn = "arn:aws:ecs:us-east-1:000000000000:"

// What the AWS CLI prints.
type (
	cliFailures struct {
		Failures []struct{ Arn, Reason string }
	}
	cliCluster struct {
		ClusterArn, ClusterName, Status                        string
		RunningTasksCount, PendingTasksCount                   int
		ActiveServicesCount, RegisteredContainerInstancesCount int
	}
	cliTask struct {
		TaskArn, TaskDefinitionArn, ClusterArn, ContainerInstanceArn  string
		LastStatus, DesiredStatus, StopCode, StoppedReason, StartedBy string
		Group                                                         string
		Containers                                                    []struct {
			Name, LastStatus string
			ExitCode         *int
			NetworkBindings  []struct{ HostPort int32 }
		}
	}
	cliTasks struct {
		Tasks []cliTask
		cliFailures
	}
	cliService struct {
		ServiceArn, Status, TaskDefinition       string
		DesiredCount, RunningCount, PendingCount int
		Deployments                              []struct{ Id, Status, RolloutState string }
		Events                                   []struct{ Message string }
	}
)

// refused runs the AWS CLI, which must fail with this exception and message.
func (s *server) refused(t *testing.T, exception, message string, args ...string) {
	t.Helper()
	_, err := s.tryAWS(args...)
	if err == nil {
		t.Fatalf("aws %s succeeded; want %s", strings.Join(args, " "), exception)
	}
	if !strings.Contains(err.Error(), "("+exception+")") || !strings.Contains(err.Error(), message) {
		t.Errorf("%v; want %s with %q", err, exception, message)
	}
}

// definition is the JSON of a container definition of the sample application.
func definition(flags ...string) string {
	b, _ := json.Marshal([]map[string]any{{
		"name": "app", "image": image, "memory": 64, "command": append([]string{}, flags...),
		"portMappings": []map[string]any{{"containerPort": 8080}},
	}})
	return string(b)
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

func TestClustersAndInstancesByTheCLI(t *testing.T) {
	t.Parallel()
	s := up(t, "--instances", "3")

	list := aws[struct{ ClusterArns []string }](s, "ecs", "list-clusters")
	equal(t, "the clusters at the start", list.ClusterArns, []string{arn + "cluster/default"})

	made := aws[struct{ Cluster cliCluster }](s, "ecs", "create-cluster", "--cluster-name", "staging").Cluster
	equal(t, "the new cluster", made, cliCluster{ClusterArn: arn + "cluster/staging", ClusterName: "staging", Status: "ACTIVE"})

	described := aws[struct {
		Clusters []cliCluster
		cliFailures
	}](s, "ecs", "describe-clusters", "--clusters", "default", arn+"cluster/staging", "nowhere")
	equal(t, "the clusters", described.Clusters, []cliCluster{
		{ClusterArn: arn + "cluster/default", ClusterName: "default", Status: "ACTIVE", RegisteredContainerInstancesCount: 3}, made,
	})
	equal(t, "the failures", described.Failures, []struct{ Arn, Reason string }{{arn + "cluster/nowhere", "MISSING"}})

	type page struct {
		ContainerInstanceArns []string
		NextToken             string
	}
	first := aws[page](s, "ecs", "list-container-instances", "--max-items", "2", "--page-size", "1")
	rest := aws[page](s, "ecs", "list-container-instances", "--page-size", "1", "--starting-token", first.NextToken)
	if len(first.ContainerInstanceArns) != 2 || len(rest.ContainerInstanceArns) != 1 || rest.NextToken != "" {
		t.Fatalf("the pages of 3 instances are %v and %v", first, rest)
	}
	all := append(first.ContainerInstanceArns, rest.ContainerInstanceArns...)
	instances := aws[struct {
		ContainerInstances []struct {
			ContainerInstanceArn, Status string
			AgentConnected               bool
			RegisteredResources          []struct {
				Name         string
				IntegerValue int
			}
		}
		cliFailures
	}](s, append([]string{"ecs", "describe-container-instances", "--container-instances", "feedfeedfeedfeedfeedfeedfeedfeed"}, all...)...)
	equal(t, "the failures", instances.Failures, []struct{ Arn, Reason string }{{arn + "container-instance/default/feedfeedfeedfeedfeedfeedfeedfeed", "MISSING"}})
	for n, i := range instances.ContainerInstances {
		if i.ContainerInstanceArn != all[n] || i.Status != "ACTIVE" || !i.AgentConnected || i.RegisteredResources[0].IntegerValue <= 0 {
			t.Errorf("an instance is %+v", i)
		}
	}
	equal(t, "the number of instances", len(instances.ContainerInstances), 3)

	// A cluster is deleted only when nothing is in it, and can come back.
	aws[any](s, "ecs", "register-task-definition", "--family", "web", "--container-definitions", definition())
	aws[any](s, "ecs", "create-service", "--cluster", "staging", "--service-name", "web", "--task-definition", "web", "--desired-count", "0")
	s.refused(t, "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.",
		"ecs", "delete-cluster", "--cluster", "staging")
	s.refused(t, "ClusterContainsContainerInstancesException", "The Cluster cannot be deleted while Container Instances are active or draining.",
		"ecs", "delete-cluster", "--cluster", "default")
	s.refused(t, "InvalidParameterException", "No Container Instances were found in your cluster.",
		"ecs", "run-task", "--cluster", "staging", "--task-definition", "web")
	aws[any](s, "ecs", "delete-service", "--cluster", "staging", "--service", "web")
	aws[any](s, "ecs", "wait", "services-inactive", "--cluster", "staging", "--services", "web")
	gone := aws[struct{ Cluster cliCluster }](s, "ecs", "delete-cluster", "--cluster", "staging").Cluster
	equal(t, "the status of the deleted cluster", gone.Status, "INACTIVE")
	s.refused(t, "ClusterNotFoundException", "The referenced cluster was inactive.",
		"ecs", "list-services", "--cluster", "staging")
	s.refused(t, "UnsupportedFeatureException", "UpdateContainerAgent is not supported by Steady, because ",
		"ecs", "update-container-agent", "--container-instance", "x")
}

func TestTaskDefinitionsByTheCLI(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	type revision struct {
		TaskDefinition struct {
			TaskDefinitionArn, Family, Status string
			Revision                          int
			ContainerDefinitions              []struct {
				Image     string
				Essential bool
				Memory    int
			}
		}
	}
	for n := 1; n <= 3; n++ {
		r := aws[revision](s, "ecs", "register-task-definition", "--family", "web", "--container-definitions", definition()).TaskDefinition
		equal(t, "the ARN", r.TaskDefinitionArn, fmt.Sprintf("%stask-definition/web:%d", arn, n))
	}
	aws[any](s, "ecs", "register-task-definition", "--family", "worker", "--container-definitions", definition())

	latest := aws[revision](s, "ecs", "describe-task-definition", "--task-definition", "web").TaskDefinition
	if latest.Revision != 3 || latest.Status != "ACTIVE" || latest.ContainerDefinitions[0].Image != image || !latest.ContainerDefinitions[0].Essential {
		t.Errorf("the latest revision is %+v", latest)
	}

	type page struct {
		TaskDefinitionArns []string
		NextToken          string
	}
	first := aws[page](s, "ecs", "list-task-definitions", "--max-items", "3", "--page-size", "2")
	equal(t, "the first page", first.TaskDefinitionArns, []string{arn + "task-definition/web:1", arn + "task-definition/web:2", arn + "task-definition/web:3"})
	rest := aws[page](s, "ecs", "list-task-definitions", "--page-size", "2", "--starting-token", first.NextToken)
	equal(t, "the last page", rest, page{TaskDefinitionArns: []string{arn + "task-definition/worker:1"}})

	gone := aws[revision](s, "ecs", "deregister-task-definition", "--task-definition", "web:2").TaskDefinition
	equal(t, "the status of the deregistered revision", gone.Status, "INACTIVE")
	inactive := aws[page](s, "ecs", "list-task-definitions", "--family-prefix", "web", "--status", "INACTIVE")
	equal(t, "the INACTIVE revisions", inactive.TaskDefinitionArns, []string{arn + "task-definition/web:2"})
	s.refused(t, "ClientException", "TaskDefinition is inactive", "ecs", "run-task", "--task-definition", "web:2")

	aws[any](s, "ecs", "deregister-task-definition", "--task-definition", "worker:1")
	families := aws[struct{ Families []string }](s, "ecs", "list-task-definition-families", "--status", "ACTIVE")
	equal(t, "the ACTIVE families", families.Families, []string{"web"})
	s.refused(t, "ClientException", "Unable to describe task definition.", "ecs", "describe-task-definition", "--task-definition", "nothing:7")
}

func TestTasksByTheCLI(t *testing.T) {
	t.Parallel()
	s := up(t)
	aws[any](s, "ecs", "register-task-definition", "--family", "web", "--container-definitions", definition())

	overrides := `{"containerOverrides":[{"name":"app","command":["-say","overridden"],"environment":[{"name":"STEADY_SAMPLE_VERSION","value":"of the override"}]}]}`
	ran := aws[cliTasks](s, "ecs", "run-task", "--task-definition", "web", "--count", "2", "--started-by", "a-job", "--overrides", overrides)
	if len(ran.Tasks) != 2 || len(ran.Failures) != 0 {
		t.Fatalf("run-task made %d tasks, failures %v", len(ran.Tasks), ran.Failures)
	}
	one, two := ran.Tasks[0].TaskArn, ran.Tasks[1].TaskArn
	if !strings.HasPrefix(one, arn+"task/default/") || ran.Tasks[0].Group != "family:web" || ran.Tasks[0].DesiredStatus != "RUNNING" {
		t.Errorf("run-task made %+v", ran.Tasks[0])
	}
	c := s.caller(t)
	c.reach(one, "RUNNING")
	c.reach(two, "RUNNING")
	aws[any](s, "ecs", "wait", "tasks-running", "--tasks", one, two)

	missing := arn + "task/default/feedfeedfeedfeedfeedfeedfeedfeed"
	described := aws[cliTasks](s, "ecs", "describe-tasks", "--tasks", one, two, missing)
	equal(t, "the failures", described.Failures, []struct{ Arn, Reason string }{{missing, "MISSING"}})
	if answer := get(t, described.Tasks[0].Containers[0].NetworkBindings[0].HostPort); !strings.HasPrefix(answer, "version of the override on ") {
		t.Errorf("the task answers %q", answer)
	}
	equal(t, "the containers that run", s.containers(t), 2)
	s.refused(t, "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.", "ecs", "delete-cluster", "--cluster", "default")

	type page struct {
		TaskArns  []string
		NextToken string
	}
	first := aws[page](s, "ecs", "list-tasks", "--family", "web", "--max-items", "1", "--page-size", "1")
	rest := aws[page](s, "ecs", "list-tasks", "--family", "web", "--starting-token", first.NextToken)
	both := append(first.TaskArns, rest.TaskArns...)
	slices.Sort(both)
	equal(t, "the pages of two tasks", both, slices.Sorted(slices.Values([]string{one, two})))
	equal(t, "the last page's token", rest.NextToken, "")

	stopped := aws[struct{ Task cliTask }](s, "ecs", "stop-task", "--task", one, "--reason", "no longer needed").Task
	equal(t, "what stop-task decides", stopped.DesiredStatus, "STOPPED")
	aws[any](s, "ecs", "wait", "tasks-stopped", "--tasks", one) // waits in earnest, if it comes too early
	over := aws[cliTasks](s, "ecs", "describe-tasks", "--tasks", one).Tasks[0]
	if over.LastStatus != "STOPPED" || over.StopCode != "UserInitiated" || over.StoppedReason != "no longer needed" ||
		over.Containers[0].ExitCode == nil || *over.Containers[0].ExitCode != 0 {
		t.Errorf("the stopped task is %+v", over)
	}
	equal(t, "the containers that run", s.containers(t), 1)

	for _, filter := range []struct {
		flags []string
		want  []string
	}{
		{nil, []string{two}},
		{[]string{"--desired-status", "STOPPED"}, []string{one}},
		{[]string{"--started-by", "a-job"}, []string{two}},
		{[]string{"--started-by", "somebody"}, []string{}},
		{[]string{"--family", "other"}, []string{}},
		{[]string{"--container-instance", over.ContainerInstanceArn, "--launch-type", "EC2"}, []string{two}},
	} {
		got := aws[page](s, append([]string{"ecs", "list-tasks"}, filter.flags...)...)
		equal(t, "list-tasks "+strings.Join(filter.flags, " "), got.TaskArns, filter.want)
	}
	s.refused(t, "InvalidParameterException", "The referenced task was not found.", "ecs", "stop-task", "--task", missing)
}

func TestAServiceByTheCLI(t *testing.T) {
	t.Parallel()
	s := up(t)
	aws[any](s, "ecs", "register-task-definition", "--family", "web", "--container-definitions", definition("-version", "one"))
	aws[any](s, "ecs", "register-task-definition", "--family", "web", "--container-definitions", definition("-version", "two"))

	made := aws[struct{ Service cliService }](s, "ecs", "create-service", "--service-name", "web", "--task-definition", "web:1", "--desired-count", "2").Service
	if made.ServiceArn != arn+"service/default/web" || made.Status != "ACTIVE" || len(made.Deployments) != 1 || made.Deployments[0].Status != "PRIMARY" {
		t.Errorf("create-service made %+v", made)
	}
	s.stable(t)
	aws[any](s, "ecs", "wait", "services-stable", "--services", "web")
	s.agrees(t, 2)

	updated := aws[struct{ Service cliService }](s, "ecs", "update-service", "--service", "web", "--task-definition", "web:2", "--desired-count", "3").Service
	if len(updated.Deployments) != 2 || updated.Deployments[0].Status != "PRIMARY" || updated.Deployments[1].Status != "ACTIVE" {
		t.Errorf("update-service made the deployments %+v", updated.Deployments)
	}
	s.stable(t)
	aws[any](s, "ecs", "wait", "services-stable", "--services", "web")
	s.agrees(t, 3)
	for _, x := range aws[cliTasks](s, "ecs", "describe-tasks", "--tasks", s.tasksOf(t, "web")[0]).Tasks {
		if x.TaskDefinitionArn != arn+"task-definition/web:2" || x.Group != "service:web" || x.StartedBy != updated.Deployments[0].Id {
			t.Errorf("a task of the service is %+v", x)
		}
	}

	aws[any](s, "ecs", "create-service", "--service-name", "idle", "--task-definition", "web:1", "--desired-count", "0")
	type page struct {
		ServiceArns []string
		NextToken   string
	}
	first := aws[page](s, "ecs", "list-services", "--max-items", "1", "--page-size", "1")
	equal(t, "the first page", first.ServiceArns, []string{arn + "service/default/idle"})
	rest := aws[page](s, "ecs", "list-services", "--starting-token", first.NextToken)
	equal(t, "the last page", rest, page{ServiceArns: []string{arn + "service/default/web"}})

	s.refused(t, "InvalidParameterException", "The service cannot be stopped while it is scaled above 0.", "ecs", "delete-service", "--service", "web")
	deleted := aws[struct{ Service cliService }](s, "ecs", "delete-service", "--service", "web", "--force").Service
	equal(t, "the status of the deleted service", deleted.Status, "DRAINING")
	eventually(t, func() string {
		if n := s.containers(t); n != 0 {
			return fmt.Sprintf("%d containers of the deleted service run", n)
		}
		return ""
	})
	c := s.caller(t)
	eventually(t, func() string {
		if svc := c.describe("web"); *svc.Status != "INACTIVE" {
			return "the service is " + *svc.Status
		}
		return ""
	})
	aws[any](s, "ecs", "wait", "services-inactive", "--services", "web")
	after := aws[struct {
		Services []cliService
		cliFailures
	}](s, "ecs", "describe-services", "--services", "web", "nothing")
	equal(t, "the status of the deleted service", after.Services[0].Status, "INACTIVE")
	equal(t, "the failures", after.Failures, []struct{ Arn, Reason string }{{arn + "service/default/nothing", "MISSING"}})
	s.refused(t, "ServiceNotActiveException", "Service was not ACTIVE.", "ecs", "update-service", "--service", "web", "--desired-count", "1")
}

// stable lets service web become stable before the CLI's waiter looks: it looks
// again only after 15 s.
func (s *server) stable(t *testing.T) {
	t.Helper()
	c := s.caller(t)
	eventually(t, func() string {
		svc := c.describe("web")
		if len(svc.Deployments) == 1 && svc.RunningCount == svc.DesiredCount && svc.Deployments[0].RolloutState == "COMPLETED" {
			return ""
		}
		return fmt.Sprintf("the service has %d of %d tasks and %d deployments, the newest %s", svc.RunningCount, svc.DesiredCount, len(svc.Deployments), svc.Deployments[0].RolloutState)
	})
}

// agrees checks that the API and the Docker Engine count service web's tasks alike.
func (s *server) agrees(t *testing.T, want int) {
	t.Helper()
	svc := aws[struct{ Services []cliService }](s, "ecs", "describe-services", "--services", "web").Services[0]
	if svc.RunningCount != want || svc.DesiredCount != want || svc.PendingCount != 0 || len(svc.Deployments) != 1 {
		t.Errorf("the service has %d of %d tasks, %d pending, in %d deployments; want %d in 1", svc.RunningCount, svc.DesiredCount, svc.PendingCount, len(svc.Deployments), want)
	}
	if !strings.HasSuffix(svc.Events[0].Message, "(service web) has reached a steady state.") {
		t.Errorf("the newest event is %q", svc.Events[0].Message)
	}
	equal(t, "the tasks that are listed", len(s.tasksOf(t, "web")), want)
	equal(t, "the containers that run", s.containers(t), want)
}

func (s *server) tasksOf(t *testing.T, service string) []string {
	t.Helper()
	return aws[struct{ TaskArns []string }](s, "ecs", "list-tasks", "--service-name", service).TaskArns
}
