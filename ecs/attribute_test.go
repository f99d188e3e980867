package ecs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func attribute(name, value, target string) types.Attribute {
	x := types.Attribute{Name: aws.String(name), TargetId: aws.String(target), TargetType: types.TargetTypeContainerInstance}
	if value != "" {
		x.Value = aws.String(value)
	}
	return x
}

func (w *world) put(attributes ...types.Attribute) error {
	_, err := w.PutAttributes(w.Context(), &ecs.PutAttributesInput{Attributes: attributes})
	return err
}

// listed are the attributes that a ListAttributes request finds, as name=value@instance.
func (w *world) listed(in *ecs.ListAttributesInput) string {
	w.Helper()
	in.TargetType = types.TargetTypeContainerInstance
	var found []string
	for _, x := range must(w.ListAttributes(w.Context(), in)).Attributes {
		at := (*x.TargetId)[strings.LastIndexByte(*x.TargetId, '/')+1:]
		found = append(found, fmt.Sprintf("%s=%s@%s", *x.Name, aws.ToString(x.Value), at))
	}
	return strings.Join(found, " ")
}

func TestAttributesArePutListedUsedAndDeleted(t *testing.T) {
	w := equipped(t)
	w.instance("i2")
	if err := w.put(attribute("stack", "production", "i1"), attribute("stack", "test", realm.InstanceARN("default", "i2")), attribute("ssd", "", "i2")); err != nil {
		t.Fatal(err)
	}
	check(t, "all", w.listed(&ecs.ListAttributesInput{}),
		"ecs.cpu-architecture=x86_64@i1 stack=production@i1 ecs.cpu-architecture=x86_64@i2 ssd=@i2 stack=test@i2")
	check(t, "of a name", w.listed(&ecs.ListAttributesInput{AttributeName: aws.String("stack")}), "stack=production@i1 stack=test@i2")
	check(t, "of a value", w.listed(&ecs.ListAttributesInput{AttributeName: aws.String("stack"), AttributeValue: aws.String("test")}), "stack=test@i2")
	out := must(w.RunTask(t.Context(), &ecs.RunTaskInput{
		TaskDefinition: aws.String("web"), Count: aws.Int32(2),
		PlacementConstraints: []types.PlacementConstraint{{Type: types.PlacementConstraintTypeMemberOf, Expression: aws.String("attribute:stack == test")}},
	}))
	for _, task := range out.Tasks {
		check(t, "the instance of a task for stack test", *task.ContainerInstanceArn, realm.InstanceARN("default", "i2"))
	}
	if err := w.put(attribute("stack", "production", "i2")); err != nil {
		t.Fatal(err)
	}
	check(t, "after another value", w.listed(&ecs.ListAttributesInput{AttributeName: aws.String("stack")}), "stack=production@i1 stack=production@i2")
	must(w.DeleteAttributes(t.Context(), &ecs.DeleteAttributesInput{Attributes: []types.Attribute{
		attribute("stack", "test", "i1"), attribute("stack", "", "i2"), attribute("gone", "", "i2"),
	}}))
	check(t, "after the deletion", w.listed(&ecs.ListAttributesInput{AttributeName: aws.String("stack")}), "stack=production@i1")
}

func TestAttributesThatAreRefused(t *testing.T) {
	w := equipped(t)
	w.fails("InvalidParameterException: Attributes can not be empty.", func() error { return w.put() })
	w.fails("TargetNotFoundException: The target i9 was not found in the cluster default.", func() error {
		return w.put(attribute("a", "", "i1"), attribute("b", "", "i9"))
	})
	w.fails(`InvalidParameterException: targetType is required for attribute "a", since its targetId is no ARN.`, func() error {
		return w.put(types.Attribute{Name: aws.String("a"), TargetId: aws.String("i1")})
	})
	w.fails(`InvalidParameterException: Attribute "ecs.cpu-architecture" was registered by the container instance itself and can not be changed.`, func() error {
		return w.put(attribute("ecs.cpu-architecture", "arm64", "i1"))
	})
	for _, bad := range []types.Attribute{
		attribute("a b", "", "i1"), attribute("", "", "i1"), attribute(strings.Repeat("a", 129), "", "i1"),
		attribute("a", " x", "i1"), attribute("a", "x\n", "i1"), attribute("a", strings.Repeat("x", 129), "i1"),
	} {
		if err := w.put(bad); err == nil || !strings.HasPrefix(err.Error(), "InvalidParameterException: ") {
			t.Errorf("%q=%q: %v", *bad.Name, aws.ToString(bad.Value), err)
		}
	}
	for i := range 10 {
		if err := w.put(attribute(fmt.Sprint("a", i), "", "i1")); err != nil {
			t.Fatal(err)
		}
	}
	w.fails("AttributeLimitExceededException: Container instance i1 would have 11 custom attributes; it can have at most 10.", func() error {
		return w.put(attribute("one-more", "", "i1"))
	})
}
