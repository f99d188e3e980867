package ecs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// withCheck is a definition whose container has a health check.
func withCheck(h types.HealthCheck) *ecs.RegisterTaskDefinitionInput {
	c := webContainer()
	c.HealthCheck = &h
	return &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{c}}
}

func TestHealthCheckIsShownWithItsDefaults(t *testing.T) {
	for _, tt := range []struct {
		given types.HealthCheck
		want  string // command, interval, timeout, retries, startPeriod
	}{
		{types.HealthCheck{Command: []string{"CMD", "true"}}, "CMD true 30 5 3 -"},
		{types.HealthCheck{Command: []string{"CMD-SHELL", "curl -f http://localhost/ || exit 1"}, StartPeriod: aws.Int32(0)}, "CMD-SHELL curl -f http://localhost/ || exit 1 30 5 3 0"},
		{types.HealthCheck{Command: []string{"CMD", "a", "-b"}, Interval: aws.Int32(5), Timeout: aws.Int32(2), Retries: aws.Int32(1), StartPeriod: aws.Int32(300)}, "CMD a -b 5 2 1 300"},
		{types.HealthCheck{Command: []string{"CMD", "a"}, Interval: aws.Int32(300), Timeout: aws.Int32(60), Retries: aws.Int32(10)}, "CMD a 300 60 10 -"},
		{types.HealthCheck{Command: []string{"NONE"}}, "NONE - - - -"},
	} {
		w := newWorld(t)
		must(w.RegisterTaskDefinition(t.Context(), withCheck(tt.given)))
		h := must(w.DescribeTaskDefinition(t.Context(), describeDefinition("web"))).TaskDefinition.ContainerDefinitions[0].HealthCheck
		got := strings.Join(h.Command, " ")
		for _, n := range []*int32{h.Interval, h.Timeout, h.Retries, h.StartPeriod} {
			if n == nil {
				got += " -"
			} else {
				got += fmt.Sprint(" ", *n)
			}
		}
		check(t, "health check", got, tt.want)
	}
}

func TestRefusedHealthChecks(t *testing.T) {
	w := newWorld(t)
	number := func(set func(*types.HealthCheck)) types.HealthCheck {
		h := types.HealthCheck{Command: []string{"CMD", "true"}}
		set(&h)
		return h
	}
	command := func(words ...string) types.HealthCheck { return types.HealthCheck{Command: words} }
	for _, tt := range []struct {
		given types.HealthCheck
		want  string
	}{
		{command(), "Health check command must start with CMD or CMD-SHELL for container 'app'"},
		{command("curl", "-f", "localhost"), "Health check command must start with CMD or CMD-SHELL for container 'app'"},
		{command("cmd", "true"), "Health check command must start with CMD or CMD-SHELL for container 'app'"},
		{command("CMD"), "Health check command must not be empty after CMD for container 'app'"},
		{command("CMD-SHELL", ""), "Health check command must not be empty after CMD-SHELL for container 'app'"},
		{command("CMD-SHELL", "curl", "localhost"), "Health check command must be one string after CMD-SHELL for container 'app'"},
		{command("NONE", "true"), "Health check command NONE must stand alone for container 'app'"},
		{number(func(h *types.HealthCheck) { h.Interval = aws.Int32(4) }), "Health check interval must be greater than or equal to the minimum allowed value 5 for container 'app'"},
		{number(func(h *types.HealthCheck) { h.Interval = aws.Int32(301) }), "Health check interval must be less than or equal to the maximum allowed value 300 for container 'app'"},
		{number(func(h *types.HealthCheck) { h.Timeout = aws.Int32(1) }), "Health check timeout must be greater than or equal to the minimum allowed value 2 for container 'app'"},
		{number(func(h *types.HealthCheck) { h.Timeout = aws.Int32(61) }), "Health check timeout must be less than or equal to the maximum allowed value 60 for container 'app'"},
		{number(func(h *types.HealthCheck) { h.Retries = aws.Int32(0) }), "Health check retries must be greater than or equal to the minimum allowed value 1 for container 'app'"},
		{number(func(h *types.HealthCheck) { h.Retries = aws.Int32(11) }), "Health check retries must be less than or equal to the maximum allowed value 10 for container 'app'"},
		{number(func(h *types.HealthCheck) { h.StartPeriod = aws.Int32(-1) }), "Health check startPeriod must be greater than or equal to the minimum allowed value 0 for container 'app'"},
		{number(func(h *types.HealthCheck) { h.StartPeriod = aws.Int32(301) }), "Health check startPeriod must be less than or equal to the maximum allowed value 300 for container 'app'"},
	} {
		w.fails("ClientException: "+tt.want, func() error {
			return failed(w.RegisterTaskDefinition(t.Context(), withCheck(tt.given)))
		})
	}
}

func TestVersionConsistency(t *testing.T) {
	w := newWorld(t)
	in := func(v types.VersionConsistency) *ecs.RegisterTaskDefinitionInput {
		c := webContainer()
		c.VersionConsistency = v
		return &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{c}}
	}
	for _, v := range []types.VersionConsistency{"", types.VersionConsistencyEnabled, types.VersionConsistencyDisabled} {
		d := must(w.RegisterTaskDefinition(t.Context(), in(v))).TaskDefinition
		check(t, "versionConsistency", d.ContainerDefinitions[0].VersionConsistency, v)
	}
	w.fails("ClientException: Invalid setting for container 'app'. 'versionConsistency' should be one of [enabled,disabled].", func() error {
		return failed(w.RegisterTaskDefinition(t.Context(), in("perhaps")))
	})
}
