package model

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// TaskDefinition is one immutable revision of a family. ACTIVE, INACTIVE once
// deregistered, DELETE_IN_PROGRESS once it is to go; running tasks and services are not
// affected by that.
type TaskDefinition struct {
	Family         string
	Revision       int
	Status         Status
	RegisteredAt   time.Time
	DeregisteredAt time.Time
	RegisteredBy   string
	// DeleteRequestedAt is when the revision became DELETE_IN_PROGRESS.
	DeleteRequestedAt time.Time
	// CPU and Memory are the task-level limits in CPU units and MiB; 0 is none.
	CPU    int
	Memory int
	// Spec is what the user registered, with ECS's defaults filled in. Its
	// members that have a field above are not set in it.
	Spec types.TaskDefinition
	Tags []Tag
}

// TaskDefinitionRef names one revision of a family.
type TaskDefinitionRef struct {
	Family   string
	Revision int
}

// String is the form "family:revision" that the API accepts and prints.
func (r TaskDefinitionRef) String() string {
	return r.Family + ":" + strconv.Itoa(r.Revision)
}

// Ref names this revision.
func (d *TaskDefinition) Ref() TaskDefinitionRef {
	return TaskDefinitionRef{d.Family, d.Revision}
}

// Key sorts revisions of a family by number.
func (r TaskDefinitionRef) Key() string {
	return fmt.Sprintf("%s:%010d", r.Family, r.Revision)
}

// Containers are the container definitions of the revision.
func (d *TaskDefinition) Containers() []types.ContainerDefinition {
	return d.Spec.ContainerDefinitions
}

// Container returns the container definition of that name.
func (d *TaskDefinition) Container(name string) (types.ContainerDefinition, bool) {
	for _, c := range d.Spec.ContainerDefinitions {
		if c.Name != nil && *c.Name == name {
			return c, true
		}
	}
	return types.ContainerDefinition{}, false
}

// OwnsInterface tells whether each task of the revision has a network interface of its
// own: its network mode is awsvpc.
func (d *TaskDefinition) OwnsInterface() bool {
	return d.Spec.NetworkMode == types.NetworkModeAwsvpc
}

// Essential tells whether the task ends when this container ends. ECS: "essential
// defaults to true".
func Essential(c types.ContainerDefinition) bool {
	return c.Essential == nil || *c.Essential
}
