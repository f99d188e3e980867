package placement

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"steady/model"
	"steady/placement/query"
)

// Possible tells whether the ACTIVE instances could take every copy of the
// request if nothing else ran on them and their agents were connected. If not,
// waiting does not help, and the reason says what the cluster lacks.
func Possible(req Request, candidates []*Candidate) (reason string, ok bool) {
	d := req.demand()
	idle := d.idle(active(candidates))
	if len(idle) == 0 {
		return "the cluster has no ACTIVE container instance: register one", false
	}
	for _, f := range filters {
		refused := func(c *Candidate) bool { return f(d, c) != "" }
		if index := slices.IndexFunc(idle, func(c *Candidate) bool { return !refused(c) }); index < 0 {
			return d.lacking(f(d, idle[0]), idle), false
		}
	}
	able := 0
	refusals := make(map[Reason]int)
	for _, c := range idle {
		if reason := d.refusal(c); reason != "" {
			refusals[reason]++
			continue
		}
		able++
	}
	if able == 0 {
		return "no container instance meets all requirements at once: " + tally(refusals), false
	}
	if room := len(Place(req, idle).Bindings); room < req.Count {
		return d.crowded(room, able, slices.ContainsFunc(idle, func(c *Candidate) bool { return c.host != nil })), false
	}
	return "", true
}

// idle are the instances without the tasks on them. Where a constraint asks for
// tasks of another group beside it (task:group == …), those tasks stay counted.
func (d *demand) idle(candidates []*Candidate) []*Candidate {
	idle := make([]*Candidate, len(candidates))
	for i, c := range candidates {
		idle[i] = c.empty()
		if memberOf(d, idle[i]) == "" || memberOf(d, c) != "" {
			continue
		}
		idle[i].RunningTasks = c.RunningTasks
		idle[i].Groups = maps.Clone(c.Groups)
		if d.distinct {
			delete(idle[i].Groups, d.Group)
		}
	}
	share(idle)
	return idle
}

// lacking words a requirement that no instance meets.
func (d *demand) lacking(r Reason, idle []*Candidate) string {
	switch r {
	case NoCPU:
		most := largest(idle, func(i *model.Instance) int { return i.CPU })
		return fmt.Sprintf("a task needs %d CPU units; the largest container instance (%s) has %d", d.CPU, most.ID, most.CPU)
	case NoMemory:
		most := largest(idle, func(i *model.Instance) int { return i.Memory })
		return fmt.Sprintf("a task needs %d MiB of memory; the largest container instance (%s) has %d", d.Memory, most.ID, most.Memory)
	case NoGPU:
		return fmt.Sprintf("a task needs %d GPU; no container instance has one", d.GPUs)
	case PortInUse:
		return "every container instance reserves a host port that the task needs: " + portList(d.reserved(idle))
	case NoAttribute:
		return "no container instance has the attributes that the task definition requires: " + d.attributeList(idle)
	case NotMember:
		if d.invalid != nil {
			return d.invalid.Error()
		}
		return "no container instance satisfies the placement constraint memberOf " + d.constraints.String()
	default:
		return "no container instance can take the task: " + string(r)
	}
}

// crowded words a cluster that can take some copies but not all.
func (d *demand) crowded(room, able int, shared bool) string {
	head := fmt.Sprintf("%d copies of the task are wanted and %d can run at once", d.Count, room)
	suitable := "1 container instance is suitable"
	if able != 1 {
		suitable = fmt.Sprintf("%d container instances are suitable", able)
	}
	switch {
	case d.distinct:
		return head + ": distinctInstance allows one per container instance, and " + suitable
	case len(d.Ports) > 0:
		if shared {
			suitable += ", of one machine whose ports they share"
		}
		return head + ": each holds host port " + portList(d.Ports) + " of its container instance, and " + suitable
	default:
		return head + ", even if nothing else ran in the cluster: " + suitable
	}
}

// reserved are the ports of the task that some agent reserves.
func (d *demand) reserved(idle []*Candidate) []model.HostPort {
	var ports []model.HostPort
	for _, p := range d.Ports {
		if slices.ContainsFunc(idle, func(c *Candidate) bool { return c.Instance.Reserves(p) }) {
			ports = append(ports, p)
		}
	}
	return ports
}

// attributeList names the required attributes that no instance has; all of them
// if each is somewhere, but nowhere together.
func (d *demand) attributeList(idle []*Candidate) string {
	var all, nowhere []string
	for _, a := range d.Attributes {
		name := deref(a.Name)
		has := func(c *Candidate) bool {
			value, has := query.Attribute(c.Instance, name)
			return has && (a.Value == nil || *a.Value == value)
		}
		if a.Value != nil {
			name += "=" + *a.Value
		}
		all = append(all, name)
		if !slices.ContainsFunc(idle, has) {
			nowhere = append(nowhere, name)
		}
	}
	if len(nowhere) > 0 {
		return strings.Join(nowhere, ", ")
	}
	return strings.Join(all, ", ")
}

func largest(idle []*Candidate, size func(*model.Instance) int) *model.Instance {
	most := idle[0].Instance
	for _, c := range idle {
		if size(c.Instance) > size(most) {
			most = c.Instance
		}
	}
	return most
}

func portList(ports []model.HostPort) string {
	text := make([]string, len(ports))
	for i, p := range ports {
		text[i] = strconv.Itoa(p.Port) + "/" + p.Protocol
	}
	return strings.Join(text, ", ")
}

func tally(refusals map[Reason]int) string {
	var text []string
	for _, reason := range slices.Sorted(maps.Keys(refusals)) {
		text = append(text, fmt.Sprintf("%d × %s", refusals[reason], strings.TrimSuffix(string(reason), ".")))
	}
	return strings.Join(text, ", ")
}
