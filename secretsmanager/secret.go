package secretsmanager

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

func noValue(format string, args ...any) error {
	return awsapi.Errorf("ResourceNotFoundException", format, args...)
}

// CreateSecret makes a secret, with a first version if a value is given.
func (a *API) CreateSecret(ctx context.Context, in *secretsmanager.CreateSecretInput) (*secretsmanager.CreateSecretOutput, error) {
	name := aws.ToString(in.Name)
	v, err := newValue(in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	id, err := versionID(in.ClientRequestToken)
	if err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkNew(in); err != nil {
		return nil, err
	}
	var made *model.Secret
	err = a.update(ctx, func(tx *state.Tx, now time.Time) error {
		if old, ok := tx.Secret(name); ok {
			made, err = a.repeated(old, id, v)
			return err
		}
		made = &model.Secret{
			Name: name, ARN: a.realm.SecretARN(name, suffix()), Description: aws.ToString(in.Description),
			Tags: tags, CreatedAt: now, ChangedAt: now,
		}
		if v.given() {
			if _, err := a.add(made, id, v, []string{current}, now); err != nil {
				return err
			}
		}
		tx.PutSecret(made)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.CreateSecretOutput{ARN: &made.ARN, Name: &made.Name}
	if v.given() {
		out.VersionId = &id
	}
	return out, nil
}

func checkNew(in *secretsmanager.CreateSecretInput) error {
	switch {
	case !secretName.MatchString(aws.ToString(in.Name)):
		return invalidParameter("Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	case utf8.RuneCountInString(aws.ToString(in.Description)) > 2048:
		return invalidParameter("The description has more than 2048 characters.")
	case len(in.AddReplicaRegions) > 0:
		return unsupported("AddReplicaRegions", "leave it out")
	case aws.ToString(in.Type) != "":
		return unsupported("Type", "leave it out")
	}
	return ownKey(in.KmsKeyId)
}

// repeated is a secret that the same request made before. Any other is in the way.
func (a *API) repeated(old *model.Secret, id string, v value) (*model.Secret, error) {
	if !old.DeletedAt.IsZero() {
		return nil, invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	if version, ok := old.Version(id); ok && v.given() {
		plain, err := a.open(old, version)
		if err != nil {
			return nil, err
		}
		if string(plain) == string(v.bytes()) {
			return old, nil
		}
	}
	return nil, exists("The operation failed because the secret %s already exists.", old.Name)
}

// UpdateSecret changes a secret's description and, if a value is given, its value.
func (a *API) UpdateSecret(ctx context.Context, in *secretsmanager.UpdateSecretInput) (*secretsmanager.UpdateSecretOutput, error) {
	v, err := newValue(in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	id, err := versionID(in.ClientRequestToken)
	if err != nil {
		return nil, err
	}
	if err := ownKey(in.KmsKeyId); err != nil {
		return nil, err
	}
	if aws.ToString(in.Type) != "" {
		return nil, unsupported("Type", "leave it out")
	}
	s, err := a.change(ctx, in.SecretId, func(s *model.Secret, now time.Time) error {
		if in.Description != nil {
			s.Description = *in.Description
		}
		if !v.given() {
			return nil
		}
		_, err := a.add(s, id, v, []string{current}, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.UpdateSecretOutput{ARN: &s.ARN, Name: &s.Name}
	if v.given() {
		out.VersionId = &id
	}
	return out, nil
}

// DeleteSecret marks a secret for deletion, or removes it at once.
func (a *API) DeleteSecret(ctx context.Context, in *secretsmanager.DeleteSecretInput) (*secretsmanager.DeleteSecretOutput, error) {
	force := aws.ToBool(in.ForceDeleteWithoutRecovery)
	days := int64(30)
	if in.RecoveryWindowInDays != nil {
		days = *in.RecoveryWindowInDays
	}
	switch {
	case force && in.RecoveryWindowInDays != nil:
		return nil, invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	case days < 7 || days > 30:
		return nil, invalidParameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
	}
	var s model.Secret
	err := a.update(ctx, func(tx *state.Tx, now time.Time) error {
		old, ok := find(tx.Snapshot, aws.ToString(in.SecretId), now)
		switch {
		case !ok && force: // "no error is returned for a secret that does not exist"
			s = model.Secret{Name: aws.ToString(in.SecretId), ARN: aws.ToString(in.SecretId), DeletedAt: now}
			return nil
		case !ok:
			return notFound()
		case !old.DeletedAt.IsZero() && !force:
			return invalidRequest("You tried to perform the operation on a secret that's currently marked deleted.")
		}
		s = *old
		s.DeletedAt = now.Add(time.Duration(days) * 24 * time.Hour)
		if force {
			s.DeletedAt = now
			tx.DeleteSecret(s.Name)
			return nil
		}
		tx.PutSecret(&s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.DeleteSecretOutput{ARN: &s.ARN, Name: &s.Name, DeletionDate: &s.DeletedAt}, nil
}

// RestoreSecret takes back that a secret was marked for deletion.
func (a *API) RestoreSecret(ctx context.Context, in *secretsmanager.RestoreSecretInput) (*secretsmanager.RestoreSecretOutput, error) {
	var s model.Secret
	err := a.update(ctx, func(tx *state.Tx, now time.Time) error {
		old, ok := find(tx.Snapshot, aws.ToString(in.SecretId), now)
		if !ok {
			return notFound()
		}
		s = *old
		s.DeletedAt = time.Time{}
		tx.PutSecret(&s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.RestoreSecretOutput{ARN: &s.ARN, Name: &s.Name}, nil
}

// GetResourcePolicy says that a secret has no policy of its own.
func (a *API) GetResourcePolicy(_ context.Context, in *secretsmanager.GetResourcePolicyInput) (*secretsmanager.GetResourcePolicyOutput, error) {
	s, err := a.get(in.SecretId)
	if err != nil {
		return nil, err
	}
	return &secretsmanager.GetResourcePolicyOutput{ARN: &s.ARN, Name: &s.Name}, nil
}

// TagResource adds tags to a secret, or gives those it has other values.
func (a *API) TagResource(ctx context.Context, in *secretsmanager.TagResourceInput) (*secretsmanager.TagResourceOutput, error) {
	_, err := a.change(ctx, in.SecretId, func(s *model.Secret, _ time.Time) (err error) {
		s.Tags, err = mergeTags(s.Tags, in.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.TagResourceOutput{}, nil
}

// UntagResource removes tags from a secret; keys that it does not have are passed over.
func (a *API) UntagResource(ctx context.Context, in *secretsmanager.UntagResourceInput) (*secretsmanager.UntagResourceOutput, error) {
	_, err := a.change(ctx, in.SecretId, func(s *model.Secret, _ time.Time) error {
		s.Tags = model.WithoutTags(s.Tags, in.TagKeys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.UntagResourceOutput{}, nil
}

const maxTags = 50

func mergeTags(old []model.Tag, added []types.Tag) ([]model.Tag, error) {
	tags := slices.Clone(old)
	for _, t := range added {
		tag := model.Tag{Key: aws.ToString(t.Key), Value: aws.ToString(t.Value)}
		if !tag.Valid() {
			return nil, invalidParameter("The tag key %q is not valid: it needs 1 to 128 characters, a value of at most 256, and no prefix aws:.", tag.Key)
		}
		tags = model.WithTag(tags, tag)
	}
	if len(tags) > maxTags {
		return nil, invalidParameter("A secret can have at most %d tags.", maxTags)
	}
	return tags, nil
}
