package ecs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/ledger"
	"steady/model"
	"steady/state"
)

// listed are the service deployments of "web", newest first.
func listedDeployments(w *world, filter func(*ecs.ListServiceDeploymentsInput)) []types.ServiceDeploymentBrief {
	w.Helper()
	in := &ecs.ListServiceDeploymentsInput{Service: aws.String("web")}
	if filter != nil {
		filter(in)
	}
	return must(w.ListServiceDeployments(w.Context(), in)).ServiceDeployments
}

// current shows the service deployment that DescribeServices calls current.
func current(w *world) types.ServiceDeployment {
	w.Helper()
	out := must(w.DescribeServiceDeployments(w.Context(), &ecs.DescribeServiceDeploymentsInput{
		ServiceDeploymentArns: []string{*describeWeb(w).CurrentServiceDeployment},
	}))
	if len(out.ServiceDeployments) != 1 {
		w.Fatalf("failures %v", out.Failures)
	}
	return out.ServiceDeployments[0]
}

// completes is what the engine makes of a deployment whose tasks are all there.
func (w *world) completes() {
	w.Helper()
	w.update(func(tx *state.Tx) {
		svc, _ := tx.Service("default", "web")
		n := *svc
		n.Deployments = slices.Clone(n.Deployments[:1])
		p := n.Primary()
		p.Rollout = model.Completed
		n.Completed = model.Revision{ID: p.Revision, TaskDefinition: p.TaskDefinition}
		ledger.Put(tx, svc, &n, settle, time.Now())
	})
}

func (w *world) deploy(definition string) {
	w.Helper()
	must(w.UpdateService(w.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), TaskDefinition: aws.String(definition)}))
}

func statuses(briefs []types.ServiceDeploymentBrief) string {
	var all []string
	for _, b := range briefs {
		all = append(all, string(b.Status))
	}
	return strings.Join(all, " ")
}

func TestTheHistoryOfAService(t *testing.T) {
	w := equipped(t)
	w.register("web")
	w.register("web")
	d := current(w)
	check(t, "status", d.Status, types.ServiceDeploymentStatusInProgress)
	check(t, "sources", len(d.SourceServiceRevisions), 0)
	check(t, "requested", d.TargetServiceRevision.RequestedTaskCount, 1)
	first := *d.TargetServiceRevision.Arn

	w.completes()
	w.deploy("web:2")
	w.deploy("web:3")
	check(t, "deployments", statuses(listedDeployments(w, nil)), "IN_PROGRESS STOPPED SUCCESSFUL")
	d = current(w)
	check(t, "sources", len(d.SourceServiceRevisions), 2)
	check(t, "oldest source", *d.SourceServiceRevisions[1].Arn, first)
	revisions := must(w.DescribeServiceRevisions(t.Context(), &ecs.DescribeServiceRevisionsInput{
		ServiceRevisionArns: []string{*d.TargetServiceRevision.Arn, first},
	})).ServiceRevisions
	check(t, "task definition", *revisions[0].TaskDefinition, realm.TaskDefinitionARN(refOf(t, "web:3")))
	check(t, "task definition of the first", *revisions[1].TaskDefinition, realm.TaskDefinitionARN(refOf(t, "web:1")))
	check(t, "image", *revisions[1].ContainerImages[0].Image, "web")

	// A change that begins no deployment is none.
	must(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), DesiredCount: aws.Int32(5)}))
	check(t, "deployments", len(listedDeployments(w, nil)), 3)
	check(t, "requested", current(w).TargetServiceRevision.RequestedTaskCount, 5)

	// The history ends with the service, and a new one of its name has its own.
	must(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web"), Force: aws.Bool(true)}))
	check(t, "deployments", statuses(listedDeployments(w, nil)), "STOPPED STOPPED SUCCESSFUL")
	must(w.CreateService(t.Context(), createWeb()))
	check(t, "deployments", statuses(listedDeployments(w, nil)), "IN_PROGRESS")
	check(t, "failures", len(must(w.DescribeServiceRevisions(t.Context(), &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{first}})).Failures), 1)
}

func TestTheCountsOfServiceRevisions(t *testing.T) {
	w := equipped(t)
	w.register("web")
	w.completes()
	w.task("old1", w.ofWeb)
	w.task("old2", w.ofWeb)
	w.task("old3", func(t *model.Task) { w.ofWeb(t); t.Desired = model.Stopped })
	w.deploy("web:2")
	w.task("new1", func(t *model.Task) { w.ofWeb(t); t.Last = model.Pending })
	count := func(requested, running, pending int32) string {
		return fmt.Sprintf("requested %d running %d pending %d", requested, running, pending)
	}
	d := current(w)
	source, target := d.SourceServiceRevisions[0], d.TargetServiceRevision
	check(t, "source", count(source.RequestedTaskCount, source.RunningTaskCount, source.PendingTaskCount), "requested 2 running 3 pending 0")
	check(t, "target", count(target.RequestedTaskCount, target.RunningTaskCount, target.PendingTaskCount), "requested 1 running 0 pending 1")
	shown := describeWeb(w).CurrentServiceRevisions
	check(t, "revisions", len(shown), 2)
	check(t, "newest", *shown[0].Arn, *target.Arn)
	check(t, "oldest", count(shown[1].RequestedTaskCount, shown[1].RunningTaskCount, shown[1].PendingTaskCount), "requested 2 running 3 pending 0")
}

func TestTheCircuitBreakerOfAServiceDeployment(t *testing.T) {
	breaker := func(w *world) string {
		b := current(w).DeploymentCircuitBreaker
		return fmt.Sprintf("%s %d of %d", b.Status, b.FailureCount, b.Threshold)
	}
	w := equipped(t)
	check(t, "breaker", breaker(w), "DISABLED 0 of 3")
	must(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), DesiredCount: aws.Int32(8),
		DeploymentConfiguration: &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}}}))
	for i := range 3 {
		w.task(fmt.Sprint("failed", i), func(t *model.Task) {
			w.ofWeb(t)
			t.Desired, t.Last, t.StopCode = model.Stopped, model.Stopped, model.TaskFailedToStart
			t.StartedAt, t.StoppedAt = time.Time{}, day(9)
		})
	}
	check(t, "breaker", breaker(w), "MONITORING 3 of 4")
	w.completes()
	check(t, "breaker", breaker(w), "MONITORING_COMPLETE 3 of 4")
	// What was counted stays, though the tasks go and the service changes.
	w.update(func(tx *state.Tx) { tx.DeleteTask("failed0") })
	must(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), DesiredCount: aws.Int32(80)}))
	check(t, "breaker", breaker(w), "MONITORING_COMPLETE 3 of 4")
}

func TestServiceDeploymentsAreListed(t *testing.T) {
	w := equipped(t)
	w.update(func(tx *state.Tx) {
		for n := 1; n <= 25; n++ {
			tx.PutServiceDeployment(&model.ServiceDeployment{
				ID: fmt.Sprintf("%021d", n%7*100+n), Cluster: "default", Service: "web", Status: types.ServiceDeploymentStatusSuccessful,
				CreatedAt: day(n), Target: fmt.Sprint(n),
			})
		}
	})
	all := listedDeployments(w, func(in *ecs.ListServiceDeploymentsInput) { in.MaxResults = aws.Int32(100) })
	check(t, "deployments", len(all), 26)
	check(t, "newest first", slices.IsSortedFunc(all, func(a, b types.ServiceDeploymentBrief) int { return b.CreatedAt.Compare(*a.CreatedAt) }), true)
	first := must(w.ListServiceDeployments(t.Context(), &ecs.ListServiceDeploymentsInput{Service: aws.String("web")}))
	check(t, "page", len(first.ServiceDeployments), 20)
	second := must(w.ListServiceDeployments(t.Context(), &ecs.ListServiceDeploymentsInput{Service: aws.String("web"), NextToken: first.NextToken}))
	check(t, "page", len(second.ServiceDeployments), 6)
	check(t, "token", second.NextToken, nil)
	check(t, "oldest", *second.ServiceDeployments[5].CreatedAt, day(1))

	check(t, "in progress", len(listedDeployments(w, func(in *ecs.ListServiceDeploymentsInput) {
		in.Status = []types.ServiceDeploymentStatus{types.ServiceDeploymentStatusInProgress, types.ServiceDeploymentStatusStopped}
	})), 1)
	check(t, "created on days 4 to 6", len(listedDeployments(w, func(in *ecs.ListServiceDeploymentsInput) {
		in.CreatedAt = &types.CreatedAt{After: aws.Time(day(3)), Before: aws.Time(day(7))}
	})), 3)
}

func TestStopServiceDeployment(t *testing.T) {
	w := equipped(t)
	w.register("web")
	w.completes()
	before := *describeWeb(w).CurrentServiceDeployment
	w.deploy("web:2")
	arn := *describeWeb(w).CurrentServiceDeployment
	stop := func(arn string) error {
		out, err := w.StopServiceDeployment(t.Context(), &ecs.StopServiceDeploymentInput{ServiceDeploymentArn: aws.String(arn)})
		if err == nil {
			check(t, "ARN", *out.ServiceDeploymentArn, arn)
		}
		return err
	}
	const tooLate = "ConflictException: Stopping a service deployment is not allowed for service deployment in terminal states."
	w.fails(tooLate, func() error { return stop(before) })

	if err := stop(arn); err != nil {
		t.Fatal(err)
	}
	s := describeWeb(w)
	check(t, "deployments", deployments(s), "PRIMARY web:1 desired 1 IN_PROGRESS; ACTIVE web:2 desired 0 FAILED; ACTIVE web:1 desired 0 COMPLETED")
	check(t, "service deployment", *s.CurrentServiceDeployment, arn)
	check(t, "revisions", len(s.CurrentServiceRevisions), 2)
	check(t, "status", current(w).Status, types.ServiceDeploymentStatusRollbackInProgress)
	check(t, "rollback", *current(w).Rollback.ServiceRevisionArn, *current(w).SourceServiceRevisions[0].Arn)

	index := w.store.Snapshot().Index
	if err := stop(arn); err != nil {
		t.Errorf("a second stop: %v", err)
	}
	check(t, "index", w.store.Snapshot().Index, index)
	w.completes()
	check(t, "status", current(w).Status, types.ServiceDeploymentStatusRollbackSuccessful)
	w.fails(tooLate, func() error { return stop(arn) })
}

// Without a revision that ever completed there is nothing to roll back to.
func TestStoppingTheFirstServiceDeployment(t *testing.T) {
	w := equipped(t)
	arn := describeWeb(w).CurrentServiceDeployment
	must(w.StopServiceDeployment(t.Context(), &ecs.StopServiceDeploymentInput{ServiceDeploymentArn: arn}))
	d := current(w)
	check(t, "status", d.Status, types.ServiceDeploymentStatusRollbackFailed)
	check(t, "reason", *d.StatusReason, "No rollback candidate was found to run the rollback.")
	check(t, "deployments", deployments(describeWeb(w)), "PRIMARY web:1 desired 1 FAILED")
}

func TestAServiceThatDrainsIsNotChanged(t *testing.T) {
	w := equipped(t)
	w.task("t1", w.ofWeb)
	must(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web"), Force: aws.Bool(true)}))
	check(t, "status", *describeWeb(w).Status, "DRAINING")
	d := current(w)
	check(t, "status of its deployment", d.Status, types.ServiceDeploymentStatusStopped)
	w.fails("ConflictException: Stopping a service deployment is not allowed for service deployment in terminal states.", func() error {
		return failed(w.StopServiceDeployment(t.Context(), &ecs.StopServiceDeploymentInput{ServiceDeploymentArn: d.ServiceDeploymentArn}))
	})
	w.fails("ServiceNotActiveException: Service was not ACTIVE.", func() error {
		return failed(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), DesiredCount: aws.Int32(1)}))
	})
}

func TestRefusalsAboutServiceDeployments(t *testing.T) {
	w := equipped(t)
	ctx := t.Context()
	unknown := realm.ServiceDeploymentARN("default", "web", "ejGvqq2ilnbKT9qj0vLJe")
	list := func(in ecs.ListServiceDeploymentsInput) func() error {
		return func() error { return failed(w.ListServiceDeployments(ctx, &in)) }
	}
	describe := func(arns ...string) func() error {
		return func() error {
			return failed(w.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: arns}))
		}
	}
	revisions := func(arns ...string) func() error {
		return func() error {
			return failed(w.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: arns}))
		}
	}
	stop := func(arn, kind string) func() error {
		return func() error {
			return failed(w.StopServiceDeployment(ctx, &ecs.StopServiceDeploymentInput{
				ServiceDeploymentArn: text(arn), StopType: types.StopServiceDeploymentStopType(kind),
			}))
		}
	}
	web := aws.String("web")
	for _, tt := range []struct {
		want string
		call func() error
	}{
		{"InvalidParameterException: Service can not be empty.", list(ecs.ListServiceDeploymentsInput{})},
		{"ServiceNotFoundException: Service not found.", list(ecs.ListServiceDeploymentsInput{Service: aws.String("db")})},
		{"ClusterNotFoundException: Cluster not found.", list(ecs.ListServiceDeploymentsInput{Service: web, Cluster: aws.String("gone")})},
		{"InvalidParameterException: maxResults should be between 1 and 100", list(ecs.ListServiceDeploymentsInput{Service: web, MaxResults: aws.Int32(101)})},
		{"InvalidParameterException: status should be one of [PENDING,SUCCESSFUL,STOPPED,STOP_REQUESTED,IN_PROGRESS,ROLLBACK_REQUESTED,ROLLBACK_IN_PROGRESS,ROLLBACK_SUCCESSFUL,ROLLBACK_FAILED]",
			list(ecs.ListServiceDeploymentsInput{Service: web, Status: []types.ServiceDeploymentStatus{"x"}})},
		{"InvalidParameterException: serviceDeploymentArns cannot be empty.", describe()},
		{"InvalidParameterException: serviceDeploymentArns cannot have more than 20 elements.", describe(make([]string, 21)...)},
		{`InvalidParameterException: Invalid identifier: "web" is not an ARN of ECS.`, describe("web")},
		{`InvalidParameterException: Invalid identifier: "arn:aws:ecs:eu-central-1:000000000000:service/default/web" is not the ARN of a service deployment.`,
			describe(realm.ServiceARN("default", "web"))},
		{"InvalidParameterException: serviceRevisionArns cannot be empty.", revisions()},
		{"InvalidParameterException: serviceRevisionArns cannot have more than 20 elements.", revisions(make([]string, 21)...)},
		{`InvalidParameterException: Invalid identifier: "1" is not an ARN of ECS.`, revisions("1")},
		{"InvalidParameterException: serviceDeploymentArn can not be empty.", stop("", "")},
		{"InvalidParameterException: stopType should be one of [ROLLBACK]", stop(unknown, "ABORT")},
		{`InvalidParameterException: Invalid identifier: "web" is not an ARN of ECS.`, stop("web", "ROLLBACK")},
		{"ServiceDeploymentNotFoundException: The service deployment does not exist.", stop(unknown, "ROLLBACK")},
	} {
		w.fails(tt.want, tt.call)
	}
	// An ARN of another service does not find a record by its id alone.
	arn := *describeWeb(w).CurrentServiceDeployment
	other := strings.Replace(arn, "/web/", "/db/", 1)
	out := must(w.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{other}}))
	check(t, "failure", *out.Failures[0].Arn+" "+*out.Failures[0].Reason, other+" MISSING")
	w.fails("ServiceDeploymentNotFoundException: The service deployment does not exist.", stop(other, ""))
}
