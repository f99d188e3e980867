package ecs

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// healthNumbers are the members of a health check that are numbers, with their range
// and the default that ECS fills in. startPeriod has none: "by default, the startPeriod
// is off".
var healthNumbers = []struct {
	member             string
	least, most, usual int32
	of                 func(*types.HealthCheck) **int32
}{
	{"interval", 5, 300, 30, func(h *types.HealthCheck) **int32 { return &h.Interval }},
	{"timeout", 2, 60, 5, func(h *types.HealthCheck) **int32 { return &h.Timeout }},
	{"retries", 1, 10, 3, func(h *types.HealthCheck) **int32 { return &h.Retries }},
	{"startPeriod", 0, 300, 0, func(h *types.HealthCheck) **int32 { return &h.StartPeriod }},
}

// The first word of a health check's command.
const (
	checkCommand = "CMD"       // and the command's words
	checkShell   = "CMD-SHELL" // and a command line for the container's shell
	checkNone    = "NONE"      // alone: no check
)

// checkHealth checks a container's health check: "the string array must start with CMD
// or CMD-SHELL".
func checkHealth(c *types.ContainerDefinition) error {
	h := c.HealthCheck
	if h == nil {
		return nil
	}
	kind := ""
	if len(h.Command) > 0 {
		kind = h.Command[0]
	}
	switch {
	case kind != checkCommand && kind != checkShell && kind != checkNone:
		return refused("Health check command must start with CMD or CMD-SHELL for container '%s'", *c.Name)
	case kind == checkNone && len(h.Command) > 1:
		return refused("Health check command NONE must stand alone for container '%s'", *c.Name)
	case kind != checkNone && (len(h.Command) < 2 || h.Command[1] == ""):
		return refused("Health check command must not be empty after %s for container '%s'", kind, *c.Name)
	case kind == checkShell && len(h.Command) > 2:
		return refused("Health check command must be one string after CMD-SHELL for container '%s'", *c.Name)
	}
	for _, n := range healthNumbers {
		switch v := *n.of(h); {
		case v == nil:
		case *v < n.least:
			return refused("Health check %s must be greater than or equal to the minimum allowed value %d for container '%s'", n.member, n.least, *c.Name)
		case *v > n.most:
			return refused("Health check %s must be less than or equal to the maximum allowed value %d for container '%s'", n.member, n.most, *c.Name)
		}
	}
	return nil
}

// healthWithDefaults is a health check as ECS shows it.
func healthWithDefaults(h *types.HealthCheck) *types.HealthCheck {
	if h == nil || h.Command[0] == checkNone {
		return h
	}
	filled := *h
	for _, n := range healthNumbers {
		if v := n.of(&filled); *v == nil && n.usual != 0 {
			*v = aws.Int32(n.usual)
		}
	}
	return &filled
}

// checkConsistency: versionConsistency is enabled or disabled; "the default is enabled".
func checkConsistency(c *types.ContainerDefinition) error {
	if oneOf("versionConsistency", c.VersionConsistency, types.VersionConsistencyEnabled, types.VersionConsistencyDisabled) != nil {
		return refused("Invalid setting for container '%s'. 'versionConsistency' should be one of [enabled,disabled].", *c.Name)
	}
	return nil
}
