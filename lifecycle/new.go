package lifecycle

import (
	"slices"
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
	// CapacityProvider is the one that the strategy chose, PlatformVersion that of a
	// task on Fargate.
	CapacityProvider string
	PlatformVersion  string

	CPU       int // CPU units held on the instance
	Memory    int // MiB held on the instance
	HostPorts []model.HostPort
	Overrides types.TaskOverride
	Tags      []model.Tag
	// Network is the network configuration of a task with a network interface of its
	// own, and Zone the Availability Zone where it was placed.
	Network *types.NetworkConfiguration
	Zone    string

	EnableExecuteCommand bool
}

// New makes the record of a task that was placed. "A bridge task on EC2 visibly
// goes PENDING, RUNNING, STOPPED"; one in network mode awsvpc begins as PROVISIONING,
// with a network interface that is still to be made.
func New(d *model.TaskDefinition, l Launch, now time.Time) *model.Task {
	t := &model.Task{
		ID: model.NewID(), Cluster: l.Cluster, TaskDefinition: d.Ref(), Instance: l.Instance,
		Service: l.Service, Deployment: l.Deployment, Group: l.Group, StartedBy: l.StartedBy,
		LaunchType: l.LaunchType, CapacityProvider: l.CapacityProvider, PlatformVersion: l.PlatformVersion, Desired: model.Running, Last: model.Pending,
		Health: model.HealthUnknown, CPU: l.CPU, Memory: l.Memory, HostPorts: l.HostPorts,
		CreatedAt: now, ConnectivityAt: now, Overrides: l.Overrides, Tags: l.Tags, Version: 1,
		EnableExecuteCommand: l.EnableExecuteCommand,
	}
	if d.OwnsInterface() {
		t.Last = model.Provisioning
		t.Attachments = []model.Attachment{{
			ID: model.NewUUID(), Status: model.AttachmentPrecreated, Subnet: subnet(l.Network, l.Zone),
		}}
	}
	if l.LaunchType == types.LaunchTypeFargate {
		t.ConnectivityAt = time.Time{} // its capacity is still to be got
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

// subnet is the one in which a task's network interface is made. On Amazon it is a subnet
// of the Availability Zone where the task was placed; here subnets are names, and stand
// for the zones in turn.
func subnet(c *types.NetworkConfiguration, zone string) string {
	if c == nil || c.AwsvpcConfiguration == nil || len(c.AwsvpcConfiguration.Subnets) == 0 {
		return ""
	}
	subnets := slices.Sorted(slices.Values(c.AwsvpcConfiguration.Subnets))
	nth := 0
	if zone != "" {
		nth = int(zone[len(zone)-1] - 'a')
	}
	return subnets[nth%len(subnets)]
}
