package event

import (
	"strconv"

	"steady/model"
	"steady/placement"
)

// InstanceChanged tells whether a change of a container instance's record is one that
// ECS tells. before is nil for a new instance.
func InstanceChanged(before, after *model.Instance) bool {
	return before == nil || before.Version != after.Version
}

type instance struct {
	AgentConnected       bool        `json:"agentConnected"`
	Attributes           []attribute `json:"attributes"`
	ClusterArn           string      `json:"clusterArn"`
	ContainerInstanceArn string      `json:"containerInstanceArn"`
	EC2InstanceID        string      `json:"ec2InstanceId,omitzero"`
	RegisteredResources  []resource  `json:"registeredResources"`
	RemainingResources   []resource  `json:"remainingResources"`
	Status               string      `json:"status"`
	Version              int64       `json:"version"`
	VersionInfo          versionInfo `json:"versionInfo"`
	RegisteredAt         string      `json:"registeredAt,omitzero"`
	UpdatedAt            string      `json:"updatedAt"`
}

type resource struct {
	Name           string   `json:"name"`
	Type           string   `json:"type"`
	IntegerValue   *int     `json:"integerValue,omitzero"`
	StringSetValue []string `json:"stringSetValue,omitzero"`
}

type versionInfo struct {
	AgentHash     string `json:"agentHash,omitzero"`
	AgentVersion  string `json:"agentVersion,omitzero"`
	DockerVersion string `json:"dockerVersion,omitzero"`
}

// Instance tells a container instance state change; remaining is what its tasks leave
// of it.
func (t Teller) Instance(i *model.Instance, remaining placement.Remaining) model.Event {
	arn := t.Realm.InstanceARN(i.Cluster, i.ID)
	whole := placement.Candidate{Instance: i}
	detail := instance{
		AgentConnected:       i.AgentConnected,
		Attributes:           []attribute{},
		ClusterArn:           t.Realm.ClusterARN(i.Cluster),
		ContainerInstanceArn: arn,
		EC2InstanceID:        i.EC2InstanceID,
		RegisteredResources:  resources(whole.Remaining()),
		RemainingResources:   resources(remaining),
		Status:               string(i.Status),
		Version:              i.Version,
		VersionInfo:          versionInfo{i.AgentHash, i.AgentVersion, i.RuntimeVersion},
		RegisteredAt:         instant(i.RegisteredAt),
		UpdatedAt:            instant(t.Now),
	}
	for _, a := range i.Attributes {
		detail.Attributes = append(detail.Attributes, attribute{a.Name, a.Value})
	}
	return t.tell(i.Cluster, InstanceStateChange, arn, detail)
}

// resources in ECS's form: PORTS lists the ports that are in use.
func resources(r placement.Remaining) []resource {
	tcp, udp := []string{}, []string{}
	for _, p := range r.PortsInUse {
		if p.Protocol == "udp" {
			udp = append(udp, strconv.Itoa(p.Port))
		} else {
			tcp = append(tcp, strconv.Itoa(p.Port))
		}
	}
	return []resource{
		{Name: "CPU", Type: "INTEGER", IntegerValue: &r.CPU},
		{Name: "MEMORY", Type: "INTEGER", IntegerValue: &r.Memory},
		{Name: "PORTS", Type: "STRINGSET", StringSetValue: tcp},
		{Name: "PORTS_UDP", Type: "STRINGSET", StringSetValue: udp},
	}
}
