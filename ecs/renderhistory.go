package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/rollout"
	"steady/state"
)

func (a *API) showBrief(d *model.ServiceDeployment) types.ServiceDeploymentBrief {
	return types.ServiceDeploymentBrief{
		ServiceDeploymentArn:     aws.String(a.realm.ServiceDeploymentARN(d.Cluster, d.Service, d.ID)),
		ServiceArn:               aws.String(a.realm.ServiceARN(d.Cluster, d.Service)),
		ClusterArn:               aws.String(a.realm.ClusterARN(d.Cluster)),
		TargetServiceRevisionArn: aws.String(a.realm.ServiceRevisionARN(d.Cluster, d.Service, d.Target)),
		Status:                   d.Status,
		StatusReason:             text(d.StatusReason),
		CreatedAt:                at(d.CreatedAt),
		StartedAt:                at(d.StartedAt),
		FinishedAt:               at(d.FinishedAt),
	}
}

// showServiceDeployment renders a service deployment. Its counts are derived from
// the tasks that there are; a rolling one has no lifecycle stages.
func (a *API) showServiceDeployment(s *state.Snapshot, d *model.ServiceDeployment, now time.Time) types.ServiceDeployment {
	svc, _ := s.Service(d.Cluster, d.Service)
	counts := countRevisions(s, svc)
	target := a.showRevisionSummary(d, d.Target, counts)
	configuration := d.Configuration
	shown := types.ServiceDeployment{
		ServiceDeploymentArn:     aws.String(a.realm.ServiceDeploymentARN(d.Cluster, d.Service, d.ID)),
		ServiceArn:               aws.String(a.realm.ServiceARN(d.Cluster, d.Service)),
		ClusterArn:               aws.String(a.realm.ClusterARN(d.Cluster)),
		Status:                   d.Status,
		StatusReason:             text(d.StatusReason),
		CreatedAt:                at(d.CreatedAt),
		StartedAt:                at(d.StartedAt),
		UpdatedAt:                at(d.UpdatedAt),
		FinishedAt:               at(d.FinishedAt),
		StoppedAt:                at(d.StoppedAt),
		SourceServiceRevisions:   []types.ServiceRevisionSummary{},
		TargetServiceRevision:    &target,
		DeploymentConfiguration:  &configuration,
		DeploymentCircuitBreaker: a.showBreaker(s, svc, d, now),
		Alarms:                   &types.ServiceDeploymentAlarms{Status: types.ServiceDeploymentRollbackMonitorsStatusDisabled},
	}
	for _, id := range d.Sources {
		shown.SourceServiceRevisions = append(shown.SourceServiceRevisions, a.showRevisionSummary(d, id, counts))
	}
	if r := d.Rollback; !r.At.IsZero() {
		shown.Rollback = &types.Rollback{
			StartedAt: at(r.At), Reason: text(r.Reason),
			ServiceRevisionArn: aws.String(a.realm.ServiceRevisionARN(d.Cluster, d.Service, r.Revision)),
		}
	}
	return shown
}

func (a *API) showRevisionSummary(d *model.ServiceDeployment, id string, counts map[string]revisionCounts) types.ServiceRevisionSummary {
	n := counts[id]
	return types.ServiceRevisionSummary{
		Arn:                aws.String(a.realm.ServiceRevisionARN(d.Cluster, d.Service, id)),
		RequestedTaskCount: int32(n.requested),
		RunningTaskCount:   int32(n.tasks.running),
		PendingTaskCount:   int32(n.tasks.pending),
	}
}

// showBreaker tells what the circuit breaker counts, or counted until the
// deployment failed or ended.
func (a *API) showBreaker(s *state.Snapshot, svc *model.Service, d *model.ServiceDeployment, now time.Time) *types.ServiceDeploymentCircuitBreaker {
	shown := &types.ServiceDeploymentCircuitBreaker{
		Status:       types.ServiceDeploymentRollbackMonitorsStatusMonitoring,
		FailureCount: int32(d.Failures), Threshold: int32(d.Threshold),
	}
	breaker := d.Breaker
	if d.Threshold == 0 && svc != nil {
		breaker = svc.CircuitBreaker
		shown.Threshold = int32(rollout.Threshold(breaker, svc.DesiredCount))
		if x := svc.Deployment(d.Deployment); x != nil {
			shown.FailureCount = int32(rollout.BreakerFailures(svc, x, s.TasksOf(svc.Cluster, svc.Name), a.settle, now))
		}
	}
	switch {
	case !breaker.Enable:
		shown.Status = types.ServiceDeploymentRollbackMonitorsStatusDisabled
	case d.Threshold > 0 && d.Failures >= d.Threshold:
		shown.Status = types.ServiceDeploymentRollbackMonitorsStatusTriggered
	case d.Threshold > 0:
		shown.Status = types.ServiceDeploymentRollbackMonitorsStatusMonitoringComplete
	}
	return shown
}

// showRevision renders a service revision. An image has a digest once the first
// task has resolved it.
func (a *API) showRevision(s *state.Snapshot, r *model.ServiceRevision) types.ServiceRevision {
	shown := types.ServiceRevision{
		ServiceRevisionArn:   aws.String(a.realm.ServiceRevisionARN(r.Cluster, r.Service, r.ID)),
		ServiceArn:           aws.String(a.realm.ServiceARN(r.Cluster, r.Service)),
		ClusterArn:           aws.String(a.realm.ClusterARN(r.Cluster)),
		TaskDefinition:       aws.String(a.realm.TaskDefinitionARN(r.TaskDefinition)),
		LaunchType:           launchType(r.LaunchType, r.Capacity),
		NetworkConfiguration: r.Network,
		PlatformVersion:      text(r.Capacity.Platform),
		PlatformFamily:       platformFamily(r.Capacity),
		CreatedAt:            at(r.CreatedAt),
		ContainerImages:      []types.ContainerImage{},
		LoadBalancers:        []types.LoadBalancer{},
		ServiceRegistries:    []types.ServiceRegistry{},

		CapacityProviderStrategy: r.Capacity.Strategy,
	}
	d, ok := s.TaskDefinition(r.TaskDefinition)
	if !ok {
		return shown
	}
	for _, c := range d.Containers() {
		image := types.ContainerImage{ContainerName: c.Name, Image: c.Image}
		for _, i := range r.Images {
			if i.Container == aws.ToString(c.Name) {
				image.ImageDigest = text(i.Digest)
			}
		}
		shown.ContainerImages = append(shown.ContainerImages, image)
	}
	return shown
}

// revisionCounts are the numbers of tasks of one service revision.
type revisionCounts struct {
	requested int
	tasks     taskCounts
}

// countRevisions counts the tasks of a service, which may be nil, by revision. A roll
// back deploys a revision that an older deployment may have tasks of.
func countRevisions(s *state.Snapshot, svc *model.Service) map[string]revisionCounts {
	counts := map[string]revisionCounts{}
	if svc == nil {
		return counts
	}
	for _, d := range svc.Deployments {
		tasks, wanted := countDeployment(s, svc, d.ID)
		n := counts[d.Revision]
		n.tasks.running += tasks.running
		n.tasks.pending += tasks.pending
		n.requested += requested(svc, &d, wanted)
		counts[d.Revision] = n
	}
	return counts
}

// requested is how many tasks a deployment shall have: all that are desired for the
// PRIMARY one, what is left of it for one that is replaced.
func requested(svc *model.Service, d *model.Deployment, wanted int) int {
	if d.Status == model.Primary {
		return svc.DesiredCount
	}
	return wanted
}
