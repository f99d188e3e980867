package ecs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// The numbers of a restart policy (ECS API reference, "ContainerRestartPolicy").
const (
	minAttemptPeriod   = 60 // seconds
	maxAttemptPeriod   = 1800
	usualAttemptPeriod = 300
	maxIgnoredCodes    = 50
)

// checkDependencies checks what containers wait for. The texts are ECS's as far as they
// are known.
func checkDependencies(containers []types.ContainerDefinition) error {
	for i := range containers {
		c := &containers[i]
		for _, d := range c.DependsOn {
			if err := checkDependency(c, d, containers); err != nil {
				return err
			}
		}
		if n := c.StartTimeout; n != nil && *n < 0 {
			return setting(c.Name, "'startTimeout' can not be negative.")
		}
		if err := checkRestartPolicy(c); err != nil {
			return err
		}
	}
	return checkCircles(containers)
}

func checkDependency(c *types.ContainerDefinition, d types.ContainerDependency, containers []types.ContainerDefinition) error {
	name := aws.ToString(d.ContainerName)
	i := slices.IndexFunc(containers, func(x types.ContainerDefinition) bool { return aws.ToString(x.Name) == name })
	if i < 0 {
		return refused("Cannot depend on container + '%s' because it does not exist", name) // the plus sign is ECS's
	}
	on := &containers[i]
	switch d.Condition {
	case types.ContainerConditionStart:
	case types.ContainerConditionComplete, types.ContainerConditionSuccess:
		if model.Essential(*on) {
			return refused("A dependency container with SUCCESS or COMPLETE condition cannot be an essential container")
		}
	case types.ContainerConditionHealthy:
		if h := on.HealthCheck; h == nil || len(h.Command) == 0 || h.Command[0] == checkNone {
			return setting(c.Name, "It depends on the container '%s' with the condition HEALTHY, which has no health check: give it one.", name)
		}
	default:
		return setting(c.Name, "'condition' of the dependency on '%s' should be one of [START,COMPLETE,SUCCESS,HEALTHY].", name)
	}
	return nil
}

// checkCircles: containers that wait for each other would never start.
func checkCircles(containers []types.ContainerDefinition) error {
	for _, c := range containers {
		links := func(x types.ContainerDefinition) []model.Dependency {
			return model.Dependencies(types.ContainerDefinition{Links: x.Links})
		}
		switch {
		case leadsBack(*c.Name, containers, links):
			return refused("Container links should not have a cycle")
		case leadsBack(*c.Name, containers, model.Dependencies):
			return setting(c.Name, "Its 'dependsOn', 'links' and 'volumesFrom' lead back to itself.")
		}
	}
	return nil
}

// leadsBack tells whether a container waits for itself, by way of others.
func leadsBack(name string, containers []types.ContainerDefinition, needs func(types.ContainerDefinition) []model.Dependency) bool {
	of := map[string][]model.Dependency{}
	for _, c := range containers {
		of[*c.Name] = needs(c)
	}
	seen := map[string]bool{}
	for next := of[name]; len(next) > 0; next = next[1:] {
		n := next[0].Container
		if n == name {
			return true
		}
		if !seen[n] {
			seen[n] = true
			next = append(slices.Clip(next), of[n]...)
		}
	}
	return false
}

// checkRestartPolicy: "a container can be restarted when it has run for 60 to 1800
// seconds; up to 50 exit codes can be ignored".
func checkRestartPolicy(c *types.ContainerDefinition) error {
	p := c.RestartPolicy
	if p == nil {
		return nil
	}
	switch n := p.RestartAttemptPeriod; {
	case p.Enabled == nil:
		return setting(c.Name, "'restartPolicy.enabled' should not be null.")
	case n != nil && (*n < minAttemptPeriod || *n > maxAttemptPeriod):
		return setting(c.Name, "'restartAttemptPeriod' should be from %d to %d seconds.", minAttemptPeriod, maxAttemptPeriod)
	case len(p.IgnoredExitCodes) > maxIgnoredCodes:
		return setting(c.Name, "'ignoredExitCodes' should have at most %d exit codes; %d are given.", maxIgnoredCodes, len(p.IgnoredExitCodes))
	}
	for _, code := range p.IgnoredExitCodes {
		if code < 0 || code > 255 {
			return setting(c.Name, "'ignoredExitCodes' has %d: an exit code is from 0 to 255.", code)
		}
	}
	return nil
}

// restartsWithDefaults is a restart policy as ECS shows it.
func restartsWithDefaults(p *types.ContainerRestartPolicy) *types.ContainerRestartPolicy {
	if p == nil || !aws.ToBool(p.Enabled) || p.RestartAttemptPeriod != nil {
		return p
	}
	filled := *p
	filled.RestartAttemptPeriod = aws.Int32(usualAttemptPeriod)
	return &filled
}
