package model

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Valid tells whether a resource can be given this tag, as most AWS APIs have it: a key of
// 1 to 128 characters without the prefix aws:, a value of at most 256.
func (t Tag) Valid() bool {
	return t.Key != "" && utf8.RuneCountInString(t.Key) <= 128 && utf8.RuneCountInString(t.Value) <= 256 &&
		!strings.HasPrefix(strings.ToLower(t.Key), "aws:")
}

// WithTag is tags with one more at the end, in place of the one that has its key.
func WithTag(tags []Tag, t Tag) []Tag { return append(WithoutTags(tags, []string{t.Key}), t) }

// WithoutTags is tags but those with one of the keys. The given ones stay as they are.
func WithoutTags(tags []Tag, keys []string) []Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t Tag) bool { return slices.Contains(keys, t.Key) })
}

// TaskTags are the tags of a task that the service starts: those of the service or
// of the task definition when propagateTags says so, and the managed ones
// ("Amazon ECS automatically tags your tasks with the cluster and service names").
func (s *Service) TaskTags(d *TaskDefinition) []Tag {
	var tags []Tag
	switch s.Spec.PropagateTags {
	case types.PropagateTagsService:
		tags = slices.Clone(s.Tags)
	case types.PropagateTagsTaskDefinition:
		tags = slices.Clone(d.Tags)
	}
	if s.Spec.EnableECSManagedTags {
		tags = append(tags, ManagedTags(s.Cluster, s.Name)...)
	}
	return tags
}

// ManagedTags are the tags that ECS gives a task itself; service is empty for a
// task of its own.
func ManagedTags(cluster, service string) []Tag {
	tags := []Tag{{Key: "aws:ecs:clusterName", Value: cluster}}
	if service != "" {
		tags = append(tags, Tag{Key: "aws:ecs:serviceName", Value: service})
	}
	return tags
}
