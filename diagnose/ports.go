package diagnose

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// SecurityGroup is what the comparison of ports needs of one: the TCP ports that it
// lets in.
type SecurityGroup struct {
	ID      string
	Ingress []PortRange
}

// PortRange is a range of TCP ports, both ends included.
type PortRange struct{ From, To int }

// comparePorts compares the ports in the places where they must agree: the container's port
// mapping, the service's load balancer entry, the target group and the security
// groups.
func comparePorts(e Evidence, s Situation) []Finding {
	d := s.TaskDefinition
	if len(d.ContainerDefinitions) == 0 {
		return nil
	}
	var proofs []Proof
	differ := func(format string, args ...any) {
		proofs = append(proofs, Proof{Subject: "configuration", Text: fmt.Sprintf(format, args...)})
	}
	for _, k := range d.ContainerDefinitions {
		for _, m := range k.PortMappings {
			if own(d.NetworkMode) && m.HostPort != nil && *m.HostPort != 0 && m.ContainerPort != nil && *m.HostPort != *m.ContainerPort {
				differ("with networkMode %s hostPort and containerPort are the same port, but container %s has %d and %d",
					d.NetworkMode, aws.ToString(k.Name), *m.HostPort, *m.ContainerPort)
			}
		}
	}
	for _, l := range s.Service.LoadBalancers {
		port := int(aws.ToInt32(l.ContainerPort))
		k := definitionIn(d, aws.ToString(l.ContainerName))
		switch {
		case k == nil:
			differ("loadBalancers names container %s, which the task definition does not have", aws.ToString(l.ContainerName))
			continue
		case !slices.ContainsFunc(k.PortMappings, func(m types.PortMapping) bool { return within(m, port) }):
			differ("loadBalancers names port %d of container %s, which has the port mappings %s", port, aws.ToString(k.Name), mappings(k.PortMappings))
		}
		for _, g := range e.TargetGroups {
			if aws.ToString(g.TargetGroupArn) == aws.ToString(l.TargetGroupArn) {
				compareTargets(g, d, k, port, differ)
			}
		}
		compareGroups(s.SecurityGroups, port, differ)
	}
	if len(proofs) == 0 {
		return nil
	}
	return []Finding{computed("D24", proofs[0].Text, proofs...)}
}

// own tells whether a task has a network of its own or the machine's, in which the
// port inside and outside is one.
func own(mode types.NetworkMode) bool {
	return mode == types.NetworkModeAwsvpc || mode == types.NetworkModeHost
}

// within tells whether a mapping has this container port; a mapping without any is
// none.
func within(m types.PortMapping, port int) bool {
	if m.ContainerPort != nil {
		return int(*m.ContainerPort) == port
	}
	var from, to int
	n, _ := fmt.Sscanf(aws.ToString(m.ContainerPortRange), "%d-%d", &from, &to)
	return n == 2 && from <= port && port <= to
}

func mappings(all []types.PortMapping) string {
	if len(all) == 0 {
		return "none"
	}
	text := ""
	for i, m := range all {
		if i > 0 {
			text += ", "
		}
		if m.ContainerPort == nil {
			text += aws.ToString(m.ContainerPortRange)
			continue
		}
		text += itoa(int(*m.ContainerPort))
		if m.HostPort != nil && *m.HostPort != 0 {
			text += "→" + itoa(int(*m.HostPort))
		}
	}
	return text
}

// compareTargets: "awsvpc tasks need target type ip"; and a health check at a port of
// its own must be one that the container has.
func compareTargets(g elb.TargetGroup, d types.TaskDefinition, k *types.ContainerDefinition, port int, differ func(string, ...any)) {
	name := aws.ToString(g.TargetGroupName)
	switch {
	case d.NetworkMode == types.NetworkModeAwsvpc && g.TargetType == elb.TargetTypeEnumInstance:
		differ("target group %s has target type instance, but awsvpc tasks need ip", name)
	case d.NetworkMode != types.NetworkModeAwsvpc && g.TargetType == elb.TargetTypeEnumIp && d.NetworkMode != "":
		differ("target group %s has target type ip, but tasks with networkMode %s need instance", name, d.NetworkMode)
	}
	check, err := strconv.Atoi(aws.ToString(g.HealthCheckPort))
	if err != nil { // traffic-port
		return
	}
	if own(d.NetworkMode) && check != port && !slices.ContainsFunc(k.PortMappings, func(m types.PortMapping) bool { return within(m, check) }) {
		differ("the health check of target group %s asks at port %d, and container %s has the port mappings %s", name, check, aws.ToString(k.Name), mappings(k.PortMappings))
	}
	if !own(d.NetworkMode) && !slices.ContainsFunc(k.PortMappings, func(m types.PortMapping) bool { return int(aws.ToInt32(m.HostPort)) == check }) {
		differ("the health check of target group %s asks at port %d, but the tasks' host ports are others", name, check)
	}
}

// compareGroups: the security groups of the tasks have to let the port in; one of
// them is enough.
func compareGroups(groups []SecurityGroup, port int, differ func(string, ...any)) {
	if len(groups) == 0 {
		return
	}
	names := ""
	for _, g := range groups {
		for _, r := range g.Ingress {
			if r.From <= port && port <= r.To {
				return
			}
		}
		names += " " + g.ID
	}
	differ("the security groups%s of the tasks do not let port %d in", names, port)
}
