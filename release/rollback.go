package release

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Look judges a revision that a service is to go back to: an error where no task of it
// could run.
type Look func(context.Context, types.TaskDefinition) error

// RollBack has the service run an earlier revision: the one given, or else the newest
// that it completed before the one it runs. A revision that is no longer ACTIVE is
// refused, since ECS could start no task of it, and so is one that look finds fault with.
// Nothing is changed then: what serves goes on serving.
func RollBack(ctx context.Context, api ECS, s Service, to string, look Look) (Released, error) {
	now, err := describe(ctx, api, s)
	if err != nil {
		return Released{}, err
	}
	if to == "" {
		if to, err = lastCompleted(ctx, api, s, aws.ToString(now.TaskDefinition)); err != nil {
			return Released{}, err
		}
	}
	if err := viable(ctx, api, to, look); err != nil {
		return Released{}, fmt.Errorf("roll back service %s: %w", s.Name, err)
	}
	out, err := update(ctx, api, s, to, nil)
	out.Before = name(aws.ToString(now.TaskDefinition))
	return out, err
}

// viable checks that tasks of a revision can be started.
func viable(ctx context.Context, api ECS, ref string, look Look) error {
	out, err := api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &ref})
	if err != nil {
		return fmt.Errorf("describe %s: %w", name(ref), err)
	}
	if status := out.TaskDefinition.Status; status != types.TaskDefinitionStatusActive {
		return fmt.Errorf("%s is %s: no task of it can be started; name another revision with --to", name(ref), status)
	}
	if err := look(ctx, *out.TaskDefinition); err != nil {
		return fmt.Errorf("%s could not run: %w; mend that, name another revision with --to, or go back all the same with steady rollback --force", name(ref), err)
	}
	return nil
}

// lastCompleted is the revision of the newest deployment that succeeded with another
// revision than the one that runs.
func lastCompleted(ctx context.Context, api ECS, s Service, running string) (string, error) {
	in := &ecs.ListServiceDeploymentsInput{Cluster: &s.Cluster, Service: &s.Name,
		Status: []types.ServiceDeploymentStatus{types.ServiceDeploymentStatusSuccessful}}
	for more := true; more; more = aws.ToString(in.NextToken) != "" {
		out, err := api.ListServiceDeployments(ctx, in) // newest first
		if err != nil {
			return "", fmt.Errorf("list the deployments of service %s: %w", s.Name, err)
		}
		for _, d := range out.ServiceDeployments {
			ran, err := taskDefinition(ctx, api, aws.ToString(d.TargetServiceRevisionArn))
			if err != nil {
				return "", err
			}
			if ran != "" && ran != running {
				return ran, nil
			}
		}
		in.NextToken = out.NextToken
	}
	return "", fmt.Errorf("roll back service %s: no earlier deployment of it has succeeded with another revision than %s; name one with --to", s.Name, name(running))
}

func taskDefinition(ctx context.Context, api ECS, revision string) (string, error) {
	out, err := api.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{revision}})
	if err != nil {
		return "", fmt.Errorf("describe service revision %s: %w", name(revision), err)
	}
	if len(out.ServiceRevisions) == 0 {
		return "", nil // no longer on record
	}
	return aws.ToString(out.ServiceRevisions[0].TaskDefinition), nil
}
