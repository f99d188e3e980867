package agent

import (
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
)

// spec turns a container definition, with the task's overrides, into what the
// runtime makes of an image.
func (a *Agent) spec(t *model.Task, d *model.TaskDefinition, c types.ContainerDefinition, image string) runtime.Spec {
	name := aws.ToString(c.Name)
	o := override(t, name)
	s := runtime.Spec{
		Name:       containerName(t, d, name),
		Image:      image,
		Entrypoint: c.EntryPoint,
		Command:    c.Command,
		Env:        environment(c.Environment, o.Environment),
		WorkingDir: aws.ToString(c.WorkingDirectory),
		User:       aws.ToString(c.User),
		Labels:     withLabels(c.DockerLabels, a.labels(t, d, name)),
		// "0, null and 1 are passed to Docker as 2 CPU shares."
		CPUShares:         max(2, int64(pick(o.Cpu, c.Cpu))),
		Memory:            mebibytes(o.Memory, c.Memory),
		MemoryReservation: mebibytes(o.MemoryReservation, c.MemoryReservation),
		Ports:             ports(c.PortMappings),
		HealthCheck:       healthCheck(c.HealthCheck),
		Network:           naming(t, d, c),
		Namespaces:        namespaces(t, d),
		Files:             files(t, d, c),
		Process:           process(c),
		Log:               logDriver(c),
		Cgroup:            a.parent(t),
	}
	if d.Spec.IpcMode == types.IpcModeTask { // these are the holder's
		s.Process.Sysctls, s.Files.SharedMemory = ofNetwork(s.Process.Sysctls, true), 0
	}
	if o.Command != nil {
		s.Command = o.Command
	}
	// What bounds the task bounds each of its containers, so that a program which asks how
	// much there is for it finds that.
	cpu, memory := t.Bounds(d)
	if s.Memory == 0 {
		s.Memory = int64(memory) << 20
	}
	s.CPUs = int64(cpu)
	return s
}

func override(t *model.Task, container string) types.ContainerOverride {
	for _, o := range t.Overrides.ContainerOverrides {
		if aws.ToString(o.Name) == container {
			return o
		}
	}
	return types.ContainerOverride{}
}

func pick(override *int32, defined int32) int32 {
	if override != nil {
		return *override
	}
	return defined
}

func mebibytes(override, defined *int32) int64 {
	if override == nil {
		override = defined
	}
	return int64(aws.ToInt32(override)) << 20
}

// environment joins the definition's variables with the override's, which win.
func environment(defined, override []types.KeyValuePair) []string {
	var env []string
	for _, kv := range slices.Concat(defined, override) {
		env = append(env, aws.ToString(kv.Name)+"="+aws.ToString(kv.Value))
	}
	return env
}

func (a *Agent) labels(t *model.Task, d *model.TaskDefinition, container string) map[string]string {
	l := a.mark()
	l[labelTask] = t.ID
	l[labelGroup] = t.Group
	l[labelCluster] = t.Cluster
	l[labelContainer] = container
	l[labelTaskARN] = a.Realm.TaskARN(t.Cluster, t.ID)
	l[labelFamily] = d.Family
	l[labelRevision] = strconv.Itoa(d.Revision)
	return l
}

// withLabels adds the agent's labels to those of the definition; they are the agent's to
// give.
func withLabels(defined, own map[string]string) map[string]string {
	for k, v := range defined {
		if _, taken := own[k]; !taken {
			own[k] = v
		}
	}
	return own
}

func ports(mappings []types.PortMapping) []runtime.Port {
	var p []runtime.Port
	for _, m := range mappings {
		if r, err := model.ParsePortRange(aws.ToString(m.ContainerPortRange)); err == nil {
			p = append(p, runtime.Port{ContainerPort: r.First, Count: r.Len(), Protocol: protocol(m.Protocol)})
			continue
		}
		p = append(p, runtime.Port{
			ContainerPort: int(aws.ToInt32(m.ContainerPort)),
			HostPort:      int(aws.ToInt32(m.HostPort)),
			Protocol:      protocol(m.Protocol),
		})
	}
	return p
}

// healthCheck is a definition's, which has its defaults since it was registered; "NONE"
// is none.
func healthCheck(h *types.HealthCheck) *runtime.HealthCheck {
	if h == nil || len(h.Command) == 0 || h.Command[0] == "NONE" {
		return nil
	}
	seconds := func(n *int32) time.Duration { return time.Duration(aws.ToInt32(n)) * time.Second }
	return &runtime.HealthCheck{
		Test: h.Command, Interval: seconds(h.Interval), Timeout: seconds(h.Timeout),
		Retries: int(aws.ToInt32(h.Retries)), StartPeriod: seconds(h.StartPeriod),
	}
}

// protocol is a port mapping's; "the default is tcp".
func protocol(p types.TransportProtocol) string {
	if p == "" {
		return string(types.TransportProtocolTcp)
	}
	return string(p)
}

// bindings are the ports that a container has published. Those of a range are told as one.
func bindings(published []runtime.Port, mappings []types.PortMapping) []model.Binding {
	var b []model.Binding
	told := map[string]bool{}
	for _, p := range published {
		m := model.Binding{BindIP: "0.0.0.0", ContainerPort: p.ContainerPort, HostPort: p.HostPort, Protocol: p.Protocol}
		if r, in := rangeOf(p, mappings); in {
			first := p.HostPort - (p.ContainerPort - r.First)
			m.ContainerPort, m.HostPort = 0, 0
			m.ContainerPortRange = r.String()
			m.HostPortRange = model.PortRange{First: first, Last: first + r.Len() - 1}.String()
			if key := m.ContainerPortRange + "/" + m.Protocol; told[key] {
				continue
			} else {
				told[key] = true
			}
		}
		b = append(b, m)
	}
	return b
}

// rangeOf finds the range that a published port belongs to.
func rangeOf(p runtime.Port, mappings []types.PortMapping) (model.PortRange, bool) {
	for _, m := range mappings {
		r, err := model.ParsePortRange(aws.ToString(m.ContainerPortRange))
		if err == nil && protocol(m.Protocol) == p.Protocol && r.First <= p.ContainerPort && p.ContainerPort <= r.Last {
			return r, true
		}
	}
	return model.PortRange{}, false
}

// stopTimeout is how long a container may take to end after SIGTERM.
func stopTimeout(c types.ContainerDefinition) time.Duration {
	if c.StopTimeout == nil {
		return defaultStopWait
	}
	return max(time.Second, time.Duration(*c.StopTimeout)*time.Second)
}
