package endpoint

import (
	"context"
	"strconv"
	"time"

	"steady/model"
)

// taskBody is what is told of a task.
type taskBody struct {
	Cluster               string            `json:"Cluster"`
	TaskARN               string            `json:"TaskARN"`
	Family                string            `json:"Family"`
	Revision              string            `json:"Revision"`
	DesiredStatus         string            `json:"DesiredStatus,omitempty"`
	KnownStatus           string            `json:"KnownStatus"`
	Limits                *limitsBody       `json:"Limits,omitempty"`
	PullStartedAt         *time.Time        `json:"PullStartedAt,omitempty"`
	PullStoppedAt         *time.Time        `json:"PullStoppedAt,omitempty"`
	ExecutionStoppedAt    *time.Time        `json:"ExecutionStoppedAt,omitempty"`
	AvailabilityZone      string            `json:"AvailabilityZone,omitempty"`
	TaskTags              map[string]string `json:"TaskTags,omitempty"`
	ContainerInstanceTags map[string]string `json:"ContainerInstanceTags,omitempty"`
	LaunchType            string            `json:"LaunchType,omitempty"`
	Containers            []containerBody   `json:"Containers,omitempty"`
	ServiceName           string            `json:"ServiceName,omitempty"`
	// FaultInjectionEnabled is of version 4 alone.
	FaultInjectionEnabled *bool `json:"FaultInjectionEnabled,omitempty"`
}

func (s *Server) describeTask(ctx context.Context, v version, t Task, tags bool) (taskBody, error) {
	b := taskBody{
		Cluster: t.Cluster, TaskARN: s.Realm.TaskARN(t.Cluster, t.ID),
		Family: t.Definition.Family, Revision: strconv.Itoa(t.Definition.Revision),
		DesiredStatus: string(t.Desired), LaunchType: string(t.LaunchType),
		PullStartedAt: moment(t.PullStartedAt), PullStoppedAt: moment(t.PullStoppedAt), ExecutionStoppedAt: moment(t.ExecutionStoppedAt),
	}
	if t.Instance != nil {
		b.AvailabilityZone = t.Instance.AvailabilityZone
	}
	if cpu, memory := t.Bounds(t.Definition); cpu > 0 || memory > 0 {
		b.Limits = &limitsBody{CPU: float64(cpu) / 1024, Memory: memory}
	}
	for _, c := range t.Containers {
		body, err := s.describe(ctx, v, t, c.Name)
		if err != nil {
			return taskBody{}, err
		}
		b.Containers = append(b.Containers, body)
	}
	b.KnownStatus = least(b.Containers)
	if v.name == v4.name {
		b.ServiceName, b.FaultInjectionEnabled = t.Service, new(bool)
	}
	if tags {
		b.TaskTags = tagged(t.Tags)
		if t.Instance != nil {
			b.ContainerInstanceTags = tagged(t.Instance.Tags)
		}
	}
	return b, nil
}

// least is the task's state, as the ECS agent has it: that of the container which has come
// least far.
func least(containers []containerBody) string {
	order := []string{"NONE", "PULLED", "CREATED", "RUNNING", "STOPPED"}
	for _, state := range order {
		for _, c := range containers {
			if c.KnownStatus == state {
				return state
			}
		}
	}
	return order[0]
}

func tagged(tags []model.Tag) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	m := map[string]string{}
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}
