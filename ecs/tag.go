package ecs

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

// tagged is a resource that can have tags: the ones it has, and how to give it
// others, nil where it keeps those.
type tagged struct {
	tags []model.Tag
	put  func(tx *state.Tx, tags []model.Tag)
}

func (r tagged) give(tx *state.Tx, tags []model.Tag) error {
	if r.put == nil {
		return providerReserved()
	}
	r.put(tx, tags)
	return nil
}

// ListTagsForResource shows the tags of a resource.
func (a *API) ListTagsForResource(ctx context.Context, in *ecs.ListTagsForResourceInput) (*ecs.ListTagsForResourceOutput, error) {
	r, err := a.findTagged(a.store.Snapshot(), aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &ecs.ListTagsForResourceOutput{Tags: showTags(r.tags)}, nil
}

// TagResource adds tags to a resource, or gives those it has other values. "Existing
// tags on a resource that aren't specified in the request aren't changed."
func (a *API) TagResource(ctx context.Context, in *ecs.TagResourceInput) (*ecs.TagResourceOutput, error) {
	if len(in.Tags) == 0 {
		return nil, invalid("Tags can not be empty.")
	}
	added, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		r, err := a.findTagged(&tx.Snapshot, aws.ToString(in.ResourceArn))
		if err != nil {
			return err
		}
		tags := setTags(r.tags, added)
		if len(tags) > maxTags {
			return invalid("The resource would have %d tags; it can have at most %d.", len(tags), maxTags)
		}
		return r.give(tx, tags)
	})
	if err != nil {
		return nil, err
	}
	return &ecs.TagResourceOutput{}, nil
}

// setTags keeps the order of the tags that are there and appends the others.
func setTags(tags, added []model.Tag) []model.Tag {
	tags = slices.Clone(tags)
	for _, t := range added {
		i := slices.IndexFunc(tags, func(o model.Tag) bool { return o.Key == t.Key })
		if i < 0 {
			tags = append(tags, t)
		} else {
			tags[i] = t
		}
	}
	return tags
}

// UntagResource removes tags from a resource; keys that it does not have are passed
// over.
func (a *API) UntagResource(ctx context.Context, in *ecs.UntagResourceInput) (*ecs.UntagResourceOutput, error) {
	if len(in.TagKeys) == 0 {
		return nil, invalid("Tag keys can not be empty.")
	}
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		r, err := a.findTagged(&tx.Snapshot, aws.ToString(in.ResourceArn))
		if err != nil {
			return err
		}
		return r.give(tx, model.WithoutTags(r.tags, in.TagKeys))
	})
	if err != nil {
		return nil, err
	}
	return &ecs.UntagResourceOutput{}, nil
}

// findTagged finds what an ARN names. The ARNs of things in a cluster have to be
// of the long form, with the cluster.
func (a *API) findTagged(s *state.Snapshot, arn string) (tagged, error) {
	resource, path, err := a.readARN(arn)
	if err != nil {
		return tagged{}, err
	}
	switch {
	case resource == "cluster" && len(path) == 1:
		return a.taggedCluster(s, path[0])
	case resource == "capacity-provider":
		return a.taggedProvider(s, path[len(path)-1])
	case resource == "task-definition" && len(path) == 1:
		return a.taggedDefinition(s, path[0])
	case resource == "service" && len(path) == 2:
		return taggedService(s, path[0], path[1])
	case resource == "task" && len(path) == 2:
		return taggedTask(s, path[0], path[1])
	case resource == "container-instance" && len(path) == 2:
		return taggedInstance(s, path[0], path[1])
	}
	if slices.Contains([]string{"service", "task", "container-instance"}, resource) {
		return tagged{}, invalid("Long arn format must be used for tagging operations")
	}
	return tagged{}, invalid("Invalid identifier: %q is the ARN of a %s, which has no tags.", arn, resource)
}

func (a *API) taggedCluster(s *state.Snapshot, name string) (tagged, error) {
	c, err := a.cluster(s, &name)
	if err != nil {
		return tagged{}, err
	}
	return tagged{c.Tags, func(tx *state.Tx, tags []model.Tag) {
		n := *c
		n.Tags = tags
		tx.PutCluster(&n)
	}}, nil
}

// taggedProvider: those of Fargate have no tags and get none.
func (a *API) taggedProvider(s *state.Snapshot, name string) (tagged, error) {
	if model.OnFargate(name) {
		return tagged{}, nil
	}
	p, err := a.provider(s, name)
	if err != nil {
		return tagged{}, err
	}
	return tagged{p.Tags, func(tx *state.Tx, tags []model.Tag) {
		n := *p
		n.Tags = tags
		tx.PutCapacityProvider(&n)
	}}, nil
}

func (a *API) taggedDefinition(s *state.Snapshot, name string) (tagged, error) {
	ref, err := a.definitionRef(name)
	if err != nil {
		return tagged{}, err
	}
	d, ok := s.TaskDefinition(ref)
	if !ok {
		return tagged{}, refused("TaskDefinition not found.")
	}
	return tagged{d.Tags, func(tx *state.Tx, tags []model.Tag) {
		n := *d
		n.Tags = tags
		tx.PutTaskDefinition(&n)
	}}, nil
}

func taggedService(s *state.Snapshot, cluster, name string) (tagged, error) {
	svc, ok := s.Service(cluster, name)
	if !ok || svc.Status == model.Inactive {
		return tagged{}, serviceNotFound()
	}
	return tagged{svc.Tags, func(tx *state.Tx, tags []model.Tag) {
		n := *svc
		n.Tags = tags
		tx.PutService(&n)
	}}, nil
}

func taggedTask(s *state.Snapshot, cluster, id string) (tagged, error) {
	t, ok := s.Task(id)
	if !ok || t.Cluster != cluster {
		return tagged{}, awsapi.Errorf("ResourceNotFoundException", "The specified resource was not found.")
	}
	return tagged{t.Tags, func(tx *state.Tx, tags []model.Tag) {
		n := *t
		n.Tags = tags
		tx.PutTask(&n)
	}}, nil
}

func taggedInstance(s *state.Snapshot, cluster, id string) (tagged, error) {
	i, ok := s.Instance(id)
	if !ok || i.Cluster != cluster || i.Status == model.Inactive {
		return tagged{}, awsapi.Errorf("ResourceNotFoundException", "The specified resource was not found.")
	}
	return tagged{i.Tags, func(tx *state.Tx, tags []model.Tag) {
		n := *i
		n.Tags = tags
		tx.PutInstance(&n)
	}}, nil
}

// Limits of tags (ECS API, type Tag).
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// tagText is what keys and values of tags are made of.
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// readTags checks and converts the tags of a request.
func readTags(tags []types.Tag) ([]model.Tag, error) {
	if len(tags) > maxTags {
		return nil, invalid("%d tags are given; a resource can have at most %d.", len(tags), maxTags)
	}
	var read []model.Tag
	seen := map[string]bool{}
	for _, t := range tags {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		if err := checkTag(key, value); err != nil {
			return nil, err
		}
		if seen[key] {
			return nil, invalid("Tag key %q is given twice.", key)
		}
		seen[key] = true
		read = append(read, model.Tag{Key: key, Value: value})
	}
	return read, nil
}

func checkTag(key, value string) error {
	switch {
	case key == "":
		return invalid("A tag has no key.")
	case utf8.RuneCountInString(key) > maxTagKey:
		return invalid("Tag key %q is longer than %d characters.", key, maxTagKey)
	case utf8.RuneCountInString(value) > maxTagValue:
		return invalid("The value of tag %q is longer than %d characters.", key, maxTagValue)
	case !tagText.MatchString(key) || !tagText.MatchString(value):
		return invalid("Some tags contain invalid characters. Valid characters: UTF-8 letters, spaces, numbers and _ . / = + - : @.")
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return invalid("Tag key %q is not valid: the prefix aws: is reserved.", key)
	}
	return nil
}

// showTags is never nil: a resource without tags shows an empty list.
func showTags(tags []model.Tag) []types.Tag {
	shown := make([]types.Tag, len(tags))
	for i, t := range tags {
		shown[i] = types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)}
	}
	return shown
}
