package placement

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// Sizing is what one copy of a task takes from its container instance.
type Sizing struct {
	CPU    int // CPU units
	Memory int // MiB
	GPUs   int
	// Ports are the fixed host ports, sorted and each once. Dynamic ones are not
	// counted (ECS: only ports that the task definition names are reserved).
	Ports []model.HostPort
}

// Size tells what a task of this revision takes (ECS developer guide, "task
// placement": the task-level values where there are any, else the sums over the
// containers).
func Size(d *model.TaskDefinition) Sizing {
	return SizeWith(d, types.TaskOverride{})
}

// SizeWith is Size for a task that is run with overrides. The task-level members
// of the override must be plain numbers of CPU units and MiB; what is not is
// ignored.
func SizeWith(d *model.TaskDefinition, o types.TaskOverride) Sizing {
	s := Sizing{CPU: d.CPU, Memory: d.Memory, Ports: hostPorts(d)}
	if n, ok := number(o.Cpu); ok {
		s.CPU = n
	}
	if n, ok := number(o.Memory); ok {
		s.Memory = n
	}
	taskCPU, taskMemory := s.CPU > 0, s.Memory > 0
	for _, c := range d.Containers() {
		c = overridden(c, o)
		if !taskCPU {
			s.CPU += int(c.Cpu)
		}
		if !taskMemory {
			s.Memory += containerMemory(c)
		}
		s.GPUs += gpus(c)
	}
	return s
}

// containerMemory: the soft limit where there is one, else the hard limit (ECS:
// "if you specify memoryReservation, that value is subtracted from the available
// memory resources; otherwise the value of memory is used").
func containerMemory(c types.ContainerDefinition) int {
	if c.MemoryReservation != nil && *c.MemoryReservation > 0 {
		return int(*c.MemoryReservation)
	}
	if c.Memory != nil {
		return int(*c.Memory)
	}
	return 0
}

func gpus(c types.ContainerDefinition) int {
	n := 0
	for _, r := range c.ResourceRequirements {
		if r.Type != types.ResourceTypeGpu {
			continue
		}
		if value, ok := number(r.Value); ok {
			n += value
		}
	}
	return n
}

// overridden applies the override of that container's name.
func overridden(c types.ContainerDefinition, o types.TaskOverride) types.ContainerDefinition {
	for _, v := range o.ContainerOverrides {
		if v.Name == nil || c.Name == nil || *v.Name != *c.Name {
			continue
		}
		if v.Cpu != nil {
			c.Cpu = *v.Cpu
		}
		if v.Memory != nil {
			c.Memory = v.Memory
		}
		if v.MemoryReservation != nil {
			c.MemoryReservation = v.MemoryReservation
		}
		if v.ResourceRequirements != nil {
			c.ResourceRequirements = v.ResourceRequirements
		}
	}
	return c
}

// hostPorts are the ports of the instance that every copy of the task needs.
func hostPorts(d *model.TaskDefinition) []model.HostPort {
	var ports []model.HostPort
	for _, c := range d.Containers() {
		for _, m := range c.PortMappings {
			if port := hostPort(d.Spec.NetworkMode, m); port > 0 {
				ports = append(ports, model.HostPort{Port: port, Protocol: protocol(m)})
			}
		}
	}
	slices.SortFunc(ports, comparePorts)
	return slices.Compact(ports)
}

// hostPort is the port of the instance that a mapping fixes, 0 for none. ECS, by
// network mode: bridge takes hostPort, where 0 is dynamic; host takes the same
// port as the container; awsvpc has an interface of its own and none has no
// network. A containerPortRange is always mapped dynamically.
func hostPort(mode types.NetworkMode, m types.PortMapping) int {
	switch mode {
	case types.NetworkModeAwsvpc, types.NetworkModeNone:
		return 0
	case types.NetworkModeHost:
		if m.ContainerPort != nil {
			return int(*m.ContainerPort)
		}
	}
	if m.HostPort == nil {
		return 0
	}
	return int(*m.HostPort)
}

// protocol of a mapping: tcp unless it says udp (ECS).
func protocol(m types.PortMapping) string {
	if m.Protocol == types.TransportProtocolUdp {
		return string(types.TransportProtocolUdp)
	}
	return string(types.TransportProtocolTcp)
}

func comparePorts(a, b model.HostPort) int {
	return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
}

func number(s *string) (int, bool) {
	if s == nil {
		return 0, false
	}
	n, err := strconv.Atoi(*s)
	return n, err == nil && n >= 0
}
