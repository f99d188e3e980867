package ecs

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/placement"
	"steady/state"
)

func createDaemon() *ecs.CreateServiceInput {
	in := createWeb()
	in.DesiredCount, in.SchedulingStrategy = nil, types.SchedulingStrategyDaemon
	return in
}

func TestADaemonService(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	s := must(w.CreateService(t.Context(), createDaemon())).Service
	check(t, "schedulingStrategy", s.SchedulingStrategy, types.SchedulingStrategyDaemon)
	check(t, "minimumHealthyPercent", *s.DeploymentConfiguration.MinimumHealthyPercent, 0)
	check(t, "maximumPercent", *s.DeploymentConfiguration.MaximumPercent, 100)
	check(t, "deployments", deployments(s), "PRIMARY web:1 desired 0 IN_PROGRESS")
	check(t, "DAEMON services", len(must(w.ListServices(t.Context(), &ecs.ListServicesInput{SchedulingStrategy: types.SchedulingStrategyDaemon})).ServiceArns), 1)

	// The same again, though the number of its tasks has changed since.
	w.update(func(tx *state.Tx) {
		svc, _ := tx.Service("default", "web")
		n := *svc
		n.DesiredCount = 3
		tx.PutService(&n)
	})
	check(t, "desiredCount", must(w.CreateService(t.Context(), createDaemon())).Service.DesiredCount, 3)
	w.fails("InvalidParameterException: Creation of service was not idempotent.", func() error { return failed(w.CreateService(t.Context(), createWeb())) })

	// It is deleted without force, since nobody can scale it to 0.
	check(t, "status", *must(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web")})).Service.Status, "INACTIVE")
}

func TestRefusedDaemonServices(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	const (
		count    = "InvalidParameterException: The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again"
		strategy = "InvalidParameterException: The daemon scheduling strategy does not support placement strategies. Remove the placement strategy and try again"
		maximum  = "InvalidParameterException: The daemon scheduling strategy does not support values above 100 for maximumPercent on a deployment configuration. Change the maximumPercent value to 100, and try again"
		both     = "InvalidParameterException: Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."
	)
	random := []types.PlacementStrategy{{Type: types.PlacementStrategyTypeRandom}}
	for _, tt := range []struct {
		want   string
		change func(*ecs.CreateServiceInput)
	}{
		{count, func(in *ecs.CreateServiceInput) { in.DesiredCount = aws.Int32(0) }},
		{strategy, func(in *ecs.CreateServiceInput) { in.PlacementStrategy = random }},
		{maximum, func(in *ecs.CreateServiceInput) { in.DeploymentConfiguration = percents(0, 200) }},
		{both, func(in *ecs.CreateServiceInput) { in.DeploymentConfiguration = percents(100, 100) }},
		{"InvalidParameterException: schedulingStrategy should be one of [REPLICA,DAEMON]",
			func(in *ecs.CreateServiceInput) { in.SchedulingStrategy = "x" }},
	} {
		in := createDaemon()
		tt.change(in)
		w.fails(tt.want, func() error { return failed(w.CreateService(t.Context(), in)) })
	}
	must(w.CreateService(t.Context(), createDaemon()))
	for want, in := range map[string]*ecs.UpdateServiceInput{
		count:    {DesiredCount: aws.Int32(2)},
		strategy: {PlacementStrategy: random},
		maximum:  {DeploymentConfiguration: percents(50, 101)},
	} {
		in.Service = aws.String("web")
		w.fails(want, func() error { return failed(w.UpdateService(t.Context(), in)) })
	}
}

func breakerOf(b types.DeploymentCircuitBreaker) *types.DeploymentConfiguration {
	return &types.DeploymentConfiguration{DeploymentCircuitBreaker: &b}
}

func TestTheCircuitBreakerOfAService(t *testing.T) {
	w := equipped(t)
	update := func(b types.DeploymentCircuitBreaker) *types.DeploymentCircuitBreaker {
		return must(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), DeploymentConfiguration: breakerOf(b)})).
			Service.DeploymentConfiguration.DeploymentCircuitBreaker
	}
	b := describeWeb(w).DeploymentConfiguration.DeploymentCircuitBreaker
	check(t, "enable", b.Enable, false)
	check(t, "resetOnHealthyTask", *b.ResetOnHealthyTask, true)
	check(t, "threshold", *b.ThresholdConfiguration, types.ThresholdConfiguration{Type: types.ThresholdTypeBoundedPercent, Value: 50})

	b = update(types.DeploymentCircuitBreaker{
		Enable: true, Rollback: true, ResetOnHealthyTask: aws.Bool(false),
		ThresholdConfiguration: &types.ThresholdConfiguration{Type: types.ThresholdTypeCount, Value: 500},
	})
	check(t, "rollback", b.Rollback, true)
	check(t, "resetOnHealthyTask", *b.ResetOnHealthyTask, false)
	check(t, "threshold", *b.ThresholdConfiguration, types.ThresholdConfiguration{Type: types.ThresholdTypeCount, Value: 500})
	check(t, "threshold of the deployment", current(w).DeploymentCircuitBreaker.Threshold, 500)

	// A breaker is given as a whole: what it leaves out is as the default has it.
	b = update(types.DeploymentCircuitBreaker{Enable: true})
	check(t, "resetOnHealthyTask", *b.ResetOnHealthyTask, true)
	check(t, "threshold", *b.ThresholdConfiguration, types.ThresholdConfiguration{Type: types.ThresholdTypeBoundedPercent, Value: 50})

	const value = "InvalidParameterException: deploymentCircuitBreaker.thresholdConfiguration.value should be "
	for _, tt := range []struct {
		want string
		types.ThresholdConfiguration
	}{
		{"InvalidParameterException: deploymentCircuitBreaker.thresholdConfiguration.type can not be empty.", types.ThresholdConfiguration{Value: 5}},
		{"InvalidParameterException: deploymentCircuitBreaker.thresholdConfiguration.type should be one of [COUNT,BOUNDED_PERCENT,UNBOUNDED_PERCENT]",
			types.ThresholdConfiguration{Type: "x", Value: 5}},
		{value + "at least 1 for type COUNT.", types.ThresholdConfiguration{Type: types.ThresholdTypeCount}},
		{value + "from 1 to 100 for type BOUNDED_PERCENT.", types.ThresholdConfiguration{Type: types.ThresholdTypeBoundedPercent, Value: 101}},
		{value + "from 1 to 100 for type UNBOUNDED_PERCENT.", types.ThresholdConfiguration{Type: types.ThresholdTypeUnboundedPercent, Value: -1}},
	} {
		w.fails(tt.want, func() error {
			return failed(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{
				Service:                 aws.String("web"),
				DeploymentConfiguration: breakerOf(types.DeploymentCircuitBreaker{Enable: true, ThresholdConfiguration: &tt.ThresholdConfiguration}),
			}))
		})
	}
}

func earlySuccess(percent *int32, cleanup types.ServiceRevisionCleanup) *types.DeploymentConfiguration {
	return &types.DeploymentConfiguration{EarlySuccessCriteria: &types.DeploymentEarlySuccessCriteria{
		Enable: true, HealthyPercent: percent, SourceServiceRevisionCleanup: cleanup,
	}}
}

func TestEarlySuccessCriteria(t *testing.T) {
	w := equipped(t)
	update := func(c *types.DeploymentConfiguration) (*types.DeploymentEarlySuccessCriteria, error) {
		out, err := w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), DeploymentConfiguration: c})
		if err != nil {
			return nil, err
		}
		return out.Service.DeploymentConfiguration.EarlySuccessCriteria, nil
	}
	refused := func(want string, c *types.DeploymentConfiguration) {
		t.Helper()
		w.fails("InvalidParameterException: earlySuccessCriteria."+want, func() error { return failed(update(c)) })
	}
	blocking, deferred := types.ServiceRevisionCleanupBlocking, types.ServiceRevisionCleanupDeferred
	refused("healthyPercent can not be empty when enable is true.", earlySuccess(nil, blocking))
	refused("healthyPercent should be from 0 to 100.", earlySuccess(aws.Int32(101), blocking))
	refused("healthyPercent should be from 0 to 100.", earlySuccess(aws.Int32(-1), blocking))
	refused("sourceServiceRevisionCleanup can not be empty when enable is true.", earlySuccess(aws.Int32(100), ""))
	refused("sourceServiceRevisionCleanup should be one of [BLOCKING,DEFERRED]", earlySuccess(aws.Int32(100), "x"))
	refused("healthyPercent should not be less than minimumHealthyPercent.", earlySuccess(aws.Int32(99), blocking))

	e := must(update(earlySuccess(aws.Int32(100), deferred)))
	check(t, "healthyPercent", *e.HealthyPercent, 100)
	check(t, "clean-up", e.SourceServiceRevisionCleanup, deferred)
	both := percents(50, 200)
	both.EarlySuccessCriteria = earlySuccess(aws.Int32(60), blocking).EarlySuccessCriteria
	check(t, "clean-up", must(update(both)).SourceServiceRevisionCleanup, blocking)
	// Later changes have to agree with it as well.
	refused("healthyPercent should not be less than minimumHealthyPercent.", percents(61, 200))
	check(t, "healthyPercent", *must(update(percents(60, 200))).HealthyPercent, 60)

	off := &types.DeploymentConfiguration{EarlySuccessCriteria: &types.DeploymentEarlySuccessCriteria{}}
	check(t, "criteria", must(update(off)), nil)
}

func TestTheGracePeriodOfAService(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	in := createWeb()
	in.HealthCheckGracePeriodSeconds = aws.Int32(2147483647)
	check(t, "healthCheckGracePeriodSeconds", *must(w.CreateService(t.Context(), in)).Service.HealthCheckGracePeriodSeconds, 2147483647)
	record, _ := w.store.Snapshot().Service("default", "web")
	check(t, "grace period", record.GracePeriod, 2147483647*time.Second)
	w.fails("InvalidParameterException: Creation of service was not idempotent.", func() error { return failed(w.CreateService(t.Context(), createWeb())) })
	update := func(seconds *int32) (*ecs.UpdateServiceOutput, error) {
		return w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), HealthCheckGracePeriodSeconds: seconds})
	}
	w.fails("InvalidParameterException: healthCheckGracePeriodSeconds should be from 0 to 2147483647.", func() error { return failed(update(aws.Int32(-1))) })
	check(t, "healthCheckGracePeriodSeconds", *must(update(nil)).Service.HealthCheckGracePeriodSeconds, 2147483647)
	s := must(update(aws.Int32(0))).Service
	check(t, "healthCheckGracePeriodSeconds", s.HealthCheckGracePeriodSeconds, nil)
	check(t, "deployments", len(s.Deployments), 1)
}

// The constraints of the service and of its task definition are counted together.
func TestTooManyPlacementConstraints(t *testing.T) {
	w := newWorld(t)
	must(w.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{webContainer()},
		PlacementConstraints: []types.TaskDefinitionPlacementConstraint{{Type: types.TaskDefinitionPlacementConstraintTypeMemberOf, Expression: aws.String("attribute:a == b")}},
	}))
	constraints := make([]types.PlacementConstraint, placement.MaxConstraints)
	for i := range constraints {
		constraints[i] = types.PlacementConstraint{Type: types.PlacementConstraintTypeMemberOf, Expression: aws.String("attribute:a == b")}
	}
	const want = "InvalidParameterException: 11 placement constraints are given, those of the task definition included; give at most 10."
	in := createWeb()
	in.PlacementConstraints = constraints
	w.fails(want, func() error { return failed(w.CreateService(t.Context(), in)) })
	in.PlacementConstraints = constraints[1:]
	must(w.CreateService(t.Context(), in))
	update := &ecs.UpdateServiceInput{Service: aws.String("web"), PlacementConstraints: constraints}
	w.fails(want, func() error { return failed(w.UpdateService(t.Context(), update)) })
	update.PlacementConstraints = []types.PlacementConstraint{}
	check(t, "constraints", len(must(w.UpdateService(t.Context(), update)).Service.PlacementConstraints), 0)
}
