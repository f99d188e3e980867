package telemetry

import (
	"encoding/json"
	"time"
)

// record is what all performance log events begin with.
type record struct {
	Version string
	Type    string // Container, Task, Service or Cluster
}

// place names where a task runs, in the order in which ECS tells it.
type place struct {
	TaskID                 string `json:"TaskId"`
	TaskDefinitionFamily   string
	TaskDefinitionRevision string
	ServiceName            string `json:",omitempty"`
	ContainerInstanceID    string `json:"ContainerInstanceId"`
	EC2InstanceID          string `json:"EC2InstanceId,omitempty"`
	ClusterName            string
}

// use is what a container or a task uses and may use.
type use struct {
	CPUUtilized       float64 `json:"CpuUtilized"` // CPU units
	CPUReserved       float64 `json:"CpuReserved"`
	MemoryUtilized    int64   // MiB
	MemoryReserved    int64
	StorageReadBytes  int64 // since the start
	StorageWriteBytes int64 // since the start
	traffic
}

// traffic is what went through network interfaces.
type traffic struct {
	NetworkRxBytes   float64 // a second
	NetworkRxDropped int64   // since the last record, as are the following
	NetworkRxErrors  int64
	NetworkRxPackets int64
	NetworkTxBytes   float64 // a second
	NetworkTxDropped int64
	NetworkTxErrors  int64
	NetworkTxPackets int64
}

// add sums up what the containers of a task use. What the task may use is its own.
func (u *use) add(o use) {
	u.CPUUtilized += o.CPUUtilized
	u.MemoryUtilized += o.MemoryUtilized
	u.StorageReadBytes += o.StorageReadBytes
	u.StorageWriteBytes += o.StorageWriteBytes
	u.traffic.add(o.traffic)
}

func (t *traffic) add(o traffic) {
	t.NetworkRxBytes += o.NetworkRxBytes
	t.NetworkRxDropped += o.NetworkRxDropped
	t.NetworkRxErrors += o.NetworkRxErrors
	t.NetworkRxPackets += o.NetworkRxPackets
	t.NetworkTxBytes += o.NetworkTxBytes
	t.NetworkTxDropped += o.NetworkTxDropped
	t.NetworkTxErrors += o.NetworkTxErrors
	t.NetworkTxPackets += o.NetworkTxPackets
}

// among is the part of one of n.
func (t traffic) among(n int64) traffic {
	return traffic{
		t.NetworkRxBytes / float64(n), t.NetworkRxDropped / n, t.NetworkRxErrors / n, t.NetworkRxPackets / n,
		t.NetworkTxBytes / float64(n), t.NetworkTxDropped / n, t.NetworkTxErrors / n, t.NetworkTxPackets / n,
	}
}

type containerRecord struct {
	record
	ContainerName string
	place
	Image                string
	ContainerKnownStatus string
	// RestartCount is told of containers with a restart policy only.
	RestartCount *int `json:",omitempty"`
	Timestamp    int64
	use
}

type taskRecord struct {
	record
	place
	AccountID        string
	Region           string
	AvailabilityZone string
	KnownStatus      string
	LaunchType       string
	PullStartedAt    int64 `json:",omitempty"`
	PullStoppedAt    int64 `json:",omitempty"`
	CreatedAt        int64
	StartedAt        int64 `json:",omitempty"`
	Timestamp        int64
	use
	CloudWatchMetrics []metrics
}

type serviceRecord struct {
	record
	ServiceName       string
	ClusterName       string
	Timestamp         int64
	DesiredTaskCount  int
	RunningTaskCount  int
	PendingTaskCount  int
	DeploymentCount   int
	TaskSetCount      int
	CloudWatchMetrics []metrics
}

type clusterRecord struct {
	record
	ClusterName            string
	Timestamp              int64
	TaskCount              int
	ContainerInstanceCount int
	ServiceCount           int
	CloudWatchMetrics      []metrics
}

// metrics says which members of a record are metrics.
type metrics struct {
	Namespace  string
	Metrics    []metric
	Dimensions [][]string
}

type metric struct{ Name, Unit string }

const namespace = "ECS/ContainerInsights"

var taskMetrics = []metric{
	{"CpuUtilized", "None"}, {"CpuReserved", "None"},
	{"MemoryUtilized", "Megabytes"}, {"MemoryReserved", "Megabytes"},
	{"StorageReadBytes", "Bytes/Second"}, {"StorageWriteBytes", "Bytes/Second"},
	{"NetworkRxBytes", "Bytes/Second"}, {"NetworkTxBytes", "Bytes/Second"},
}

// counts are metrics that are numbers of things.
func counts(names ...string) (all []metric) {
	for _, n := range names {
		all = append(all, metric{n, "Count"})
	}
	return all
}

// ms is a time as ECS tells it here; none is left out.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and finite numbers only
	}
	return string(b)
}
