package query

import "steady/model"

// ZoneAttribute is the built-in attribute that names an instance's Availability
// Zone.
const ZoneAttribute = "ecs.availability-zone"

// Attribute returns the value of the named attribute of the instance and whether
// it has it. The Availability Zone counts as an attribute of every instance that
// knows its zone, listed among its attributes or not.
func Attribute(i *model.Instance, name string) (string, bool) {
	if value, has := i.Attribute(name); has {
		return value, true
	}
	if name == ZoneAttribute && i.AvailabilityZone != "" {
		return i.AvailabilityZone, true
	}
	return "", false
}
