package evidence

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"steady/diagnose"
)

// Source is where evidence is fetched from. All but ECS and Cluster may be absent:
// less evidence makes fewer findings.
type Source struct {
	ECS       ECS
	Rollouts  Rollouts
	Logs      Logs
	Balancers Balancers
	Cluster   string // name or ARN
}

var (
	isTask       = regexp.MustCompile(`:task/|^[0-9a-f]{32}$|^[0-9a-f]{8}-[0-9a-f]{4}-`)
	isDeployment = regexp.MustCompile(`^ecs-svc/\w+$|:service-deployment/`)
)

// Of fetches what is known of a service, a deployment or a task: by the name or ARN
// of a service, the id ("ecs-svc/…") or ARN of a deployment, the id or ARN of a task.
// It fails where there is no such thing, and where the server does not answer.
func (s Source) Of(ctx context.Context, name string, now time.Time) (diagnose.Case, error) {
	switch {
	case isTask.MatchString(name):
		return s.task(ctx, name, now)
	case isDeployment.MatchString(name):
		return s.deployment(ctx, name, now)
	}
	return s.service(ctx, name, "", now)
}

// service fetches a service with one of its deployments: the newest; or, where that
// is a roll-back and all is well with it, the one that failed.
func (s Source) service(ctx context.Context, name, deployment string, now time.Time) (diagnose.Case, error) {
	out, err := s.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &s.Cluster, Services: []string{name}})
	if err != nil {
		return diagnose.Case{}, fmt.Errorf("describe service %s: %w", name, err)
	}
	if len(out.Services) == 0 {
		return diagnose.Case{}, fmt.Errorf("there is no service %s in cluster %s: check the name and --cluster", name, s.Cluster)
	}
	svc := out.Services[0]
	if deployment != "" {
		return s.judged(ctx, svc, findDeployment(svc, deployment), now), nil
	}
	newest := newestDeployment(svc)
	c := s.judged(ctx, svc, newest, now)
	c.Subject.Kind = diagnose.AService
	if failed := failedDeployment(svc); failed.Id != nil && aws.ToString(failed.Id) != aws.ToString(newest.Id) && !explained(c) {
		earlier := s.judged(ctx, svc, findDeployment(svc, *failed.Id), now)
		earlier.Subject.State = "FAILED; now " + aws.ToString(newest.Id) + ": " + c.Subject.State
		earlier.Situation = c.Situation
		return earlier, nil
	}
	if newest.RolloutState == types.DeploymentRolloutStateCompleted && !explained(c) {
		if d := rolledBackFrom(newest, s.stoppedTasks(ctx, aws.ToString(svc.ServiceName))); d.Id != nil {
			earlier := s.replaced(ctx, svc, d, now)
			earlier.Subject.Kind, earlier.Situation = diagnose.AService, c.Situation
			return earlier, nil
		}
	}
	return c, nil
}

// explained tells whether a cause is known, and not only symptoms.
func explained(c diagnose.Case) bool {
	return slices.ContainsFunc(diagnose.Explain(c.Evidence), func(f diagnose.Finding) bool { return f.Confidence != diagnose.Symptom })
}

// newestDeployment is the PRIMARY one; an empty one for a service without any.
func newestDeployment(s types.Service) types.Deployment {
	for _, d := range s.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" {
			return d
		}
	}
	return types.Deployment{}
}

// saysFailed finds the deployment in the event that tells that it failed.
var saysFailed = regexp.MustCompile(`\(deployment (ecs-svc/[^)\s]+)\) deployment failed`)

// failedDeployment is the one that failed last and is told of, without an id if none
// is.
func failedDeployment(s types.Service) types.Deployment {
	for _, d := range s.Deployments {
		if d.RolloutState == types.DeploymentRolloutStateFailed {
			return d
		}
	}
	for _, e := range s.Events { // newest first
		if m := saysFailed.FindStringSubmatch(aws.ToString(e.Message)); m != nil {
			return types.Deployment{Id: &m[1]}
		}
	}
	return types.Deployment{}
}

// findDeployment gives a deployment that the service has or had. One that is gone began, as far
// as its events tell, after the service was last steady before it failed.
func findDeployment(svc types.Service, id string) types.Deployment {
	for _, d := range svc.Deployments {
		if aws.ToString(d.Id) == id {
			return d
		}
	}
	d := types.Deployment{Id: &id, RolloutState: types.DeploymentRolloutStateFailed}
	passed := false
	for _, e := range svc.Events { // newest first
		text := aws.ToString(e.Message)
		if m := saysFailed.FindStringSubmatch(text); m != nil && m[1] == id {
			d.UpdatedAt, passed = e.CreatedAt, true
			continue
		}
		if passed && (strings.Contains(text, "has reached a steady state") || strings.Contains(text, "deployment completed")) {
			d.CreatedAt = e.CreatedAt
			break
		}
	}
	if d.CreatedAt == nil {
		d.CreatedAt = svc.CreatedAt
	}
	return d
}

// judged fetches all that belongs to a deployment. What cannot be read is told in
// the case, and is no error: the rest may be enough.
func (s Source) judged(ctx context.Context, svc types.Service, d types.Deployment, now time.Time) diagnose.Case {
	name := aws.ToString(svc.ServiceName)
	c := diagnose.Case{Subject: diagnose.Subject{
		Kind: diagnose.ADeployment, Name: name, Cluster: lastPart(s.Cluster), Deployment: aws.ToString(d.Id),
		Revision: lastPart(aws.ToString(d.TaskDefinition)), State: diagnose.StateOf(svc, aws.ToString(d.Id)),
	}}
	missing := func(what string, err error) {
		if err != nil {
			c.Missing = append(c.Missing, what+" could not be read: "+short(err))
		}
	}
	collector := NewCollector(s.ECS, s.Logs, s.Cluster, name)
	missing("The stopped tasks", collector.Gather(ctx, d))
	c.Evidence = collector.Evidence(svc, d, aws.ToTime(d.CreatedAt), endOf(svc, d))
	around := NewAround(s.ECS, s.Cluster, name)
	err := around.LookAtTasks(ctx)
	if err == nil {
		if err = around.LookAtInstances(ctx, svc); err == nil {
			around.LookAtProtection(ctx, svc, d)
		}
	}
	missing("The cluster's tasks and instances", err)
	c.Situation = diagnose.Situation{Service: svc, TaskDefinition: c.Evidence.TaskDefinition, At: now, Looked: err == nil,
		Tasks: around.Tasks, Instances: around.Instances, Protected: around.Protected}
	if c.Evidence.TaskDefinition.TaskDefinitionArn != nil {
		c.Subject.Revision = lastPart(*c.Evidence.TaskDefinition.TaskDefinitionArn)
	}
	missing("The health of the targets", s.targets(ctx, svc, &c.Evidence))
	s.rollout(ctx, svc, d, &c.Evidence)
	return c
}

// endOf is when a deployment's roll-back began, from which on events tell of that;
// zero for one that is still there.
func endOf(svc types.Service, d types.Deployment) time.Time {
	newest := newestDeployment(svc)
	if aws.ToString(newest.Id) == aws.ToString(d.Id) || newest.CreatedAt == nil {
		return time.Time{}
	}
	return *newest.CreatedAt
}

// targets fetches the service's target groups and the health of what is in them.
func (s Source) targets(ctx context.Context, svc types.Service, e *diagnose.Evidence) error {
	if s.Balancers == nil {
		return nil
	}
	var groups []string
	for _, l := range svc.LoadBalancers {
		if l.TargetGroupArn != nil {
			groups = append(groups, *l.TargetGroupArn)
		}
	}
	if len(groups) == 0 {
		return nil
	}
	out, err := s.Balancers.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: groups})
	if err != nil {
		return err
	}
	e.TargetGroups = out.TargetGroups
	for _, g := range groups {
		health, err := s.Balancers.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &g})
		if err != nil {
			return err
		}
		e.AddTargets(g, health.TargetHealthDescriptions)
	}
	return nil
}

// sameMoment is how far the times of a deployment and of its service deployment may
// be apart.
const sameMoment = 5 * time.Second

// rollout looks for the service deployment behind a deployment. Nothing is lost
// where there is none: it repeats what events tell.
func (s Source) rollout(ctx context.Context, svc types.Service, d types.Deployment, e *diagnose.Evidence) {
	if s.Rollouts == nil || d.CreatedAt == nil {
		return
	}
	listed, err := s.Rollouts.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Cluster: &s.Cluster, Service: svc.ServiceName})
	if err != nil {
		return
	}
	for _, brief := range listed.ServiceDeployments {
		if brief.CreatedAt == nil || brief.CreatedAt.Sub(*d.CreatedAt).Abs() > sameMoment {
			continue
		}
		out, err := s.Rollouts.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{aws.ToString(brief.ServiceDeploymentArn)}})
		if err == nil && len(out.ServiceDeployments) == 1 {
			e.Rollout = &out.ServiceDeployments[0]
		}
		return
	}
}

// short is an error without the SDK's preamble, in one line.
func short(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return strings.Join(strings.Fields(err.Error()), " ") + "."
}
