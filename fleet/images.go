package fleet

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// images are those that the deployment of a service's task has resolved: all of its
// tasks run the same ones, but containers that opted out (versionConsistency
// disabled: "the container image tag is not resolved to a digest").
func images(snap *state.Snapshot, t *model.Task, d *model.TaskDefinition) []model.Image {
	if t.Service == "" {
		return nil
	}
	s, ok := snap.Service(t.Cluster, t.Service)
	if !ok {
		return nil
	}
	deployment := s.Deployment(t.Deployment)
	if deployment == nil {
		return nil
	}
	var consistent []model.Image
	for _, i := range deployment.Images {
		if c, ok := d.Container(i.Container); ok && c.VersionConsistency != types.VersionConsistencyDisabled {
			consistent = append(consistent, i)
		}
	}
	return consistent
}
