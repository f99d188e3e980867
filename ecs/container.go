package ecs

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

const (
	minContainerMemory = 6   // MiB, what Docker 20.10 needs
	minTaskCPU         = 128 // CPU units
	maxTaskCPU         = 196608
	maxPort            = 65535
	maxImage           = 255 // characters
	maxPortName        = 64  // characters
)

// validPortName is the form of the name of a port mapping.
var validPortName = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,63}$`)

// validImage has what can be in the name of an image: "letters, numbers, hyphens,
// underscores, colons, periods, forward slashes, and number signs", and a digest's @.
var validImage = regexp.MustCompile(`^[A-Za-z0-9\-_:./#@]+$`)

// checkContainers checks the container definitions of a task definition.
func checkContainers(containers []types.ContainerDefinition, mode types.NetworkMode) error {
	switch {
	case len(containers) == 0:
		return refused("Container definitions should not be empty")
	case len(containers) > maxContainers:
		return refused("Too many containers.")
	}
	names, essential := map[string]bool{}, false
	for i := range containers {
		c := &containers[i]
		if err := checkContainer(c); err != nil {
			return err
		}
		if names[*c.Name] {
			return refused("Container names must be unique within a Task Definition.")
		}
		names[*c.Name] = true
		essential = essential || model.Essential(*c)
	}
	if !essential {
		return refused("Task definition doesn't have any essential container.")
	}
	return first(checkNetworking(containers, mode), checkHostPorts(containers, mode), checkPortNames(containers))
}

// checkPortNames: a port is found by its name among those of the task.
func checkPortNames(containers []types.ContainerDefinition) error {
	taken := map[string]bool{}
	for _, c := range containers {
		for _, p := range c.PortMappings {
			n := aws.ToString(p.Name)
			if n != "" && taken[n] {
				return setting(c.Name, "The port mapping name '%s' is used more than once in the task definition.", n)
			}
			taken[n] = true
		}
	}
	return nil
}

func checkContainer(c *types.ContainerDefinition) error {
	name := aws.ToString(c.Name)
	switch {
	case name == "":
		return refused("Container.name should not be null or empty.")
	case !validName.MatchString(name):
		return refused("Container.name contains invalid characters.")
	case aws.ToString(c.Image) == "":
		return refused("Container.image should not be null or empty.")
	case utf8.RuneCountInString(*c.Image) > maxImage:
		return refused("Container.image should be %d characters or less", maxImage)
	case !validImage.MatchString(*c.Image):
		return refused("Container.image contains invalid characters.")
	case c.Cpu < 0:
		return refused("Invalid setting for container '%s'. 'cpu' can not be negative.", name)
	case c.StopTimeout != nil && *c.StopTimeout < 0:
		return refused("Invalid setting for container '%s'. 'stopTimeout' can not be negative.", name)
	}
	for _, e := range c.Environment {
		if n := aws.ToString(e.Name); n == "" || strings.ContainsAny(n, "=\x00") {
			return refused("Invalid setting for container '%s'. 'environment' has a variable with the name %q.", name, n)
		}
	}
	return first(
		refuse(containerMembers, c, "container '"+name+"'"),
		checkContainerMemory(c),
		checkPorts(c),
		checkHealth(c),
		checkConsistency(c),
		checkLogConfiguration(c),
		checkLinux(c),
		checkNaming(c),
	)
}

// checkContainerMemory: "if you specify both, memory must be greater than
// memoryReservation", or be the same, which ECS takes as well.
func checkContainerMemory(c *types.ContainerDefinition) error {
	for _, m := range []struct {
		member string
		value  *int32
	}{{"memory", c.Memory}, {"memoryReservation", c.MemoryReservation}} {
		if m.value != nil && *m.value < minContainerMemory {
			return refused("Invalid setting for container '%s'. '%s' should be at least %d MiB.", *c.Name, m.member, minContainerMemory)
		}
	}
	if c.Memory != nil && c.MemoryReservation != nil && *c.Memory < *c.MemoryReservation {
		return refused("Invalid setting for container '%s'. 'memory' should not be less than 'memoryReservation'.", *c.Name)
	}
	return nil
}

func checkPorts(c *types.ContainerDefinition) error {
	for _, p := range c.PortMappings {
		if port := aws.ToInt32(p.ContainerPort); aws.ToString(p.ContainerPortRange) == "" && (port < 1 || port > maxPort) {
			return refused("Invalid 'containerPort' setting for container '%s'.", *c.Name)
		}
		if port := aws.ToInt32(p.HostPort); port < 0 || port > maxPort {
			return refused("Invalid 'hostPort' setting for container '%s'.", *c.Name)
		}
		if oneOf("protocol", p.Protocol, types.TransportProtocolTcp, types.TransportProtocolUdp) != nil {
			return refused("Invalid setting for container '%s'. 'protocol' should be one of [tcp,udp].", *c.Name)
		}
		if oneOf("", p.AppProtocol, p.AppProtocol.Values()...) != nil {
			return setting(c.Name, "'appProtocol' should be one of [http,http2,grpc].")
		}
		if n := aws.ToString(p.Name); n != "" && !validPortName.MatchString(n) {
			return setting(c.Name, "The port mapping name '%s' should have 1 to %d lowercase letters, numbers, underscores and hyphens, and no hyphen at its beginning.", n, maxPortName)
		}
	}
	return nil
}

// checkHostPorts: a port of the instance, or of the task's network interface, is one
// container's.
func checkHostPorts(containers []types.ContainerDefinition, mode types.NetworkMode) error {
	taken := map[model.HostPort]bool{}
	for _, c := range containers {
		for _, p := range c.PortMappings {
			port := model.HostPort{Port: int(hostPort(mode, p)), Protocol: string(p.Protocol)}
			if port.Protocol == "" {
				port.Protocol = string(types.TransportProtocolTcp)
			}
			if port.Port != 0 && taken[port] {
				return refused("%s host port '%d' is mapped multiple times in task.", strings.ToUpper(port.Protocol), port.Port)
			}
			taken[port] = true
		}
	}
	return nil
}

// checkSizes: the containers fit into the task, or each has a size of its own. What they
// may use at most can be more together than what the task has, what they reserve can not.
func checkSizes(d *model.TaskDefinition) error {
	cpu, reserved := 0, 0
	for _, c := range d.Containers() {
		hard, soft := int(aws.ToInt32(c.Memory)), int(aws.ToInt32(c.MemoryReservation))
		cpu, reserved = cpu+int(c.Cpu), reserved+soft
		if d.Memory == 0 && hard == 0 && soft == 0 {
			return refused("Invalid setting for container '%s'. At least one of 'memory' or 'memoryReservation' must be specified.", *c.Name)
		}
		if d.Memory > 0 && hard > d.Memory {
			return refused("The 'memory' setting for container '%s' is greater than for the task.", *c.Name)
		}
	}
	if d.CPU > 0 && cpu > d.CPU {
		return refused("The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.")
	}
	if d.Memory > 0 && reserved > d.Memory {
		return refused("The sum of all container 'memoryReservation' values cannot be greater than the value of the task 'memory'.")
	}
	return nil
}

// taskCPU reads CPU units: "1024" or "1 vCPU". Absent is 0.
func taskCPU(s *string) (int, error) {
	n, ok := quantity(s, "vcpu")
	if !ok || n != 0 && (n < minTaskCPU || n > maxTaskCPU) {
		return 0, refused("Invalid 'cpu' setting for task. Give %d to %d CPU units, or a number of vCPU such as \"1 vCPU\".", minTaskCPU, maxTaskCPU)
	}
	return n, nil
}

// taskMemory reads MiB: "2048" or "2 GB". Absent is 0.
func taskMemory(s *string) (int, error) {
	n, ok := quantity(s, "gb")
	if !ok || n != 0 && n < minContainerMemory {
		return 0, refused("Invalid 'memory' setting for task. Give a number of MiB of at least %d, or of GB such as \"1 GB\".", minContainerMemory)
	}
	return n, nil
}

// quantity reads a whole number, or a number of units of 1,024 with that unit
// behind it. An absent one is 0; one that is given is more.
func quantity(s *string, unit string) (int, bool) {
	if aws.ToString(s) == "" {
		return 0, true
	}
	number, scaled := strings.CutSuffix(strings.ToLower(strings.TrimSpace(*s)), unit)
	if !scaled {
		n, err := strconv.ParseInt(number, 10, 32)
		return int(n), err == nil && n > 0
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(f > 0) || f*1024 > math.MaxInt32 {
		return 0, false
	}
	return int(f * 1024), true
}
