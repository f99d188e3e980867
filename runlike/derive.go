package runlike

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/release"
)

// holdsPorts tells whether tasks of a revision hold ports of their instance that the
// service's own tasks may have taken, and that a copy can do without.
func holdsPorts(d *types.TaskDefinition) bool {
	if !bridged(*d) {
		return false
	}
	for _, c := range d.ContainerDefinitions {
		for _, m := range c.PortMappings {
			if aws.ToInt32(m.HostPort) != 0 {
				return true
			}
		}
	}
	return false
}

func bridged(d types.TaskDefinition) bool {
	return d.NetworkMode == "" || d.NetworkMode == types.NetworkModeBridge
}

// outlives tells whether the task of a revision goes on when what a container is told to
// run has ended: it is not essential, or is started again.
func outlives(d *types.TaskDefinition, container string) bool {
	for _, c := range d.ContainerDefinitions {
		if *c.Name == container {
			return !essential(c) || c.RestartPolicy != nil
		}
	}
	return false
}

func essential(c types.ContainerDefinition) bool { return c.Essential == nil || *c.Essential }

// derive registers a revision for the copy, of a family of its own: what RunTask can not
// override is different in it. Ports of the instance are dynamic; with a shell the
// container waits for somebody to enter it; with a command the task ends when that does.
func derive(ctx context.Context, api ECS, d types.TaskDefinition, container string, r Request) (string, error) {
	in, err := release.Revise(d, nil, release.Change{})
	if err != nil {
		return "", err
	}
	in.Family = aws.String(aws.ToString(d.Family) + "-copy")
	for i := range in.ContainerDefinitions {
		c := &in.ContainerDefinitions[i]
		if bridged(d) {
			c.PortMappings = dynamic(c.PortMappings)
		}
		switch {
		case *c.Name != container:
		case r.Shell:
			c.EntryPoint, c.Command = []string{"/bin/sh", "-c"}, []string{wait}
			c.HealthCheck, c.RestartPolicy = nil, nil
		case len(r.Command) > 0:
			c.Essential, c.RestartPolicy = aws.Bool(true), nil
		}
	}
	if len(r.Command) > 0 {
		in.ContainerDefinitions = withoutThoseAfter(in.ContainerDefinitions, container)
	}
	out, err := api.RegisterTaskDefinition(ctx, in)
	if err != nil {
		return "", fmt.Errorf("register a task definition for the copy: %w", err)
	}
	return aws.ToString(out.TaskDefinition.TaskDefinitionArn), nil
}

// wait ends at once when the task is stopped: a shell that is process 1 ignores SIGTERM
// unless it is told otherwise.
const wait = "trap 'exit 0' TERM INT; echo 'waiting for somebody to enter'; while :; do sleep 1 & wait $!; done"

// dynamic are the mappings without fixed ports of the instance.
func dynamic(mappings []types.PortMapping) []types.PortMapping {
	free := make([]types.PortMapping, len(mappings))
	for i, m := range mappings {
		m.HostPort = nil
		free[i] = m
	}
	return free
}

// withoutThoseAfter leaves out the containers that start once this one has ended, and those
// that need them: the task is over by then.
func withoutThoseAfter(all []types.ContainerDefinition, ended string) []types.ContainerDefinition {
	out := map[string]bool{}
	for before := -1; before < len(out); {
		before = len(out)
		for _, c := range all {
			if needsEnd(c, ended) || slices.ContainsFunc(c.DependsOn, func(d types.ContainerDependency) bool { return out[*d.ContainerName] }) {
				out[*c.Name] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(c types.ContainerDefinition) bool { return out[*c.Name] })
}

func needsEnd(c types.ContainerDefinition, of string) bool {
	return slices.ContainsFunc(c.DependsOn, func(d types.ContainerDependency) bool {
		return *d.ContainerName == of && (d.Condition == types.ContainerConditionComplete || d.Condition == types.ContainerConditionSuccess)
	})
}
