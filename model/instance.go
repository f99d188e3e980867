package model

import (
	"slices"
	"time"
)

// Instance is a container instance: a share of a machine on which an agent runs
// tasks. ACTIVE, or DRAINING; INACTIVE for a while after it was deregistered.
type Instance struct {
	ID      string // 32 hexadecimal digits
	Cluster string
	Status  Status
	// Slot is the position of this instance among those of its machine, from 0.
	// It is how a restarted server finds its own instances again.
	Slot int
	// Foreign instances were registered through the API: their agents are not Steady's,
	// which alone can connect.
	Foreign bool
	// SharesHost says that its tasks hold their host ports on the machine of the server,
	// together with those of the other such instances.
	SharesHost       bool
	AvailabilityZone string
	EC2InstanceID    string
	CPU              int   // CPU units registered, 1,024 per virtual CPU
	Memory           int   // MiB registered
	ReservedPorts    []int // of TCP, which the agent keeps for itself
	ReservedUDPPorts []int
	Attributes       []Attribute
	RegisteredAt     time.Time
	InactiveAt       time.Time // since when it is INACTIVE
	AgentConnected   bool
	AgentVersion     string
	AgentHash        string
	RuntimeVersion   string // as the agent reports it, "DockerVersion: 20.10.24"
	Tags             []Tag
	Version          int64 // rises with each change that makes an event
	// ClientToken and RequestDigest are those of the request that registered it.
	ClientToken   string
	RequestDigest string
}

// Reserved are the host ports that the agent keeps for itself.
func (i *Instance) Reserved() []HostPort {
	var ports []HostPort
	for _, p := range i.ReservedPorts {
		ports = append(ports, HostPort{Port: p, Protocol: "tcp"})
	}
	for _, p := range i.ReservedUDPPorts {
		ports = append(ports, HostPort{Port: p, Protocol: "udp"})
	}
	return ports
}

// Reserves tells whether the agent keeps a host port for itself.
func (i *Instance) Reserves(p HostPort) bool {
	switch p.Protocol {
	case "tcp":
		return slices.Contains(i.ReservedPorts, p.Port)
	case "udp":
		return slices.Contains(i.ReservedUDPPorts, p.Port)
	}
	return false
}

// Attribute is a name, with or without a value, that placement can ask for.
type Attribute struct {
	Name  string
	Value string
	// Custom attributes were put by a user, not registered by the agent.
	Custom bool
}

// Attribute returns the value of the named attribute and whether the instance
// has it.
func (i *Instance) Attribute(name string) (string, bool) {
	for _, a := range i.Attributes {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}
