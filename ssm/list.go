package ssm

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"steady/awsapi"
	"steady/model"
)

// GetParametersByPath shows the parameters below a path, or only those directly in it.
func (a *API) GetParametersByPath(_ context.Context, in *ssm.GetParametersByPathInput) (*ssm.GetParametersByPathOutput, error) {
	path := aws.ToString(in.Path)
	if !strings.HasPrefix(path, "/") || !nameForm.MatchString(path) {
		return nil, invalid("The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: /get/parameters2-/by1./path0_.")
	}
	var found []types.Parameter
	for p := range a.store.Snapshot().Parameters() {
		if !below(p.Name, path, aws.ToBool(in.Recursive)) {
			continue
		}
		v, ok, err := filterVersion(p, in.ParameterFilters)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		shown, err := a.show(p, v, "", in.WithDecryption)
		if err != nil {
			return nil, err
		}
		found = append(found, shown)
	}
	found, next, err := page(found, func(p types.Parameter) string { return *p.Name }, in.NextToken, in.MaxResults, 10, 10)
	if err != nil {
		return nil, err
	}
	return &ssm.GetParametersByPathOutput{Parameters: found, NextToken: next}, nil
}

func below(name, path string, recursive bool) bool {
	if path == "/" {
		return recursive || strings.LastIndexByte(name, '/') <= 0
	}
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
	return ok && (recursive || !strings.Contains(rest, "/"))
}

// filterVersion is the version that filters by type, key and label leave.
func filterVersion(p *model.Parameter, filters []types.ParameterStringFilter) (model.ParameterVersion, bool, error) {
	v := p.Newest()
	for _, f := range filters {
		switch aws.ToString(f.Key) {
		case "Type":
			if !slices.Contains(f.Values, string(v.Type)) {
				return v, false, nil
			}
		case "KeyId":
			if !slices.Contains(f.Values, v.KeyID) {
				return v, false, nil
			}
		case "Label":
			i := slices.IndexFunc(p.Versions, func(v model.ParameterVersion) bool {
				return slices.ContainsFunc(f.Values, func(l string) bool { return slices.Contains(v.Labels, l) })
			})
			if i < 0 {
				return v, false, nil
			}
			v = p.Versions[i]
		default:
			return v, false, awsapi.Errorf("InvalidFilterKey", "The following filter key is not valid: %s. Valid filter keys include: [Type, KeyId, Label].", aws.ToString(f.Key))
		}
	}
	return v, true, nil
}

// GetParameterHistory shows all versions of a parameter, oldest first.
func (a *API) GetParameterHistory(_ context.Context, in *ssm.GetParameterHistoryInput) (*ssm.GetParameterHistoryOutput, error) {
	name, _ := a.selector(aws.ToString(in.Name))
	p, ok := a.store.Snapshot().Parameter(name)
	if !ok {
		return nil, notFound()
	}
	list := []types.ParameterHistory{}
	for _, v := range p.Versions {
		value, err := a.value(p, v, in.WithDecryption)
		if err != nil {
			return nil, err
		}
		h := types.ParameterHistory{
			Name: &p.Name, Type: v.Type, Value: &value, Version: v.Number, Labels: v.Labels, Tier: v.Tier,
			DataType: &v.DataType, LastModifiedDate: &v.PutAt, LastModifiedUser: aws.String(a.user()), Policies: []types.ParameterInlinePolicy{},
			Description: given(v.Description), AllowedPattern: given(v.AllowedPattern), KeyId: given(v.KeyID),
		}
		if h.Labels == nil {
			h.Labels = []string{}
		}
		list = append(list, h)
	}
	list, next, err := page(list, func(h types.ParameterHistory) string { return versionKey(h.Version) }, in.NextToken, in.MaxResults, 50, 50)
	if err != nil {
		return nil, err
	}
	return &ssm.GetParameterHistoryOutput{Parameters: list, NextToken: next}, nil
}

// versionKey has the order of the numbers.
func versionKey(n int64) string {
	return fmt.Sprintf("%020d", n)
}

// user is who is said to have changed a parameter: the account.
func (a *API) user() string { return "arn:aws:iam::" + a.realm.Account + ":root" }

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// DescribeParameters lists parameters without their values.
func (a *API) DescribeParameters(_ context.Context, in *ssm.DescribeParametersInput) (*ssm.DescribeParametersOutput, error) {
	filters := in.ParameterFilters
	for _, f := range in.Filters { // the older form
		filters = append(filters, types.ParameterStringFilter{Key: aws.String(string(f.Key)), Option: aws.String("BeginsWith"), Values: f.Values})
	}
	if aws.ToBool(in.Shared) {
		return nil, unsupported("Shared", "no parameters are shared with another account")
	}
	list := []types.ParameterMetadata{}
	for p := range a.store.Snapshot().Parameters() {
		ok, err := describes(p, filters)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, a.metadata(p))
		}
	}
	list, next, err := page(list, func(p types.ParameterMetadata) string { return *p.Name }, in.NextToken, in.MaxResults, 50, 10)
	if err != nil {
		return nil, err
	}
	return &ssm.DescribeParametersOutput{Parameters: list, NextToken: next}, nil
}

func (a *API) metadata(p *model.Parameter) types.ParameterMetadata {
	v := p.Newest()
	return types.ParameterMetadata{
		Name: &p.Name, ARN: aws.String(a.realm.ParameterARN(p.Name)), Type: v.Type, Version: v.Number, Tier: v.Tier,
		DataType: &v.DataType, LastModifiedDate: &v.PutAt, LastModifiedUser: aws.String(a.user()), Policies: []types.ParameterInlinePolicy{},
		Description: given(v.Description), AllowedPattern: given(v.AllowedPattern), KeyId: given(v.KeyID),
	}
}

// describes tells whether a parameter passes all filters.
func describes(p *model.Parameter, filters []types.ParameterStringFilter) (bool, error) {
	for _, f := range filters {
		have, err := filtered(p, aws.ToString(f.Key))
		if err != nil {
			return false, err
		}
		option := aws.ToString(f.Option)
		key := aws.ToString(f.Key)
		var ok bool
		switch {
		case key == "Path":
			ok = slices.ContainsFunc(f.Values, func(v string) bool { return below(p.Name, v, option == "Recursive") })
		case len(f.Values) == 0 && strings.HasPrefix(key, "tag:"):
			ok = len(have) > 0
		default:
			ok = slices.ContainsFunc(have, func(h string) bool {
				return slices.ContainsFunc(f.Values, func(v string) bool { return compare(option, h, v) })
			})
		}
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

func compare(option, have, want string) bool {
	switch option {
	case "BeginsWith":
		return strings.HasPrefix(have, want) || strings.HasPrefix(have, "/"+want)
	case "Contains":
		return strings.Contains(have, want)
	}
	return have == want
}

// filtered is what a filter looks at.
func filtered(p *model.Parameter, key string) ([]string, error) {
	v := p.Newest()
	if name, ok := strings.CutPrefix(key, "tag:"); ok {
		for _, t := range p.Tags {
			if t.Key == name {
				return []string{t.Value}, nil
			}
		}
		return nil, nil
	}
	switch key {
	case "Name":
		return []string{p.Name}, nil
	case "Type":
		return []string{string(v.Type)}, nil
	case "KeyId":
		return []string{v.KeyID}, nil
	case "Tier":
		return []string{string(v.Tier)}, nil
	case "DataType":
		return []string{v.DataType}, nil
	case "Path":
		return nil, nil
	}
	return nil, awsapi.Errorf("InvalidFilterKey", "The following filter key is not valid: %s. Valid filter keys include: [Path, Name, Type, KeyId, Tier, DataType, tag:KEY].", key)
}

// page is one page of items, which are in the order of their keys, and the token of the
// next. A token holds the last key, so that a list may change between its pages.
func page[T any](items []T, key func(T) string, token *string, limit *int32, most, usual int) ([]T, *string, error) {
	size := usual
	if limit != nil {
		size = int(*limit)
	}
	if size < 1 || size > most {
		return nil, nil, invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and %d", size, most)
	}
	if token != nil {
		after, err := base64.RawURLEncoding.DecodeString(*token)
		if err != nil {
			return nil, nil, awsapi.Errorf("InvalidNextToken", "The specified token isn't valid.")
		}
		for len(items) > 0 && key(items[0]) <= string(after) {
			items = items[1:]
		}
	}
	if len(items) <= size {
		return items, nil, nil
	}
	items = items[:size]
	return items, aws.String(base64.RawURLEncoding.EncodeToString([]byte(key(items[size-1])))), nil
}
