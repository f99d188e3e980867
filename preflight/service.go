package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
)

func service(f Facts) string { return "service " + aws.ToString(f.Service.ServiceName) }

// bounds are the fewest and the most tasks during a roll-out: "rounded up" and
// "rounded down".
func bounds(s types.Service) (lower, upper int) {
	minimum, maximum := 100, 200
	if c := s.DeploymentConfiguration; c != nil && c.MinimumHealthyPercent != nil {
		minimum = int(*c.MinimumHealthyPercent)
	}
	if c := s.DeploymentConfiguration; c != nil && c.MaximumPercent != nil {
		maximum = int(*c.MaximumPercent)
	}
	desired := int(s.DesiredCount)
	return (desired*minimum + 99) / 100, desired * maximum / 100
}

// active: "a service that is DRAINING or INACTIVE cannot be updated".
func active(f Facts) []Problem {
	if f.Service == nil {
		return nil
	}
	status := aws.ToString(f.Service.Status)
	if status == "" || status == "ACTIVE" {
		return nil
	}
	return []Problem{{"service-not-active", Error, service(f), "It is " + status + ": it was deleted, and nothing can be deployed to it.",
		[]string{"Wait until its tasks have stopped, then create it again."}}}
}

// percentages must leave room for a step: one task more, or one less.
func percentages(f Facts) []Problem {
	if f.Service == nil || f.Service.DesiredCount == 0 || f.Service.SchedulingStrategy == types.SchedulingStrategyDaemon {
		return nil
	}
	lower, upper := bounds(*f.Service)
	if desired := int(f.Service.DesiredCount); lower < desired || upper > desired {
		return nil
	}
	return []Problem{{"percent-deadlock", Error, service(f),
		fmt.Sprintf("Of its %d tasks at least %d must stay and at most %d may run, so that none can be replaced.", f.Service.DesiredCount, lower, upper),
		[]string{"Lower minimumHealthyPercent, or raise maximumPercent."}}}
}

// ports of load balancers are ports of containers.
func ports(f Facts) (found []Problem) {
	if f.Service == nil {
		return nil
	}
	for _, b := range f.Service.LoadBalancers {
		c := container(f.TaskDefinition, aws.ToString(b.ContainerName))
		switch {
		case c == nil:
			found = append(found, Problem{"balanced-container", Error, service(f),
				fmt.Sprintf("Its load balancer sends to container %q, which the task definition does not have.", aws.ToString(b.ContainerName)), []string{"Correct containerName, or the container's name."}})
		case !slices.ContainsFunc(c.PortMappings, func(p types.PortMapping) bool { return aws.ToInt32(p.ContainerPort) == aws.ToInt32(b.ContainerPort) }):
			found = append(found, Problem{"balanced-port", Error, service(f),
				fmt.Sprintf("Its load balancer sends to port %d of container %q, which maps no such port.", aws.ToInt32(b.ContainerPort), aws.ToString(b.ContainerName)), []string{"Add the port to portMappings, or correct containerPort."}})
		}
	}
	return found
}

// grace: behind a load balancer, a task is checked from its first moment on.
func grace(f Facts) []Problem {
	if f.Service == nil || len(f.Service.LoadBalancers) == 0 || aws.ToInt32(f.Service.HealthCheckGracePeriodSeconds) > 0 {
		return nil
	}
	return []Problem{{"no-grace", Warning, service(f), "It is behind a load balancer and has no health check grace period: tasks that take longer to start than the checks allow are stopped, again and again.",
		[]string{"Set healthCheckGracePeriodSeconds above the time that a task takes to start."}}}
}

// exec: what ECS Exec needs in a task.
func exec(f Facts) (found []Problem) {
	if f.Service == nil || !f.Service.EnableExecuteCommand {
		return nil
	}
	if aws.ToString(f.TaskDefinition.TaskRoleArn) == "" {
		found = append(found, Problem{"exec-role", Warning, "task definition", "ECS Exec is enabled, and the task has no role: on Amazon ECS its agent cannot open a channel.",
			[]string{"Set taskRoleArn to a role with ssmmessages:CreateControlChannel, CreateDataChannel, OpenControlChannel and OpenDataChannel."}})
	}
	for _, c := range f.TaskDefinition.ContainerDefinitions {
		if aws.ToBool(c.ReadonlyRootFilesystem) {
			found = append(found, Problem{"exec-readonly", Warning, subject(c), "ECS Exec is enabled, and its root file system is read-only: the agent of ECS Exec cannot start in it.",
				[]string{"Let the root file system be written, or do without ECS Exec."}})
		}
	}
	return found
}

// breaker: without one ECS tries a release that fails for ever.
func breaker(f Facts) []Problem {
	if f.Service == nil {
		return nil
	}
	c := f.Service.DeploymentConfiguration
	if c != nil && c.DeploymentCircuitBreaker != nil && c.DeploymentCircuitBreaker.Enable {
		return nil
	}
	if d := f.Service.DeploymentController; d != nil && d.Type != types.DeploymentControllerTypeEcs {
		return nil
	}
	return []Problem{{"no-breaker", Warning, service(f), "It has no deployment circuit breaker: a release that fails is started again and again.",
		[]string{"Set deploymentCircuitBreaker with enable and rollback."}}}
}

// capacity: whether the cluster's instances could ever take the tasks.
func capacity(f Facts) []Problem {
	if f.Service == nil || f.Unseen != "" || !f.Looked || len(percentages(f)) > 0 {
		return unseen(f)
	}
	s := *f.Service
	s.Deployments = []types.Deployment{{
		Id: aws.String("new"), Status: aws.String("PRIMARY"), RolloutState: types.DeploymentRolloutStateInProgress, LaunchType: s.LaunchType}}
	for _, d := range f.Service.Deployments {
		d.Status = aws.String("ACTIVE")
		s.Deployments = append(s.Deployments, d)
	}
	o := diagnose.Foresee(diagnose.Situation{Service: s, TaskDefinition: f.TaskDefinition, Looked: true, Tasks: f.Tasks, Instances: f.Instances})
	switch {
	case o.Hopeless != nil:
		return []Problem{{"no-place", Error, service(f), sentence(o.Hopeless.Reason), o.Hopeless.Remedy}}
	case o.Waiting != "":
		return []Problem{{"waits", Warning, service(f), "It would wait for " + o.Waiting + ".", nil}}
	}
	return nil
}

func unseen(f Facts) []Problem {
	if f.Service == nil || f.Unseen == "" {
		return nil
	}
	return []Problem{{"cluster-unchecked", Unchecked, service(f), "Whether the cluster has room for its tasks could not be looked at: " + f.Unseen + ".", nil}}
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
