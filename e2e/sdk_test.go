package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

// A program with the AWS SDK deploys a service from its first task to its end, and
// waits with the SDK's own waiters.
func TestAProgramDeploysWithTheSDK(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	ctx := t.Context()
	web := &ecs.DescribeServicesInput{Services: []string{"web"}}
	stable := ecs.NewServicesStableWaiter(c.api, func(o *ecs.ServicesStableWaiterOptions) { o.MinDelay = 100 * time.Millisecond })
	running := ecs.NewTasksRunningWaiter(c.api, func(o *ecs.TasksRunningWaiterOptions) { o.MinDelay = 100 * time.Millisecond })
	stopped := ecs.NewTasksStoppedWaiter(c.api, func(o *ecs.TasksStoppedWaiterOptions) { o.MinDelay = 100 * time.Millisecond })
	inactive := ecs.NewServicesInactiveWaiter(c.api, func(o *ecs.ServicesInactiveWaiterOptions) { o.MinDelay = 100 * time.Millisecond })

	c.service("web", 2, app("-version", "one"))
	if err := stable.Wait(ctx, web, patience); err != nil {
		t.Fatal(err)
	}
	old := c.answers("web", "version one on ", 2)

	if _, err := c.api.UpdateService(ctx, &ecs.UpdateServiceInput{
		Service: awssdk.String("web"), TaskDefinition: awssdk.String(c.register("web", app("-version", "two"))),
	}); err != nil {
		t.Fatal(err)
	}
	if err := stable.Wait(ctx, web, patience); err != nil {
		t.Fatal(err)
	}
	c.answers("web", "version two on ", 2)
	if err := stopped.Wait(ctx, &ecs.DescribeTasksInput{Tasks: old}, patience); err != nil {
		t.Fatal(err)
	}
	for _, arn := range old {
		task := c.task(arn)
		if task.StopCode != types.TaskStopCodeServiceSchedulerInitiated || !strings.HasPrefix(*task.StoppedReason, "Scaling activity initiated by (deployment ecs-svc/") {
			t.Errorf("a replaced task stopped with %s, %q", task.StopCode, *task.StoppedReason)
		}
		c.exited(task, "app", 0)
	}
	svc := c.describe("web")
	if d := svc.Deployments[0]; d.RolloutState != types.DeploymentRolloutStateCompleted || *d.RolloutStateReason != "ECS deployment "+*d.Id+" completed." {
		t.Errorf("the deployment is %s: %s", d.RolloutState, *d.RolloutStateReason)
	}

	lone := c.run(app())
	if err := running.Wait(ctx, &ecs.DescribeTasksInput{Tasks: []string{lone}}, patience); err != nil {
		t.Fatal(err)
	}
	c.stop(lone)
	if _, err := c.api.DeleteService(ctx, &ecs.DeleteServiceInput{Service: awssdk.String("web"), Force: awssdk.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	if err := inactive.Wait(ctx, web, patience); err != nil {
		t.Fatal(err)
	}
	c.reach(lone, "STOPPED")
	if n := s.containers(t); n != 0 {
		t.Errorf("%d containers run after the end", n)
	}
}

// answers checks that the service's tasks run, as many as there should be, and that
// each is reached through its network binding. It returns the tasks.
func (c *caller) answers(service, want string, n int) []string {
	c.t.Helper()
	out, err := c.api.ListTasks(c.t.Context(), &ecs.ListTasksInput{ServiceName: &service})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(out.TaskArns) != n {
		c.t.Fatalf("the service has %d tasks, not %d", len(out.TaskArns), n)
	}
	for _, arn := range out.TaskArns {
		answer := get(c.t, hostPort(c.t, containerOf(c.t, c.task(arn), "app")))
		if !strings.HasPrefix(answer, want) {
			c.t.Errorf("a task answers %q, not %q", answer, want)
		}
	}
	return out.TaskArns
}

// A program tells ECS's exceptions apart by their types.
func TestExceptionsHaveTheSDKsTypes(t *testing.T) {
	t.Parallel()
	c := up(t, "--runtime", "sim").caller(t)
	ctx := t.Context()
	c.service("web", 1, app())
	c.register("gone", app())
	none, web, gone := awssdk.String("none"), awssdk.String("web"), awssdk.String("gone:1")
	if _, err := c.api.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: gone}); err != nil {
		t.Fatal(err)
	}

	_, err := c.api.ListServices(ctx, &ecs.ListServicesInput{Cluster: none})
	is[*types.ClusterNotFoundException](t, err, "Cluster not found.")
	_, err = c.api.UpdateService(ctx, &ecs.UpdateServiceInput{Service: none, DesiredCount: awssdk.Int32(1)})
	is[*types.ServiceNotFoundException](t, err, "Service not found.")
	_, err = c.api.DeleteService(ctx, &ecs.DeleteServiceInput{Service: none})
	is[*types.ServiceNotFoundException](t, err, "Service not found.")
	_, err = c.api.CreateService(ctx, &ecs.CreateServiceInput{ServiceName: none, TaskDefinition: none, DesiredCount: awssdk.Int32(1)})
	is[*types.ClientException](t, err, "TaskDefinition not found.")
	_, err = c.api.RunTask(ctx, &ecs.RunTaskInput{TaskDefinition: gone})
	is[*types.ClientException](t, err, "TaskDefinition is inactive")
	_, err = c.api.CreateService(ctx, &ecs.CreateServiceInput{ServiceName: web, TaskDefinition: web, DesiredCount: awssdk.Int32(7)})
	is[*types.InvalidParameterException](t, err, "Creation of service was not idempotent.")
	_, err = c.api.RunTask(ctx, &ecs.RunTaskInput{TaskDefinition: web, ClientToken: awssdk.String("once")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.api.RunTask(ctx, &ecs.RunTaskInput{TaskDefinition: web, ClientToken: awssdk.String("once"), Count: awssdk.Int32(2)})
	if conflict := is[*types.ConflictException](t, err, "clientToken"); conflict != nil && len(conflict.ResourceIds) != 1 {
		t.Errorf("the conflict names the resources %q", conflict.ResourceIds)
	}
	_, err = c.api.DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: awssdk.String("default")})
	is[*types.ClusterContainsServicesException](t, err, "The Cluster cannot be deleted while Services are active.")
	_, err = c.api.DescribeTaskSets(ctx, &ecs.DescribeTaskSetsInput{Cluster: awssdk.String("default"), Service: web})
	is[*types.UnsupportedFeatureException](t, err, "task sets belong to the deployment controllers EXTERNAL and CODE_DEPLOY")
}

// is checks an error's type and message, and returns it as that type.
func is[E smithy.APIError](t *testing.T, err error, message string) E {
	t.Helper()
	var e E
	if !errors.As(err, &e) {
		t.Errorf("the error is %v, not a %T", err, e)
		return e
	}
	if !strings.Contains(e.ErrorMessage(), message) {
		t.Errorf("the message of %T is %q, not %q", e, e.ErrorMessage(), message)
	}
	return e
}
