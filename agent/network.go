package agent

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
)

// connect puts a container into the network of its task's network mode. holder is the
// container that holds the task's own interface, if it has one. In no mode but bridge are
// ports published: in host they are the instance's own, in awsvpc the interface's.
func connect(s *runtime.Spec, mode types.NetworkMode, holder string) {
	switch mode {
	case types.NetworkModeHost, types.NetworkModeNone:
		if s.Network.Mode == "" {
			s.Network.Mode = string(mode)
		}
	case types.NetworkModeAwsvpc:
		if s.Network.Mode == "" {
			// Names, and the network's parameters, are those of the holder.
			s.Network = runtime.Network{Mode: runtime.Joining(holder)}
			s.Process.Sysctls = ofNetwork(s.Process.Sysctls, false)
		}
	default:
		return
	}
	s.Ports = nil
}

// holderSpec is the container that holds a task's own interface. What the task's
// containers say of names and of the network's parameters is for their common network, so
// it goes here: "the container parameters … are applied to the pause container".
func (a *Agent) holderSpec(t *model.Task, d *model.TaskDefinition, image string) runtime.Spec {
	s := runtime.Spec{
		Name: containerName(t, d, "internalecspause"), Image: image, Labels: a.labels(t, d, holderName),
		CPUShares: 2, Cgroup: a.parent(t), Network: runtime.Network{Mode: a.Network},
	}
	for _, c := range d.Containers() {
		own := a.spec(t, d, c, "")
		if own.Network.Mode != "" {
			continue // it has no network
		}
		n := own.Network
		s.Network.DNS = join(s.Network.DNS, n.DNS)
		s.Network.Search = join(s.Network.Search, n.Search)
		s.Network.Hosts = join(s.Network.Hosts, n.Hosts)
		if s.Process.Sysctls == nil {
			s.Process.Sysctls = map[string]string{}
		}
		maps.Copy(s.Process.Sysctls, ofNetwork(own.Process.Sysctls, true))
	}
	return s
}

// join adds what is not there yet.
func join[T comparable](all, more []T) []T {
	for _, x := range more {
		if !slices.Contains(all, x) {
			all = append(all, x)
		}
	}
	return all
}

// ofNetwork picks the kernel parameters that are of the network, or the others.
func ofNetwork(sysctls map[string]string, network bool) map[string]string {
	picked := maps.Clone(sysctls)
	maps.DeleteFunc(picked, func(name, _ string) bool { return strings.HasPrefix(name, "net.") != network })
	return picked
}

// bindings are the ports of the instance at which a running container is reached.
func (r *runner) bindings(p *part, c runtime.Container) []model.Binding {
	if r.definition.Spec.NetworkMode == types.NetworkModeHost {
		return ownPorts(p.definition.PortMappings)
	}
	return bindings(c.Ports, p.definition.PortMappings)
}

// ownPorts are the bindings of a container in network mode host: the ports that it says it
// listens on are the instance's.
func ownPorts(mappings []types.PortMapping) []model.Binding {
	var b []model.Binding
	for _, m := range mappings {
		port := int(aws.ToInt32(m.ContainerPort))
		b = append(b, model.Binding{BindIP: "0.0.0.0", ContainerPort: port, HostPort: port, Protocol: protocol(m.Protocol)})
	}
	return b
}
