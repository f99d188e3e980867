package release

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Change says how a new revision differs from the one that it is made from.
type Change struct {
	// Images by the container's name; the name "" stands for the only container that
	// is essential.
	Images map[string]string
	// ImageTag takes the place of every image's tag or digest, where it has no image
	// of its own in Images.
	ImageTag string
	// Tags are put on the revision, in place of older ones with the same keys.
	Tags map[string]string
}

// Revise makes the registration of a new revision out of a registered one and its
// tags. It fails where the change names a container that is not there.
func Revise(from types.TaskDefinition, tags []types.Tag, c Change) (*ecs.RegisterTaskDefinitionInput, error) {
	in := registration(from)
	in.Tags = tags
	return in, c.apply(in)
}

// apply makes the change in a registration; the lists that it had stay as they were.
func (c Change) apply(in *ecs.RegisterTaskDefinitionInput) error {
	in.ContainerDefinitions = slices.Clone(in.ContainerDefinitions)
	if err := c.setImages(in); err != nil {
		return fmt.Errorf("make a new revision of %s: %w", aws.ToString(in.Family), err)
	}
	in.Tags = c.setTags(in.Tags)
	return nil
}

// registration copies what a description and a registration have in common.
func registration(from types.TaskDefinition) *ecs.RegisterTaskDefinitionInput {
	in := new(ecs.RegisterTaskDefinitionInput)
	copyMembers(reflect.ValueOf(in).Elem(), reflect.ValueOf(from))
	return in
}

func (c Change) setImages(in *ecs.RegisterTaskDefinitionInput) error {
	if c.ImageTag != "" {
		for i, k := range in.ContainerDefinitions {
			in.ContainerDefinitions[i].Image = aws.String(retag(aws.ToString(k.Image), c.ImageTag))
		}
	}
	for name, image := range c.Images {
		i, err := container(in.ContainerDefinitions, name)
		if err != nil {
			return err
		}
		in.ContainerDefinitions[i].Image = aws.String(image)
	}
	return nil
}

// container finds the container of that name, or the one that can be meant without.
func container(all []types.ContainerDefinition, name string) (int, error) {
	var names, essential []string
	at := -1
	for i, k := range all {
		names = append(names, aws.ToString(k.Name))
		if k.Essential == nil || *k.Essential {
			essential = append(essential, aws.ToString(k.Name))
			at = i
		}
	}
	switch {
	case name == "" && len(essential) == 1:
		return at, nil
	case name == "":
		return 0, fmt.Errorf("it has several containers (%s): say whose image it is, as --image NAME=IMAGE", strings.Join(names, ", "))
	}
	if i := slices.Index(names, name); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("it has no container %q; it has %s", name, strings.Join(names, ", "))
}

// retag replaces the tag and the digest of an image's name. A colon before the last
// slash is that of a registry's port.
func retag(image, tag string) string {
	name, _, _ := strings.Cut(image, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	return name + ":" + tag
}

func (c Change) setTags(tags []types.Tag) []types.Tag {
	var all []types.Tag
	for _, t := range tags {
		if _, replaced := c.Tags[aws.ToString(t.Key)]; !replaced && !reserved(t) {
			all = append(all, t)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
		all = append(all, types.Tag{Key: aws.String(key), Value: aws.String(c.Tags[key])})
	}
	return all
}

// any tells whether the change changes anything.
func (c Change) any() bool { return len(c.Images) > 0 || c.ImageTag != "" || len(c.Tags) > 0 }

// same tells whether a registration would only repeat what is registered.
func same(in *ecs.RegisterTaskDefinitionInput, as types.TaskDefinition, tags []types.Tag) bool {
	for i, k := range in.ContainerDefinitions {
		if aws.ToString(k.Image) != aws.ToString(as.ContainerDefinitions[i].Image) {
			return false
		}
	}
	return maps.Equal(byKey(in.Tags), byKey(tags))
}

func byKey(tags []types.Tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		if !reserved(t) {
			m[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	return m
}

// reserved tags are AWS's own, such as those of CloudFormation: "you cannot edit or
// delete tag keys or values with this prefix", nor register them.
func reserved(t types.Tag) bool {
	return strings.HasPrefix(strings.ToLower(aws.ToString(t.Key)), "aws:")
}

// Described is what describing a registration's revision would tell of its contents.
func Described(in *ecs.RegisterTaskDefinitionInput) types.TaskDefinition {
	var d types.TaskDefinition
	copyMembers(reflect.ValueOf(&d).Elem(), reflect.ValueOf(*in))
	return d
}

// copyMembers copies the exported members that both structs have.
func copyMembers(to, from reflect.Value) {
	for _, member := range reflect.VisibleFields(to.Type()) {
		value := from.FieldByName(member.Name)
		if member.IsExported() && value.IsValid() && value.Type() == member.Type {
			to.FieldByIndex(member.Index).Set(value)
		}
	}
}
