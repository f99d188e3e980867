package diagnose

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/placement"
)

// From the API's values to those that placement reasons about. What an answer
// leaves out is taken for enough: a missing number must not raise an alarm.

// definitionOf converts a task definition.
func definitionOf(d types.TaskDefinition) *model.TaskDefinition {
	return &model.TaskDefinition{
		Family: aws.ToString(d.Family), Revision: int(d.Revision),
		CPU: whole(d.Cpu), Memory: whole(d.Memory), Spec: d,
	}
}

// candidateOf converts a container instance with what is held of it, by whomever.
func candidateOf(i types.ContainerInstance) *placement.Candidate {
	instance := &model.Instance{
		ID: lastPart(i.ContainerInstanceArn), Status: model.Status(aws.ToString(i.Status)),
		EC2InstanceID: aws.ToString(i.Ec2InstanceId), RegisteredAt: aws.ToTime(i.RegisteredAt), AgentConnected: i.AgentConnected,
		CPU: integer(i.RegisteredResources, "CPU"), Memory: integer(i.RegisteredResources, "MEMORY"),
		ReservedPorts: ports(i.RegisteredResources, "PORTS"), ReservedUDPPorts: ports(i.RegisteredResources, "PORTS_UDP"),
	}
	if i.VersionInfo != nil {
		instance.AgentVersion = aws.ToString(i.VersionInfo.AgentVersion)
	}
	for _, a := range i.Attributes {
		instance.Attributes = append(instance.Attributes, model.Attribute{Name: aws.ToString(a.Name), Value: aws.ToString(a.Value)})
	}
	c := &placement.Candidate{Instance: instance, RunningTasks: int(i.RunningTasksCount)}
	if len(i.RemainingResources) > 0 {
		c.CPU = max(0, instance.CPU-integer(i.RemainingResources, "CPU"))
		c.Memory = max(0, instance.Memory-integer(i.RemainingResources, "MEMORY"))
		c.Ports = heldPorts(i.RemainingResources)
	}
	return c
}

// heldPorts: PORTS and PORTS_UDP of an instance's remaining resources list the
// ports in use, those that the agent reserves among them.
func heldPorts(remaining []types.Resource) []model.HostPort {
	var held []model.HostPort
	for name, protocol := range map[string]string{"PORTS": "tcp", "PORTS_UDP": "udp"} {
		for _, p := range ports(remaining, name) {
			held = append(held, model.HostPort{Port: p, Protocol: protocol})
		}
	}
	return held
}

// taskOf converts a task that runs or is about to.
func taskOf(t types.Task, group string) *model.Task {
	x := &model.Task{
		ID: taskID(t), Instance: lastPart(t.ContainerInstanceArn), Deployment: aws.ToString(t.StartedBy), Group: group,
		Desired: model.Running, Last: model.TaskStatus(aws.ToString(t.LastStatus)), CPU: whole(t.Cpu), Memory: whole(t.Memory),
	}
	for _, c := range t.Containers {
		for _, b := range c.NetworkBindings {
			if b.HostPort != nil {
				protocol := "tcp"
				if b.Protocol == types.TransportProtocolUdp {
					protocol = "udp"
				}
				x.HostPorts = append(x.HostPorts, model.HostPort{Port: int(*b.HostPort), Protocol: protocol})
			}
		}
	}
	return x
}

// gpusOf counts the GPUs of an instance: the resource lists their ids.
func gpusOf(i types.ContainerInstance) int {
	for _, r := range i.RegisteredResources {
		if aws.ToString(r.Name) == "GPU" {
			return max(len(r.StringSetValue), int(r.IntegerValue))
		}
	}
	return 0
}

func integer(resources []types.Resource, name string) int {
	for _, r := range resources {
		if aws.ToString(r.Name) == name {
			return int(r.IntegerValue)
		}
	}
	return math.MaxInt32
}

func ports(resources []types.Resource, name string) []int {
	var all []int
	for _, r := range resources {
		if aws.ToString(r.Name) != name {
			continue
		}
		for _, text := range r.StringSetValue {
			if port, err := strconv.Atoi(text); err == nil {
				all = append(all, port)
			}
		}
	}
	return all
}

// told are the constraints that instances and their attributes alone decide. What
// task:group asks for depends on tasks of others, which nobody has looked at.
func told[C any](constraints []C, expression func(C) *string) []C {
	return slices.DeleteFunc(slices.Clone(constraints), func(c C) bool {
		return strings.Contains(aws.ToString(expression(c)), "task:group")
	})
}

func whole(s *string) int {
	n, err := strconv.Atoi(aws.ToString(s))
	if err != nil {
		return 0
	}
	return n
}

func lastPart(arn *string) string {
	s := aws.ToString(arn)
	return s[strings.LastIndex(s, "/")+1:]
}
