package placement

import (
	"slices"

	"steady/placement/query"
)

// Reason says why a container instance cannot take a task, in the words of the
// failures that RunTask answers with. Empty: it can.
type Reason string

const (
	NoAgent     Reason = "AGENT"
	NoCPU       Reason = "RESOURCE:CPU"
	NoMemory    Reason = "RESOURCE:MEMORY"
	NoGPU       Reason = "RESOURCE:GPU"
	PortInUse   Reason = "RESOURCE:PORTS"
	NoAttribute Reason = "ATTRIBUTE"
	NotDistinct Reason = "DistinctInstance placement constraint unsatisfied."
	NotMember   Reason = "MemberOf placement constraint unsatisfied."
)

// Cause is the reason as a service event words it, behind the name of the closest
// matching container instance.
func (r Reason) Cause() string {
	switch r {
	case NoCPU:
		return "has insufficient CPU units available"
	case NoMemory:
		return "has insufficient memory available"
	case PortInUse:
		return "is already using a port required by your task"
	case NoAttribute:
		return "is missing an attribute required by your task"
	default:
		return `encountered error "` + string(r) + `"`
	}
}

// demand is a request made ready for the filters.
type demand struct {
	Request
	constraints
}

func (r Request) demand() *demand { return &demand{r, r.constraints()} }

// A filter gives its reason if the instance does not meet one requirement.
type filter func(*demand, *Candidate) Reason

// filters in the order in which ECS names them: the agent must be there, then the
// resources are looked at, then the constraints. The first refusal is the one
// that is reported.
var filters = []filter{
	agentConnected, enoughCPU, enoughMemory, enoughGPUs, portsFree,
	requiredAttributes, distinctInstance, memberOf,
}

// refusal is the reason of the first filter that refuses the instance.
func (d *demand) refusal(c *Candidate) Reason {
	for _, f := range filters {
		if reason := f(d, c); reason != "" {
			return reason
		}
	}
	return ""
}

// agentConnected: an instance whose agent is disconnected gets no new tasks.
func agentConnected(_ *demand, c *Candidate) Reason {
	if c.Instance.AgentConnected {
		return ""
	}
	return NoAgent
}

// enoughCPU: a task that asks for none fits even an overcommitted instance.
func enoughCPU(d *demand, c *Candidate) Reason {
	if d.CPU == 0 || d.CPU <= c.cpuLeft() {
		return ""
	}
	return NoCPU
}

func enoughMemory(d *demand, c *Candidate) Reason {
	if d.Memory == 0 || d.Memory <= c.memoryLeft() {
		return ""
	}
	return NoMemory
}

// enoughGPUs: no container instance of Steady registers GPUs.
func enoughGPUs(d *demand, _ *Candidate) Reason {
	if d.GPUs == 0 {
		return ""
	}
	return NoGPU
}

func portsFree(d *demand, c *Candidate) Reason {
	if slices.ContainsFunc(d.Ports, c.portTaken) {
		return PortInUse
	}
	return ""
}

// requiredAttributes: the instance needs every attribute that the task definition
// requires, with that value where one is given.
func requiredAttributes(d *demand, c *Candidate) Reason {
	for _, a := range d.Attributes {
		value, has := query.Attribute(c.Instance, deref(a.Name))
		if !has || a.Value != nil && *a.Value != value {
			return NoAttribute
		}
	}
	return ""
}

// distinctInstance: no two active tasks of a group on one instance.
func distinctInstance(d *demand, c *Candidate) Reason {
	if d.distinct && c.Groups[d.Group] > 0 {
		return NotDistinct
	}
	return ""
}

func memberOf(d *demand, c *Candidate) Reason {
	if d.invalid != nil {
		return NotMember
	}
	for _, m := range d.members {
		if !c.Matches(m) {
			return NotMember
		}
	}
	return ""
}
