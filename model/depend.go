package model

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Dependency says that a container is not made before another one of its task has come
// so far, and that the other one is not stopped before it.
type Dependency struct {
	Container string // the name of the other one
	Condition types.ContainerCondition
}

// Dependencies are what a container waits for: what its dependsOn names, then what its
// links and its volumesFrom name. ECS: START "emulates the behavior of links and volumes".
func Dependencies(c types.ContainerDefinition) []Dependency {
	var all []Dependency
	for _, d := range c.DependsOn {
		all = append(all, Dependency{text(d.ContainerName), d.Condition})
	}
	for _, l := range c.Links {
		name, _ := Link(l)
		all = append(all, Dependency{name, types.ContainerConditionStart})
	}
	for _, v := range c.VolumesFrom {
		all = append(all, Dependency{text(v.SourceContainer), types.ContainerConditionStart})
	}
	return all
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Restarts tells whether a container has a restart policy: it may run several times under
// one task then.
func Restarts(c types.ContainerDefinition) bool {
	return c.RestartPolicy != nil && c.RestartPolicy.Enabled != nil && *c.RestartPolicy.Enabled
}
