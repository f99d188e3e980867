package evidence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
)

// servicesAsked is of how many services the stopped tasks are looked at for a deployment
// that none of them tells of.
const servicesAsked = 100

// servicesAtOnce is the limit of DescribeServices.
const servicesAtOnce = 10

// deployment looks for the service that a deployment is of.
func (s Source) deployment(ctx context.Context, id string, now time.Time) (diagnose.Case, error) {
	if strings.Contains(id, ":service-deployment/") {
		return s.byARN(ctx, id, now)
	}
	in := &ecs.ListServicesInput{Cluster: &s.Cluster}
	var silent []types.Service
	for {
		listed, err := s.ECS.ListServices(ctx, in)
		if err != nil {
			return diagnose.Case{}, fmt.Errorf("list the services of cluster %s: %w", s.Cluster, err)
		}
		for some := range slices.Chunk(listed.ServiceArns, servicesAtOnce) {
			out, err := s.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &s.Cluster, Services: some})
			if err != nil {
				return diagnose.Case{}, fmt.Errorf("describe services: %w", err)
			}
			for _, svc := range out.Services {
				if speaksOf(svc, id) {
					return s.judged(ctx, svc, findDeployment(svc, id), now), nil
				}
			}
			silent = append(silent, out.Services...)
		}
		if in.NextToken = listed.NextToken; aws.ToString(in.NextToken) == "" {
			// One that was replaced is told of by its tasks alone.
			for _, svc := range silent[:min(len(silent), servicesAsked)] {
				if d := replacedDeployment(s.stoppedTasks(ctx, aws.ToString(svc.ServiceName)), id); d.Id != nil {
					return s.replaced(ctx, svc, d, now), nil
				}
			}
			return diagnose.Case{}, fmt.Errorf("no service of cluster %s has or had a deployment %s: check the id and --cluster, or give the service", s.Cluster, id)
		}
	}
}

// speaksOf tells whether a service has a deployment or says that it had it.
func speaksOf(s types.Service, id string) bool {
	return slices.ContainsFunc(s.Deployments, func(d types.Deployment) bool { return aws.ToString(d.Id) == id }) ||
		slices.ContainsFunc(s.Events, func(e types.ServiceEvent) bool {
			return strings.Contains(aws.ToString(e.Message), "(deployment "+id+")")
		})
}

// byARN takes a service deployment: "…:service-deployment/CLUSTER/SERVICE/ID".
func (s Source) byARN(ctx context.Context, arn string, now time.Time) (diagnose.Case, error) {
	parts := strings.Split(arn[strings.Index(arn, ":service-deployment/"):], "/")
	if len(parts) != 4 || s.Rollouts == nil {
		return diagnose.Case{}, fmt.Errorf("%s is no ARN of a service deployment: …:service-deployment/CLUSTER/SERVICE/ID", arn)
	}
	s.Cluster = parts[1]
	out, err := s.Rollouts.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{arn}})
	if err != nil {
		return diagnose.Case{}, fmt.Errorf("describe service deployment %s: %w", parts[3], err)
	}
	if len(out.ServiceDeployments) == 0 {
		return diagnose.Case{}, fmt.Errorf("there is no service deployment %s: ECS keeps them for 90 days", parts[3])
	}
	found := out.ServiceDeployments[0]
	described, err := s.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &s.Cluster, Services: []string{parts[2]}})
	if err != nil || len(described.Services) == 0 {
		return diagnose.Case{}, errors.Join(fmt.Errorf("there is no service %s in cluster %s any more", parts[2], s.Cluster), err)
	}
	svc := described.Services[0]
	for _, d := range svc.Deployments {
		if d.CreatedAt != nil && found.CreatedAt != nil && d.CreatedAt.Sub(*found.CreatedAt).Abs() <= sameMoment {
			return s.judged(ctx, svc, d, now), nil
		}
	}
	return diagnose.Case{
		Subject:  diagnose.Subject{Kind: diagnose.ADeployment, Name: parts[2], Cluster: parts[1], Deployment: parts[3], State: string(found.Status)},
		Evidence: diagnose.Evidence{Rollout: &found},
		Missing:  []string{"The deployment's tasks are not described any more: only what the deployment says of itself is left."},
	}, nil
}
