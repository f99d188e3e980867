package monitor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// remembered is how many of a service's newest deployments tell how long one takes.
const remembered = 20

// usualTime is how long the successful ones took among the deployments that ended before
// one began: their median, since one that waited for capacity or for somebody says
// little; whole seconds, rounded up. Zero: nothing tells.
func usualTime(past []types.ServiceDeploymentBrief, one time.Time) time.Duration {
	var took []time.Duration
	for _, d := range past {
		began := d.StartedAt
		if began == nil {
			began = d.CreatedAt
		}
		if d.Status == types.ServiceDeploymentStatusSuccessful && began != nil && d.FinishedAt != nil && d.FinishedAt.After(*began) &&
			(one.IsZero() || !d.FinishedAt.After(one)) {
			took = append(took, d.FinishedAt.Sub(*began))
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	middle := len(took) / 2
	usual := took[middle]
	if len(took)%2 == 0 {
		usual = (took[middle-1] + took[middle]) / 2
	}
	return (usual + time.Second - 1).Truncate(time.Second)
}

// askUsualTime asks once how long deployments of the service take. Whoever may not
// know, or has none to go by, is shown nothing.
func (w *watch) askUsualTime(ctx context.Context) {
	if w.History == nil || w.askedUsual {
		return
	}
	w.askedUsual = true
	ctx, cancel := w.inTime(ctx)
	defer cancel()
	out, err := w.History.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Cluster: &w.Cluster, Service: &w.Service,
		Status: []types.ServiceDeploymentStatus{types.ServiceDeploymentStatusSuccessful}, MaxResults: aws.Int32(remembered)})
	if err == nil {
		w.usual = usualTime(out.ServiceDeployments, aws.ToTime(w.follow.mine.CreatedAt))
	}
}

// progress words the time gone beside the time that it usually takes.
func progress(v view) string {
	gone := max(v.at.Sub(v.started), v.at.Sub(v.began))
	if v.began.IsZero() {
		gone = v.at.Sub(v.started)
	}
	switch {
	case v.usual == 0 || v.phase != "deploying":
		return roughly(gone)
	case gone > v.usual:
		return fmt.Sprintf("%s, longer than the usual %s", roughly(gone), roughly(v.usual))
	}
	return fmt.Sprintf("%s of usually %s", roughly(gone), roughly(v.usual))
}
