package event

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/lifecycle"
	"steady/model"
)

// Place is what a task's record refers to. Each may be nil: a container instance that
// was deregistered is no longer on record.
type Place struct {
	Definition *model.TaskDefinition
	Instance   *model.Instance
}

// TaskChanged tells whether a change of a task's record is one that ECS tells. before
// is nil for a new task. "Task health is not a part of these events."
func TaskChanged(before, after *model.Task) bool {
	return before == nil || before.Version != after.Version
}

type task struct {
	Attachments          []attachment `json:"attachments"`
	Attributes           []attribute  `json:"attributes"`
	AvailabilityZone     string       `json:"availabilityZone,omitzero"`
	ClusterArn           string       `json:"clusterArn"`
	Connectivity         string       `json:"connectivity,omitzero"`
	ConnectivityAt       string       `json:"connectivityAt,omitzero"`
	ContainerInstanceArn string       `json:"containerInstanceArn,omitzero"`
	Containers           []container  `json:"containers"`
	CPU                  string       `json:"cpu"`
	Memory               string       `json:"memory"`
	CreatedAt            string       `json:"createdAt"`
	DesiredStatus        string       `json:"desiredStatus"`
	EnableExecuteCommand bool         `json:"enableExecuteCommand"`
	ExecutionStoppedAt   string       `json:"executionStoppedAt,omitzero"`
	Group                string       `json:"group"`
	LaunchType           string       `json:"launchType,omitzero"`
	LastStatus           string       `json:"lastStatus"`
	Overrides            overrides    `json:"overrides"`
	PullStartedAt        string       `json:"pullStartedAt,omitzero"`
	PullStoppedAt        string       `json:"pullStoppedAt,omitzero"`
	StartedAt            string       `json:"startedAt,omitzero"`
	StartedBy            string       `json:"startedBy,omitzero"`
	StoppingAt           string       `json:"stoppingAt,omitzero"`
	StoppedAt            string       `json:"stoppedAt,omitzero"`
	StoppedReason        string       `json:"stoppedReason,omitzero"`
	StopCode             string       `json:"stopCode,omitzero"`
	TaskArn              string       `json:"taskArn"`
	TaskDefinitionArn    string       `json:"taskDefinitionArn"`
	UpdatedAt            string       `json:"updatedAt"`
	Version              int64        `json:"version"`
	CapacityProviderName string       `json:"capacityProviderName,omitzero"`
	PlatformVersion      string       `json:"platformVersion,omitzero"`
	PlatformFamily       string       `json:"platformFamily,omitzero"`
}

// attachment differs from the API's in its type: "eni", not "ElasticNetworkInterface".
type attachment struct {
	ID      string      `json:"id"`
	Type    string      `json:"type"`
	Status  string      `json:"status"`
	Details []attribute `json:"details"`
}

type attribute struct {
	Name  string `json:"name"`
	Value string `json:"value,omitzero"`
}

// Task tells a task state change: the whole of the task as it is now.
func (t Teller) Task(x *model.Task, at Place) model.Event {
	arn := t.Realm.TaskARN(x.Cluster, x.ID)
	detail := task{
		Attachments:          attachments(x),
		Attributes:           []attribute{},
		ClusterArn:           t.Realm.ClusterARN(x.Cluster),
		Connectivity:         string(lifecycle.Connectivity(x, at.Instance)),
		ConnectivityAt:       instant(x.ConnectivityAt),
		Containers:           t.containers(x, at.Definition),
		CPU:                  strconv.Itoa(x.CPU),
		Memory:               strconv.Itoa(x.Memory),
		CreatedAt:            instant(x.CreatedAt),
		DesiredStatus:        string(x.Desired),
		EnableExecuteCommand: x.EnableExecuteCommand,
		ExecutionStoppedAt:   instant(x.ExecutionStoppedAt),
		Group:                x.Group,
		LaunchType:           string(x.LaunchType),
		LastStatus:           string(x.Last),
		Overrides:            overridesOf(x),
		PullStartedAt:        instant(x.PullStartedAt),
		PullStoppedAt:        instant(x.PullStoppedAt),
		StartedAt:            instant(x.StartedAt),
		StartedBy:            x.StartedBy,
		StoppingAt:           instant(x.StoppingAt),
		StoppedAt:            instant(x.StoppedAt),
		StoppedReason:        x.StoppedReason,
		StopCode:             string(x.StopCode),
		TaskArn:              arn,
		TaskDefinitionArn:    t.Realm.TaskDefinitionARN(x.TaskDefinition),
		UpdatedAt:            instant(t.Now),
		Version:              x.Version,
		CapacityProviderName: x.CapacityProvider,
	}
	if x.LaunchType == types.LaunchTypeFargate {
		detail.PlatformVersion, detail.PlatformFamily = x.PlatformVersion, model.PlatformFamily
	} else if x.Instance != "" {
		detail.ContainerInstanceArn = t.Realm.InstanceARN(x.Cluster, x.Instance)
	}
	if i := at.Instance; i != nil {
		detail.AvailabilityZone = i.AvailabilityZone
		if v, ok := i.Attribute("ecs.cpu-architecture"); ok {
			detail.Attributes = append(detail.Attributes, attribute{"ecs.cpu-architecture", v})
		}
	}
	return t.tell(x.Cluster, TaskStateChange, arn, detail)
}

func attachments(x *model.Task) []attachment {
	all := []attachment{}
	for _, a := range x.Attachments {
		told := attachment{ID: a.ID, Type: "eni", Status: string(a.Status), Details: []attribute{}}
		for _, d := range a.Details() {
			told.Details = append(told.Details, attribute{*d.Name, *d.Value})
		}
		all = append(all, told)
	}
	return all
}

// overrides are told as the API shows them: an entry for each container.
type overrides struct {
	ContainerOverrides []override `json:"containerOverrides"`
	CPU                string     `json:"cpu,omitzero"`
	Memory             string     `json:"memory,omitzero"`
	TaskRoleArn        string     `json:"taskRoleArn,omitzero"`
	ExecutionRoleArn   string     `json:"executionRoleArn,omitzero"`
}

type override struct {
	Command           []string    `json:"command,omitzero"`
	CPU               *int32      `json:"cpu,omitzero"`
	Environment       []attribute `json:"environment,omitzero"`
	Memory            *int32      `json:"memory,omitzero"`
	MemoryReservation *int32      `json:"memoryReservation,omitzero"`
	Name              string      `json:"name"`
}

func overridesOf(x *model.Task) overrides {
	o := overrides{
		ContainerOverrides: []override{},
		CPU:                aws.ToString(x.Overrides.Cpu),
		Memory:             aws.ToString(x.Overrides.Memory),
		TaskRoleArn:        aws.ToString(x.Overrides.TaskRoleArn),
		ExecutionRoleArn:   aws.ToString(x.Overrides.ExecutionRoleArn),
	}
	for _, c := range x.ContainerOverrides() {
		o.ContainerOverrides = append(o.ContainerOverrides, overrideOf(c))
	}
	return o
}

func overrideOf(c types.ContainerOverride) override {
	o := override{Command: c.Command, CPU: c.Cpu, Memory: c.Memory, MemoryReservation: c.MemoryReservation, Name: aws.ToString(c.Name)}
	for _, e := range c.Environment {
		o.Environment = append(o.Environment, attribute{aws.ToString(e.Name), aws.ToString(e.Value)})
	}
	return o
}
