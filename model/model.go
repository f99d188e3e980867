// Package model holds the values that every part of Steady speaks of: clusters,
// container instances, task definitions, tasks, services and their deployments.
// It never imports another package of Steady, and holds no rule about what
// should happen next; only the table of the task-state edges that can happen.
//
// A value that has been committed to the state is shared by every reader and
// must not be changed: copy it, change the copy, commit the copy. A zero time,
// an empty string or a zero number means "absent" unless a field says otherwise.
package model

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// DefaultCluster is the cluster that an omitted cluster name means (ECS API).
const DefaultCluster = "default"

// Status is the life of a cluster, a service, a task definition or a container
// instance. Which of them occur is said at each type.
type Status string

const (
	Active   Status = "ACTIVE"
	Draining Status = "DRAINING"
	Inactive Status = "INACTIVE"

	DeleteInProgress Status = "DELETE_IN_PROGRESS"
)

// Tag is a key and a value that a user attached to a resource.
type Tag struct {
	Key   string
	Value string
}

// Cluster groups container instances, services and tasks. ACTIVE, or INACTIVE
// once deleted.
type Cluster struct {
	Name      string
	Status    Status
	CreatedAt time.Time
	Settings  []Tag // containerInsights and its value
	Tags      []Tag
	// CapacityProviders are associated with the cluster, and DefaultStrategy is what
	// holds where neither a strategy nor a launch type is asked for.
	CapacityProviders []string
	DefaultStrategy   []types.CapacityProviderStrategyItem
	// Configuration is carried only: nothing that it configures happens here.
	Configuration *types.ClusterConfiguration
}
