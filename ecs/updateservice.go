package ecs

import (
	"context"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"steady/ledger"
	"steady/model"
	"steady/rollout"
	"steady/state"
)

// UpdateService changes a service's settings, and begins a deployment when its task
// definition or its network configuration changes or forceNewDeployment asks for one.
// All else takes effect without a deployment.
func (a *API) UpdateService(ctx context.Context, in *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error) {
	if aws.ToString(in.Service) == "" {
		return nil, invalid("Service can not be empty.")
	}
	if err := checkSettings(in); err != nil {
		return nil, err
	}
	out := &ecs.UpdateServiceOutput{}
	err := a.inCluster(ctx, in.Cluster, func(tx *state.Tx, c *model.Cluster) error {
		svc, ok, err := a.findService(&tx.Snapshot, c.Name, *in.Service)
		if err != nil {
			return err
		}
		if !ok {
			return serviceNotFound()
		}
		if svc.Status != model.Active {
			return serviceNotActive()
		}
		now := time.Now()
		n, err := a.updated(&tx.Snapshot, svc, in, now)
		if err != nil {
			return err
		}
		ledger.Put(tx, svc, n, a.settle, now)
		out.Service = a.showService(&tx.Snapshot, n, false)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// updated is the service after the update.
func (a *API) updated(s *state.Snapshot, svc *model.Service, in *ecs.UpdateServiceInput, now time.Time) (*model.Service, error) {
	n := *svc
	if err := applySettings(&n, in); err != nil {
		return nil, err
	}
	var running model.TaskDefinitionRef
	if p := n.Primary(); p != nil {
		running = p.TaskDefinition
	}
	ref := running
	if name := aws.ToString(in.TaskDefinition); name != "" {
		var err error
		if ref, err = a.nextDefinition(s, name, running); err != nil {
			return nil, err
		}
	}
	if d, ok := s.TaskDefinition(ref); ok && (ref != running || in.PlacementConstraints != nil) {
		if err := checkConstraints(&n, d); err != nil {
			return nil, err
		}
	}
	if err := a.updateCapacity(s, &n, in, ref); err != nil {
		return nil, err
	}
	if err := updateNetwork(s, &n, ref); err != nil {
		return nil, err
	}
	samePlatform := aws.ToString(svc.Spec.PlatformVersion) == aws.ToString(n.Spec.PlatformVersion)
	if ref == running && !in.ForceNewDeployment && samePlatform && sameNetwork(svc.Spec.NetworkConfiguration, n.Spec.NetworkConfiguration) {
		return &n, nil
	}
	return rollout.Begin(&n, ref, rollout.NewNames(), now), nil
}

// updateCapacity checks the capacity of a service anew where its strategy, its platform
// version, its placement or its task definition changes. Tasks that run stay where they
// are, so that another strategy needs a deployment; from container instances to Fargate
// or back there is no way.
func (a *API) updateCapacity(s *state.Snapshot, n *model.Service, in *ecs.UpdateServiceInput, ref model.TaskDefinitionRef) error {
	c, ok := s.Cluster(n.Cluster)
	d, known := s.TaskDefinition(ref)
	if !ok || !known {
		return nil
	}
	launch, strategy := n.LaunchType, n.Spec.CapacityProviderStrategy
	platform := n.Spec.PlatformVersion
	if in.CapacityProviderStrategy != nil {
		strategy = in.CapacityProviderStrategy
	}
	if in.PlatformVersion != nil {
		platform = in.PlatformVersion
	}
	if len(strategy) > 0 {
		launch = ""
	}
	of, err := a.capacityOf(c, launch, strategy, platform)
	if err != nil {
		return err
	}
	if of.launch != n.LaunchType {
		return invalid("A service of the launch type %s can not be updated to a capacity provider strategy of %s.", n.LaunchType, of.launch)
	}
	// As read: a provider may be named by its ARN.
	if !in.ForceNewDeployment && !reflect.DeepEqual(given(of.strategy), given(n.Spec.CapacityProviderStrategy)) {
		return invalid("When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity provider strategy on a service that is already using one, you must force a new deployment.")
	}
	return putCapacity(n, d, of)
}

// updateNetwork is the network configuration for the revision that the service is to run.
func updateNetwork(s *state.Snapshot, n *model.Service, ref model.TaskDefinitionRef) error {
	d, ok := s.TaskDefinition(ref)
	if !ok {
		return nil
	}
	network, err := networkOf(d, n.Spec.NetworkConfiguration, n.LaunchType)
	n.Spec.NetworkConfiguration = network
	return err
}

// nextDefinition is the revision that an update asks for. The one that the service
// runs may have become INACTIVE; no other one may be.
func (a *API) nextDefinition(s *state.Snapshot, name string, running model.TaskDefinitionRef) (model.TaskDefinitionRef, error) {
	if ref, err := a.definitionRef(name); err == nil && ref == running {
		return running, nil
	}
	d, err := a.usableDefinition(s, name)
	if err != nil {
		return model.TaskDefinitionRef{}, err
	}
	return d.Ref(), nil
}
