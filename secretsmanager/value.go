package secretsmanager

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/uuid"

	"steady/model"
)

// Staging labels that Secrets Manager moves by itself.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

const (
	maxValue  = 65536
	maxStages = 20
	// keptVersions is how many versions without a staging label are kept.
	keptVersions = 100
)

// value is a secret's value as it was sent; at most one of the two is given.
type value struct {
	text   *string
	binary []byte
}

func newValue(text *string, binary []byte) (value, error) {
	switch {
	case text != nil && binary != nil:
		return value{}, invalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.")
	case len(aws.ToString(text)) > maxValue || len(binary) > maxValue:
		return value{}, invalidParameter("The secret value is longer than the %d bytes that are allowed.", maxValue)
	}
	return value{text, binary}, nil
}

func (v value) given() bool { return v.text != nil || v.binary != nil }

func (v value) bytes() []byte {
	if v.text != nil {
		return []byte(*v.text)
	}
	return v.binary
}

// versionID is the request's token, which makes it safe to repeat.
func versionID(token *string) (string, error) {
	t := aws.ToString(token)
	if t == "" {
		return uuid.NewString(), nil
	}
	if len(t) < 32 || len(t) > 64 {
		return "", invalidParameter("ClientRequestToken must be 32-64 characters long.")
	}
	return t, nil
}

func about(arn, version string) []string { return []string{"secret", arn, version} }

// add gives a secret another version. It is false if the version is there already, with
// this value.
func (a *API) add(s *model.Secret, id string, v value, stages []string, now time.Time) (added bool, err error) {
	if old, ok := s.Version(id); ok {
		plain, err := a.open(s, old)
		if err != nil {
			return false, err
		}
		if string(plain) != string(v.bytes()) || old.Binary != (v.text == nil) {
			return false, exists("You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", id, s.ARN)
		}
		return false, nil
	}
	s.Versions = append(slices.Clone(s.Versions), model.SecretVersion{
		ID: id, Binary: v.text == nil, Sealed: a.box.Seal(v.bytes(), about(s.ARN, id)...), CreatedAt: now,
	})
	for _, stage := range stages {
		move(s, stage, id)
	}
	if _, ok := s.Staged(current); !ok { // "the first version gets AWSCURRENT"
		move(s, current, id)
	}
	dropDeprecated(s)
	return true, nil
}

// open decrypts a version.
func (a *API) open(s *model.Secret, v model.SecretVersion) ([]byte, error) {
	return a.box.Open(v.Sealed, about(s.ARN, v.ID)...)
}

// move attaches a staging label to a version and takes it from any other. "If
// AWSCURRENT moves, AWSPREVIOUS is attached to the version that it moves from."
func move(s *model.Secret, stage, to string) {
	if stage == current {
		if from, ok := s.Staged(current); ok && from.ID != to {
			move(s, previous, from.ID)
		}
	}
	versions := slices.Clone(s.Versions)
	for i, v := range versions {
		stages := slices.DeleteFunc(slices.Clone(v.Stages), func(l string) bool { return l == stage })
		if v.ID == to {
			stages = append(stages, stage)
		}
		versions[i].Stages = stages
	}
	s.Versions = versions
}

// detach takes a staging label from the version that has it.
func detach(s *model.Secret, stage string) {
	versions := slices.Clone(s.Versions)
	for i, v := range versions {
		versions[i].Stages = slices.DeleteFunc(slices.Clone(v.Stages), func(l string) bool { return l == stage })
	}
	s.Versions = versions
}

// dropDeprecated removes the oldest versions that have no staging label.
func dropDeprecated(s *model.Secret) {
	without := 0
	for _, v := range s.Versions {
		if len(v.Stages) == 0 {
			without++
		}
	}
	s.Versions = slices.DeleteFunc(slices.Clone(s.Versions), func(v model.SecretVersion) bool {
		drop := len(v.Stages) == 0 && without > keptVersions
		if drop {
			without--
		}
		return drop
	})
}

// PutSecretValue gives a secret a new version.
func (a *API) PutSecretValue(ctx context.Context, in *secretsmanager.PutSecretValueInput) (*secretsmanager.PutSecretValueOutput, error) {
	v, err := newValue(in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	if !v.given() {
		return nil, invalidRequest("You must provide either SecretString or SecretBinary.")
	}
	id, err := versionID(in.ClientRequestToken)
	if err != nil {
		return nil, err
	}
	stages := in.VersionStages
	if len(stages) == 0 {
		stages = []string{current}
	}
	if err := checkStages(stages); err != nil {
		return nil, err
	}
	s, err := a.change(ctx, in.SecretId, func(s *model.Secret, now time.Time) error {
		_, err := a.add(s, id, v, stages, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	put, _ := s.Version(id)
	return &secretsmanager.PutSecretValueOutput{ARN: &s.ARN, Name: &s.Name, VersionId: &id, VersionStages: put.Stages}, nil
}

func checkStages(stages []string) error {
	if len(stages) > maxStages {
		return invalidParameter("A version can have at most %d staging labels.", maxStages)
	}
	for _, s := range stages {
		if s == "" || len(s) > 256 {
			return invalidParameter("A staging label has 1 to 256 characters.")
		}
	}
	return nil
}

// GetSecretValue decrypts a version: that of the id, that of the staging label, or the
// current one.
func (a *API) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput) (*secretsmanager.GetSecretValueOutput, error) {
	s, err := a.get(in.SecretId)
	if err != nil {
		return nil, err
	}
	if !s.DeletedAt.IsZero() {
		return nil, markedDeleted()
	}
	v, err := pick(s, aws.ToString(in.VersionId), aws.ToString(in.VersionStage))
	if err != nil {
		return nil, err
	}
	plain, err := a.open(s, v)
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.GetSecretValueOutput{ARN: &s.ARN, Name: &s.Name, VersionId: &v.ID, VersionStages: v.Stages, CreatedDate: &v.CreatedAt}
	if v.Binary {
		out.SecretBinary = plain
	} else {
		out.SecretString = aws.String(string(plain))
	}
	return out, nil
}

func pick(s *model.Secret, id, stage string) (model.SecretVersion, error) {
	if id == "" {
		if stage == "" {
			stage = current
		}
		v, ok := s.Staged(stage)
		if !ok {
			return v, noValue("Secrets Manager can't find the specified secret value for staging label: %s", stage)
		}
		return v, nil
	}
	v, ok := s.Version(id)
	if !ok {
		return v, noValue("Secrets Manager can't find the specified secret value for VersionId: %s", id)
	}
	if stage != "" && !slices.Contains(v.Stages, stage) {
		return v, invalidRequest("You provided a VersionStage that is not associated to the provided VersionId.")
	}
	return v, nil
}

// UpdateSecretVersionStage moves a staging label, attaches it or removes it.
func (a *API) UpdateSecretVersionStage(ctx context.Context, in *secretsmanager.UpdateSecretVersionStageInput) (*secretsmanager.UpdateSecretVersionStageOutput, error) {
	stage, from, to := aws.ToString(in.VersionStage), aws.ToString(in.RemoveFromVersionId), aws.ToString(in.MoveToVersionId)
	if err := checkStages([]string{stage}); err != nil {
		return nil, err
	}
	s, err := a.change(ctx, in.SecretId, func(s *model.Secret, _ time.Time) error {
		for _, id := range []string{from, to} {
			if _, ok := s.Version(id); id != "" && !ok {
				return noValue("Secrets Manager can't find the specified secret value for VersionId: %s", id)
			}
		}
		has, attached := s.Staged(stage)
		switch {
		case from == "" && to == "":
			return invalidParameter("You must provide a value for either the MoveToVersionId or the RemoveFromVersionId parameter.")
		case attached && from == "" && has.ID != to:
			return invalidParameter("The parameter RemoveFromVersionId can't be empty. Staging label %s is currently attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.", stage, has.ID)
		case from != "" && (!attached || has.ID != from):
			return invalidParameter("The staging label %s isn't currently attached to version %s.", stage, from)
		case to == "" && stage == current:
			return invalidParameter("You can't remove the staging label AWSCURRENT; move it to another version with MoveToVersionId.")
		case to == "":
			detach(s, stage)
			return nil
		}
		move(s, stage, to)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.UpdateSecretVersionStageOutput{ARN: &s.ARN, Name: &s.Name}, nil
}
