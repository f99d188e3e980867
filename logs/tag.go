package logs

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"steady/archive"
	"steady/awsapi"
)

const maxTags = 50

// tags checks tags that are to be set; at least min of them.
func (c *check) tags(tags map[string]string, min int) {
	c.length("tags", len(tags), min, maxTags)
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		c.text("tags", &key, tagKeyRule)
		c.text("tags."+key+".member", aws.String(tags[key]), tagValueRule)
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			c.fail("tags", key, "not begin with aws:")
		}
	}
}

// tagged finds the log group of a resource ARN: it may not end in ":*".
func (a *API) tagged(arn *string) (archive.Group, error) {
	var c check
	c.required("resourceArn", arn, arnRule)
	if err := c.err(); err != nil {
		return archive.Group{}, err
	}
	kind, name, ok := resource(*arn)
	if !ok {
		return archive.Group{}, invalid("Invalid ARN: %q is not an ARN of CloudWatch Logs.", *arn)
	}
	if kind != "log-group" {
		return archive.Group{}, awsapi.Errorf("UnsupportedFeatureException", "Tags of a %s are not implemented by Steady yet; log groups have them.", kind)
	}
	g, ok := a.archive.Group(strings.TrimSuffix(name, ":*"))
	if !ok {
		return archive.Group{}, groupNotFound()
	}
	return g, nil
}

// retag gives a group other tags. find runs while nobody else changes tags.
func (a *API) retag(ctx context.Context, find func() (archive.Group, error), change func(tags map[string]string)) error {
	a.tagging.Lock()
	defer a.tagging.Unlock()
	g, err := find()
	if err != nil {
		return err
	}
	tags := maps.Clone(g.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	change(tags)
	if len(tags) > maxTags {
		return awsapi.Errorf("TooManyTagsException", "The resource would have %d tags; it can have at most %d.", len(tags), maxTags)
	}
	return told(a.archive.SetTags(ctx, g.Name, tags), groupNotFound(), nil)
}

func add(tags map[string]string) func(map[string]string) {
	return func(all map[string]string) { maps.Copy(all, tags) }
}

func remove(keys []string) func(map[string]string) {
	return func(all map[string]string) {
		for _, k := range keys {
			delete(all, k)
		}
	}
}

// TagResource adds tags to a log group, or gives those it has other values.
func (a *API) TagResource(ctx context.Context, in *cloudwatchlogs.TagResourceInput) (*cloudwatchlogs.TagResourceOutput, error) {
	var c check
	c.tags(in.Tags, 1)
	if err := c.err(); err != nil {
		return nil, err
	}
	if err := a.retag(ctx, func() (archive.Group, error) { return a.tagged(in.ResourceArn) }, add(in.Tags)); err != nil {
		return nil, err
	}
	return &cloudwatchlogs.TagResourceOutput{}, nil
}

// UntagResource removes tags from a log group; keys that it does not have are passed
// over.
func (a *API) UntagResource(ctx context.Context, in *cloudwatchlogs.UntagResourceInput) (*cloudwatchlogs.UntagResourceOutput, error) {
	var c check
	c.length("tagKeys", len(in.TagKeys), 0, maxTags)
	c.each("tagKeys", in.TagKeys, tagKeyRule)
	if err := c.err(); err != nil {
		return nil, err
	}
	if err := a.retag(ctx, func() (archive.Group, error) { return a.tagged(in.ResourceArn) }, remove(in.TagKeys)); err != nil {
		return nil, err
	}
	return &cloudwatchlogs.UntagResourceOutput{}, nil
}

// ListTagsForResource shows the tags of a log group.
func (a *API) ListTagsForResource(ctx context.Context, in *cloudwatchlogs.ListTagsForResourceInput) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	g, err := a.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: shownTags(g)}, nil
}

func shownTags(g archive.Group) map[string]string {
	if g.Tags == nil {
		return map[string]string{}
	}
	return g.Tags
}

// TagLogGroup is the older form of TagResource.
func (a *API) TagLogGroup(ctx context.Context, in *cloudwatchlogs.TagLogGroupInput) (*cloudwatchlogs.TagLogGroupOutput, error) {
	var c check
	c.tags(in.Tags, 1)
	if err := c.err(); err != nil {
		return nil, err
	}
	if err := a.retag(ctx, func() (archive.Group, error) { return a.group(in.LogGroupName, nil) }, add(in.Tags)); err != nil {
		return nil, err
	}
	return &cloudwatchlogs.TagLogGroupOutput{}, nil
}

// UntagLogGroup is the older form of UntagResource.
func (a *API) UntagLogGroup(ctx context.Context, in *cloudwatchlogs.UntagLogGroupInput) (*cloudwatchlogs.UntagLogGroupOutput, error) {
	var c check
	c.length("tags", len(in.Tags), 1, maxTags)
	c.each("tags", in.Tags, tagKeyRule)
	if err := c.err(); err != nil {
		return nil, err
	}
	if err := a.retag(ctx, func() (archive.Group, error) { return a.group(in.LogGroupName, nil) }, remove(in.Tags)); err != nil {
		return nil, err
	}
	return &cloudwatchlogs.UntagLogGroupOutput{}, nil
}

// ListTagsLogGroup is the older form of ListTagsForResource.
func (a *API) ListTagsLogGroup(ctx context.Context, in *cloudwatchlogs.ListTagsLogGroupInput) (*cloudwatchlogs.ListTagsLogGroupOutput, error) {
	g, err := a.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListTagsLogGroupOutput{Tags: shownTags(g)}, nil
}
