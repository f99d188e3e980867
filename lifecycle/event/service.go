package event

import (
	"slices"

	"steady/model"
)

type serviceAction struct {
	EventType             string   `json:"eventType"`
	EventName             string   `json:"eventName"`
	ClusterArn            string   `json:"clusterArn"`
	ContainerInstanceArns []string `json:"containerInstanceArns,omitzero"`
	TaskArns              []string `json:"taskArns,omitzero"`
	DesiredCount          *int     `json:"desiredCount,omitzero"`
	Reason                string   `json:"reason,omitzero"`
	CreatedAt             string   `json:"createdAt"`
}

type deployment struct {
	EventType    string `json:"eventType"`
	EventName    string `json:"eventName"`
	ClusterArn   string `json:"clusterArn"`
	DeploymentID string `json:"deploymentId"`
	UpdatedAt    string `json:"updatedAt"`
	Reason       string `json:"reason"`
}

// The eventType of a service action or a deployment state change.
const (
	info  = "INFO"
	warn  = "WARN"
	fault = "ERROR"
)

// Service tells what a change of a service means: the states that its deployments have
// come to, then the actions of its scheduler. before is nil for a new service. Which
// tasks it has started and stopped is not told here: the service does not know them.
func (t Teller) Service(before, after *model.Service) []model.Event {
	if before == nil {
		before = &model.Service{}
	}
	return slices.Concat(t.deployments(before, after), t.actions(before, after))
}

// deployments tells of each deployment, the oldest first, that it began, and how it
// ended: a roll back begins after the failure that it is the answer to.
func (t Teller) deployments(before, after *model.Service) []model.Event {
	var told []model.Event
	for _, d := range slices.Backward(after.Deployments) {
		was := before.Deployment(d.ID)
		if was == nil {
			told = append(told, t.deployment(after, d, model.InProgress))
		}
		if d.Rollout != model.InProgress && (was == nil || was.Rollout != d.Rollout) {
			told = append(told, t.deployment(after, d, d.Rollout))
		}
	}
	return told
}

func (t Teller) deployment(s *model.Service, d model.Deployment, state model.RolloutState) model.Event {
	detail := deployment{
		EventType: info, EventName: "SERVICE_DEPLOYMENT_" + string(state),
		ClusterArn: t.Realm.ClusterARN(s.Cluster), DeploymentID: d.ID, UpdatedAt: instant(t.Now), Reason: d.Reason,
	}
	if state == model.Failed {
		detail.EventType = fault
	}
	return t.tell(s.Cluster, DeploymentStateChange, t.Realm.ServiceARN(s.Cluster, s.Name), detail)
}

// actions tells what the scheduler has come to say of a service.
func (t Teller) actions(before, after *model.Service) []model.Event {
	var told []model.Event
	say := func(a serviceAction) { told = append(told, t.action(after.Cluster, after.Name, a)) }
	// "Sent when the service scheduler updates the computed desired count; not when the
	// desired count is updated by a user": for a daemon service nobody else does.
	if after.Daemon && before.Name != "" && after.DesiredCount != before.DesiredCount && after.Status == model.Active {
		say(serviceAction{EventType: info, EventName: "SERVICE_DESIRED_COUNT_UPDATED", DesiredCount: &after.DesiredCount})
	}
	if p := after.Placement; p.Refused() && !p.At.Equal(before.Placement.At) {
		a := serviceAction{EventType: fault, EventName: "SERVICE_TASK_PLACEMENT_FAILURE", Reason: p.Reason}
		if p.Configuration {
			a.EventName = "SERVICE_TASK_CONFIGURATION_FAILURE"
		}
		if p.Instance != "" {
			a.ContainerInstanceArns = []string{t.Realm.InstanceARN(after.Cluster, p.Instance)}
		}
		say(a)
	}
	if impairedSince(before, after) {
		say(serviceAction{EventType: warn, EventName: "SERVICE_TASK_START_IMPAIRED"})
	}
	if !after.SteadyAt.IsZero() && !after.SteadyAt.Equal(before.SteadyAt) {
		say(serviceAction{EventType: info, EventName: "SERVICE_STEADY_STATE"})
	}
	return told
}

// impairedSince tells whether it was said anew that a deployment cannot start its tasks.
func impairedSince(before, after *model.Service) bool {
	return slices.ContainsFunc(after.Deployments, func(d model.Deployment) bool {
		was := before.Deployment(d.ID)
		return !d.ImpairedAt.IsZero() && (was == nil || !was.ImpairedAt.Equal(d.ImpairedAt))
	})
}

// tasksPerEvent is how many tasks one event names, so that it stays far below
// EventBridge's limit of 256 KB.
const tasksPerEvent = 100

// TasksStarted tells that a service's scheduler has started tasks. Amazon does not say
// what these events name; ours name the tasks.
func (t Teller) TasksStarted(cluster, service string, ids []string) []model.Event {
	return t.tasks(cluster, service, "TASKS_STARTED", ids)
}

// TasksStopped tells that a service's scheduler has decided to stop tasks.
func (t Teller) TasksStopped(cluster, service string, ids []string) []model.Event {
	return t.tasks(cluster, service, "TASKS_STOPPED", ids)
}

func (t Teller) tasks(cluster, service, name string, ids []string) []model.Event {
	var told []model.Event
	for some := range slices.Chunk(ids, tasksPerEvent) {
		a := serviceAction{EventType: info, EventName: name}
		for _, id := range some {
			a.TaskArns = append(a.TaskArns, t.Realm.TaskARN(cluster, id))
		}
		told = append(told, t.action(cluster, service, a))
	}
	return told
}

func (t Teller) action(cluster, service string, a serviceAction) model.Event {
	a.ClusterArn, a.CreatedAt = t.Realm.ClusterARN(cluster), instant(t.Now)
	return t.tell(cluster, ServiceAction, t.Realm.ServiceARN(cluster, service), a)
}
