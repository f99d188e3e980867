package ecs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/ledger"
	"steady/model"
	"steady/rollout"
	"steady/state"
)

const (
	maxDescribedDeployments = 20 // service deployments or service revisions
	deploymentsPage         = 20 // ListServiceDeployments' default; its maximum is 100
)

// ListServiceDeployments lists the service deployments of a service, newest first,
// that all filters select.
func (a *API) ListServiceDeployments(ctx context.Context, in *ecs.ListServiceDeploymentsInput) (*ecs.ListServiceDeploymentsOutput, error) {
	if aws.ToString(in.Service) == "" {
		return nil, invalid("Service can not be empty.")
	}
	for _, status := range in.Status {
		if err := oneOf("status", status, status.Values()...); err != nil {
			return nil, err
		}
	}
	s := a.store.Snapshot()
	c, err := a.cluster(s, in.Cluster)
	if err != nil {
		return nil, err
	}
	svc, ok, err := a.findService(s, c.Name, *in.Service)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, serviceNotFound()
	}
	var entries []entry
	for d := range s.ServiceDeploymentsOf(c.Name, svc.Name) {
		if selected(d, in) {
			// Times of the same length sort as texts do.
			entries = append(entries, entry{d.CreatedAt.UTC().Format("2006-01-02T15:04:05.000000000") + " " + d.ID, d.ID})
		}
	}
	ids, next, err := paging{operation: "ListServiceDeployments", max: in.MaxResults, token: in.NextToken, size: deploymentsPage, desc: true}.cut(entries)
	if err != nil {
		return nil, err
	}
	out := &ecs.ListServiceDeploymentsOutput{ServiceDeployments: []types.ServiceDeploymentBrief{}, NextToken: next}
	for _, id := range ids {
		d, _ := s.ServiceDeployment(id)
		out.ServiceDeployments = append(out.ServiceDeployments, a.showBrief(d))
	}
	return out, nil
}

// selected tells whether a service deployment has what the request filters by.
func selected(d *model.ServiceDeployment, in *ecs.ListServiceDeploymentsInput) bool {
	if len(in.Status) > 0 && !slices.Contains(in.Status, d.Status) {
		return false
	}
	if in.CreatedAt == nil {
		return true
	}
	after, before := in.CreatedAt.After, in.CreatedAt.Before
	return (after == nil || d.CreatedAt.After(*after)) && (before == nil || d.CreatedAt.Before(*before))
}

// DescribeServiceDeployments shows service deployments by their ARNs.
func (a *API) DescribeServiceDeployments(ctx context.Context, in *ecs.DescribeServiceDeploymentsInput) (*ecs.DescribeServiceDeploymentsOutput, error) {
	ids, err := a.historyIDs("service-deployment", "serviceDeploymentArns", in.ServiceDeploymentArns)
	if err != nil {
		return nil, err
	}
	s := a.store.Snapshot()
	out := &ecs.DescribeServiceDeploymentsOutput{ServiceDeployments: []types.ServiceDeployment{}, Failures: []types.Failure{}}
	for i, id := range ids {
		d, ok := s.ServiceDeployment(id.name)
		if !ok || !id.of(d.Cluster, d.Service) {
			out.Failures = append(out.Failures, failure(in.ServiceDeploymentArns[i]))
			continue
		}
		out.ServiceDeployments = append(out.ServiceDeployments, a.showServiceDeployment(s, d, time.Now()))
	}
	return out, nil
}

// DescribeServiceRevisions shows service revisions by their ARNs.
func (a *API) DescribeServiceRevisions(ctx context.Context, in *ecs.DescribeServiceRevisionsInput) (*ecs.DescribeServiceRevisionsOutput, error) {
	ids, err := a.historyIDs("service-revision", "serviceRevisionArns", in.ServiceRevisionArns)
	if err != nil {
		return nil, err
	}
	s := a.store.Snapshot()
	out := &ecs.DescribeServiceRevisionsOutput{ServiceRevisions: []types.ServiceRevision{}, Failures: []types.Failure{}}
	for i, id := range ids {
		r, ok := s.ServiceRevision(id.name)
		if !ok || !id.of(r.Cluster, r.Service) {
			out.Failures = append(out.Failures, failure(in.ServiceRevisionArns[i]))
			continue
		}
		out.ServiceRevisions = append(out.ServiceRevisions, a.showRevision(s, r))
	}
	return out, nil
}

// StopServiceDeployment rolls back the service deployment that is in progress. It
// is idempotent: one that is being rolled back is left to that.
func (a *API) StopServiceDeployment(ctx context.Context, in *ecs.StopServiceDeploymentInput) (*ecs.StopServiceDeploymentOutput, error) {
	arn := aws.ToString(in.ServiceDeploymentArn)
	if arn == "" {
		return nil, invalid("serviceDeploymentArn can not be empty.")
	}
	// "The valid values are ROLLBACK", though the enumeration has ABORT as well.
	if err := oneOf("stopType", in.StopType, types.StopServiceDeploymentStopTypeRollback); err != nil {
		return nil, err
	}
	id, err := a.historyID("service-deployment", arn)
	if err != nil {
		return nil, err
	}
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		d, ok := tx.ServiceDeployment(id.name)
		if !ok || !id.of(d.Cluster, d.Service) {
			return awsapi.Errorf("ServiceDeploymentNotFoundException", "The service deployment does not exist.")
		}
		if d.Status == types.ServiceDeploymentStatusRollbackInProgress {
			return nil
		}
		svc, ok := tx.Service(d.Cluster, d.Service)
		if !ok || d.Ended() {
			return deploymentEnded(arn)
		}
		now := time.Now()
		stopped := rollout.StopDeployment(svc, model.NewDeploymentID(), now)
		if stopped == svc {
			return deploymentEnded(arn)
		}
		ledger.Put(tx, svc, stopped, a.settle, now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecs.StopServiceDeploymentOutput{ServiceDeploymentArn: aws.String(arn)}, nil
}

// deploymentEnded is the failure of a stop that comes too late: "a conflict in the
// current state of the resource". Amazon's words for a stop are not known; these
// are its words for the other operation on a service deployment.
func deploymentEnded(arn string) error {
	e := awsapi.Errorf("ConflictException", "Stopping a service deployment is not allowed for service deployment in terminal states.")
	e.Fields = map[string]any{"resourceIds": []string{arn}}
	return e
}

// recordID is what the ARN of a service deployment or a service revision names.
type recordID struct {
	cluster, service, name string
}

func (id recordID) of(cluster, service string) bool {
	return id.cluster == cluster && id.service == service
}

// historyID reads such an ARN. They have a long form only.
func (a *API) historyID(resource, arn string) (recordID, error) {
	kind, path, err := a.readARN(arn)
	if err != nil {
		return recordID{}, err
	}
	if kind != resource || len(path) != 3 {
		return recordID{}, invalid("Invalid identifier: %q is not the ARN of a %s.", arn, strings.ReplaceAll(resource, "-", " "))
	}
	return recordID{path[0], path[1], path[2]}, nil
}

func (a *API) historyIDs(resource, member string, arns []string) ([]recordID, error) {
	if err := checkCount(member, arns, maxDescribedDeployments); err != nil {
		return nil, err
	}
	ids := make([]recordID, len(arns))
	for i, arn := range arns {
		id, err := a.historyID(resource, arn)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}
