package iam

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"steady/iam/policy"
	"steady/model"
	"steady/state"
)

// PutRolePolicy embeds a policy in a role, or replaces it.
func (a *API) PutRolePolicy(ctx context.Context, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	name, err := checkName(in.PolicyName, "policyName", 128)
	if err != nil {
		return nil, err
	}
	doc, err := checkDocument(in.PolicyDocument, maxInline, policy.Identity)
	if err != nil {
		return nil, err
	}
	return &iam.PutRolePolicyOutput{}, a.change(ctx, in.RoleName, func(_ *state.Tx, r *model.Role) error {
		inline := slices.DeleteFunc(slices.Clone(r.Inline), func(p model.RolePolicy) bool { return p.Name == name })
		inline = append(inline, model.RolePolicy{Name: name, Document: doc})
		slices.SortFunc(inline, func(a, b model.RolePolicy) int { return strings.Compare(a.Name, b.Name) })
		size := 0
		for _, p := range inline {
			size += utf8.RuneCountInString(strings.Join(strings.Fields(p.Document), ""))
		}
		if size > maxInline {
			return conflict("LimitExceeded", "Maximum policy size of %d bytes exceeded for role %s", maxInline, r.Name)
		}
		r.Inline = inline
		return nil
	})
}

func rolePolicyNotFound(name string) error {
	return noSuchEntity("The role policy with name %s cannot be found.", name)
}

// GetRolePolicy shows a policy that is embedded in a role.
func (a *API) GetRolePolicy(_ context.Context, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	r, err := a.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	for _, p := range r.Inline {
		if p.Name == aws.ToString(in.PolicyName) {
			return &iam.GetRolePolicyOutput{RoleName: &r.Name, PolicyName: &p.Name, PolicyDocument: escaped(p.Document)}, nil
		}
	}
	return nil, rolePolicyNotFound(aws.ToString(in.PolicyName))
}

// DeleteRolePolicy removes a policy that is embedded in a role.
func (a *API) DeleteRolePolicy(ctx context.Context, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	return &iam.DeleteRolePolicyOutput{}, a.change(ctx, in.RoleName, func(_ *state.Tx, r *model.Role) error {
		kept := slices.DeleteFunc(slices.Clone(r.Inline), func(p model.RolePolicy) bool { return p.Name == aws.ToString(in.PolicyName) })
		if len(kept) == len(r.Inline) {
			return rolePolicyNotFound(aws.ToString(in.PolicyName))
		}
		r.Inline = kept
		return nil
	})
}

// ListRolePolicies lists the names of the policies that are embedded in a role.
func (a *API) ListRolePolicies(_ context.Context, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	r, err := a.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(r.Inline))
	for i, p := range r.Inline {
		names[i] = p.Name
	}
	names, next, err := page(names, func(n string) string { return n }, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListRolePoliciesOutput{PolicyNames: names, Marker: next, IsTruncated: next != nil}, nil
}

// maxAttached is how many policies a role can have attached.
const maxAttached = 20

// AttachRolePolicy attaches a policy of AWS or of one's own to a role. One that Steady
// does not know is refused: it could not be decided by.
func (a *API) AttachRolePolicy(ctx context.Context, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	arn := aws.ToString(in.PolicyArn)
	return &iam.AttachRolePolicyOutput{}, a.change(ctx, in.RoleName, func(tx *state.Tx, r *model.Role) error {
		if _, ok := document(tx.Snapshot, arn); !ok {
			return noSuchEntity("Policy %s does not exist or is not attachable.", arn)
		}
		if slices.Contains(r.Attached, arn) {
			return nil
		}
		if len(r.Attached) >= maxAttached {
			return conflict("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
		}
		r.Attached = append(slices.Clone(r.Attached), arn)
		return nil
	})
}

// DetachRolePolicy takes an attached policy from a role.
func (a *API) DetachRolePolicy(ctx context.Context, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	arn := aws.ToString(in.PolicyArn)
	return &iam.DetachRolePolicyOutput{}, a.change(ctx, in.RoleName, func(_ *state.Tx, r *model.Role) error {
		i := slices.Index(r.Attached, arn)
		if i < 0 {
			return noSuchEntity("Policy %s was not found.", arn)
		}
		r.Attached = slices.Delete(slices.Clone(r.Attached), i, i+1)
		return nil
	})
}

// ListAttachedRolePolicies lists the policies that are attached to a role.
func (a *API) ListAttachedRolePolicies(_ context.Context, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	r, err := a.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	list := []types.AttachedPolicy{}
	for _, arn := range slices.Sorted(slices.Values(r.Attached)) {
		list = append(list, types.AttachedPolicy{PolicyArn: &arn, PolicyName: aws.String(arn[strings.LastIndexByte(arn, '/')+1:])})
	}
	list, next, err := page(list, func(p types.AttachedPolicy) string { return *p.PolicyArn }, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: list, Marker: next, IsTruncated: next != nil}, nil
}
