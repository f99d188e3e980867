package iam

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"steady/iam/policy"
	"steady/model"
	"steady/state"
)

// maxVersions is how many versions a policy can have.
const maxVersions = 5

// CreatePolicy makes a policy that can be attached to roles.
func (a *API) CreatePolicy(ctx context.Context, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	name, err := checkName(in.PolicyName, "policyName", 128)
	if err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path)
	if err != nil {
		return nil, err
	}
	doc, err := checkDocument(in.PolicyDocument, maxManaged, policy.Identity)
	if err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	p := &model.Policy{
		Name: name, ID: newID("ANPA"), Path: path, ARN: a.realm.PolicyARN(path, name), Description: aws.ToString(in.Description),
		Versions: []model.PolicyVersion{{ID: "v1", Document: doc, CreatedAt: now}}, Default: "v1", Tags: tags, CreatedAt: now, UpdatedAt: now,
	}
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		for other := range tx.Policies() {
			if strings.EqualFold(other.Name, name) {
				return conflict("EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", name)
			}
		}
		tx.PutPolicy(p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreatePolicyOutput{Policy: a.renderPolicy(p)}, nil
}

func (a *API) policy(arn *string) (*model.Policy, error) {
	p, ok := findPolicy(*a.store.Snapshot(), aws.ToString(arn))
	if !ok {
		return nil, policyNotFound(aws.ToString(arn))
	}
	return p, nil
}

func policyNotFound(arn string) error { return noSuchEntity("Policy %s was not found.", arn) }

// changePolicy runs fn with a copy of a policy of one's own, and writes it.
func (a *API) changePolicy(ctx context.Context, arn *string, fn func(p *model.Policy) error) error {
	return a.store.Update(ctx, func(tx *state.Tx) error {
		if _, aws := managedPolicy(*arn); aws {
			return awsManaged(*arn)
		}
		old, ok := tx.Policy(*arn)
		if !ok {
			return policyNotFound(*arn)
		}
		p := *old
		p.UpdatedAt = time.Now()
		if err := fn(&p); err != nil {
			return err
		}
		tx.PutPolicy(&p)
		return nil
	})
}

func awsManaged(arn string) error {
	return invalid("The policy %s is managed by AWS and cannot be changed.", arn)
}

// GetPolicy shows a policy of AWS or of one's own.
func (a *API) GetPolicy(_ context.Context, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	p, err := a.policy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	return &iam.GetPolicyOutput{Policy: a.renderPolicy(p)}, nil
}

// ListPolicies lists policies of one's own, and those of AWS that Steady knows.
func (a *API) ListPolicies(_ context.Context, in *iam.ListPoliciesInput) (*iam.ListPoliciesOutput, error) {
	var all []*model.Policy
	if in.Scope != types.PolicyScopeTypeAws {
		all = slices.AppendSeq(all, a.store.Snapshot().Policies())
	}
	if in.Scope != types.PolicyScopeTypeLocal {
		for name := range managed {
			p, _ := managedPolicy(managedPrefix + name)
			all = append(all, p)
		}
	}
	list := []types.Policy{}
	for _, p := range all {
		shown := a.renderPolicy(p)
		if strings.HasPrefix(p.Path, aws.ToString(in.PathPrefix)) && (!in.OnlyAttached || *shown.AttachmentCount > 0) {
			list = append(list, *shown)
		}
	}
	byARN := func(p types.Policy) string { return *p.Arn }
	slices.SortFunc(list, func(a, b types.Policy) int { return strings.Compare(*a.Arn, *b.Arn) })
	list, next, err := page(list, byARN, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListPoliciesOutput{Policies: list, Marker: next, IsTruncated: next != nil}, nil
}

// DeletePolicy removes a policy that is attached to no role and has one version.
func (a *API) DeletePolicy(ctx context.Context, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	arn := aws.ToString(in.PolicyArn)
	if _, ok := managedPolicy(arn); ok {
		return nil, awsManaged(arn)
	}
	return &iam.DeletePolicyOutput{}, a.store.Update(ctx, func(tx *state.Tx) error {
		p, ok := tx.Policy(arn)
		if !ok {
			return policyNotFound(arn)
		}
		for r := range tx.Roles() {
			if slices.Contains(r.Attached, arn) || r.Boundary == arn {
				return conflict("DeleteConflict", "Cannot delete a policy attached to entities.")
			}
		}
		if len(p.Versions) > 1 {
			return conflict("DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		tx.DeletePolicy(arn)
		return nil
	})
}

// CreatePolicyVersion gives a policy another document.
func (a *API) CreatePolicyVersion(ctx context.Context, in *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error) {
	doc, err := checkDocument(in.PolicyDocument, maxManaged, policy.Identity)
	if err != nil {
		return nil, err
	}
	v := model.PolicyVersion{Document: doc, CreatedAt: time.Now()}
	err = a.changePolicy(ctx, aws.String(aws.ToString(in.PolicyArn)), func(p *model.Policy) error {
		if len(p.Versions) >= maxVersions {
			return conflict("LimitExceeded", "A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		newest, _ := strconv.Atoi(strings.TrimPrefix(p.Versions[len(p.Versions)-1].ID, "v"))
		v.ID = "v" + strconv.Itoa(newest+1)
		p.Versions = append(slices.Clone(p.Versions), v)
		if in.SetAsDefault {
			p.Default = v.ID
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreatePolicyVersionOutput{PolicyVersion: &types.PolicyVersion{VersionId: &v.ID, IsDefaultVersion: in.SetAsDefault, CreateDate: &v.CreatedAt}}, nil
}

func versionNotFound(arn, id string) error {
	return noSuchEntity("Policy %s version %s does not exist or is not attachable.", arn, id)
}

func findVersion(p *model.Policy, id string) (int, error) {
	i := slices.IndexFunc(p.Versions, func(v model.PolicyVersion) bool { return v.ID == id })
	if i < 0 {
		return 0, versionNotFound(p.ARN, id)
	}
	return i, nil
}

// GetPolicyVersion shows a document of a policy.
func (a *API) GetPolicyVersion(_ context.Context, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	p, err := a.policy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	i, err := findVersion(p, aws.ToString(in.VersionId))
	if err != nil {
		return nil, err
	}
	v := p.Versions[i]
	return &iam.GetPolicyVersionOutput{PolicyVersion: &types.PolicyVersion{
		VersionId: &v.ID, Document: escaped(v.Document), IsDefaultVersion: v.ID == p.Default, CreateDate: &v.CreatedAt,
	}}, nil
}

// ListPolicyVersions lists the versions of a policy, newest first.
func (a *API) ListPolicyVersions(_ context.Context, in *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error) {
	p, err := a.policy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	list := []types.PolicyVersion{}
	for _, v := range slices.Backward(p.Versions) {
		list = append(list, types.PolicyVersion{VersionId: &v.ID, IsDefaultVersion: v.ID == p.Default, CreateDate: &v.CreatedAt})
	}
	return &iam.ListPolicyVersionsOutput{Versions: list}, nil
}

// SetDefaultPolicyVersion says which version of a policy counts.
func (a *API) SetDefaultPolicyVersion(ctx context.Context, in *iam.SetDefaultPolicyVersionInput) (*iam.SetDefaultPolicyVersionOutput, error) {
	return &iam.SetDefaultPolicyVersionOutput{}, a.changePolicy(ctx, aws.String(aws.ToString(in.PolicyArn)), func(p *model.Policy) error {
		_, err := findVersion(p, aws.ToString(in.VersionId))
		p.Default = aws.ToString(in.VersionId)
		return err
	})
}

// DeletePolicyVersion removes a version of a policy that does not count.
func (a *API) DeletePolicyVersion(ctx context.Context, in *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error) {
	return &iam.DeletePolicyVersionOutput{}, a.changePolicy(ctx, aws.String(aws.ToString(in.PolicyArn)), func(p *model.Policy) error {
		i, err := findVersion(p, aws.ToString(in.VersionId))
		if err != nil {
			return err
		}
		if p.Versions[i].ID == p.Default {
			return conflict("DeleteConflict", "Cannot delete the default version of a policy.")
		}
		p.Versions = slices.Delete(slices.Clone(p.Versions), i, i+1)
		return nil
	})
}

func (a *API) renderPolicy(p *model.Policy) *types.Policy {
	attached := int32(0)
	bounds := int32(0)
	for r := range a.store.Snapshot().Roles() {
		if slices.Contains(r.Attached, p.ARN) {
			attached++
		}
		if r.Boundary == p.ARN {
			bounds++
		}
	}
	out := &types.Policy{
		PolicyName: &p.Name, PolicyId: &p.ID, Arn: &p.ARN, Path: &p.Path, DefaultVersionId: &p.Default,
		AttachmentCount: &attached, PermissionsBoundaryUsageCount: &bounds, IsAttachable: true,
		Description: given(p.Description), CreateDate: &p.CreatedAt, UpdateDate: &p.UpdatedAt,
	}
	if len(p.Tags) > 0 {
		out.Tags = renderTags(p.Tags)
	}
	return out
}
