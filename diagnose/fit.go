package diagnose

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/placement"
)

// Room is how many more tasks of a service its cluster can take as it is now.
type Room struct {
	Tasks  int  // that fit
	More   bool // more than Tasks fit: it was not counted further than RoomCounted
	Wanted int  // tasks that the service lacks
	// Instances say what keeps each from taking one more task.
	Instances []Refused
}

// Refused is an instance that takes no further task.
type Refused struct {
	Instance string // id
	Reason   string // in ECS's words: "RESOURCE:MEMORY", or the status of the instance
	Detail   string // with its numbers
}

// RoomCounted is how far Room.Tasks is counted.
const RoomCounted = 1000

// room counts, for a service that lacks tasks, how many of them would find a place
// now, and on which instance which resource is the one that ends it.
func room(s Situation) *Room {
	p, ok := newProspect(s)
	if !ok || !p.Looked || !p.onInstances() || p.missing <= 0 || len(p.TaskDefinition.ContainerDefinitions) == 0 {
		return nil
	}
	candidates := p.candidates()
	request := p.request(RoomCounted + 1)
	r := placement.Place(request, candidates)
	out := &Room{Tasks: min(len(r.Bindings), RoomCounted), More: r.Missing == 0, Wanted: p.missing}
	for _, i := range p.Instances {
		if st := aws.ToString(i.Status); st != "ACTIVE" {
			out.Instances = append(out.Instances, Refused{lastPart(i.ContainerInstanceArn), st, "takes no tasks, since it is " + st})
		}
	}
	byID := map[string]*placement.Candidate{}
	for _, c := range candidates {
		byID[c.Instance.ID] = c
	}
	for _, refusal := range r.Refusals {
		out.Instances = append(out.Instances, Refused{refusal.Instance, string(refusal.Reason), p.lacks(byID[refusal.Instance], refusal.Reason, request)})
	}
	return out
}

// lacks words what an instance lacks for one more task, with the numbers as they are
// after those that fit.
func (p *prospect) lacks(c *placement.Candidate, r placement.Reason, request placement.Request) string {
	if c == nil {
		return string(r)
	}
	left := c.Remaining()
	switch r {
	case placement.NoCPU:
		return fmt.Sprintf("%d CPU units left of %d, and a task needs %d", left.CPU, c.Instance.CPU, request.CPU)
	case placement.NoMemory:
		return fmt.Sprintf("%d MiB of memory left of %d, and a task needs %d", left.Memory, c.Instance.Memory, request.Memory)
	case placement.PortInUse:
		return "host port " + portsOf(request.Ports) + " is taken"
	case placement.NoAgent:
		return "its agent is not connected"
	case placement.NoAttribute:
		return "it lacks an attribute that the task definition requires"
	case placement.NotDistinct:
		return "it has a task of this service already (distinctInstance)"
	case placement.NotMember:
		return "it does not meet the placement constraint"
	}
	return strings.TrimSuffix(string(r), ".")
}
