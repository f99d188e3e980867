package ecs

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/placement/query"
)

// identityDocument is what EC2 says of an instance. Only AWS can vouch for it: here it is
// the caller's word, and its signature is not looked at.
type identityDocument struct {
	AccountID        string `json:"accountId"`
	Architecture     string `json:"architecture"`
	AvailabilityZone string `json:"availabilityZone"`
	ImageID          string `json:"imageId"`
	InstanceID       string `json:"instanceId"`
	InstanceType     string `json:"instanceType"`
	Region           string `json:"region"`
}

// readIdentity reads the document of an instance of this realm. A machine that is none of
// EC2's has none.
func readIdentity(document string, realm model.Realm) (d identityDocument, err error) {
	if document == "" {
		return d, nil
	}
	wrong := func(why string) (identityDocument, error) {
		return identityDocument{}, refused("The identity document and identity document signature were not valid: %s.", why)
	}
	switch err := json.Unmarshal([]byte(document), &d); {
	case err != nil:
		return wrong("the document is not the JSON that EC2 gives")
	case d.InstanceID == "":
		return wrong("the document has no instanceId")
	case d.Region != "" && d.Region != realm.Region:
		return wrong("the document is of region " + d.Region + ", this is " + realm.Region)
	case d.AccountID != "" && d.AccountID != realm.Account:
		return wrong("the document is of account " + d.AccountID + ", this is " + realm.Account)
	}
	if err := checkAttributeValue(types.Attribute{Name: aws.String("instanceId"), Value: &d.InstanceID}); err != nil {
		return wrong("the instanceId is not one of EC2")
	}
	return d, nil
}

// attributes are those that ECS reads off the document.
func (d identityDocument) attributes() []types.Attribute {
	var told []types.Attribute
	for _, x := range []struct{ name, value string }{
		{query.ZoneAttribute, d.AvailabilityZone}, {instanceType, d.InstanceType},
		{"ecs.ami-id", d.ImageID}, {cpuArchitecture, d.Architecture},
	} {
		if x.value != "" {
			told = append(told, types.Attribute{Name: aws.String(x.name), Value: aws.String(x.value)})
		}
	}
	return told
}

// readAttributes reads the attributes that an instance registers with, those of its
// identity document included. What the agent has not made itself is the user's own.
func readAttributes(given []types.Attribute, d identityDocument) ([]model.Attribute, error) {
	var read []model.Attribute
	for _, x := range slices.Concat(given, d.attributes()) {
		if err := first(checkAttributeName(x), checkAttributeValue(x)); err != nil {
			return nil, err
		}
		if x.TargetType != "" || aws.ToString(x.TargetId) != "" {
			return nil, invalid("Attribute %q can have no targetType and no targetId: it is of the container instance that is registered.", *x.Name)
		}
		n := model.Attribute{Name: *x.Name, Value: aws.ToString(x.Value)}
		n.Custom = !strings.HasPrefix(n.Name, "ecs.") && !strings.HasPrefix(n.Name, "com.amazonaws.ecs.")
		if at := slices.IndexFunc(read, func(o model.Attribute) bool { return o.Name == n.Name }); at < 0 {
			read = append(read, n)
		} else if read[at] != n {
			return nil, invalid("Attribute %q is given as %q and as %q, here or in the identity document.", n.Name, read[at].Value, n.Value)
		}
	}
	if custom := countCustom(read); custom > maxAttributes {
		return nil, invalid("%d custom attributes are given; a container instance can have at most %d.", custom, maxAttributes)
	}
	return read, nil
}
