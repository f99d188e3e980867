package events

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/model"
)

// maxTags is how many tags a rule can have.
const maxTags = 50

// TagResource adds tags to a rule, or gives those it has other values.
func (a *API) TagResource(ctx context.Context, in *eventbridge.TagResourceInput) (*eventbridge.TagResourceOutput, error) {
	added, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	ruleName, err := a.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	var tooMany bool
	err = a.change(ctx, ruleName, nil, func(r *model.EventRule) {
		tags := slices.DeleteFunc(slices.Clone(r.Tags), func(t model.Tag) bool {
			return slices.ContainsFunc(added, func(o model.Tag) bool { return o.Key == t.Key })
		})
		if tooMany = len(tags)+len(added) > maxTags; !tooMany {
			r.Tags = append(tags, added...)
		}
	})
	if tooMany {
		return nil, invalid("A rule can have at most %d tags.", maxTags)
	}
	return &eventbridge.TagResourceOutput{}, err
}

// UntagResource removes tags from a rule; keys that it does not have are passed over.
func (a *API) UntagResource(ctx context.Context, in *eventbridge.UntagResourceInput) (*eventbridge.UntagResourceOutput, error) {
	ruleName, err := a.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &eventbridge.UntagResourceOutput{}, a.change(ctx, ruleName, nil, func(r *model.EventRule) {
		r.Tags = model.WithoutTags(r.Tags, in.TagKeys)
	})
}

// ListTagsForResource shows the tags of a rule.
func (a *API) ListTagsForResource(_ context.Context, in *eventbridge.ListTagsForResourceInput) (*eventbridge.ListTagsForResourceOutput, error) {
	ruleName, err := a.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	r, err := a.find(a.store.Snapshot(), ruleName, nil)
	if err != nil {
		return nil, err
	}
	tags := make([]types.Tag, len(r.Tags))
	for i, t := range r.Tags {
		tags[i] = types.Tag{Key: &t.Key, Value: &t.Value}
	}
	return &eventbridge.ListTagsForResourceOutput{Tags: tags}, nil
}

// tagged is the name of the rule of an ARN. The event bus has no tags here.
func (a *API) tagged(arn *string) (*string, error) {
	_, ruleName, ok := strings.Cut(aws.ToString(arn), ":rule/")
	if !ok || !strings.HasPrefix(*arn, "arn:") {
		return nil, invalid("Parameter ResourceARN is not valid. Reason: give the ARN of a rule of the default event bus.")
	}
	ruleName = strings.TrimPrefix(ruleName, defaultBus+"/")
	return &ruleName, nil
}

// readTags checks and converts the tags of a request.
func readTags(tags []types.Tag) ([]model.Tag, error) {
	if len(tags) > maxTags {
		return nil, invalid("A rule can have at most %d tags.", maxTags)
	}
	var read []model.Tag
	for _, t := range tags {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128:
			return nil, invalid("The tag key %q does not have 1 to 128 characters.", key)
		case utf8.RuneCountInString(value) > 256:
			return nil, invalid("The value of the tag %q has more than 256 characters.", key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalid("The tag key %q is not valid: the prefix aws: is reserved.", key)
		case slices.ContainsFunc(read, func(o model.Tag) bool { return o.Key == key }):
			return nil, invalid("The tag key %q is given twice.", key)
		}
		read = append(read, model.Tag{Key: key, Value: value})
	}
	return read, nil
}
