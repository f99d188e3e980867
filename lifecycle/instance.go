package lifecycle

import (
	"slices"
	"time"

	"steady/model"
)

// Register makes the record of a container instance, as its agent tells of it: ACTIVE,
// and not connected yet.
func Register(told model.Instance, now time.Time) *model.Instance {
	told.ID, told.Status, told.RegisteredAt = model.NewID(), model.Active, now
	told.AgentConnected, told.Version = false, 1
	return &told
}

// Reregister is the record of a container instance whose agent, started anew, tells of it
// again: what it is and what users have said of it stay, but for attributes that its agent
// tells of by now.
func Reregister(i *model.Instance, told model.Instance) *model.Instance {
	n := told
	n.ID, n.Cluster, n.Slot, n.Foreign, n.EC2InstanceID = i.ID, i.Cluster, i.Slot, i.Foreign, i.EC2InstanceID
	n.Status, n.RegisteredAt, n.Tags = i.Status, i.RegisteredAt, i.Tags
	n.ClientToken, n.RequestDigest = i.ClientToken, i.RequestDigest
	n.Attributes = slices.Clone(told.Attributes)
	for _, a := range i.Attributes {
		if _, told := told.Attribute(a.Name); a.Custom && !told {
			n.Attributes = append(n.Attributes, a)
		}
	}
	n.AgentConnected, n.Version = false, i.Version+1
	return &n
}

// Deregister ends a container instance. Its record stays for a while: "you can still
// describe the container instance for one hour".
func Deregister(i *model.Instance, now time.Time) *model.Instance {
	n := *i
	n.Status, n.InactiveAt, n.AgentConnected = model.Inactive, now, false
	n.Version++
	return &n
}
