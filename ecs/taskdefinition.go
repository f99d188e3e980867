package ecs

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// DescribeTaskDefinition shows one revision, or the latest ACTIVE one of a family.
func (a *API) DescribeTaskDefinition(ctx context.Context, in *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
	ref, err := a.definitionRef(aws.ToString(in.TaskDefinition))
	if err != nil {
		return nil, err
	}
	for _, f := range in.Include {
		if err := oneOf("include", f, types.TaskDefinitionFieldTags); err != nil {
			return nil, err
		}
	}
	d, ok := findDefinition(a.store.Snapshot(), ref)
	if !ok {
		return nil, refused("Unable to describe task definition.")
	}
	out := &ecs.DescribeTaskDefinitionOutput{TaskDefinition: a.showDefinition(d)}
	if slices.Contains(in.Include, types.TaskDefinitionFieldTags) {
		out.Tags = showTags(d.Tags)
	}
	return out, nil
}

// DeregisterTaskDefinition makes a revision INACTIVE: "existing tasks and services
// that reference an INACTIVE task definition continue to run without disruption".
func (a *API) DeregisterTaskDefinition(ctx context.Context, in *ecs.DeregisterTaskDefinitionInput) (*ecs.DeregisterTaskDefinitionOutput, error) {
	ref, err := a.definitionRef(aws.ToString(in.TaskDefinition))
	if err != nil {
		return nil, err
	}
	if ref.Revision == 0 {
		return nil, refused("Revision is missing.")
	}
	out := &ecs.DeregisterTaskDefinitionOutput{}
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		d, ok := tx.TaskDefinition(ref)
		if !ok {
			return refused("Unable to describe task definition.")
		}
		if d.Status != model.Active {
			return refused("TaskDefinition is inactive")
		}
		n := *d
		n.Status = model.Inactive
		n.DeregisteredAt = time.Now()
		tx.PutTaskDefinition(&n)
		out.TaskDefinition = a.showDefinition(&n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListTaskDefinitions lists revisions "alphabetically by family name and in
// ascending numerical order by revision". familyPrefix is a family's full name.
func (a *API) ListTaskDefinitions(ctx context.Context, in *ecs.ListTaskDefinitionsInput) (*ecs.ListTaskDefinitionsOutput, error) {
	if err := first(
		oneOf("status", in.Status, in.Status.Values()...),
		oneOf("sort", in.Sort, in.Sort.Values()...),
	); err != nil {
		return nil, err
	}
	status := in.Status
	if status == "" {
		status = types.TaskDefinitionStatusActive
	}
	s := a.store.Snapshot()
	all := s.TaskDefinitions()
	if family := aws.ToString(in.FamilyPrefix); family != "" {
		all = s.Revisions(family)
	}
	var entries []entry
	for d := range all {
		if string(d.Status) == string(status) {
			entries = append(entries, entry{definitionKey(d), a.realm.TaskDefinitionARN(d.Ref())})
		}
	}
	arns, next, err := paging{
		operation: "ListTaskDefinitions", max: in.MaxResults, token: in.NextToken,
		size: maxPage, desc: in.Sort == types.SortOrderDesc,
	}.cut(entries)
	if err != nil {
		return nil, err
	}
	return &ecs.ListTaskDefinitionsOutput{TaskDefinitionArns: arns, NextToken: next}, nil
}

// definitionKey sorts by family, then by number.
func definitionKey(d *model.TaskDefinition) string {
	return fmt.Sprintf("%s\x00%010d", d.Family, d.Revision)
}

// ListTaskDefinitionFamilies lists families that begin with familyPrefix. A family
// is ACTIVE as long as it has an ACTIVE revision.
func (a *API) ListTaskDefinitionFamilies(ctx context.Context, in *ecs.ListTaskDefinitionFamiliesInput) (*ecs.ListTaskDefinitionFamiliesOutput, error) {
	if err := oneOf("status", in.Status, in.Status.Values()...); err != nil {
		return nil, err
	}
	active := map[string]bool{}
	for d := range a.store.Snapshot().TaskDefinitions() {
		if strings.HasPrefix(d.Family, aws.ToString(in.FamilyPrefix)) {
			active[d.Family] = active[d.Family] || d.Status == model.Active
		}
	}
	var entries []entry
	for family, isActive := range active {
		if inStatus(in.Status, isActive) {
			entries = append(entries, entry{family, family})
		}
	}
	families, next, err := paging{operation: "ListTaskDefinitionFamilies", max: in.MaxResults, token: in.NextToken, size: maxPage}.cut(entries)
	if err != nil {
		return nil, err
	}
	return &ecs.ListTaskDefinitionFamiliesOutput{Families: families, NextToken: next}, nil
}

func inStatus(status types.TaskDefinitionFamilyStatus, active bool) bool {
	switch status {
	case types.TaskDefinitionFamilyStatusActive:
		return active
	case types.TaskDefinitionFamilyStatusInactive:
		return !active
	}
	return true
}

// showDefinition renders a revision.
func (a *API) showDefinition(d *model.TaskDefinition) *types.TaskDefinition {
	shown := d.Spec
	shown.TaskDefinitionArn = aws.String(a.realm.TaskDefinitionARN(d.Ref()))
	shown.Family = aws.String(d.Family)
	shown.Revision = int32(d.Revision)
	shown.Status = types.TaskDefinitionStatus(d.Status)
	shown.RegisteredAt = at(d.RegisteredAt)
	shown.DeregisteredAt = at(d.DeregisteredAt)
	shown.DeleteRequestedAt = at(d.DeleteRequestedAt)
	shown.RegisteredBy = text(d.RegisteredBy)
	if d.CPU > 0 {
		shown.Cpu = aws.String(strconv.Itoa(d.CPU))
	}
	if d.Memory > 0 {
		shown.Memory = aws.String(strconv.Itoa(d.Memory))
	}
	return &shown
}
