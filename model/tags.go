package model

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

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
