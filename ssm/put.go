package ssm

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

const (
	maxStandard = 4096
	maxAdvanced = 8192
	maxVersions = 100
	maxLabels   = 10
	maxTags     = 50
)

// PutParameter makes a parameter, or a new version of one.
func (a *API) PutParameter(ctx context.Context, in *ssm.PutParameterInput) (*ssm.PutParameterOutput, error) {
	if err := checkPut(in); err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	var v model.ParameterVersion
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		p := &model.Parameter{Name: *in.Name, Tags: tags}
		if old, ok := tx.Parameter(*in.Name); ok {
			if !aws.ToBool(in.Overwrite) {
				return awsapi.Errorf("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
			}
			copied := *old
			p = &copied
		}
		var err error
		if v, err = next(p, in); err != nil {
			return err
		}
		v.Sealed = a.box.Seal([]byte(*in.Value), about(p.Name, v.Number)...)
		p.Versions = append(slices.Clone(p.Versions), v)
		if len(p.Versions) > maxVersions {
			if len(p.Versions[0].Labels) > 0 {
				return awsapi.Errorf("ParameterMaxVersionLimitExceeded", "You attempted to create a new version of %s by calling the PutParameter API with the overwrite flag. Version %d, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.", p.Name, p.Versions[0].Number)
			}
			p.Versions = p.Versions[1:]
		}
		tx.PutParameter(p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ssm.PutParameterOutput{Version: v.Number, Tier: v.Tier}, nil
}

// next is the version that a request makes, but for its value. What it does not say is
// as before.
func next(p *model.Parameter, in *ssm.PutParameterInput) (model.ParameterVersion, error) {
	v := model.ParameterVersion{Number: 1, Type: in.Type, Tier: types.ParameterTierStandard, DataType: "text", PutAt: time.Now()}
	if len(p.Versions) > 0 {
		v = p.Newest()
		v.Number, v.Labels, v.PutAt = v.Number+1, nil, time.Now()
		if in.Type != "" && in.Type != v.Type {
			return v, awsapi.Errorf("HierarchyTypeMismatchException", "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter.")
		}
	}
	if v.Type == "" {
		return v, invalid("A parameter type is required when you create a parameter.")
	}
	if in.Description != nil {
		v.Description = *in.Description
	}
	if in.AllowedPattern != nil {
		v.AllowedPattern = *in.AllowedPattern
	}
	if err := setTier(&v, in); err != nil {
		return v, err
	}
	if v.Type == types.ParameterTypeSecureString {
		v.KeyID = "alias/aws/ssm"
	}
	return v, matchPattern(v.AllowedPattern, *in.Value)
}

// setTier: "a value of more than 4 KB needs an advanced parameter, which cannot become a
// standard one".
func setTier(v *model.ParameterVersion, in *ssm.PutParameterInput) error {
	long := len(*in.Value) > maxStandard
	switch in.Tier {
	case types.ParameterTierAdvanced:
		v.Tier = types.ParameterTierAdvanced
	case types.ParameterTierIntelligentTiering:
		if long {
			v.Tier = types.ParameterTierAdvanced
		}
	case types.ParameterTierStandard:
		if v.Tier == types.ParameterTierAdvanced {
			return invalid("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.")
		}
	}
	if long && v.Tier != types.ParameterTierAdvanced {
		return invalid("Standard tier parameters support a maximum parameter value of %d characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.", maxStandard)
	}
	return nil
}

func matchPattern(pattern, value string) error {
	if pattern == "" {
		return nil
	}
	r, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return awsapi.Errorf("InvalidAllowedPatternException", "The request does not meet the regular expression requirement: %s.", err)
	}
	if !r.MatchString(value) {
		return awsapi.Errorf("ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: %s", pattern)
	}
	return nil
}

func checkPut(in *ssm.PutParameterInput) error {
	if err := checkName(aws.ToString(in.Name)); err != nil {
		return err
	}
	value, kind, data := aws.ToString(in.Value), in.Type, aws.ToString(in.DataType)
	switch {
	case value == "":
		return invalid("1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case len(value) > maxAdvanced:
		return invalid("The value has more than %d characters.", maxAdvanced)
	case kind != "" && !slices.Contains(kind.Values(), kind):
		return awsapi.Errorf("UnsupportedParameterType", "The parameter type %s isn't supported.", kind)
	case data != "" && data != "text":
		return unsupported("DataType other than text", "give text")
	case aws.ToString(in.Policies) != "":
		return unsupported("Policies", "leave it out")
	case in.KeyId != nil && *in.KeyId != "" && *in.KeyId != "alias/aws/ssm":
		return unsupported("KeyId", "parameters are encrypted with the key in the data directory")
	case utf8.RuneCountInString(aws.ToString(in.Description)) > 1024:
		return invalid("The description has more than 1024 characters.")
	case len(in.Tags) > 0 && aws.ToBool(in.Overwrite):
		return invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	}
	return nil
}

// LabelParameterVersion attaches labels to a version, and takes them from any other.
func (a *API) LabelParameterVersion(ctx context.Context, in *ssm.LabelParameterVersionInput) (*ssm.LabelParameterVersionOutput, error) {
	out := &ssm.LabelParameterVersionOutput{InvalidLabels: []string{}}
	var good []string
	for _, l := range in.Labels {
		if labelForm.MatchString(l) && !strings.HasPrefix(strings.ToLower(l), "aws") && !strings.HasPrefix(strings.ToLower(l), "ssm") {
			good = append(good, l)
		} else {
			out.InvalidLabels = append(out.InvalidLabels, l)
		}
	}
	err := a.change(ctx, aws.ToString(in.Name), func(p *model.Parameter) error {
		i, err := version(p, in.ParameterVersion)
		if err != nil {
			return err
		}
		out.ParameterVersion = p.Versions[i].Number
		unlabel(p, good)
		p.Versions[i].Labels = append(p.Versions[i].Labels, good...)
		if len(p.Versions[i].Labels) > maxLabels {
			return awsapi.Errorf("ParameterVersionLabelLimitExceeded", "A parameter version can have maximum %d labels.", maxLabels)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

var labelForm = regexp.MustCompile(`^[a-zA-Z_.\-][a-zA-Z0-9_.\-]{0,99}$`)

// UnlabelParameterVersion takes labels from a version.
func (a *API) UnlabelParameterVersion(ctx context.Context, in *ssm.UnlabelParameterVersionInput) (*ssm.UnlabelParameterVersionOutput, error) {
	out := &ssm.UnlabelParameterVersionOutput{InvalidLabels: []string{}, RemovedLabels: []string{}}
	err := a.change(ctx, aws.ToString(in.Name), func(p *model.Parameter) error {
		i, err := version(p, in.ParameterVersion)
		if err != nil {
			return err
		}
		for _, l := range in.Labels {
			if slices.Contains(p.Versions[i].Labels, l) {
				out.RemovedLabels = append(out.RemovedLabels, l)
			} else {
				out.InvalidLabels = append(out.InvalidLabels, l)
			}
		}
		unlabel(p, out.RemovedLabels)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// version is the index of a version; the newest if none is named.
func version(p *model.Parameter, number *int64) (int, error) {
	if number == nil {
		return len(p.Versions) - 1, nil
	}
	i := slices.IndexFunc(p.Versions, func(v model.ParameterVersion) bool { return v.Number == *number })
	if i < 0 {
		return 0, awsapi.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %d of %s. Verify the version and try again.", *number, p.Name)
	}
	return i, nil
}

// unlabel takes labels from all versions, which are copied.
func unlabel(p *model.Parameter, labels []string) {
	p.Versions = slices.Clone(p.Versions)
	for i, v := range p.Versions {
		p.Versions[i].Labels = slices.DeleteFunc(slices.Clone(v.Labels), func(l string) bool { return slices.Contains(labels, l) })
	}
}

// AddTagsToResource adds tags to a parameter, or gives those it has other values.
func (a *API) AddTagsToResource(ctx context.Context, in *ssm.AddTagsToResourceInput) (*ssm.AddTagsToResourceOutput, error) {
	return &ssm.AddTagsToResourceOutput{}, a.tagged(ctx, in.ResourceType, in.ResourceId, func(p *model.Parameter) (err error) {
		p.Tags, err = mergeTags(p.Tags, in.Tags)
		return err
	})
}

// RemoveTagsFromResource removes tags from a parameter.
func (a *API) RemoveTagsFromResource(ctx context.Context, in *ssm.RemoveTagsFromResourceInput) (*ssm.RemoveTagsFromResourceOutput, error) {
	return &ssm.RemoveTagsFromResourceOutput{}, a.tagged(ctx, in.ResourceType, in.ResourceId, func(p *model.Parameter) error {
		p.Tags = model.WithoutTags(p.Tags, in.TagKeys)
		return nil
	})
}

// ListTagsForResource shows the tags of a parameter.
func (a *API) ListTagsForResource(_ context.Context, in *ssm.ListTagsForResourceInput) (*ssm.ListTagsForResourceOutput, error) {
	name, _ := a.selector(aws.ToString(in.ResourceId))
	p, ok := a.store.Snapshot().Parameter(name)
	if in.ResourceType != types.ResourceTypeForTaggingParameter || !ok {
		return nil, invalidResource(aws.ToString(in.ResourceId))
	}
	tags := make([]types.Tag, len(p.Tags))
	for i, t := range p.Tags {
		tags[i] = types.Tag{Key: &t.Key, Value: &t.Value}
	}
	return &ssm.ListTagsForResourceOutput{TagList: tags}, nil
}

func (a *API) tagged(ctx context.Context, kind types.ResourceTypeForTagging, id *string, fn func(p *model.Parameter) error) error {
	name, _ := a.selector(aws.ToString(id))
	if _, ok := a.store.Snapshot().Parameter(name); kind != types.ResourceTypeForTaggingParameter || !ok {
		return invalidResource(aws.ToString(id))
	}
	return a.change(ctx, name, fn)
}

func invalidResource(id string) error {
	return awsapi.Errorf("InvalidResourceId", "The resource ID %q is not valid: give the name of a parameter, with the resource type Parameter.", id)
}

func mergeTags(old []model.Tag, added []types.Tag) ([]model.Tag, error) {
	tags := slices.Clone(old)
	for _, t := range added {
		tag := model.Tag{Key: aws.ToString(t.Key), Value: aws.ToString(t.Value)}
		if !tag.Valid() {
			return nil, invalid("The tag key %q is not valid: it needs 1 to 128 characters, a value of at most 256, and no prefix aws:.", tag.Key)
		}
		tags = model.WithTag(tags, tag)
	}
	if len(tags) > maxTags {
		return nil, awsapi.Errorf("TooManyTagsError", "A parameter can have at most %d tags.", maxTags)
	}
	return tags, nil
}
