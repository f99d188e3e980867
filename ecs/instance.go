package ecs

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/placement"
	"steady/placement/query"
	"steady/state"
)

const maxDescribedInstances = 100

// ListContainerInstances lists the container instances of a cluster, those of one
// status only or those that an expression of the cluster query language selects.
func (a *API) ListContainerInstances(ctx context.Context, in *ecs.ListContainerInstancesInput) (*ecs.ListContainerInstancesOutput, error) {
	if oneOf("status", in.Status, in.Status.Values()...) != nil {
		return nil, invalid("Container instance status should be one of [ACTIVE, DRAINING]")
	}
	var filter query.Expr
	if expression := aws.ToString(in.Filter); expression != "" {
		var err error
		if filter, err = query.Parse(expression); err != nil {
			return nil, invalid("Invalid filter: %v", err)
		}
	}
	s := a.store.Snapshot()
	c, err := a.cluster(s, in.Cluster)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for i := range s.InstancesIn(c.Name) {
		if in.Status != "" && string(i.Status) != string(in.Status) {
			continue
		}
		if filter != nil && !candidate(s, i).Matches(filter) {
			continue
		}
		entries = append(entries, entry{i.ID, a.realm.InstanceARN(c.Name, i.ID)})
	}
	arns, next, err := paging{operation: "ListContainerInstances", max: in.MaxResults, token: in.NextToken, size: maxPage}.cut(entries)
	if err != nil {
		return nil, err
	}
	return &ecs.ListContainerInstancesOutput{ContainerInstanceArns: arns, NextToken: next}, nil
}

// DescribeContainerInstances shows container instances.
func (a *API) DescribeContainerInstances(ctx context.Context, in *ecs.DescribeContainerInstancesInput) (*ecs.DescribeContainerInstancesOutput, error) {
	err := first(checkInstanceCount(in.ContainerInstances, maxDescribedInstances), includes(in.Include))
	if err != nil {
		return nil, err
	}
	out := &ecs.DescribeContainerInstancesOutput{ContainerInstances: []types.ContainerInstance{}}
	out.Failures, err = a.instances().describe(a.store.Snapshot(), in.Cluster, in.ContainerInstances, func(s *state.Snapshot, i *model.Instance) {
		out.ContainerInstances = append(out.ContainerInstances, a.showInstance(s, i, in.Include))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// candidate is an instance with what its live tasks hold.
func candidate(s *state.Snapshot, i *model.Instance) *placement.Candidate {
	c := &placement.Candidate{Instance: i}
	for t := range s.LiveTasksOn(i.ID) {
		c.Hold(t)
	}
	return c
}

// showInstance renders a container instance. What remains of it and what runs on
// it is derived from its tasks.
func (a *API) showInstance(s *state.Snapshot, i *model.Instance, include []types.ContainerInstanceField) types.ContainerInstance {
	tasks := countTasks(s.LiveTasksOn(i.ID))
	shown := types.ContainerInstance{
		ContainerInstanceArn: aws.String(a.realm.InstanceARN(i.Cluster, i.ID)),
		Ec2InstanceId:        text(i.EC2InstanceID),
		CapacityProviderName: text(i.CapacityProvider()),
		Status:               aws.String(string(i.Status)),
		AgentConnected:       i.AgentConnected,
		RunningTasksCount:    int32(tasks.running),
		PendingTasksCount:    int32(tasks.pending),
		RegisteredAt:         at(i.RegisteredAt),
		RegisteredResources:  registeredResources(i),
		RemainingResources:   remainingResources(candidate(s, i).Remaining()),
		Attributes:           showAttributes(i),
		Attachments:          []types.Attachment{},
		Tags:                 []types.Tag{},
		Version:              i.Version,
		VersionInfo: &types.VersionInfo{
			AgentHash:     text(i.AgentHash),
			AgentVersion:  text(i.AgentVersion),
			DockerVersion: text(i.RuntimeVersion),
		},
	}
	if slices.Contains(include, types.ContainerInstanceFieldTags) {
		shown.Tags = showTags(i.Tags)
	}
	if slices.Contains(include, types.ContainerInstanceFieldContainerInstanceHealth) {
		shown.HealthStatus = showHealth(i)
	}
	return shown
}

// showHealth: an agent is connected as long as its container runtime answers. Of one
// that is not, nothing is known.
func showHealth(i *model.Instance) *types.ContainerInstanceHealthStatus {
	status := types.InstanceHealthCheckStateInsufficientData
	if i.AgentConnected {
		status = types.InstanceHealthCheckStateOk
	}
	return &types.ContainerInstanceHealthStatus{
		OverallStatus: status,
		Details:       []types.InstanceHealthCheckResult{{Type: types.InstanceHealthCheckTypeContainerRuntime, Status: status}},
	}
}

// showAttributes are the instance's attributes, with its Availability Zone.
func showAttributes(i *model.Instance) []types.Attribute {
	shown := []types.Attribute{}
	for _, x := range i.Attributes {
		shown = append(shown, types.Attribute{Name: aws.String(x.Name), Value: text(x.Value)})
	}
	if _, listed := i.Attribute(query.ZoneAttribute); !listed && i.AvailabilityZone != "" {
		shown = append(shown, types.Attribute{Name: aws.String(query.ZoneAttribute), Value: aws.String(i.AvailabilityZone)})
	}
	return shown
}

func registeredResources(i *model.Instance) []types.Resource {
	return resources(i.CPU, i.Memory, i.Reserved())
}

func remainingResources(r placement.Remaining) []types.Resource {
	return resources(r.CPU, r.Memory, r.PortsInUse)
}

// resources in ECS's form; PORTS lists the ports that are in use.
func resources(cpu, memory int, inUse []model.HostPort) []types.Resource {
	tcp, udp := []string{}, []string{}
	for _, p := range inUse {
		if p.Protocol == string(types.TransportProtocolUdp) {
			udp = append(udp, strconv.Itoa(p.Port))
		} else {
			tcp = append(tcp, strconv.Itoa(p.Port))
		}
	}
	return []types.Resource{
		{Name: aws.String("CPU"), Type: aws.String("INTEGER"), IntegerValue: int32(cpu)},
		{Name: aws.String("MEMORY"), Type: aws.String("INTEGER"), IntegerValue: int32(memory)},
		{Name: aws.String("PORTS"), Type: aws.String("STRINGSET"), StringSetValue: tcp},
		{Name: aws.String("PORTS_UDP"), Type: aws.String("STRINGSET"), StringSetValue: udp},
	}
}
