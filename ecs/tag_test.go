package ecs

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestTagsOfEveryKindOfResource(t *testing.T) {
	w := equipped(t)
	w.task("t1", nil)
	for _, arn := range []string{
		realm.ClusterARN("default"), realm.ServiceARN("default", "web"), realm.TaskARN("default", "t1"),
		realm.InstanceARN("default", "i1"), realm.TaskDefinitionARN(refOf(t, "web:1")),
	} {
		t.Run(arn, func(t *testing.T) {
			show := func() string {
				var all []string
				for _, tag := range must(w.ListTagsForResource(t.Context(), &ecs.ListTagsForResourceInput{ResourceArn: &arn})).Tags {
					all = append(all, *tag.Key+"="+*tag.Value)
				}
				return strings.Join(all, " ")
			}
			tag := func(pairs ...string) {
				in := &ecs.TagResourceInput{ResourceArn: &arn}
				for i := 0; i < len(pairs); i += 2 {
					in.Tags = append(in.Tags, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
				}
				must(w.TagResource(t.Context(), in))
			}
			check(t, "tags", show(), "")
			tag("a", "1", "b", "2")
			tag("b", "3", "c", "4")
			check(t, "tags", show(), "a=1 b=3 c=4")
			must(w.UntagResource(t.Context(), &ecs.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a", "x"}}))
			check(t, "tags", show(), "b=3 c=4")
		})
	}
}

func TestRefusedTags(t *testing.T) {
	w := equipped(t)
	tag := func(arn string, tags ...types.Tag) func() error {
		return func() error {
			return failed(w.TagResource(t.Context(), &ecs.TagResourceInput{ResourceArn: &arn, Tags: tags}))
		}
	}
	team := types.Tag{Key: aws.String("team"), Value: aws.String("a")}
	w.fails("InvalidParameterException: Tags can not be empty.", tag(realm.ClusterARN("default")))
	w.fails("InvalidParameterException: Tag keys can not be empty.", func() error {
		return failed(w.UntagResource(t.Context(), &ecs.UntagResourceInput{}))
	})
	w.fails(`InvalidParameterException: Invalid identifier: "web" is not an ARN of ECS.`, tag("web", team))
	w.fails("InvalidParameterException: Long arn format must be used for tagging operations",
		tag("arn:aws:ecs:eu-central-1:000000000000:service/web", team))
	w.fails(`InvalidParameterException: Invalid identifier: "arn:aws:ecs:eu-central-1:000000000000:task-set/a/b/c" is the ARN of a task-set, which has no tags.`,
		tag("arn:aws:ecs:eu-central-1:000000000000:task-set/a/b/c", team))
	w.fails("ClusterNotFoundException: Cluster not found.", tag(realm.ClusterARN("gone"), team))
	w.fails("ServiceNotFoundException: Service not found.", tag(realm.ServiceARN("default", "db"), team))
	w.fails("ClientException: TaskDefinition not found.", tag(realm.TaskDefinitionARN(refOf(t, "db:1")), team))
	w.fails("ResourceNotFoundException: The specified resource was not found.", tag(realm.TaskARN("default", "gone"), team))
	w.fails("ResourceNotFoundException: The specified resource was not found.", tag(realm.InstanceARN("default", "gone"), team))
	w.fails(`InvalidParameterException: Tag key "team" is given twice.`, tag(realm.ClusterARN("default"), team, team))
	long := types.Tag{Key: aws.String("team"), Value: aws.String(strings.Repeat("x", 257))}
	w.fails(`InvalidParameterException: The value of tag "team" is longer than 256 characters.`, tag(realm.ClusterARN("default"), long))
	for _, odd := range []types.Tag{{Key: aws.String("a!#")}, {Key: aws.String("team"), Value: aws.String("\U0001F600")}} {
		w.fails("InvalidParameterException: Some tags contain invalid characters. Valid characters: UTF-8 letters, spaces, numbers and _ . / = + - : @.",
			tag(realm.ClusterARN("default"), odd))
	}
	fargate := aws.String(realm.CapacityProviderARN("FARGATE"))
	check(t, "tags of FARGATE", len(must(w.ListTagsForResource(t.Context(), &ecs.ListTagsForResourceInput{ResourceArn: fargate})).Tags), 0)
	w.fails("ClientException: The specified capacity provider is reserved and cannot be changed or deleted.", tag(*fargate, team))
	many := make([]types.Tag, 50)
	for i := range many {
		many[i] = types.Tag{Key: aws.String(strings.Repeat("k", i+1))}
	}
	must(w.TagResource(t.Context(), &ecs.TagResourceInput{ResourceArn: aws.String(realm.ClusterARN("default")), Tags: many}))
	w.fails("InvalidParameterException: The resource would have 51 tags; it can have at most 50.", tag(realm.ClusterARN("default"), team))
}
