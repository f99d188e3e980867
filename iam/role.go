package iam

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"steady/iam/policy"
	"steady/model"
	"steady/state"
)

// maxTrust is how long a trust policy may be, and maxInline how long all the policies
// embedded in a role.
const (
	maxTrust   = 4096
	maxInline  = 10240
	maxManaged = 6144
)

// CreateRole makes a role.
func (a *API) CreateRole(ctx context.Context, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	r, err := a.newRole(in)
	if err != nil {
		return nil, err
	}
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		// "Names are not distinguished by case."
		for other := range tx.Roles() {
			if strings.EqualFold(other.Name, r.Name) {
				return conflict("EntityAlreadyExists", "Role with name %s already exists.", r.Name)
			}
		}
		if r.Boundary != "" {
			if _, ok := document(tx.Snapshot, r.Boundary); !ok {
				return noSuchEntity("Scope ARN: %s does not exist or is not attachable.", r.Boundary)
			}
		}
		tx.PutRole(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateRoleOutput{Role: a.render(r)}, nil
}

func (a *API) newRole(in *iam.CreateRoleInput) (*model.Role, error) {
	name, err := checkName(in.RoleName, "roleName", 64)
	if err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path)
	if err != nil {
		return nil, err
	}
	trust, err := checkDocument(in.AssumeRolePolicyDocument, maxTrust, policy.Trust)
	if err != nil {
		return nil, err
	}
	session, err := maxSession(in.MaxSessionDuration)
	if err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	if len(aws.ToString(in.Description)) > 1000 {
		return nil, invalid("1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 1000")
	}
	return &model.Role{
		Name: name, ID: newID("AROA"), Path: path, Description: aws.ToString(in.Description), Trust: trust,
		MaxSession: session, Boundary: aws.ToString(in.PermissionsBoundary), Tags: tags, CreatedAt: time.Now(),
	}, nil
}

// maxSession: one hour unless more is said, up to twelve.
func maxSession(seconds *int32) (time.Duration, error) {
	if seconds == nil {
		return time.Hour, nil
	}
	if *seconds < 3600 || *seconds > 43200 {
		return 0, invalid("1 validation error detected: Value '%d' at 'maxSessionDuration' failed to satisfy constraint: Member must have value between 3600 and 43200", *seconds)
	}
	return time.Duration(*seconds) * time.Second, nil
}

// GetRole shows a role.
func (a *API) GetRole(_ context.Context, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	r, err := a.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: a.render(r)}, nil
}

// ListRoles lists the roles by name.
func (a *API) ListRoles(_ context.Context, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	roles := []types.Role{}
	for r := range a.store.Snapshot().Roles() {
		if strings.HasPrefix(r.Path, aws.ToString(in.PathPrefix)) {
			role := a.render(r)
			role.Tags = nil // "does not return tags"
			roles = append(roles, *role)
		}
	}
	roles, next, err := page(roles, func(r types.Role) string { return *r.RoleName }, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListRolesOutput{Roles: roles, Marker: next, IsTruncated: next != nil}, nil
}

// UpdateRole changes a role's description and the length of its sessions.
func (a *API) UpdateRole(ctx context.Context, in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	session, err := maxSession(in.MaxSessionDuration)
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleOutput{}, a.change(ctx, in.RoleName, func(_ *state.Tx, r *model.Role) error {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			r.MaxSession = session
		}
		return nil
	})
}

// UpdateAssumeRolePolicy replaces a role's trust policy.
func (a *API) UpdateAssumeRolePolicy(ctx context.Context, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	trust, err := checkDocument(in.PolicyDocument, maxTrust, policy.Trust)
	if err != nil {
		return nil, err
	}
	return &iam.UpdateAssumeRolePolicyOutput{}, a.change(ctx, in.RoleName, func(_ *state.Tx, r *model.Role) error {
		r.Trust = trust
		return nil
	})
}

// DeleteRole removes a role that has no policies any more.
func (a *API) DeleteRole(ctx context.Context, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	name, err := checkName(in.RoleName, "roleName", 64)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteRoleOutput{}, a.store.Update(ctx, func(tx *state.Tx) error {
		r, ok := tx.Role(name)
		switch {
		case !ok:
			return roleNotFound(name)
		case len(r.Attached) > 0:
			return conflict("DeleteConflict", "Cannot delete entity, must detach all policies first.")
		case len(r.Inline) > 0:
			return conflict("DeleteConflict", "Cannot delete entity, must delete policies first.")
		}
		tx.DeleteRole(name)
		return nil
	})
}

// ListInstanceProfilesForRole lists none: there are no instance profiles.
func (a *API) ListInstanceProfilesForRole(_ context.Context, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	if _, err := a.role(in.RoleName); err != nil {
		return nil, err
	}
	return &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []types.InstanceProfile{}}, nil
}

// TagRole adds tags to a role, or gives those it has other values.
func (a *API) TagRole(ctx context.Context, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	return &iam.TagRoleOutput{}, a.change(ctx, in.RoleName, func(_ *state.Tx, r *model.Role) (err error) {
		r.Tags, err = mergeTags(r.Tags, in.Tags)
		return err
	})
}

// UntagRole removes tags from a role; keys that it does not have are passed over.
func (a *API) UntagRole(ctx context.Context, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	return &iam.UntagRoleOutput{}, a.change(ctx, in.RoleName, func(_ *state.Tx, r *model.Role) error {
		r.Tags = model.WithoutTags(r.Tags, in.TagKeys)
		return nil
	})
}

// ListRoleTags shows the tags of a role.
func (a *API) ListRoleTags(_ context.Context, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	r, err := a.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.ListRoleTagsOutput{Tags: renderTags(r.Tags)}, nil
}

func (a *API) render(r *model.Role) *types.Role {
	role := &types.Role{
		RoleName: &r.Name, RoleId: &r.ID, Path: &r.Path, Arn: aws.String(a.realm.RoleARN(r.Path, r.Name)),
		// "The document is URL-encoded, compliant with RFC 3986."
		AssumeRolePolicyDocument: escaped(r.Trust),
		MaxSessionDuration:       aws.Int32(int32(r.MaxSession / time.Second)),
		CreateDate:               &r.CreatedAt,
		Description:              given(r.Description),
	}
	if len(r.Tags) > 0 {
		role.Tags = renderTags(r.Tags)
	}
	if r.Boundary != "" {
		role.PermissionsBoundary = &types.AttachedPermissionsBoundary{
			PermissionsBoundaryArn: &r.Boundary, PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy,
		}
	}
	return role
}

func escaped(document string) *string {
	return aws.String(strings.ReplaceAll(url.QueryEscape(document), "+", "%20"))
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func renderTags(tags []model.Tag) []types.Tag {
	list := make([]types.Tag, len(tags))
	for i, t := range tags {
		list[i] = types.Tag{Key: &t.Key, Value: &t.Value}
	}
	return list
}

// mergeTags adds tags to others, whose values they replace.
func mergeTags(old []model.Tag, added []types.Tag) ([]model.Tag, error) {
	tags := slices.Clone(old)
	for _, t := range added {
		key := aws.ToString(t.Key)
		if key == "" || len(key) > 128 || len(aws.ToString(t.Value)) > 256 || strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, invalidTag(key)
		}
		tags = model.WithTag(tags, model.Tag{Key: key, Value: aws.ToString(t.Value)})
	}
	if len(tags) > maxTags {
		return nil, conflict("LimitExceeded", "The number of tags has reached the maximum limit.")
	}
	return tags, nil
}

func invalidTag(key string) error {
	return invalid("The tag key %q is not valid: it needs 1 to 128 characters, a value of at most 256, and no prefix aws:.", key)
}
