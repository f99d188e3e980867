package ecs

import (
	"context"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/ledger"
	"steady/model"
	"steady/rollout"
	"steady/state"
)

const maxServiceToken = 36 // characters of a clientToken

// CreateService makes a service and begins its first deployment. It is idempotent:
// the same request again returns the service.
func (a *API) CreateService(ctx context.Context, in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	wanted, err := a.newService(in)
	if err != nil {
		return nil, err
	}
	out := &ecs.CreateServiceOutput{}
	err = a.inCluster(ctx, in.Cluster, func(tx *state.Tx, c *model.Cluster) error {
		wanted.Cluster = c.Name
		d, err := a.usableDefinition(&tx.Snapshot, aws.ToString(in.TaskDefinition))
		if err != nil {
			return err
		}
		if err := checkConstraints(wanted, d); err != nil {
			return err
		}
		of, err := a.capacityOf(c, in.LaunchType, in.CapacityProviderStrategy, in.PlatformVersion)
		if err != nil {
			return err
		}
		if err := putCapacity(wanted, d, of); err != nil {
			return err
		}
		if wanted.Spec.NetworkConfiguration, err = networkOf(d, in.NetworkConfiguration, wanted.LaunchType); err != nil {
			return err
		}
		svc, err := existing(&tx.Snapshot, wanted, d.Ref())
		if err != nil {
			return err
		}
		if svc == nil {
			svc = rollout.Begin(wanted, d.Ref(), rollout.NewNames(), wanted.CreatedAt)
			ledger.Drop(tx, c.Name, svc.Name)
			ledger.Put(tx, nil, svc, a.settle, wanted.CreatedAt)
		}
		out.Service = a.showService(&tx.Snapshot, svc, true)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// newService is the service that is asked for, without its cluster and deployment.
func (a *API) newService(in *ecs.CreateServiceInput) (*model.Service, error) {
	settings := settingsOf(in)
	if err := first(
		checkName("serviceName", aws.ToString(in.ServiceName)),
		oneOf("schedulingStrategy", in.SchedulingStrategy, in.SchedulingStrategy.Values()...),
		oneOf("launch type", in.LaunchType, types.LaunchTypeEc2, types.LaunchTypeFargate, types.LaunchTypeExternal),
		checkToken(in.ClientToken, maxServiceToken),
		refuse(createServiceMembers, in, "the service"),
		checkSettings(settings),
	); err != nil {
		return nil, err
	}
	if aws.ToString(in.TaskDefinition) == "" {
		return nil, invalid("taskDefinition can not be empty.")
	}
	daemon := in.SchedulingStrategy == types.SchedulingStrategyDaemon
	if in.DesiredCount == nil && !daemon {
		return nil, invalid("desiredCount can not be empty for the REPLICA scheduling strategy.")
	}
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	n := &model.Service{
		Name: *in.ServiceName, Status: model.Active, CreatedAt: time.Now(),
		MinimumHealthyPercent: defaultMinimumHealthyPercent,
		MaximumPercent:        defaultMaximumPercent,
		LaunchType:            types.LaunchTypeEc2,
		Spec: types.Service{
			SchedulingStrategy:          types.SchedulingStrategyReplica,
			PropagateTags:               types.PropagateTagsNone,
			AvailabilityZoneRebalancing: types.AvailabilityZoneRebalancingDisabled,
			CreatedBy:                   aws.String(a.principal()),
		},
		Tags:        tags,
		ClientToken: aws.ToString(in.ClientToken),
	}
	if daemon {
		n.Daemon = true
		n.MinimumHealthyPercent, n.MaximumPercent = daemonMinimumHealthyPercent, daemonMaximumPercent
		n.Spec.SchedulingStrategy = types.SchedulingStrategyDaemon
	}
	if err := applySettings(n, settings); err != nil {
		return nil, err
	}
	return n, nil
}

// putCapacity gives a service the capacity that its tasks run on.
func putCapacity(n *model.Service, d *model.TaskDefinition, of capacity) error {
	if err := first(checkCompatible(d, of.launch), checkPlacementOn(of.launch, n.PlacementConstraints, n.PlacementStrategy)); err != nil {
		return err
	}
	switch {
	case n.Daemon && len(of.strategy) > 0:
		return invalid("Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.")
	case n.Daemon && of.launch != types.LaunchTypeEc2:
		return invalid("The daemon scheduling strategy is not supported with the %s launch type.", of.launch)
	}
	n.LaunchType = of.launch
	n.Spec.CapacityProviderStrategy, n.Spec.PlatformVersion, n.Spec.PlatformFamily = of.strategy, text(of.platform), nil
	if of.platform != "" {
		n.Spec.PlatformFamily = aws.String(model.PlatformFamily)
	}
	return nil
}

// checkToken: a clientToken is made of printable ASCII characters without spaces.
func checkToken(token *string, most int) error {
	s := aws.ToString(token)
	if len(s) > most {
		return invalid("clientToken can have at most %d characters.", most)
	}
	for _, r := range s {
		if r < 33 || r > 126 {
			return invalid("clientToken can have the ASCII characters 33 to 126 only.")
		}
	}
	return nil
}

// existing is the service of that name if it is the one that is asked for, nil if
// there is none that counts any more.
func existing(s *state.Snapshot, wanted *model.Service, ref model.TaskDefinitionRef) (*model.Service, error) {
	for other := range s.ServicesIn(wanted.Cluster) {
		if other.Status == model.Active && other.Name != wanted.Name &&
			wanted.ClientToken != "" && other.ClientToken == wanted.ClientToken {
			return nil, invalid("Creation of service was not idempotent.")
		}
	}
	svc, ok := s.Service(wanted.Cluster, wanted.Name)
	switch {
	case !ok || svc.Status == model.Inactive:
		return nil, nil
	case svc.Status == model.Draining:
		return nil, invalid("Unable to Start a service that is still Draining.")
	case !sameSettings(svc, wanted, ref):
		return nil, invalid("Creation of service was not idempotent.")
	}
	return svc, nil
}

// sameSettings tells whether a service has just the settings that are asked for.
func sameSettings(svc, wanted *model.Service, ref model.TaskDefinitionRef) bool {
	p := svc.Primary()
	return p != nil && p.TaskDefinition == ref &&
		svc.Daemon == wanted.Daemon && (svc.Daemon || svc.DesiredCount == wanted.DesiredCount) &&
		svc.MinimumHealthyPercent == wanted.MinimumHealthyPercent &&
		svc.MaximumPercent == wanted.MaximumPercent &&
		svc.CircuitBreaker == wanted.CircuitBreaker &&
		svc.EarlySuccess == wanted.EarlySuccess &&
		svc.GracePeriod == wanted.GracePeriod &&
		svc.LaunchType == wanted.LaunchType &&
		reflect.DeepEqual(given(svc.PlacementConstraints), given(wanted.PlacementConstraints)) &&
		reflect.DeepEqual(given(svc.PlacementStrategy), given(wanted.PlacementStrategy)) &&
		reflect.DeepEqual(given(svc.Tags), given(wanted.Tags)) &&
		reflect.DeepEqual(svc.Spec, wanted.Spec)
}
