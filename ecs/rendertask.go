package ecs

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/lifecycle"
	"steady/model"
	"steady/state"
)

const cpuArchitecture = "ecs.cpu-architecture"

// showTask renders a task. Times are shown once they have happened; the stop code
// and reason once the stop is decided.
func (a *API) showTask(s *state.Snapshot, t *model.Task, withTags bool) types.Task {
	shown := types.Task{
		TaskArn:              aws.String(a.realm.TaskARN(t.Cluster, t.ID)),
		ClusterArn:           aws.String(a.realm.ClusterARN(t.Cluster)),
		TaskDefinitionArn:    aws.String(a.realm.TaskDefinitionARN(t.TaskDefinition)),
		ContainerInstanceArn: aws.String(a.realm.InstanceARN(t.Cluster, t.Instance)),
		Group:                text(t.Group),
		StartedBy:            text(t.StartedBy),
		LaunchType:           t.LaunchType,
		DesiredStatus:        aws.String(string(t.Desired)),
		LastStatus:           aws.String(string(t.Last)),
		HealthStatus:         types.HealthStatus(t.Health),
		Cpu:                  aws.String(strconv.Itoa(t.CPU)),
		Memory:               aws.String(strconv.Itoa(t.Memory)),
		StopCode:             types.TaskStopCode(t.StopCode),
		StoppedReason:        text(t.StoppedReason),
		Version:              t.Version,
		EnableExecuteCommand: t.EnableExecuteCommand,
		Attachments:          showAttachments(t),
		Attributes:           []types.Attribute{},
		Tags:                 []types.Tag{},
		Overrides:            showOverrides(t),
		Containers:           a.showContainers(s, t),
	}
	if t.LaunchType == types.LaunchTypeFargate {
		showFargate(s, &shown, t)
	}
	shown.CapacityProviderName = text(t.CapacityProvider)
	showTimes(&shown, t)
	showPlace(s, &shown, t)
	if withTags {
		shown.Tags = showTags(t.Tags)
	}
	return shown
}

// showFargate: the instance that a task on Fargate runs on is not the user's.
func showFargate(s *state.Snapshot, shown *types.Task, t *model.Task) {
	shown.ContainerInstanceArn = nil
	shown.PlatformVersion = text(t.PlatformVersion)
	shown.PlatformFamily = aws.String(model.PlatformFamily)
	shown.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: fargateStorage}
	if d, ok := s.TaskDefinition(t.TaskDefinition); ok && d.Spec.EphemeralStorage != nil {
		shown.EphemeralStorage = d.Spec.EphemeralStorage
	}
	if t.Overrides.EphemeralStorage != nil {
		shown.EphemeralStorage = t.Overrides.EphemeralStorage
	}
}

func showTimes(shown *types.Task, t *model.Task) {
	shown.CreatedAt = at(t.CreatedAt)
	shown.ConnectivityAt = at(t.ConnectivityAt)
	shown.PullStartedAt = at(t.PullStartedAt)
	shown.PullStoppedAt = at(t.PullStoppedAt)
	shown.StartedAt = at(t.StartedAt)
	shown.StoppingAt = at(t.StoppingAt)
	shown.ExecutionStoppedAt = at(t.ExecutionStoppedAt)
	shown.StoppedAt = at(t.StoppedAt)
}

// showPlace tells what is known of the instance that the task is on. One that was
// deregistered is on record for a while only.
func showPlace(s *state.Snapshot, shown *types.Task, t *model.Task) {
	i, ok := s.Instance(t.Instance)
	shown.Connectivity = lifecycle.Connectivity(t, i)
	if !ok {
		return
	}
	shown.AvailabilityZone = text(i.AvailabilityZone)
	if v, ok := i.Attribute(cpuArchitecture); ok {
		shown.Attributes = append(shown.Attributes, types.Attribute{Name: aws.String(cpuArchitecture), Value: aws.String(v)})
	}
}

// showOverrides has an entry for each container, with what was overridden.
func showOverrides(t *model.Task) *types.TaskOverride {
	shown := t.Overrides
	//lint:ignore SA1019 ECS still shows the member, as an empty list
	shown.InferenceAcceleratorOverrides = []types.InferenceAcceleratorOverride{}
	shown.ContainerOverrides = t.ContainerOverrides()
	return &shown
}

func (a *API) showContainers(s *state.Snapshot, t *model.Task) []types.Container {
	shown := []types.Container{}
	d, _ := s.TaskDefinition(t.TaskDefinition)
	for _, c := range t.Containers {
		x := types.Container{
			ContainerArn:      aws.String(a.realm.ContainerARN(t.Cluster, t.ID, c.ID)),
			TaskArn:           aws.String(a.realm.TaskARN(t.Cluster, t.ID)),
			Name:              aws.String(c.Name),
			Image:             text(c.Image),
			ImageDigest:       text(c.Digest),
			RuntimeId:         text(c.RuntimeID),
			LastStatus:        aws.String(string(c.Last)),
			Reason:            text(c.Reason),
			HealthStatus:      types.HealthStatus(c.Health),
			NetworkBindings:   showBindings(c.Bindings),
			NetworkInterfaces: showInterfaces(t),
		}
		if c.Exit.Known {
			x.ExitCode = aws.Int32(int32(c.Exit.Code))
		}
		if d != nil {
			showSizes(&x, d, t)
		}
		shown = append(shown, x)
	}
	return shown
}

// showSizes tells what the container was given, as strings.
func showSizes(x *types.Container, d *model.TaskDefinition, t *model.Task) {
	sizes := t.Sizes(d, *x.Name)
	x.Cpu, x.Memory, x.MemoryReservation = number(sizes.CPU), number(sizes.Memory), number(sizes.MemoryReservation)
}

func number(n *int32) *string {
	if n == nil {
		return nil
	}
	return aws.String(strconv.Itoa(int(*n)))
}

// showAttachments are the task's network interfaces. The API calls their type
// ElasticNetworkInterface, events call it eni.
func showAttachments(t *model.Task) []types.Attachment {
	shown := []types.Attachment{}
	for _, a := range t.Attachments {
		shown = append(shown, types.Attachment{
			Id: text(a.ID), Type: aws.String("ElasticNetworkInterface"), Status: text(string(a.Status)), Details: a.Details(),
		})
	}
	return shown
}

// showInterfaces tells where the containers of a task are reached: at its network
// interface, as soon as that has an address.
func showInterfaces(t *model.Task) []types.NetworkInterface {
	shown := []types.NetworkInterface{}
	for _, a := range t.Attachments {
		if a.Address != "" {
			shown = append(shown, types.NetworkInterface{AttachmentId: text(a.ID), PrivateIpv4Address: text(a.Address)})
		}
	}
	return shown
}

func showBindings(bindings []model.Binding) []types.NetworkBinding {
	shown := []types.NetworkBinding{}
	for _, b := range bindings {
		x := types.NetworkBinding{BindIP: text(b.BindIP), Protocol: types.TransportProtocol(b.Protocol)}
		if b.ContainerPortRange != "" {
			x.ContainerPortRange, x.HostPortRange = text(b.ContainerPortRange), text(b.HostPortRange)
		} else {
			x.ContainerPort, x.HostPort = aws.Int32(int32(b.ContainerPort)), aws.Int32(int32(b.HostPort))
		}
		shown = append(shown, x)
	}
	return shown
}
