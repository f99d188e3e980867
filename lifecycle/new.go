package lifecycle

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// Launch says what a new task is to be: where it was placed, what it holds there,
// and who wants it.
type Launch struct {
	Cluster    string
	Instance   string // id of the container instance
	Service    string // empty for a task of its own
	Deployment string // id of the service's deployment
	Group      string // empty: "family:" and the family
	StartedBy  string
	LaunchType types.LaunchType
	CPU        int // CPU units held on the instance
	Memory     int // MiB held on the instance
	HostPorts  []model.HostPort
	Overrides  types.TaskOverride
	Tags       []model.Tag

	EnableExecuteCommand bool
}

// New makes the record of a task that was placed. "A bridge task on EC2 visibly
// goes PENDING, RUNNING, STOPPED."
func New(d *model.TaskDefinition, l Launch, now time.Time) *model.Task {
	t := &model.Task{
		ID: model.NewID(), Cluster: l.Cluster, TaskDefinition: d.Ref(), Instance: l.Instance,
		Service: l.Service, Deployment: l.Deployment, Group: l.Group, StartedBy: l.StartedBy,
		LaunchType: l.LaunchType, Desired: model.Running, Last: model.Pending,
		Health: model.HealthUnknown, CPU: l.CPU, Memory: l.Memory, HostPorts: l.HostPorts,
		CreatedAt: now, ConnectivityAt: now, Overrides: l.Overrides, Tags: l.Tags, Version: 1,
		EnableExecuteCommand: l.EnableExecuteCommand,
	}
	if t.Group == "" {
		t.Group = "family:" + d.Family
	}
	for _, c := range d.Containers() {
		t.Containers = append(t.Containers, model.Container{
			ID: model.NewUUID(), Name: aws.ToString(c.Name), Image: aws.ToString(c.Image),
			Essential: model.Essential(c), Checked: c.HealthCheck != nil && checked(c.HealthCheck.Command), Last: model.Pending, Health: model.HealthUnknown,
		})
	}
	return t
}
