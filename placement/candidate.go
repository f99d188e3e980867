package placement

import (
	"slices"

	"steady/model"
	"steady/placement/query"
)

// Candidate is a container instance and what its live tasks hold of it. Place
// changes it as it places; it must not be shared between goroutines.
type Candidate struct {
	Instance *model.Instance
	CPU      int // CPU units held
	Memory   int // MiB held
	// Ports are the fixed host ports held, without those that the agent reserves.
	Ports []model.HostPort
	// RunningTasks is the number of tasks whose desired status is RUNNING, and
	// Groups the same for each task group. A task that has been told to stop
	// holds resources but is in neither (ECS developer guide: "ECS looks at the
	// desired status of the tasks for the task placement").
	RunningTasks int
	Groups       map[string]int
	// host is what all instances hold that share a machine; nil where nothing is shared.
	host *host
}

// host is a machine that is several container instances.
type host struct{ ports []model.HostPort }

// Candidates pairs each instance with what the tasks hold of it. Tasks of other
// instances and tasks that are STOPPED are passed over.
func Candidates(instances []*model.Instance, tasks []*model.Task) []*Candidate {
	candidates := make([]*Candidate, len(instances))
	byID := make(map[string]*Candidate, len(instances))
	for i, instance := range instances {
		candidates[i] = &Candidate{Instance: instance}
		byID[instance.ID] = candidates[i]
	}
	share(candidates)
	for _, task := range tasks {
		if c := byID[task.Instance]; c != nil {
			c.Hold(task)
		}
	}
	return candidates
}

// share has the instances of one machine take its host ports from one another.
func share(candidates []*Candidate) {
	one := &host{}
	for _, c := range candidates {
		if c.Instance.SharesHost {
			c.host = one
		}
	}
}

// Hold takes account of a task that is bound to the instance. A STOPPED task
// holds nothing.
func (c *Candidate) Hold(t *model.Task) {
	if !t.Live() {
		return
	}
	c.take(Sizing{CPU: t.CPU, Memory: t.Memory, Ports: t.HostPorts})
	if !t.StopDecided() {
		c.count(t.Group)
	}
}

// Remaining is what is left of an instance.
type Remaining struct {
	CPU    int // CPU units; negative if more is held than was registered
	Memory int // MiB; likewise
	// PortsInUse are the host ports that the agent reserves or a task holds,
	// sorted (ECS reports the ports in use as remaining resource PORTS).
	PortsInUse []model.HostPort
}

// Remaining tells what is left of the instance.
func (c *Candidate) Remaining() Remaining {
	ports := slices.Concat(c.Ports, c.Instance.Reserved())
	slices.SortFunc(ports, comparePorts)
	return Remaining{c.cpuLeft(), c.memoryLeft(), slices.Compact(ports)}
}

// Matches tells whether the expression of the cluster query language selects the
// instance.
func (c *Candidate) Matches(e query.Expr) bool {
	return e.Matches(query.Target{Instance: c.Instance, RunningTasks: c.RunningTasks, Groups: c.Groups})
}

func (c *Candidate) cpuLeft() int    { return c.Instance.CPU - c.CPU }
func (c *Candidate) memoryLeft() int { return c.Instance.Memory - c.Memory }

func (c *Candidate) take(s Sizing) {
	c.CPU += s.CPU
	c.Memory += s.Memory
	c.Ports = append(c.Ports, s.Ports...)
	if c.host != nil {
		c.host.ports = append(c.host.ports, s.Ports...)
	}
}

func (c *Candidate) count(group string) {
	c.RunningTasks++
	if c.Groups == nil {
		c.Groups = make(map[string]int)
	}
	c.Groups[group]++
}

// portTaken tells whether the agent reserves the port or a task holds it, on this instance
// or on another one of the same machine.
func (c *Candidate) portTaken(p model.HostPort) bool {
	return c.Instance.Reserves(p) || slices.Contains(c.Ports, p) || c.host != nil && slices.Contains(c.host.ports, p)
}

// empty is the same instance without tasks, its agent connected.
func (c *Candidate) empty() *Candidate {
	instance := *c.Instance
	instance.AgentConnected = true
	return &Candidate{Instance: &instance}
}
