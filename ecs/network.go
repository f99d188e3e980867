package ecs

import (
	"reflect"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// Limits of an awsvpcConfiguration (ECS API).
const (
	maxSubnets        = 16
	maxSecurityGroups = 5
)

// A subnet and a security group are names here: any of that form is taken.
var (
	validSubnet        = regexp.MustCompile(`^subnet-[0-9A-Za-z][0-9A-Za-z_-]{0,63}$`)
	validSecurityGroup = regexp.MustCompile(`^sg-[0-9A-Za-z][0-9A-Za-z_-]{0,63}$`)
)

// fixedPorts tells whether a container's port is that of the interface that it listens
// on: "hostPort omitted or equal to containerPort".
func fixedPorts(mode types.NetworkMode) bool {
	return mode == types.NetworkModeAwsvpc || mode == types.NetworkModeHost
}

// hostPort is the host port of a mapping with its default: containerPort where the two are
// the same port, else 0, a dynamic one.
func hostPort(mode types.NetworkMode, p types.PortMapping) int32 {
	if p.HostPort == nil && fixedPorts(mode) {
		return aws.ToInt32(p.ContainerPort)
	}
	return aws.ToInt32(p.HostPort)
}

// checkNetworking checks what the containers say of the network against its mode.
func checkNetworking(containers []types.ContainerDefinition, mode types.NetworkMode) error {
	for _, c := range containers {
		for _, p := range c.PortMappings {
			switch {
			case mode == types.NetworkModeNone:
				return refused("Invalid setting for container '%s'. Port mappings are not supported when networkMode=none.", *c.Name)
			case fixedPorts(mode) && hostPort(mode, p) != aws.ToInt32(p.ContainerPort):
				return refused("When networkMode=%s, the host ports and container ports in port mappings must match.", mode)
			}
		}
		if err := checkNames(c, mode); err != nil {
			return err
		}
	}
	return nil
}

// checkNames: links are of the bridge, and a host's name or that of a task's network
// interface is not the container's to choose.
func checkNames(c types.ContainerDefinition, mode types.NetworkMode) error {
	if mode == "" || mode == types.NetworkModeBridge {
		return nil
	}
	switch {
	case len(c.Links) > 0:
		return refused("Links are not supported when networkMode=%s.", mode)
	case aws.ToString(c.Hostname) != "" && mode != types.NetworkModeNone:
		return refused("Hostname is not supported on container when networkMode=%s.", mode)
	}
	return nil
}

// compatibilities are the launch types that a task definition is valid for: "EXTERNAL
// supports the network modes bridge, host and none".
func compatibilities(mode types.NetworkMode) []types.Compatibility {
	if mode == types.NetworkModeAwsvpc {
		return []types.Compatibility{types.CompatibilityEc2}
	}
	return []types.Compatibility{types.CompatibilityExternal, types.CompatibilityEc2}
}

// checkNetwork checks what can be checked of a network configuration by itself.
func checkNetwork(in *types.NetworkConfiguration) error {
	if in == nil || in.AwsvpcConfiguration == nil {
		return nil
	}
	c := in.AwsvpcConfiguration
	switch {
	case len(c.Subnets) == 0:
		return invalid("subnets can not be empty.")
	case len(c.Subnets) > maxSubnets:
		return invalid("subnets can have at most %d items.", maxSubnets)
	case len(c.SecurityGroups) > maxSecurityGroups:
		return invalid("securityGroups can have at most %d items.", maxSecurityGroups)
	}
	for _, id := range c.Subnets {
		if !validSubnet.MatchString(id) {
			return invalid("Error retrieving subnet information for [%s]: Invalid id: \"%s\" (expecting \"subnet-...\") (ErrorCode: InvalidSubnetID.Malformed)", id, id)
		}
	}
	for _, id := range c.SecurityGroups {
		if !validSecurityGroup.MatchString(id) {
			return invalid("Error retrieving security group information for [%s]: Invalid id: \"%s\" (expecting \"sg-...\") (ErrorCode: InvalidGroupId.Malformed)", id, id)
		}
	}
	return oneOf("assignPublicIp", c.AssignPublicIp, c.AssignPublicIp.Values()...)
}

// networkOf is the network configuration of tasks of a revision as it is kept, nil where
// its network mode takes none. An empty launch type is EC2.
func networkOf(d *model.TaskDefinition, in *types.NetworkConfiguration, launch types.LaunchType) (*types.NetworkConfiguration, error) {
	given := in != nil && in.AwsvpcConfiguration != nil
	switch {
	case !given && d.OwnsInterface():
		return nil, invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	case given && !d.OwnsInterface():
		return nil, invalid("Network Configuration is not valid for the given networkMode of this task definition.")
	case !given:
		return nil, nil
	}
	c := *in.AwsvpcConfiguration
	if c.AssignPublicIp == "" {
		c.AssignPublicIp = types.AssignPublicIpDisabled
	}
	if c.AssignPublicIp == types.AssignPublicIpEnabled && launch != types.LaunchTypeFargate {
		return nil, invalid("Assign public IP is not supported for this launch type.")
	}
	return &types.NetworkConfiguration{AwsvpcConfiguration: &c}, nil
}

// sameNetwork tells whether two network configurations, as they are kept, are one.
func sameNetwork(x, y *types.NetworkConfiguration) bool {
	if x == nil || y == nil {
		return x == nil && y == nil
	}
	a, b := *x.AwsvpcConfiguration, *y.AwsvpcConfiguration
	a.Subnets, b.Subnets = given(a.Subnets), given(b.Subnets)
	a.SecurityGroups, b.SecurityGroups = given(a.SecurityGroups), given(b.SecurityGroups)
	return reflect.DeepEqual(a, b)
}

// zoneOf is the Availability Zone of a container instance.
func zoneOf(s *state.Snapshot, instance string) string {
	if i, ok := s.Instance(instance); ok {
		return i.AvailabilityZone
	}
	return ""
}
