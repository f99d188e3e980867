package model

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestTagsThatAServiceGivesItsTasks(t *testing.T) {
	own, definition := Tag{"of", "service"}, Tag{"of", "definition"}
	d := &TaskDefinition{Tags: []Tag{definition}}
	managed := []Tag{{"aws:ecs:clusterName", "default"}, {"aws:ecs:serviceName", "web"}}
	for _, tt := range []struct {
		propagate types.PropagateTags
		managed   bool
		want      []Tag
	}{
		{types.PropagateTagsNone, false, nil},
		{types.PropagateTagsService, false, []Tag{own}},
		{types.PropagateTagsTaskDefinition, false, []Tag{definition}},
		{types.PropagateTagsNone, true, managed},
		{types.PropagateTagsService, true, append([]Tag{own}, managed...)},
	} {
		s := &Service{Name: "web", Cluster: "default", Tags: []Tag{own}}
		s.Spec.PropagateTags, s.Spec.EnableECSManagedTags = tt.propagate, tt.managed
		if got := s.TaskTags(d); !slices.Equal(got, tt.want) {
			t.Errorf("%s, managed %v: %v, want %v", tt.propagate, tt.managed, got, tt.want)
		}
	}
}
