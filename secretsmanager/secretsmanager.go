// Package secretsmanager is the API of AWS Secrets Manager: secrets, their versions and
// staging labels. Values are in the state encrypted only, and nowhere else.
package secretsmanager

import (
	"context"
	"crypto/rand"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"steady/awsapi"
	"steady/model"
	"steady/seal"
	"steady/state"
)

// API has a method for each operation that Steady carries out.
type API struct {
	store *state.Store
	box   *seal.Box
	realm model.Realm
}

// New makes the API.
func New(store *state.Store, box *seal.Box, realm model.Realm) *API { return &API{store, box, realm} }

// Service lists the operations for the server.
func (a *API) Service() awsapi.Service {
	const noRotation = "nothing rotates secrets here; put new values with PutSecretValue"
	const noReplicas = "there is one region"
	const noPolicies = "who may read a secret is said by the policies of roles"
	return awsapi.Service{
		Name:        "secretsmanager",
		Target:      "secretsmanager",
		Known:       awsapi.OperationNames((*secretsmanager.Client)(nil)),
		Permissions: a.permissions,
		Unsupported: map[string]string{
			"RotateSecret": noRotation, "CancelRotateSecret": noRotation,
			"ReplicateSecretToRegions": noReplicas, "RemoveRegionsFromReplication": noReplicas, "StopReplicationToReplica": noReplicas,
			"PutResourcePolicy": noPolicies, "DeleteResourcePolicy": noPolicies, "ValidateResourcePolicy": noPolicies,
		},
		Operations: map[string]awsapi.Operation{
			"CreateSecret":             awsapi.Op(a.CreateSecret),
			"PutSecretValue":           awsapi.Op(a.PutSecretValue),
			"UpdateSecret":             awsapi.Op(a.UpdateSecret),
			"GetSecretValue":           awsapi.Op(a.GetSecretValue),
			"DescribeSecret":           awsapi.Op(a.DescribeSecret),
			"ListSecrets":              awsapi.Op(a.ListSecrets),
			"ListSecretVersionIds":     awsapi.Op(a.ListSecretVersionIds),
			"UpdateSecretVersionStage": awsapi.Op(a.UpdateSecretVersionStage),
			"DeleteSecret":             awsapi.Op(a.DeleteSecret),
			"RestoreSecret":            awsapi.Op(a.RestoreSecret),
			"TagResource":              awsapi.Op(a.TagResource),
			"UntagResource":            awsapi.Op(a.UntagResource),
			"GetResourcePolicy":        awsapi.Op(a.GetResourcePolicy),
		},
	}
}

// permissions: what is done to a secret is asked for on its ARN, and on what was asked
// for where there is none, so that who may not know that is not told.
func (a *API) permissions(_ string, in any) []awsapi.Permission {
	id := secretID(in)
	if id == "" {
		return nil
	}
	p := awsapi.Permission{Resource: id, Conditions: map[string]string{}}
	if s, ok := find(*a.store.Snapshot(), id, time.Now()); ok {
		p.Resource = s.ARN
		for _, t := range s.Tags {
			p.Conditions["secretsmanager:ResourceTag/"+t.Key] = t.Value
			p.Conditions["aws:ResourceTag/"+t.Key] = t.Value
		}
	} else if !strings.HasPrefix(id, "arn:") {
		p.Resource = strings.TrimSuffix(a.realm.SecretARN(id, ""), "-")
	}
	if get, ok := in.(*secretsmanager.GetSecretValueInput); ok && get.VersionStage != nil {
		p.Conditions["secretsmanager:VersionStage"] = *get.VersionStage
	}
	return []awsapi.Permission{p}
}

func secretID(in any) string {
	switch in := in.(type) {
	case *secretsmanager.CreateSecretInput:
		return aws.ToString(in.Name)
	case *secretsmanager.PutSecretValueInput:
		return aws.ToString(in.SecretId)
	case *secretsmanager.UpdateSecretInput:
		return aws.ToString(in.SecretId)
	case *secretsmanager.GetSecretValueInput:
		return aws.ToString(in.SecretId)
	case *secretsmanager.DescribeSecretInput:
		return aws.ToString(in.SecretId)
	case *secretsmanager.ListSecretVersionIdsInput:
		return aws.ToString(in.SecretId)
	case *secretsmanager.UpdateSecretVersionStageInput:
		return aws.ToString(in.SecretId)
	case *secretsmanager.DeleteSecretInput:
		return aws.ToString(in.SecretId)
	case *secretsmanager.RestoreSecretInput:
		return aws.ToString(in.SecretId)
	case *secretsmanager.TagResourceInput:
		return aws.ToString(in.SecretId)
	case *secretsmanager.UntagResourceInput:
		return aws.ToString(in.SecretId)
	case *secretsmanager.GetResourcePolicyInput:
		return aws.ToString(in.SecretId)
	}
	return ""
}

// find finds a secret by its name, its ARN, or its ARN without the six characters at
// the end. One whose recovery window is over is not there any more.
func find(snap state.Snapshot, id string, now time.Time) (*model.Secret, bool) {
	name, isARN := id, strings.HasPrefix(id, "arn:")
	if isARN {
		part := strings.SplitN(id, ":", 7)
		if len(part) != 7 || part[2] != "secretsmanager" || part[5] != "secret" {
			return nil, false
		}
		name = part[6]
	}
	s, ok := snap.Secret(name)
	if ok && isARN && s.ARN[:len(s.ARN)-suffixLength-1] != id {
		ok = false // of another region or account
	}
	if !ok && isARN && len(name) > suffixLength+1 {
		s, ok = snap.Secret(name[:len(name)-suffixLength-1])
		ok = ok && s.ARN == id
	}
	if !ok || gone(s, now) {
		return nil, false
	}
	return s, true
}

func gone(s *model.Secret, now time.Time) bool {
	return !s.DeletedAt.IsZero() && !now.Before(s.DeletedAt)
}

const suffixLength = 6

func suffix() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	var b [suffixLength]byte
	for i := range b {
		for b[i] = 255; int(b[i]) >= 256-256%len(letters); { // every letter is as likely
			rand.Read(b[i : i+1])
		}
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b[:])
}

// update is a transaction, which also removes what is past its recovery window.
func (a *API) update(ctx context.Context, fn func(tx *state.Tx, now time.Time) error) error {
	return a.store.Update(ctx, func(tx *state.Tx) error {
		now := time.Now()
		for s := range a.store.Snapshot().Secrets() {
			if current, ok := tx.Secret(s.Name); ok && gone(current, now) {
				tx.DeleteSecret(s.Name)
			}
		}
		return fn(tx, now)
	})
}

// change runs fn with a copy of a secret that is not marked for deletion, and writes it.
func (a *API) change(ctx context.Context, id *string, fn func(s *model.Secret, now time.Time) error) (*model.Secret, error) {
	var changed model.Secret
	err := a.update(ctx, func(tx *state.Tx, now time.Time) error {
		old, ok := find(tx.Snapshot, aws.ToString(id), now)
		if !ok {
			return notFound()
		}
		if !old.DeletedAt.IsZero() {
			return markedDeleted()
		}
		changed = *old
		if err := fn(&changed, now); err != nil {
			return err
		}
		changed.ChangedAt = now
		tx.PutSecret(&changed)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &changed, nil
}

func (a *API) get(id *string) (*model.Secret, error) {
	if aws.ToString(id) == "" {
		return nil, invalidParameter("You must provide a value for the SecretId parameter.")
	}
	s, ok := find(*a.store.Snapshot(), *id, time.Now())
	if !ok {
		return nil, notFound()
	}
	return s, nil
}

func notFound() error {
	return awsapi.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

func markedDeleted() error {
	return invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
}

func invalidParameter(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameterException", format, args...)
}

func invalidRequest(format string, args ...any) error {
	return awsapi.Errorf("InvalidRequestException", format, args...)
}

func exists(format string, args ...any) error {
	return awsapi.Errorf("ResourceExistsException", format, args...)
}

func unsupported(member, instead string) error {
	return awsapi.Errorf("UnsupportedFeatureException", "The member %s is not implemented by Steady yet; %s.", member, instead)
}

var secretName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)

// ownKey checks the KMS key: there is Steady's own, under the name of AWS's default.
func ownKey(key *string) error {
	if k := aws.ToString(key); k != "" && k != "alias/aws/secretsmanager" {
		return unsupported("KmsKeyId", "secrets are encrypted with the key in the data directory")
	}
	return nil
}
