package ecs

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// Defaults of a deployment configuration: "REPLICA 100/200, DAEMON 0/100".
const (
	defaultMinimumHealthyPercent = 100
	defaultMaximumPercent        = 200
	daemonMinimumHealthyPercent  = 0
	daemonMaximumPercent         = 100

	defaultThreshold = 50 // BOUNDED_PERCENT
)

// applyDeploymentConfiguration gives a service what the configuration has; the
// percentages and criteria are checked as they are together then.
func applyDeploymentConfiguration(n *model.Service, c *types.DeploymentConfiguration) error {
	if c == nil {
		return nil
	}
	if c.MinimumHealthyPercent != nil {
		n.MinimumHealthyPercent = int(*c.MinimumHealthyPercent)
	}
	if c.MaximumPercent != nil {
		n.MaximumPercent = int(*c.MaximumPercent)
	}
	if b := c.DeploymentCircuitBreaker; b != nil {
		breaker, err := readBreaker(b)
		if err != nil {
			return err
		}
		n.CircuitBreaker = breaker
	}
	if e := c.EarlySuccessCriteria; e != nil {
		early, err := readEarlySuccess(e)
		if err != nil {
			return err
		}
		n.EarlySuccess = early
	}
	return first(checkPercents(n), checkEarlySuccess(n))
}

func checkPercents(n *model.Service) error {
	switch {
	case n.MinimumHealthyPercent < 0 || n.MinimumHealthyPercent > 100:
		return invalid("minimumHealthyPercent should be from 0 to 100.")
	case n.Daemon && n.MaximumPercent > 100:
		return invalid("The daemon scheduling strategy does not support values above 100 for maximumPercent on a deployment configuration. Change the maximumPercent value to 100, and try again")
	case n.MaximumPercent < 100:
		return invalid("maximumPercent should be at least 100.")
	case n.MinimumHealthyPercent == 100 && n.MaximumPercent == 100:
		return invalid("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")
	}
	return nil
}

// readBreaker reads a circuit breaker; what it leaves out is as ECS defaults it. The
// default threshold is kept as an absent one, however it was given.
func readBreaker(b *types.DeploymentCircuitBreaker) (model.CircuitBreaker, error) {
	read := model.CircuitBreaker{
		Enable: b.Enable, Rollback: b.Rollback,
		KeepFailures: b.ResetOnHealthyTask != nil && !*b.ResetOnHealthyTask,
	}
	t := b.ThresholdConfiguration
	if t == nil {
		return read, nil
	}
	if t.Type == "" {
		return read, invalid("deploymentCircuitBreaker.thresholdConfiguration.type can not be empty.")
	}
	if err := oneOf("deploymentCircuitBreaker.thresholdConfiguration.type", t.Type, t.Type.Values()...); err != nil {
		return read, err
	}
	if t.Type == types.ThresholdTypeCount && t.Value < 1 {
		return read, invalid("deploymentCircuitBreaker.thresholdConfiguration.value should be at least 1 for type COUNT.")
	}
	if t.Type != types.ThresholdTypeCount && (t.Value < 1 || t.Value > 100) {
		return read, invalid("deploymentCircuitBreaker.thresholdConfiguration.value should be from 1 to 100 for type %s.", t.Type)
	}
	if t.Type != types.ThresholdTypeBoundedPercent || t.Value != defaultThreshold {
		read.Threshold = model.Threshold{Type: t.Type, Value: int(t.Value)}
	}
	return read, nil
}

// readEarlySuccess reads the criteria: "when set to true you must also specify
// healthyPercent and sourceServiceRevisionCleanup".
func readEarlySuccess(e *types.DeploymentEarlySuccessCriteria) (model.EarlySuccess, error) {
	if err := oneOf("earlySuccessCriteria.sourceServiceRevisionCleanup", e.SourceServiceRevisionCleanup, e.SourceServiceRevisionCleanup.Values()...); err != nil {
		return model.EarlySuccess{}, err
	}
	if p := e.HealthyPercent; p != nil && (*p < 0 || *p > 100) {
		return model.EarlySuccess{}, invalid("earlySuccessCriteria.healthyPercent should be from 0 to 100.")
	}
	if !e.Enable {
		return model.EarlySuccess{}, nil
	}
	if e.HealthyPercent == nil {
		return model.EarlySuccess{}, invalid("earlySuccessCriteria.healthyPercent can not be empty when enable is true.")
	}
	if e.SourceServiceRevisionCleanup == "" {
		return model.EarlySuccess{}, invalid("earlySuccessCriteria.sourceServiceRevisionCleanup can not be empty when enable is true.")
	}
	return model.EarlySuccess{
		Enable: true, HealthyPercent: int(aws.ToInt32(e.HealthyPercent)),
		Deferred: e.SourceServiceRevisionCleanup == types.ServiceRevisionCleanupDeferred,
	}, nil
}

// checkEarlySuccess: "this value must be greater than or equal to the
// minimumHealthyPercent value".
func checkEarlySuccess(n *model.Service) error {
	if n.EarlySuccess.Enable && n.EarlySuccess.HealthyPercent < n.MinimumHealthyPercent {
		return invalid("earlySuccessCriteria.healthyPercent should not be less than minimumHealthyPercent.")
	}
	return nil
}
