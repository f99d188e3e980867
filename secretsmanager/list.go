package secretsmanager

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"steady/awsapi"
	"steady/model"
)

// DescribeSecret shows all of a secret but its value.
func (a *API) DescribeSecret(_ context.Context, in *secretsmanager.DescribeSecretInput) (*secretsmanager.DescribeSecretOutput, error) {
	s, err := a.get(in.SecretId)
	if err != nil {
		return nil, err
	}
	e := entry(s)
	return &secretsmanager.DescribeSecretOutput{
		ARN: e.ARN, Name: e.Name, Description: e.Description, CreatedDate: e.CreatedDate, LastChangedDate: e.LastChangedDate,
		DeletedDate: e.DeletedDate, Tags: e.Tags, VersionIdsToStages: e.SecretVersionsToStages,
	}, nil
}

func entry(s *model.Secret) types.SecretListEntry {
	e := types.SecretListEntry{
		ARN: &s.ARN, Name: &s.Name, CreatedDate: &s.CreatedAt, LastChangedDate: &s.ChangedAt,
		SecretVersionsToStages: map[string][]string{},
	}
	if s.Description != "" {
		e.Description = &s.Description
	}
	if !s.DeletedAt.IsZero() {
		e.DeletedDate = &s.DeletedAt
	}
	for _, t := range s.Tags {
		e.Tags = append(e.Tags, types.Tag{Key: &t.Key, Value: &t.Value})
	}
	for _, v := range s.Versions {
		if len(v.Stages) > 0 { // "versions without staging labels are not included"
			e.SecretVersionsToStages[v.ID] = v.Stages
		}
	}
	return e
}

// ListSecrets lists secrets, those that were changed last first unless they are to be
// in another order.
func (a *API) ListSecrets(_ context.Context, in *secretsmanager.ListSecretsInput) (*secretsmanager.ListSecretsOutput, error) {
	now := time.Now()
	list := []types.SecretListEntry{}
	for s := range a.store.Snapshot().Secrets() {
		if gone(s, now) || !s.DeletedAt.IsZero() && !aws.ToBool(in.IncludePlannedDeletion) {
			continue
		}
		ok, err := matchesAll(s, in.Filters)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, entry(s))
		}
	}
	// The rows come by name, which decides between equal times.
	if in.SortBy != types.SortByTypeName {
		date := func(e types.SecretListEntry) *time.Time { return e.CreatedDate }
		if in.SortBy == types.SortByTypeLastChangedDate {
			date = func(e types.SecretListEntry) *time.Time { return e.LastChangedDate }
		}
		slices.SortStableFunc(list, func(a, b types.SecretListEntry) int { return date(a).Compare(*date(b)) })
	}
	if in.SortOrder == types.SortOrderTypeDesc {
		slices.Reverse(list)
	}
	list, next, err := page(list, func(e types.SecretListEntry) string { return *e.ARN }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	return &secretsmanager.ListSecretsOutput{SecretList: list, NextToken: next}, nil
}

// matchesAll: "filters are combined with AND, the values of one with OR"; a value with
// a leading ! is what must not match.
func matchesAll(s *model.Secret, filters []types.Filter) (bool, error) {
	for _, f := range filters {
		texts, prefix, err := filtered(s, f.Key)
		if err != nil {
			return false, err
		}
		if !slices.ContainsFunc(f.Values, func(v string) bool { return matches(texts, v, prefix) }) {
			return false, nil
		}
	}
	return true, nil
}

// filtered is what a filter looks at. All but those over everything compare the start,
// and but the description with regard to case.
func filtered(s *model.Secret, key types.FilterNameStringType) (texts []string, prefix bool, err error) {
	var keys, values []string
	for _, t := range s.Tags {
		keys, values = append(keys, t.Key), append(values, t.Value)
	}
	switch key {
	case types.FilterNameStringTypeName:
		return []string{s.Name}, true, nil
	case types.FilterNameStringTypeDescription:
		return strings.Fields(strings.ToLower(s.Description)), false, nil
	case types.FilterNameStringTypeTagKey:
		return keys, true, nil
	case types.FilterNameStringTypeTagValue:
		return values, true, nil
	case types.FilterNameStringTypeAll:
		return slices.Concat([]string{strings.ToLower(s.Name + " " + s.Description)}, keys, values), false, nil
	case types.FilterNameStringTypePrimaryRegion, types.FilterNameStringTypeOwningService:
		return nil, true, nil // no secret is a replica, or belongs to another service
	}
	return nil, false, invalidParameter("The filter key %q is not valid.", key)
}

func matches(texts []string, want string, prefix bool) bool {
	want, not := strings.CutPrefix(want, "!")
	found := slices.ContainsFunc(texts, func(t string) bool {
		if prefix {
			return strings.HasPrefix(t, want)
		}
		return strings.Contains(strings.ToLower(t), strings.ToLower(want))
	})
	return found != not
}

// ListSecretVersionIds lists the versions of a secret, those without a staging label
// only if they are asked for.
func (a *API) ListSecretVersionIds(_ context.Context, in *secretsmanager.ListSecretVersionIdsInput) (*secretsmanager.ListSecretVersionIdsOutput, error) {
	s, err := a.get(in.SecretId)
	if err != nil {
		return nil, err
	}
	list := []types.SecretVersionsListEntry{}
	for _, v := range s.Versions {
		if len(v.Stages) > 0 || aws.ToBool(in.IncludeDeprecated) {
			list = append(list, types.SecretVersionsListEntry{VersionId: &v.ID, VersionStages: v.Stages, CreatedDate: &v.CreatedAt})
		}
	}
	list, next, err := page(list, func(e types.SecretVersionsListEntry) string { return *e.VersionId }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	return &secretsmanager.ListSecretVersionIdsOutput{ARN: &s.ARN, Name: &s.Name, Versions: list, NextToken: next}, nil
}

// page is one page of items, and the token of the next, which names the last item.
func page[T any](items []T, key func(T) string, token *string, limit *int32) ([]T, *string, error) {
	size := 100
	if limit != nil {
		size = int(*limit)
	}
	if size < 1 || size > 100 {
		return nil, nil, invalidParameter("MaxResults must be between 1 and 100.")
	}
	if token != nil {
		after, err := base64.RawURLEncoding.DecodeString(*token)
		i := slices.IndexFunc(items, func(t T) bool { return key(t) == string(after) })
		if err != nil || i < 0 {
			return nil, nil, awsapi.Errorf("InvalidNextTokenException", "The NextToken is invalid: list from the start again.")
		}
		items = items[i+1:]
	}
	if len(items) <= size {
		return items, nil, nil
	}
	items = items[:size]
	return items, aws.String(base64.RawURLEncoding.EncodeToString([]byte(key(items[size-1])))), nil
}
