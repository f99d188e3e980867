package ecs

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

// Limits of attributes (ECS API, type Attribute and operation PutAttributes).
const (
	maxAttributes       = 10 // custom ones of a resource, and in one call
	maxAttributeLength  = 128
	attributeTargetType = types.TargetTypeContainerInstance
)

var (
	attributeName  = regexp.MustCompile(`^[A-Za-z0-9_\-./\\]+$`)
	attributeValue = regexp.MustCompile(`^[A-Za-z0-9_\-.@/\\: ]*$`)
)

// PutAttributes gives container instances attributes of the user's own, or those that
// they have other values. All of them, or none.
func (a *API) PutAttributes(ctx context.Context, in *ecs.PutAttributesInput) (*ecs.PutAttributesOutput, error) {
	out := &ecs.PutAttributesOutput{}
	var err error
	out.Attributes, err = a.changeAttributes(ctx, in.Cluster, in.Attributes, checkAttributeValue, putAttribute)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteAttributes takes attributes of the user's own away. One that the instance does
// not have is passed over.
func (a *API) DeleteAttributes(ctx context.Context, in *ecs.DeleteAttributesInput) (*ecs.DeleteAttributesOutput, error) {
	out := &ecs.DeleteAttributesOutput{}
	var err error
	out.Attributes, err = a.changeAttributes(ctx, in.Cluster, in.Attributes, func(types.Attribute) error { return nil }, dropAttribute)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// changeAttributes does something with each attribute on its target, in one
// transaction.
func (a *API) changeAttributes(
	ctx context.Context, ref *string, attributes []types.Attribute,
	check func(types.Attribute) error, change func(*model.Instance, types.Attribute) error,
) (changed []types.Attribute, err error) {
	if len(attributes) == 0 {
		return nil, invalid("Attributes can not be empty.")
	}
	if len(attributes) > maxAttributes {
		return nil, invalid("%d attributes are given; give at most %d in one call.", len(attributes), maxAttributes)
	}
	for _, x := range attributes {
		if err := first(checkAttribute(x), check(x)); err != nil {
			return nil, err
		}
	}
	err = a.inCluster(ctx, ref, func(tx *state.Tx, c *model.Cluster) error {
		changed = []types.Attribute{}
		for _, x := range attributes {
			i, err := a.attributeTarget(&tx.Snapshot, c.Name, x)
			if err != nil {
				return err
			}
			n := *i
			n.Attributes = slices.Clone(i.Attributes)
			if err := change(&n, x); err != nil {
				return err
			}
			if !slices.Equal(n.Attributes, i.Attributes) {
				n.Version++
				tx.PutInstance(&n)
			}
			changed = append(changed, a.showAttribute(i, model.Attribute{Name: *x.Name, Value: aws.ToString(x.Value)}))
		}
		return nil
	})
	return changed, err
}

func checkAttribute(x types.Attribute) error {
	if err := checkAttributeName(x); err != nil {
		return err
	}
	if x.TargetType != "" && x.TargetType != attributeTargetType {
		return invalid("targetType should be one of [%s]", attributeTargetType)
	}
	if aws.ToString(x.TargetId) == "" {
		return invalid("Attribute %q has no targetId: give a container instance.", *x.Name)
	}
	return nil
}

func checkAttributeName(x types.Attribute) error {
	name := aws.ToString(x.Name)
	if len(name) > maxAttributeLength || !attributeName.MatchString(name) {
		return invalid(`Attribute name %q is not valid: use 1 to %d letters, numbers, hyphens, underscores, slashes, back slashes, and periods.`, name, maxAttributeLength)
	}
	return nil
}

// checkAttributeValue: an attribute may be without a value; "the value can't start or
// end with a space".
func checkAttributeValue(x types.Attribute) error {
	value := aws.ToString(x.Value)
	if len(value) > maxAttributeLength || !attributeValue.MatchString(value) || strings.TrimSpace(value) != value {
		return invalid("The value of attribute %q is not valid: use up to %d letters, numbers, spaces that are not at its ends, and - _ . @ / \\ :", *x.Name, maxAttributeLength)
	}
	return nil
}

// attributeTarget is the container instance that an attribute is put on. "targetType is
// required if you use the short form ID for a resource instead of the full ARN."
func (a *API) attributeTarget(s *state.Snapshot, cluster string, x types.Attribute) (*model.Instance, error) {
	if x.TargetType == "" && !isARN(*x.TargetId) {
		return nil, invalid("targetType is required for attribute %q, since its targetId is no ARN.", *x.Name)
	}
	i, ok, err := a.findInstance(s, cluster, *x.TargetId)
	if err != nil {
		return nil, err
	}
	if !ok || i.Status == model.Inactive {
		return nil, awsapi.Errorf("TargetNotFoundException", "The target %s was not found in the cluster %s.", *x.TargetId, cluster)
	}
	return i, nil
}

func putAttribute(i *model.Instance, x types.Attribute) error {
	n := model.Attribute{Name: *x.Name, Value: aws.ToString(x.Value), Custom: true}
	if at := indexAttribute(i, n.Name); at >= 0 {
		if !i.Attributes[at].Custom {
			return registeredAttribute(n.Name)
		}
		i.Attributes[at] = n
		return nil
	}
	i.Attributes = append(i.Attributes, n)
	if custom := countCustom(i.Attributes); custom > maxAttributes {
		return awsapi.Errorf("AttributeLimitExceededException", "Container instance %s would have %d custom attributes; it can have at most %d.", i.ID, custom, maxAttributes)
	}
	return nil
}

func countCustom(attributes []model.Attribute) (custom int) {
	for _, a := range attributes {
		if a.Custom {
			custom++
		}
	}
	return custom
}

// dropAttribute removes the attribute if it has the value that is given, or none is
// given.
func dropAttribute(i *model.Instance, x types.Attribute) error {
	at := indexAttribute(i, *x.Name)
	if at < 0 || x.Value != nil && i.Attributes[at].Value != *x.Value {
		return nil
	}
	if !i.Attributes[at].Custom {
		return registeredAttribute(*x.Name)
	}
	i.Attributes = slices.Delete(i.Attributes, at, at+1)
	return nil
}

func indexAttribute(i *model.Instance, name string) int {
	return slices.IndexFunc(i.Attributes, func(a model.Attribute) bool { return a.Name == name })
}

// registeredAttribute refuses to change what only the agent knows.
func registeredAttribute(name string) error {
	return invalid("Attribute %q was registered by the container instance itself and can not be changed.", name)
}

// ListAttributes lists the attributes of the container instances of a cluster, those of
// one name, or of one name and value.
func (a *API) ListAttributes(_ context.Context, in *ecs.ListAttributesInput) (*ecs.ListAttributesOutput, error) {
	if in.TargetType != attributeTargetType {
		return nil, invalid("targetType should be one of [%s]", attributeTargetType)
	}
	name, value := aws.ToString(in.AttributeName), aws.ToString(in.AttributeValue)
	if name == "" && value != "" {
		return nil, invalid("attributeValue needs attributeName as well.")
	}
	s := a.store.Snapshot()
	c, err := a.cluster(s, in.Cluster)
	if err != nil {
		return nil, err
	}
	var entries []entry
	found := map[string]types.Attribute{}
	for i := range s.InstancesIn(c.Name) {
		for _, x := range i.Attributes {
			if name != "" && x.Name != name || value != "" && x.Value != value {
				continue
			}
			key := i.ID + "/" + x.Name
			found[key] = a.showAttribute(i, x)
			entries = append(entries, entry{key, key})
		}
	}
	keys, next, err := paging{operation: "ListAttributes", max: in.MaxResults, token: in.NextToken, size: maxPage}.cut(entries)
	if err != nil {
		return nil, err
	}
	out := &ecs.ListAttributesOutput{Attributes: []types.Attribute{}, NextToken: next}
	for _, key := range keys {
		out.Attributes = append(out.Attributes, found[key])
	}
	return out, nil
}

func (a *API) showAttribute(i *model.Instance, x model.Attribute) types.Attribute {
	return types.Attribute{
		Name: aws.String(x.Name), Value: text(x.Value),
		TargetId: aws.String(a.realm.InstanceARN(i.Cluster, i.ID)),
	}
}
