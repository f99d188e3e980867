package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/rollout"
	"steady/state"
)

// showService renders a service. All its counts are derived from its tasks.
func (a *API) showService(s *state.Snapshot, svc *model.Service, withTags bool) *types.Service {
	n := countTasks(s.LiveTasksOf(svc.Cluster, svc.Name))
	shown := svc.Spec
	shown.ServiceArn = aws.String(a.realm.ServiceARN(svc.Cluster, svc.Name))
	shown.ServiceName = aws.String(svc.Name)
	shown.ClusterArn = aws.String(a.realm.ClusterARN(svc.Cluster))
	shown.Status = aws.String(string(svc.Status))
	shown.CreatedAt = at(svc.CreatedAt)
	shown.DesiredCount = int32(svc.DesiredCount)
	shown.RunningCount = int32(n.running)
	shown.PendingCount = int32(n.pending)
	shown.LaunchType = svc.LaunchType
	if len(svc.Spec.CapacityProviderStrategy) > 0 {
		shown.LaunchType = "" // the strategy stands in its place
	}
	shown.TaskDefinition = a.shownDefinition(svc)
	configuration := rollout.Configuration(svc)
	shown.DeploymentConfiguration = &configuration
	shown.PlacementConstraints = given(svc.PlacementConstraints)
	shown.PlacementStrategy = given(svc.PlacementStrategy)
	shown.LoadBalancers = []types.LoadBalancer{}
	shown.ServiceRegistries = []types.ServiceRegistry{}
	shown.Deployments = a.showDeployments(s, svc)
	shown.CurrentServiceRevisions = a.showCurrentRevisions(s, svc)
	if p := svc.Primary(); p != nil && p.ServiceDeployment != "" {
		shown.CurrentServiceDeployment = aws.String(a.realm.ServiceDeploymentARN(svc.Cluster, svc.Name, p.ServiceDeployment))
	}
	if svc.GracePeriod > 0 {
		shown.HealthCheckGracePeriodSeconds = aws.Int32(int32(svc.GracePeriod / time.Second))
	}
	shown.Events = showEvents(svc)
	if withTags {
		shown.Tags = showTags(svc.Tags)
	}
	return &shown
}

// shownDefinition is the revision that the service runs, or ran last.
func (a *API) shownDefinition(svc *model.Service) *string {
	if p := svc.Primary(); p != nil {
		return aws.String(a.realm.TaskDefinitionARN(p.TaskDefinition))
	}
	ref, err := a.definitionRef(aws.ToString(svc.Spec.TaskDefinition))
	if err != nil {
		return nil
	}
	return aws.String(a.realm.TaskDefinitionARN(ref))
}

// showDeployments is never nil: an INACTIVE service has none.
func (a *API) showDeployments(s *state.Snapshot, svc *model.Service) []types.Deployment {
	shown := []types.Deployment{}
	now := time.Now()
	for i := range svc.Deployments {
		d := &svc.Deployments[i]
		n, wanted := countDeployment(s, svc, d.ID)
		shown = append(shown, types.Deployment{
			Id:                   aws.String(d.ID),
			Status:               aws.String(string(d.Status)),
			TaskDefinition:       aws.String(a.realm.TaskDefinitionARN(d.TaskDefinition)),
			DesiredCount:         int32(requested(svc, d, wanted)),
			RunningCount:         int32(n.running),
			PendingCount:         int32(n.pending),
			FailedTasks:          int32(rollout.FailedTasks(svc, d, s.TasksOf(svc.Cluster, svc.Name), a.settle, now)),
			CreatedAt:            at(d.CreatedAt),
			UpdatedAt:            at(d.UpdatedAt),
			LaunchType:           launchType(svc.LaunchType, d.Capacity),
			NetworkConfiguration: d.Network,
			PlatformVersion:      text(d.Capacity.Platform),
			PlatformFamily:       platformFamily(d.Capacity),

			CapacityProviderStrategy: d.Capacity.Strategy,
			RolloutState:             types.DeploymentRolloutState(d.Rollout),
			RolloutStateReason:       text(d.Reason),
		})
	}
	return shown
}

// launchType is shown where no strategy stands in its place.
func launchType(t types.LaunchType, c model.Capacity) types.LaunchType {
	if len(c.Strategy) > 0 {
		return ""
	}
	return t
}

// platformFamily is what tasks on Fargate run on; containers here are Linux ones.
func platformFamily(c model.Capacity) *string {
	if c.Platform == "" {
		return nil
	}
	return aws.String(model.PlatformFamily)
}

// showCurrentRevisions are the revisions that the service has deployments of, newest
// first.
func (a *API) showCurrentRevisions(s *state.Snapshot, svc *model.Service) []types.ServiceCurrentRevisionSummary {
	shown := []types.ServiceCurrentRevisionSummary{}
	counts := countRevisions(s, svc)
	for _, d := range svc.Deployments {
		n, ok := counts[d.Revision]
		if !ok || d.Revision == "" {
			continue
		}
		delete(counts, d.Revision) // each is shown once
		shown = append(shown, types.ServiceCurrentRevisionSummary{
			Arn:                aws.String(a.realm.ServiceRevisionARN(svc.Cluster, svc.Name, d.Revision)),
			RequestedTaskCount: int32(n.requested),
			RunningTaskCount:   int32(n.tasks.running),
			PendingTaskCount:   int32(n.tasks.pending),
		})
	}
	return shown
}

// countDeployment counts the tasks of one deployment, and those of them that are
// still wanted.
func countDeployment(s *state.Snapshot, svc *model.Service, id string) (n taskCounts, wanted int) {
	for t := range s.LiveTasksOf(svc.Cluster, svc.Name) {
		if t.Deployment != id {
			continue
		}
		n.add(t)
		if !t.StopDecided() {
			wanted++
		}
	}
	return n, wanted
}

func showEvents(svc *model.Service) []types.ServiceEvent {
	shown := []types.ServiceEvent{}
	for _, e := range svc.Events {
		shown = append(shown, types.ServiceEvent{Id: aws.String(e.ID), CreatedAt: at(e.At), Message: aws.String(e.Message)})
	}
	return shown
}
