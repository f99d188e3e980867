package ecs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

// Limits of capacity providers (ECS API).
const (
	maxScalingStep = 10000
	defaultWarmup  = 300 // seconds
)

// nothingScales is said of a capacity provider that asks for managed scaling.
const nothingScales = "Steady keeps the settings of managed scaling and does not scale: its container instances are registered by steady up."

// CreateCapacityProvider makes a capacity provider. The container instances with the
// attribute steady.capacity-provider of its name are its own.
func (a *API) CreateCapacityProvider(ctx context.Context, in *ecs.CreateCapacityProviderInput) (*ecs.CreateCapacityProviderOutput, error) {
	p, err := newProvider(in)
	if err != nil {
		return nil, err
	}
	out := &ecs.CreateCapacityProviderOutput{}
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		for other := range tx.CapacityProviders() {
			if other.Status != model.Active {
				continue
			}
			if other.Name == p.Name {
				return refused("The specified capacity provider already exists. To change the configuration of an existing capacity provider, update the capacity provider.")
			}
			if *other.Group.AutoScalingGroupArn == *p.Group.AutoScalingGroupArn {
				return refused("The specified Auto Scaling group ARN is already being used by another capacity provider. Specify a unique Auto Scaling group ARN and try again.")
			}
		}
		tx.PutCapacityProvider(p)
		out.CapacityProvider = a.showProvider(p, true)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func newProvider(in *ecs.CreateCapacityProviderInput) (*model.CapacityProvider, error) {
	name := aws.ToString(in.Name)
	if err := first(
		checkName("name", name),
		checkProviderName(name),
		refuse(createProviderMembers, in, "the capacity provider"),
	); err != nil {
		return nil, err
	}
	if in.AutoScalingGroupProvider == nil || aws.ToString(in.AutoScalingGroupProvider.AutoScalingGroupArn) == "" {
		return nil, invalid("autoScalingGroupArn can not be empty.")
	}
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	p := &model.CapacityProvider{Name: name, Status: model.Active, CreatedAt: time.Now(), Tags: tags}
	p.Group = types.AutoScalingGroupProvider{
		AutoScalingGroupArn:          in.AutoScalingGroupProvider.AutoScalingGroupArn,
		ManagedScaling:               &types.ManagedScaling{Status: types.ManagedScalingStatusDisabled},
		ManagedTerminationProtection: types.ManagedTerminationProtectionDisabled,
		ManagedDraining:              types.ManagedDrainingEnabled,
	}
	g := in.AutoScalingGroupProvider
	return p, applyGroup(p, g.ManagedScaling, g.ManagedTerminationProtection, g.ManagedDraining)
}

// checkProviderName: "the name can't be prefixed with aws, ecs, or fargate".
func checkProviderName(name string) error {
	for _, prefix := range []string{"aws", "ecs", "fargate"} {
		if strings.HasPrefix(strings.ToLower(name), prefix) {
			return invalid("The specified capacity provider name is invalid. The name can not begin with %q.", prefix)
		}
	}
	return nil
}

// applyGroup gives a capacity provider the settings that are present.
func applyGroup(p *model.CapacityProvider, scaling *types.ManagedScaling, protection types.ManagedTerminationProtection, draining types.ManagedDraining) error {
	if err := first(
		oneOf("managedTerminationProtection", protection, protection.Values()...),
		oneOf("managedDraining", draining, draining.Values()...),
	); err != nil {
		return err
	}
	if scaling != nil {
		s, err := readScaling(scaling)
		if err != nil {
			return err
		}
		p.Group.ManagedScaling = s
	}
	if protection != "" {
		p.Group.ManagedTerminationProtection = protection
	}
	if draining != "" {
		p.Group.ManagedDraining = draining
	}
	scales := p.Group.ManagedScaling.Status == types.ManagedScalingStatusEnabled
	if p.Group.ManagedTerminationProtection == types.ManagedTerminationProtectionEnabled && !scales {
		return invalid("The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, managed scaling must be enabled.")
	}
	if p.UpdateReason = ""; scales {
		p.UpdateReason = nothingScales
	}
	return nil
}

// readScaling fills in what ECS fills in.
func readScaling(in *types.ManagedScaling) (*types.ManagedScaling, error) {
	s := *in
	if err := oneOf("managedScaling status", s.Status, s.Status.Values()...); err != nil {
		return nil, err
	}
	if s.Status == "" {
		s.Status = types.ManagedScalingStatusEnabled
	}
	for _, m := range []struct {
		member        string
		value         **int32
		byDefault     int32
		least, utmost int32
	}{
		{"targetCapacity", &s.TargetCapacity, 100, 1, 100},
		{"minimumScalingStepSize", &s.MinimumScalingStepSize, 1, 1, maxScalingStep},
		{"maximumScalingStepSize", &s.MaximumScalingStepSize, maxScalingStep, 1, maxScalingStep},
		{"instanceWarmupPeriod", &s.InstanceWarmupPeriod, defaultWarmup, 0, maxScalingStep},
	} {
		if *m.value == nil {
			*m.value = aws.Int32(m.byDefault)
		}
		if v := **m.value; v < m.least || v > m.utmost {
			return nil, invalid("%s should be from %d to %d.", m.member, m.least, m.utmost)
		}
	}
	return &s, nil
}

// UpdateCapacityProvider changes how the Auto Scaling group is to be managed.
func (a *API) UpdateCapacityProvider(ctx context.Context, in *ecs.UpdateCapacityProviderInput) (*ecs.UpdateCapacityProviderOutput, error) {
	if err := refuse(updateProviderMembers, in, "the capacity provider"); err != nil {
		return nil, err
	}
	if in.AutoScalingGroupProvider == nil {
		return nil, invalid("autoScalingGroupProvider can not be empty.")
	}
	out := &ecs.UpdateCapacityProviderOutput{}
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		p, err := a.provider(&tx.Snapshot, aws.ToString(in.Name))
		if err != nil {
			return err
		}
		n := *p
		g := in.AutoScalingGroupProvider
		if err := applyGroup(&n, g.ManagedScaling, g.ManagedTerminationProtection, g.ManagedDraining); err != nil {
			return err
		}
		n.UpdateStatus = types.CapacityProviderUpdateStatusUpdateComplete
		tx.PutCapacityProvider(&n)
		out.CapacityProvider = a.showProvider(&n, true)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteCapacityProvider makes a capacity provider INACTIVE. One that a cluster is
// associated with stays: its updateStatus is DELETE_FAILED then.
func (a *API) DeleteCapacityProvider(ctx context.Context, in *ecs.DeleteCapacityProviderInput) (*ecs.DeleteCapacityProviderOutput, error) {
	if err := refuse(deleteProviderMembers, in, "the request"); err != nil {
		return nil, err
	}
	out := &ecs.DeleteCapacityProviderOutput{}
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		p, err := a.provider(&tx.Snapshot, aws.ToString(in.CapacityProvider))
		if err != nil {
			return err
		}
		n := *p
		n.Status, n.UpdateStatus, n.UpdateReason = model.Inactive, types.CapacityProviderUpdateStatusDeleteComplete, ""
		for c := range tx.Clusters() {
			if c.Status == model.Active && slices.Contains(c.CapacityProviders, p.Name) {
				n.Status, n.UpdateStatus = model.Active, types.CapacityProviderUpdateStatusDeleteFailed
				n.UpdateReason = "The specified capacity provider is associated with cluster: " + c.Name + ". Remove the capacity provider from the cluster and try again."
				break
			}
		}
		tx.PutCapacityProvider(&n)
		out.CapacityProvider = a.showProvider(&n, true)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// provider finds an ACTIVE capacity provider of the user's own.
func (a *API) provider(s *state.Snapshot, ref string) (*model.CapacityProvider, error) {
	name, err := a.providerName(ref)
	if err != nil {
		return nil, err
	}
	if model.OnFargate(name) {
		return nil, providerReserved()
	}
	p, ok := s.CapacityProvider(name)
	if !ok || p.Status != model.Active {
		return nil, providerNotFound()
	}
	return p, nil
}

func providerReserved() error {
	return refused("The specified capacity provider is reserved and cannot be changed or deleted.")
}

func providerNotFound() error {
	return refused("The specified capacity provider does not exist. Specify a valid name or ARN and try again.")
}

// providerName reads the name or the ARN of a capacity provider.
func (a *API) providerName(ref string) (string, error) {
	if !isARN(ref) {
		return ref, checkName("capacityProvider", ref)
	}
	path, err := a.arnPath("capacity-provider", ref)
	if err != nil {
		return "", err
	}
	return path[len(path)-1], nil
}

// PutClusterCapacityProviders associates a cluster with just these capacity providers,
// and gives it a default strategy. One that a task or a service uses stays.
func (a *API) PutClusterCapacityProviders(ctx context.Context, in *ecs.PutClusterCapacityProvidersInput) (*ecs.PutClusterCapacityProvidersOutput, error) {
	if aws.ToString(in.Cluster) == "" || in.CapacityProviders == nil || in.DefaultCapacityProviderStrategy == nil {
		return nil, invalid("cluster, capacityProviders and defaultCapacityProviderStrategy can not be null.")
	}
	out := &ecs.PutClusterCapacityProvidersOutput{}
	err := a.inCluster(ctx, in.Cluster, func(tx *state.Tx, c *model.Cluster) error {
		n := *c
		if err := a.associate(&tx.Snapshot, &n, in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
			return err
		}
		for _, name := range c.CapacityProviders {
			if !slices.Contains(n.CapacityProviders, name) && providerInUse(&tx.Snapshot, c.Name, name) {
				return awsapi.Errorf("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.")
			}
		}
		tx.PutCluster(&n)
		out.Cluster = a.showCluster(&tx.Snapshot, &n, allOfCluster)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// associate gives a cluster capacity providers that there are, and its default strategy.
func (a *API) associate(s *state.Snapshot, c *model.Cluster, refs []string, strategy []types.CapacityProviderStrategyItem) error {
	c.CapacityProviders = nil
	for _, ref := range refs {
		name, err := a.providerName(ref)
		if err != nil {
			return err
		}
		if p, ok := s.CapacityProvider(name); !model.OnFargate(name) && (!ok || p.Status != model.Active) {
			return providerNotFound()
		}
		if !slices.Contains(c.CapacityProviders, name) {
			c.CapacityProviders = append(c.CapacityProviders, name)
		}
	}
	c.DefaultStrategy = nil
	if len(strategy) == 0 {
		return nil
	}
	read, err := a.readStrategy(c, strategy)
	c.DefaultStrategy = read
	return err
}

// providerInUse tells whether a task or a service of a cluster uses a capacity provider.
func providerInUse(s *state.Snapshot, cluster, name string) bool {
	for t := range s.TasksIn(cluster) {
		if t.Live() && t.CapacityProvider == name {
			return true
		}
	}
	for svc := range s.ServicesIn(cluster) {
		if svc.Status != model.Inactive && usesProvider(svc, name) {
			return true
		}
	}
	return false
}

// usesProvider tells whether a service has a revision that it runs, or would roll back
// to, with a capacity provider.
func usesProvider(svc *model.Service, name string) bool {
	strategies := [][]types.CapacityProviderStrategyItem{svc.Spec.CapacityProviderStrategy, svc.Completed.Capacity.Strategy}
	for _, d := range svc.Deployments {
		strategies = append(strategies, d.Capacity.Strategy)
	}
	return slices.ContainsFunc(slices.Concat(strategies...), func(i types.CapacityProviderStrategyItem) bool {
		return aws.ToString(i.CapacityProvider) == name
	})
}
