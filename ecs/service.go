package ecs

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/ledger"
	"steady/model"
	"steady/state"
)

const (
	maxDescribedServices = 10
	servicesPage         = 10 // ListServices' default; its maximum is 100
)

// DescribeServices shows services, INACTIVE ones as long as they are on record.
func (a *API) DescribeServices(ctx context.Context, in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
	err := first(checkCount("Services", in.Services, maxDescribedServices), includes(in.Include))
	if err != nil {
		return nil, err
	}
	withTags := slices.Contains(in.Include, types.ServiceFieldTags)
	out := &ecs.DescribeServicesOutput{Services: []types.Service{}}
	out.Failures, err = a.services().describe(a.store.Snapshot(), in.Cluster, in.Services, func(s *state.Snapshot, svc *model.Service) {
		out.Services = append(out.Services, *a.showService(s, svc, withTags))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListServices lists the ACTIVE services of a cluster by name: one that was deleted
// "is no longer visible".
func (a *API) ListServices(ctx context.Context, in *ecs.ListServicesInput) (*ecs.ListServicesOutput, error) {
	if err := first(
		oneOf("launch type", in.LaunchType, types.LaunchTypeEc2, types.LaunchTypeFargate, types.LaunchTypeExternal),
		oneOf("schedulingStrategy", in.SchedulingStrategy, in.SchedulingStrategy.Values()...),
		oneOf("resourceManagementType", in.ResourceManagementType, in.ResourceManagementType.Values()...),
	); err != nil {
		return nil, err
	}
	s := a.store.Snapshot()
	c, err := a.cluster(s, in.Cluster)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for svc := range s.ServicesIn(c.Name) {
		if svc.Status == model.Active && listed(svc, in) {
			entries = append(entries, entry{svc.Name, a.realm.ServiceARN(c.Name, svc.Name)})
		}
	}
	arns, next, err := paging{operation: "ListServices", max: in.MaxResults, token: in.NextToken, size: servicesPage}.cut(entries)
	if err != nil {
		return nil, err
	}
	return &ecs.ListServicesOutput{ServiceArns: arns, NextToken: next}, nil
}

// listed tells whether a service has what the request filters by. Steady's
// instances are the customer's own.
func listed(svc *model.Service, in *ecs.ListServicesInput) bool {
	return (in.LaunchType == "" || in.LaunchType == svc.LaunchType) &&
		(in.SchedulingStrategy == "" || in.SchedulingStrategy == svc.Spec.SchedulingStrategy) &&
		(in.ResourceManagementType == "" || in.ResourceManagementType == types.ResourceManagementTypeCustomer)
}

// DeleteService ends a service that is scaled to 0, or any with force. It is
// DRAINING while its last tasks stop, then INACTIVE; INACTIVE at once if it has
// none. Deleting a DRAINING service changes nothing.
func (a *API) DeleteService(ctx context.Context, in *ecs.DeleteServiceInput) (*ecs.DeleteServiceOutput, error) {
	if aws.ToString(in.Service) == "" {
		return nil, invalid("Service can not be empty.")
	}
	out := &ecs.DeleteServiceOutput{}
	err := a.inCluster(ctx, in.Cluster, func(tx *state.Tx, c *model.Cluster) error {
		svc, ok, err := a.findService(&tx.Snapshot, c.Name, *in.Service)
		if err != nil {
			return err
		}
		if !ok || svc.Status == model.Inactive {
			return serviceNotFound()
		}
		if svc.Status == model.Active {
			// force is "only necessary if the service uses the REPLICA scheduling
			// strategy".
			if svc.DesiredCount > 0 && !svc.Daemon && !aws.ToBool(in.Force) {
				return invalid("The service cannot be stopped while it is scaled above 0.")
			}
			now := time.Now()
			n := deleted(&tx.Snapshot, svc, now)
			ledger.Put(tx, svc, n, a.settle, now)
			svc = n
		}
		out.Service = a.showService(&tx.Snapshot, svc, false)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// deleted is the service after its deletion.
func deleted(s *state.Snapshot, svc *model.Service, now time.Time) *model.Service {
	n := *svc
	n.DesiredCount = 0
	n.Status = model.Draining
	if p := n.Primary(); p != nil {
		// Deployments go when the service becomes INACTIVE; what it ran last is
		// still shown then.
		n.Spec.TaskDefinition = aws.String(p.TaskDefinition.String())
	}
	for range s.LiveTasksOf(n.Cluster, n.Name) {
		return &n
	}
	n.Status = model.Inactive
	n.InactiveAt = now
	n.Deployments = nil
	return &n
}
