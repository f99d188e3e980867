package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
	"steady/model"
	"steady/placement"
)

// onInstances tells whether the service's tasks are placed on the cluster's
// container instances as they are: Fargate and capacity providers bring their own.
func (p *prospect) onInstances() bool {
	if len(p.Service.CapacityProviderStrategy)+len(p.primary.CapacityProviderStrategy) > 0 {
		return false
	}
	switch p.Service.LaunchType {
	case "", types.LaunchTypeEc2, types.LaunchTypeExternal:
		return true
	}
	return false
}

// judged tells whether it can be said where the missing tasks could go.
func (p *prospect) judged() bool {
	return p.Looked && p.missing > 0 && p.onInstances() && len(p.TaskDefinition.ContainerDefinitions) > 0 && p.joining() == ""
}

// joining names an instance that will soon be ACTIVE.
func (p *prospect) joining() string {
	for _, i := range p.Instances {
		if aws.ToString(i.Status) == "REGISTERING" {
			return lastPart(i.ContainerInstanceArn)
		}
	}
	return ""
}

// request is what placement is asked for: copies of the PRIMARY deployment's task.
// GPUs are looked at apart from it.
func (p *prospect) request(count int) placement.Request {
	r := placement.For(definitionOf(p.TaskDefinition), count)
	r.GPUs = 0
	r.Group = p.group()
	r.Constraints = told(p.Service.PlacementConstraints, func(c types.PlacementConstraint) *string { return c.Expression })
	r.DefinitionConstraints = told(r.DefinitionConstraints, func(c types.TaskDefinitionPlacementConstraint) *string { return c.Expression })
	if p.daemon() { // "one task per ACTIVE instance"
		r.Constraints = append(r.Constraints, types.PlacementConstraint{Type: types.PlacementConstraintTypeDistinctInstance})
	}
	return r
}

func (p *prospect) group() string { return "service:" + aws.ToString(p.Service.ServiceName) }

// candidates are the instances with all that is held of them.
func (p *prospect) candidates() []*placement.Candidate {
	var all []*placement.Candidate
	for _, i := range p.Instances {
		c := candidateOf(i)
		for _, t := range p.Tasks {
			if lastPart(t.ContainerInstanceArn) == c.Instance.ID {
				if c.Groups == nil {
					c.Groups = map[string]int{}
				}
				c.Groups[p.group()]++
			}
		}
		all = append(all, c)
	}
	return all
}

// alone are the instances as they would be if nothing but these tasks ran on them.
func (p *prospect) alone(tasks []types.Task) []*placement.Candidate {
	var instances []*model.Instance
	for _, i := range p.Instances {
		x := candidateOf(i).Instance
		x.AgentConnected = true
		instances = append(instances, x)
	}
	size := placement.Size(definitionOf(p.TaskDefinition))
	var held []*model.Task
	for _, t := range tasks {
		x := taskOf(t, p.group())
		if p.mine(t) { // known before it runs
			x.CPU, x.Memory, x.HostPorts = size.CPU, size.Memory, size.Ports
		}
		held = append(held, x)
	}
	return placement.Candidates(instances, held)
}

// noPlace: no instance could ever take the task, or too few could take all copies
// at once, even if nothing else ran.
func (p *prospect) noPlace() *Hopeless {
	if !p.judged() {
		return nil
	}
	if h := p.noGPU(); h != nil {
		return h
	}
	if h := p.allDrained(); h != nil {
		return h
	}
	if p.daemon() {
		return p.noPlaceForDaemon()
	}
	reason, ok := placement.Possible(p.request(p.desired), p.candidates())
	if ok || p.fitsBeside() {
		return nil
	}
	return &Hopeless{Reason: reason, Remedy: p.placeRemedy()}
}

// fitsBeside tells whether the missing tasks have room beside those of the
// deployment that run already, which may have been placed under other constraints.
func (p *prospect) fitsBeside() bool {
	ready := map[string]bool{}
	for _, i := range p.Instances {
		ready[aws.ToString(i.ContainerInstanceArn)] = aws.ToString(i.Status) == "ACTIVE"
	}
	var stay []types.Task
	for _, t := range p.Tasks {
		if p.mine(t) && ready[aws.ToString(t.ContainerInstanceArn)] {
			stay = append(stay, t)
		}
	}
	return placement.Place(p.request(p.desired-len(stay)), p.alone(stay)).Missing == 0
}

// noPlaceForDaemon: "one task per ACTIVE instance meeting the constraints", each of
// which has to have room for it.
func (p *prospect) noPlaceForDaemon() *Hopeless {
	if reason, ok := placement.Possible(p.request(1), p.candidates()); !ok {
		return &Hopeless{Reason: reason, Remedy: p.placeRemedy()}
	}
	able := len(placement.Place(p.request(p.desired), p.alone(nil)).Bindings)
	if able >= p.desired {
		return nil
	}
	return &Hopeless{
		Reason: fmt.Sprintf("the DAEMON service wants a task on each of %d container instances, and %d of them could take one", p.desired, able),
		Remedy: []string{"Lower what the task definition asks for, or exclude the other instances with a placement constraint."},
	}
}

func (p *prospect) noGPU() *Hopeless {
	needed := placement.Size(definitionOf(p.TaskDefinition)).GPUs
	if needed == 0 {
		return nil
	}
	most := 0
	for _, i := range p.Instances {
		if aws.ToString(i.Status) == "ACTIVE" {
			most = max(most, gpusOf(i))
		}
	}
	if most >= needed {
		return nil
	}
	return &Hopeless{
		Reason: fmt.Sprintf("a task needs %d GPU, and no container instance has more than %d", needed, most),
		Remedy: []string{"Add an instance with as many GPUs, or ask for fewer in resourceRequirements."},
	}
}

// requirements are the parts of a request, each with what to do if that part alone
// cannot be met.
var requirements = []struct {
	part   func(all placement.Request) placement.Request
	remedy []string
}{
	{func(placement.Request) placement.Request { return placement.Request{Count: 1} }, catalogue.Get("E01").Remedy},
	{func(r placement.Request) placement.Request {
		return placement.Request{Count: 1, Sizing: placement.Sizing{CPU: r.CPU, Memory: r.Memory}}
	}, []string{"Lower cpu and memory in the task definition (a container with memoryReservation counts with that), or add an instance that is big enough."}},
	{func(r placement.Request) placement.Request {
		return placement.Request{Count: 1, Sizing: placement.Sizing{Ports: r.Ports}}
	}, []string{"Choose another hostPort, or leave it out (or 0), so that each task gets a free port."}},
	{func(r placement.Request) placement.Request {
		return placement.Request{Count: 1, Attributes: r.Attributes}
	}, []string{"Compare the task definition's requiresAttributes with the instances' attributes (log driver, task networking, agent version), and change one of them."}},
	{func(r placement.Request) placement.Request {
		return placement.Request{Count: 1, Constraints: r.Constraints, DefinitionConstraints: r.DefinitionConstraints}
	}, []string{"Change the constraint's expression, or give an instance the attribute that it asks for (aws ecs put-attributes)."}},
	{func(r placement.Request) placement.Request { r.Count = 1; return r },
		[]string{"Add an instance that meets all requirements at once, or ask for less in the task definition and the service."}},
}

// placeRemedy tells what to do about the first part of the request that cannot be
// met; about the number of copies if each part can.
func (p *prospect) placeRemedy() []string {
	all := p.request(p.desired)
	for _, r := range requirements {
		if _, ok := placement.Possible(r.part(all), p.candidates()); !ok {
			return r.remedy
		}
	}
	room := len(placement.Place(all, p.alone(nil)).Bindings)
	remedy := []string{fmt.Sprintf("Lower desiredCount to %d, or add container instances.", room)}
	if len(all.Ports) > 0 {
		remedy = append(remedy, "Leave hostPort out (or 0), so that several tasks can share an instance.")
	}
	return remedy
}

// heldByOld: the old tasks hold what the new ones need, and none may stop.
func (p *prospect) heldByOld() *Hopeless {
	waits := p.rolling && p.judged() && p.pending == 0 && p.running > 0 && p.running <= p.lower() && p.running < p.upper() && !p.moving()
	if !waits {
		return nil
	}
	r := placement.Place(p.request(1), p.alone(p.Tasks))
	if r.Missing == 0 || r.Closest.Instance == "" {
		return nil
	}
	low, _ := p.percent()
	return &Hopeless{
		Reason: fmt.Sprintf("%s %s, and minimumHealthyPercent %d of %d desired asks for %d, so that none may stop",
			runningHold(p.running), p.needed(r.Closest.Reason), low, p.desired, p.lower()),
		Remedy: []string{p.lowerMinimum(), "Or add container instances, so that a new task has room beside the old ones."},
	}
}

func runningHold(n int) string {
	if n == 1 {
		return "the task that runs holds"
	}
	return "the " + tasksOf(n) + " that run hold"
}

// needed words what a new task is refused for.
func (p *prospect) needed(r placement.Reason) string {
	size := placement.Size(definitionOf(p.TaskDefinition))
	switch r {
	case placement.NoCPU:
		return fmt.Sprintf("the %d CPU units that a new one needs", size.CPU)
	case placement.NoMemory:
		return fmt.Sprintf("the %d MiB of memory that a new one needs", size.Memory)
	case placement.PortInUse:
		return "host port " + portsOf(size.Ports) + " on each container instance that a new one could run on"
	case placement.NotDistinct:
		return "every container instance that a new one could run on (distinctInstance)"
	}
	return "what a new one needs (" + strings.TrimSuffix(string(r), ".") + ")"
}

// waiting tells what the missing tasks wait for that others may give back.
func (p *prospect) waiting() string {
	if other := p.held(); other != "" {
		return other
	}
	if id := p.joining(); id != "" && p.Looked && p.missing > 0 && p.onInstances() {
		return "container instance " + id + " to be registered"
	}
	if !p.judged() || p.rolling && p.running+p.pending >= p.upper() {
		return ""
	}
	r := placement.Place(p.request(1), p.candidates())
	if r.Missing == 0 || r.Closest.Instance == "" {
		return ""
	}
	size := placement.Size(definitionOf(p.TaskDefinition))
	switch r.Closest.Reason {
	case placement.NoAgent:
		return "the agent of container instance " + r.Closest.Instance + " to connect again"
	case placement.NoCPU:
		return fmt.Sprintf("%d CPU units on a container instance: running tasks hold them", size.CPU)
	case placement.NoMemory:
		return fmt.Sprintf("%d MiB of memory on a container instance: running tasks hold it", size.Memory)
	case placement.PortInUse:
		return "host port " + portsOf(size.Ports) + " on a container instance: running tasks hold it"
	case placement.NotDistinct:
		return "a container instance without a task of this service (distinctInstance)"
	}
	return "a container instance that can take a task: the closest one refuses it (" + strings.TrimSuffix(string(r.Closest.Reason), ".") + ")"
}

func portsOf(all []model.HostPort) string {
	var text []string
	for _, x := range all {
		text = append(text, itoa(x.Port)+"/"+x.Protocol)
	}
	return strings.Join(slices.Compact(text), ", ")
}
