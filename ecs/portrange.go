package ecs

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

const maxPortRanges = 100 // of a container

// checkPortRanges: ranges are of ports that nothing else of the container has, and are
// mapped "in the network modes bridge and awsvpc" only.
func checkPortRanges(c *types.ContainerDefinition, mode types.NetworkMode) error {
	type taken struct {
		ports    model.PortRange
		protocol types.TransportProtocol
	}
	var all []taken
	ranges := 0
	for _, p := range c.PortMappings {
		ports := model.PortRange{First: int(aws.ToInt32(p.ContainerPort)), Last: int(aws.ToInt32(p.ContainerPort))}
		if text := aws.ToString(p.ContainerPortRange); text != "" {
			var err error
			ports, err = model.ParsePortRange(text)
			ranges++
			switch {
			case err != nil:
				return setting(c.Name, "'containerPortRange' %v.", err)
			case p.ContainerPort != nil || p.HostPort != nil:
				return setting(c.Name, "A port mapping with 'containerPortRange' can not have 'containerPort' or 'hostPort'.")
			case mode == types.NetworkModeHost || mode == types.NetworkModeNone:
				return setting(c.Name, "'containerPortRange' is not supported when networkMode=%s.", mode)
			case ranges > maxPortRanges:
				return setting(c.Name, "At most %d port ranges are allowed.", maxPortRanges)
			}
		}
		t := taken{ports, protocol(p)}
		for _, o := range all {
			if (ports.Len() > 1 || o.ports.Len() > 1) && o.protocol == t.protocol && o.ports.Overlaps(ports) {
				return setting(c.Name, "The container port range %s/%s overlaps with %s.", ports, t.protocol, o.ports)
			}
		}
		all = append(all, t)
	}
	return nil
}

// protocol of a mapping: "the default is tcp".
func protocol(p types.PortMapping) types.TransportProtocol {
	if p.Protocol == "" {
		return types.TransportProtocolTcp
	}
	return p.Protocol
}
