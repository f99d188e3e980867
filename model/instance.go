package model

import "time"

// Instance is a container instance: a share of a machine on which an agent runs
// tasks. ACTIVE, or DRAINING.
type Instance struct {
	ID      string // 32 hexadecimal digits
	Cluster string
	Status  Status
	// Slot is the position of this instance among those of its machine, from 0.
	// It is how a restarted server finds its own instances again.
	Slot             int
	AvailabilityZone string
	EC2InstanceID    string
	CPU              int // CPU units registered, 1,024 per virtual CPU
	Memory           int // MiB registered
	ReservedPorts    []int
	Attributes       []Attribute
	RegisteredAt     time.Time
	AgentConnected   bool
	AgentVersion     string
	RuntimeVersion   string // as the agent reports it, "DockerVersion: 20.10.24"
	Tags             []Tag
	Version          int64 // rises with each change that makes an event
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
