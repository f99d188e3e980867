package fleet

import (
	"context"
	"slices"
	"strconv"
	"time"

	"steady/lifecycle"
	"steady/model"
	"steady/state"
)

// Machine is what the container instances of one machine share.
type Machine struct {
	Realm          model.Realm
	CPUs           int
	Memory         int // MiB
	CPUArch        string
	OSType         string
	AgentVersion   string
	AgentHash      string
	RuntimeVersion string
	Capabilities   []string // of its agent
	SharesHost     bool     // its containers run here, and hold ports of this one machine
}

// reservedPorts are the ports that an instance keeps for itself (ECS: "PORTS,
// default 22, 2375, 2376, 51678, 51679").
var reservedPorts = []int{22, 2375, 2376, 51678, 51679}

// Register makes this machine n container instances of the default cluster, over
// equal shares of it and up to three availability zones, and returns them all. An
// instance that a former run registered is kept, its resources brought up to date;
// one beyond n is deregistered once no task is left on it. Those that other agents
// registered are not of this machine.
func Register(ctx context.Context, store *state.Store, m Machine, n int) ([]*model.Instance, error) {
	var registered []*model.Instance
	err := store.Update(ctx, func(tx *state.Tx) error {
		registered = nil
		bySlot := map[int]*model.Instance{}
		for _, i := range slices.Collect(tx.InstancesIn(model.DefaultCluster)) {
			if i.Foreign {
				continue
			}
			if i.Slot >= n && empty(tx, i.ID) {
				tx.PutInstance(lifecycle.Deregister(i, time.Now()))
				continue
			}
			bySlot[i.Slot] = i
			n = max(n, i.Slot+1)
		}
		for slot := range n {
			i := m.instance(bySlot[slot], slot, n)
			tx.PutInstance(i)
			registered = append(registered, i)
		}
		return nil
	})
	return registered, err
}

func empty(tx *state.Tx, instance string) bool {
	for range tx.LiveTasksOn(instance) {
		return false
	}
	return true
}

// instance describes the share of one slot, as the successor of old if there is one.
func (m Machine) instance(old *model.Instance, slot, n int) *model.Instance {
	zone := m.Realm.Region + string(rune('a'+slot%3))
	told := model.Instance{
		Cluster: model.DefaultCluster, Slot: slot, AvailabilityZone: zone,
		EC2InstanceID: "i-" + model.NewID()[:17], SharesHost: m.SharesHost,
		CPU: m.CPUs * 1024 / n, Memory: m.Memory / n, ReservedPorts: reservedPorts,
		AgentVersion: m.AgentVersion, AgentHash: m.AgentHash, RuntimeVersion: m.RuntimeVersion,
		Attributes: m.attributes(zone, slot),
	}
	if old != nil {
		return lifecycle.Reregister(old, told)
	}
	return lifecycle.Register(told, time.Now())
}

// attributes are the built-in ones of a container instance, and the capabilities
// that a task definition's requiresAttributes can ask for.
func (m Machine) attributes(zone string, slot int) []model.Attribute {
	all := []model.Attribute{
		{Name: "ecs.availability-zone", Value: zone},
		{Name: "ecs.cpu-architecture", Value: m.CPUArch},
		{Name: "ecs.os-type", Value: m.OSType},
		{Name: "ecs.os-family", Value: "LINUX"},
		{Name: "ecs.instance-type", Value: "steady.local"},
		{Name: "steady.slot", Value: strconv.Itoa(slot)},
	}
	for _, c := range m.Capabilities {
		all = append(all, model.Attribute{Name: c})
	}
	return all
}
