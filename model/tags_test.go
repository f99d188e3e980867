package model

import (
	"slices"
	"strings"
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

func TestTagsAreReplacedByKey(t *testing.T) {
	before := []Tag{{"a", "1"}, {"b", "2"}}
	after := WithTag(before, Tag{"a", "3"})
	if want := []Tag{{"b", "2"}, {"a", "3"}}; !slices.Equal(after, want) {
		t.Errorf("with another value: %v, want %v", after, want)
	}
	if after := WithoutTags(before, []string{"b", "c"}); !slices.Equal(after, before[:1]) {
		t.Errorf("without b and c: %v", after)
	}
	if want := []Tag{{"a", "1"}, {"b", "2"}}; !slices.Equal(before, want) {
		t.Errorf("the given ones became %v", before)
	}
}

func TestValidTags(t *testing.T) {
	long := strings.Repeat("ä", 128)
	for tag, want := range map[Tag]bool{
		{"a", ""}: true, {long, long + long}: true, {"", "a"}: false, {long + "ä", ""}: false, {"a", long + long + "ä"}: false, {"AWS:a", ""}: false, {"laws:a", ""}: true,
	} {
		if got := tag.Valid(); got != want {
			t.Errorf("%.20q, %.20q: %v", tag.Key, tag.Value, got)
		}
	}
}
