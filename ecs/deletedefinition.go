package ecs

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

const maxDeletedDefinitions = 10

// DeleteTaskDefinitions has INACTIVE revisions removed. They are DELETE_IN_PROGRESS
// until no task and no deployment is of them: "existing tasks and services that
// reference a DELETE_IN_PROGRESS task definition revision continue to run without
// disruption".
func (a *API) DeleteTaskDefinitions(ctx context.Context, in *ecs.DeleteTaskDefinitionsInput) (*ecs.DeleteTaskDefinitionsOutput, error) {
	switch {
	case len(in.TaskDefinitions) == 0:
		return nil, invalid("TaskDefinition references list cannot be empty")
	case len(in.TaskDefinitions) > maxDeletedDefinitions:
		return nil, invalid("Size of TaskDefinition references list cannot exceed %d", maxDeletedDefinitions)
	}
	var refs []model.TaskDefinitionRef
	for _, name := range in.TaskDefinitions {
		ref, err := a.definitionRef(name)
		if err != nil {
			return nil, err
		}
		if ref.Revision == 0 {
			return nil, refused("Revision is missing.")
		}
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	var out *ecs.DeleteTaskDefinitionsOutput
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		out = &ecs.DeleteTaskDefinitionsOutput{TaskDefinitions: []types.TaskDefinition{}, Failures: []types.Failure{}}
		for _, ref := range refs {
			d, ok := tx.TaskDefinition(ref)
			switch arn := a.realm.TaskDefinitionARN(ref); {
			case !ok:
				out.Failures = append(out.Failures, failure(arn))
				continue
			case d.Status == model.Active:
				out.Failures = append(out.Failures, types.Failure{Arn: aws.String(arn), Reason: aws.String(
					"The specified task definition is still in ACTIVE status. Please deregister the target and try again.")})
				continue
			case d.Status == model.Inactive:
				n := *d
				n.Status, n.DeleteRequestedAt = model.DeleteInProgress, time.Now()
				tx.PutTaskDefinition(&n)
				d = &n
			}
			out.TaskDefinitions = append(out.TaskDefinitions, *a.showDefinition(d))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
