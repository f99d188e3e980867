package ecs

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/placement"
	"steady/state"
)

// Limits of a task definition (ECS developer guide, "service quotas").
const (
	maxDefinitionSize = 64 << 10 // bytes
	maxContainers     = 10
)

// RegisterTaskDefinition makes a new revision of a family: always a new one, since
// it "is not idempotent", and never a number that was used before.
func (a *API) RegisterTaskDefinition(ctx context.Context, in *ecs.RegisterTaskDefinitionInput) (*ecs.RegisterTaskDefinitionOutput, error) {
	d, err := a.newDefinition(in)
	if err != nil {
		return nil, err
	}
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		d.Revision = tx.LastRevision(d.Family) + 1
		tx.PutTaskDefinition(d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecs.RegisterTaskDefinitionOutput{TaskDefinition: a.showDefinition(d), Tags: showTags(d.Tags)}, nil
}

// newDefinition is the revision that is asked for, its number still open.
func (a *API) newDefinition(in *ecs.RegisterTaskDefinitionInput) (*model.TaskDefinition, error) {
	family := aws.ToString(in.Family)
	if err := first(
		checkFamily(family),
		oneOf("networkMode", in.NetworkMode, in.NetworkMode.Values()...),
		checkCompatibilities(in.RequiresCompatibilities),
		checkRole(in.TaskRoleArn),
		checkRole(in.ExecutionRoleArn),
		checkContainers(in.ContainerDefinitions, in.NetworkMode),
		refuse(definitionMembers, in, "the task definition"),
		checkDefinitionConstraints(in.PlacementConstraints),
	); err != nil {
		return nil, err
	}
	if err := checkTask(in); err != nil {
		return nil, err
	}
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	d := &model.TaskDefinition{
		Family: family, Status: model.Active, RegisteredAt: time.Now(), RegisteredBy: a.principal(),
		Spec: definitionSpec(in), Tags: tags,
	}
	if d.CPU, err = taskCPU(in.Cpu); err != nil {
		return nil, err
	}
	if d.Memory, err = taskMemory(in.Memory); err != nil {
		return nil, err
	}
	if err := first(checkSizes(d), checkLength(d), setCompatibilities(d)); err != nil {
		return nil, err
	}
	return d, nil
}

func checkFamily(family string) error {
	switch {
	case family == "":
		return refused("Family can not be blank.")
	case !validName.MatchString(family):
		return refused("Family contains invalid characters.")
	}
	return nil
}

// definitionSpec is the task definition as ECS shows it, with its defaults.
func definitionSpec(in *ecs.RegisterTaskDefinitionInput) types.TaskDefinition {
	spec := types.TaskDefinition{
		Compatibilities:         compatibilities(in.NetworkMode),
		RequiresCompatibilities: in.RequiresCompatibilities,
		ExecutionRoleArn:        text(aws.ToString(in.ExecutionRoleArn)),
		TaskRoleArn:             text(aws.ToString(in.TaskRoleArn)),
		NetworkMode:             in.NetworkMode,
		RuntimePlatform:         in.RuntimePlatform,
		PlacementConstraints:    given(in.PlacementConstraints),
		Volumes:                 volumesWithDefaults(in.Volumes),
		PidMode:                 in.PidMode,
		IpcMode:                 in.IpcMode,
		EphemeralStorage:        in.EphemeralStorage,
	}
	for _, c := range in.ContainerDefinitions {
		spec.ContainerDefinitions = append(spec.ContainerDefinitions, withDefaults(c, in.NetworkMode))
	}
	spec.RequiresAttributes = requiresAttributes(&spec)
	return spec
}

// given is the list itself, or an empty one: a list that ECS shows also when it is
// empty.
func given[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// withDefaults fills in what ECS fills in.
func withDefaults(c types.ContainerDefinition, mode types.NetworkMode) types.ContainerDefinition {
	c.Essential = aws.Bool(model.Essential(c))
	c.Environment = given(c.Environment)
	c.MountPoints = given(c.MountPoints)
	c.VolumesFrom = given(c.VolumesFrom)
	c.SystemControls = given(c.SystemControls)
	c.HealthCheck = healthWithDefaults(c.HealthCheck)
	c.RestartPolicy = restartsWithDefaults(c.RestartPolicy)
	c.PortMappings = slices.Clone(given(c.PortMappings))
	for i := range c.PortMappings {
		p := &c.PortMappings[i]
		if aws.ToString(p.ContainerPortRange) == "" {
			p.HostPort = aws.Int32(hostPort(mode, *p))
		}
		if p.Protocol == "" {
			p.Protocol = types.TransportProtocolTcp
		}
	}
	return c
}

// checkDefinitionConstraints: memberOf is the only type that a task definition can
// have ("distinctInstance is not supported in task definitions").
func checkDefinitionConstraints(constraints []types.TaskDefinitionPlacementConstraint) error {
	var all []types.PlacementConstraint
	for _, c := range constraints {
		if c.Type != types.TaskDefinitionPlacementConstraintTypeMemberOf {
			return refused("placement constraint type should be one of [memberOf]")
		}
		all = append(all, types.PlacementConstraint{Type: types.PlacementConstraintTypeMemberOf, Expression: c.Expression})
	}
	if err := placement.Validate(all, nil); err != nil {
		return refused("Invalid placement constraints of the task definition: %v", err)
	}
	return nil
}

// checkLength: a task definition has at most 64 KiB.
func checkLength(d *model.TaskDefinition) error {
	b, err := awsapi.Encode(&d.Spec)
	if err != nil {
		return err
	}
	if len(b) > maxDefinitionSize {
		return refused("Actual length: '%d'. Max allowed length is '%d' bytes.", len(b), maxDefinitionSize)
	}
	return nil
}
