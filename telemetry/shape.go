package telemetry

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/model"
	"steady/runtime"
	"steady/state"
)

// Event is one performance log event.
type Event struct {
	Cluster string
	Stream  string
	At      time.Time
	Message string // JSON in the embedded metric format, as ECS writes it
}

// Enabled tells whether a cluster's telemetry is wanted: its containerInsights setting is
// enabled, or enhanced, which gives the same here.
func Enabled(c *model.Cluster) bool {
	return c.Status == model.Active && slices.ContainsFunc(c.Settings, func(s model.Tag) bool {
		return s.Key == "containerInsights" && (s.Value == "enabled" || s.Value == "enhanced")
	})
}

// Samples are what containers use, by the runtime's id.
type Samples map[string]runtime.Stats

// shape makes the events of all clusters whose telemetry is wanted: of each container
// and task that runs, as measured now and before, and of each service and cluster.
func shape(s *state.Snapshot, realm model.Realm, before, now Samples, at time.Time) []Event {
	var all []Event
	for c := range s.Clusters() {
		if !Enabled(c) {
			continue
		}
		p := shaper{snapshot: s, realm: realm, cluster: c.Name, before: before, now: now, at: at}
		for t := range s.TasksIn(c.Name) {
			if t.Last == model.Running {
				p.task(t)
			}
		}
		for svc := range s.ServicesIn(c.Name) {
			if svc.Status == model.Active {
				p.service(svc)
			}
		}
		p.whole()
		all = append(all, p.events...)
	}
	return all
}

// shaper makes the events of one cluster.
type shaper struct {
	snapshot    *state.Snapshot
	realm       model.Realm
	cluster     string
	before, now Samples
	at          time.Time
	events      []Event
}

func (p *shaper) add(stream string, record any) {
	p.events = append(p.events, Event{p.cluster, stream, p.at, encode(record)})
}

// task tells of a task and of those of its containers that could be measured.
func (p *shaper) task(t *model.Task) {
	d, ok := p.snapshot.TaskDefinition(t.TaskDefinition)
	i, registered := p.snapshot.Instance(t.Instance)
	if !ok || !registered {
		return
	}
	where := place{
		TaskID: t.ID, TaskDefinitionFamily: d.Family, TaskDefinitionRevision: strconv.Itoa(d.Revision), ServiceName: t.Service,
		ContainerInstanceID: i.ID, EC2InstanceID: i.EC2InstanceID, ClusterName: p.cluster,
	}
	stream := "AgentTelemetry-" + i.ID
	sum := use{CPUReserved: float64(t.CPU), MemoryReserved: int64(t.Memory)}
	shared := p.shared(t)
	for _, c := range t.Containers {
		sample, ok := p.now[c.RuntimeID]
		if !ok || c.Last != model.Running {
			continue
		}
		u := p.use(c.RuntimeID, sample, t.StartedAt)
		u.traffic.add(shared)
		sum.add(u)
		var restarts *int
		if k, ok := d.Container(c.Name); ok {
			u.CPUReserved, u.MemoryReserved = float64(k.Cpu), int64(aws.ToInt32(k.MemoryReservation))
			if k.MemoryReservation == nil {
				u.MemoryReserved = int64(aws.ToInt32(k.Memory))
			}
			if model.Restarts(k) {
				restarts = &c.RestartCount
			}
		}
		p.add(stream, containerRecord{
			record: record{"0", "Container"}, ContainerName: c.Name, place: where, Image: c.Image,
			ContainerKnownStatus: string(c.Last), RestartCount: restarts, Timestamp: ms(p.at), use: u,
		})
	}
	dimensions := [][]string{{"ClusterName"}, {"ClusterName", "TaskDefinitionFamily"}}
	if t.Service != "" {
		dimensions = append(dimensions, []string{"ClusterName", "ServiceName"})
	}
	p.add(stream, taskRecord{
		record: record{"0", "Task"}, place: where, AccountID: p.realm.Account, Region: p.realm.Region,
		AvailabilityZone: i.AvailabilityZone, KnownStatus: string(t.Last), LaunchType: string(t.LaunchType),
		PullStartedAt: ms(t.PullStartedAt), PullStoppedAt: ms(t.PullStoppedAt), CreatedAt: ms(t.CreatedAt), StartedAt: ms(t.StartedAt),
		Timestamp: ms(p.at), use: sum,
		CloudWatchMetrics: []metrics{{namespace, taskMetrics, dimensions}},
	})
}

// shared is each container's part of what went through a task's own network interface. As
// the ECS agent does it is divided among them: what they send is not told apart.
func (p *shaper) shared(t *model.Task) traffic {
	containers := int64(0)
	for _, c := range t.Containers {
		if _, measured := p.now[c.RuntimeID]; measured && c.Last == model.Running {
			containers++
		}
	}
	var all traffic
	for _, a := range t.Attachments {
		if sample, ok := p.now[a.Holder]; ok && containers > 0 {
			all.add(p.use(a.Holder, sample, t.StartedAt).traffic)
		}
	}
	return all.among(max(1, containers))
}

// use is what a container used since the last record, or else since its task's start.
func (p *shaper) use(container string, s runtime.Stats, started time.Time) use {
	before, ok := p.before[container]
	switch {
	case !ok:
		before = runtime.Stats{At: started}
	case before.CPU > s.CPU || before.Rx.Bytes > s.Rx.Bytes || before.Tx.Bytes > s.Tx.Bytes:
		before = runtime.Stats{At: before.At} // it was started again since, and counts from 0
	}
	second := s.At.Sub(before.At).Seconds()
	rate := func(n float64) float64 {
		if second <= 0 || before.At.IsZero() {
			return 0
		}
		return n / second
	}
	return use{
		CPUUtilized:    rate((s.CPU - before.CPU).Seconds()) * 1024,
		MemoryUtilized: s.Memory >> 20,

		StorageReadBytes: s.BlockRead, StorageWriteBytes: s.BlockWrite,

		traffic: traffic{
			NetworkRxBytes:   rate(float64(s.Rx.Bytes - before.Rx.Bytes)),
			NetworkRxDropped: s.Rx.Dropped - before.Rx.Dropped,
			NetworkRxErrors:  s.Rx.Errors - before.Rx.Errors,
			NetworkRxPackets: s.Rx.Packets - before.Rx.Packets,
			NetworkTxBytes:   rate(float64(s.Tx.Bytes - before.Tx.Bytes)),
			NetworkTxDropped: s.Tx.Dropped - before.Tx.Dropped,
			NetworkTxErrors:  s.Tx.Errors - before.Tx.Errors,
			NetworkTxPackets: s.Tx.Packets - before.Tx.Packets,
		},
	}
}

// service tells of a service. Its counts are those that DescribeServices tells.
func (p *shaper) service(svc *model.Service) {
	running, pending := 0, 0
	for t := range p.snapshot.TasksOf(svc.Cluster, svc.Name) {
		switch {
		case t.Last == model.Running:
			running++
		case t.Coming():
			pending++
		}
	}
	names := counts("DesiredTaskCount", "RunningTaskCount", "PendingTaskCount", "DeploymentCount", "TaskSetCount")
	p.add("ServiceTelemetry-"+svc.Name, serviceRecord{
		record: record{"0", "Service"}, ServiceName: svc.Name, ClusterName: p.cluster, Timestamp: ms(p.at),
		DesiredTaskCount: svc.DesiredCount, RunningTaskCount: running, PendingTaskCount: pending, DeploymentCount: len(svc.Deployments),
		CloudWatchMetrics: []metrics{{namespace, names, [][]string{{"ServiceName", "ClusterName"}}}},
	})
}

// whole tells of the cluster.
func (p *shaper) whole() {
	r := clusterRecord{record: record{"0", "Cluster"}, ClusterName: p.cluster, Timestamp: ms(p.at)}
	for t := range p.snapshot.TasksIn(p.cluster) {
		if t.Last == model.Running {
			r.TaskCount++
		}
	}
	for range p.snapshot.InstancesIn(p.cluster) {
		r.ContainerInstanceCount++
	}
	for svc := range p.snapshot.ServicesIn(p.cluster) {
		if svc.Status == model.Active {
			r.ServiceCount++
		}
	}
	r.CloudWatchMetrics = []metrics{{namespace, counts("TaskCount", "ContainerInstanceCount", "ServiceCount"), [][]string{{"ClusterName"}}}}
	p.add("ClusterTelemetry-"+p.cluster, r)
}

// wanted are the containers that have to be measured.
func wanted(s *state.Snapshot) []string {
	ids := map[string]bool{}
	for c := range s.Clusters() {
		if !Enabled(c) {
			continue
		}
		for t := range s.TasksIn(c.Name) {
			for _, k := range t.Containers {
				if t.Live() && k.Last == model.Running && k.RuntimeID != "" {
					ids[k.RuntimeID] = true
				}
			}
			for _, a := range t.Attachments {
				if t.Last == model.Running && a.Status == model.AttachmentAttached && a.Holder != "" {
					ids[a.Holder] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(ids))
}
