package ecs

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/lifecycle"
	"steady/model"
	"steady/placement/query"
	"steady/state"
)

const (
	maxRegisterToken = 64 // characters of a clientToken
	instanceType     = "ecs.instance-type"
	noIdentity       = "an instance without an identity document"
)

// RegisterContainerInstanceInput is the SDK's, and what agents send beside it: a
// clientToken, the same in every repetition of a request.
type RegisterContainerInstanceInput struct {
	Attributes                        []types.Attribute
	ClientToken                       *string
	Cluster                           *string
	ContainerInstanceArn              *string
	InstanceIdentityDocument          *string
	InstanceIdentityDocumentSignature *string
	PlatformDevices                   []types.PlatformDevice
	Tags                              []types.Tag
	TotalResources                    []types.Resource
	VersionInfo                       *types.VersionInfo
}

// RegisterContainerInstance makes the record of a container instance, or brings the one
// up to date that the agent had registered before. Its agent is none of Steady's, which
// alone can connect: agentConnected is false, and nothing is placed on the instance.
func (a *API) RegisterContainerInstance(ctx context.Context, in *RegisterContainerInstanceInput) (*ecs.RegisterContainerInstanceOutput, error) {
	r, err := a.readRegistration(in)
	if err != nil {
		return nil, err
	}
	var shown types.ContainerInstance
	err = a.inCluster(ctx, in.Cluster, func(tx *state.Tx, c *model.Cluster) error {
		i, err := r.register(tx, c.Name)
		if err != nil {
			return err
		}
		shown = a.showInstance(&tx.Snapshot, i, []types.ContainerInstanceField{types.ContainerInstanceFieldTags})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecs.RegisterContainerInstanceOutput{ContainerInstance: &shown}, nil
}

// instanceRegistration is what an agent tells of its container instance.
type instanceRegistration struct {
	ecs  *API
	told model.Instance
	tags []model.Tag
	ref  string // of the instance that it registered before
}

// readRegistration checks what can be checked without the state.
func (a *API) readRegistration(in *RegisterContainerInstanceInput) (r instanceRegistration, err error) {
	if err := first(refuse(registerInstanceMembers, in, "the request"), checkToken(in.ClientToken, maxRegisterToken)); err != nil {
		return r, err
	}
	r.ecs, r.ref, r.told.Foreign = a, aws.ToString(in.ContainerInstanceArn), true
	if r.tags, err = readTags(in.Tags); err != nil {
		return r, err
	}
	if err := readResources(&r.told, in.TotalResources); err != nil {
		return r, err
	}
	d, err := readIdentity(aws.ToString(in.InstanceIdentityDocument), a.realm)
	if err != nil {
		return r, err
	}
	r.told.EC2InstanceID = d.InstanceID
	if r.told.Attributes, err = readAttributes(in.Attributes, d); err != nil {
		return r, err
	}
	r.told.AvailabilityZone, _ = r.told.Attribute(query.ZoneAttribute)
	if v := in.VersionInfo; v != nil {
		r.told.AgentVersion, r.told.AgentHash = aws.ToString(v.AgentVersion), aws.ToString(v.AgentHash)
		r.told.RuntimeVersion = aws.ToString(v.DockerVersion)
	}
	r.told.ClientToken = aws.ToString(in.ClientToken)
	r.told.RequestDigest, err = requestDigest(in)
	return r, err
}

// register is the transaction.
func (r instanceRegistration) register(tx *state.Tx, cluster string) (*model.Instance, error) {
	if r.ref != "" {
		return r.again(tx, cluster)
	}
	if i, err := r.earlier(tx, cluster); i != nil || err != nil {
		return i, err
	}
	told := r.told
	told.Cluster, told.Tags = cluster, r.tags
	i := lifecycle.Register(told, time.Now())
	tx.PutInstance(i)
	return i, nil
}

// earlier is the instance that the same request has registered already, if it has.
func (r instanceRegistration) earlier(tx *state.Tx, cluster string) (*model.Instance, error) {
	for i := range tx.Instances() {
		switch {
		case r.told.ClientToken == "" || i.ClientToken != r.told.ClientToken || i.Cluster != cluster:
			continue
		case i.RequestDigest != r.told.RequestDigest:
			return nil, invalid("The clientToken was used before with other parameters: use a new one.")
		case i.Status == model.Inactive:
			return nil, instanceInactive(i)
		}
		return i, nil
	}
	return nil, nil
}

// again brings a registered instance up to date. Its resources are what they were when it
// was registered first, as on ECS; the reply tells.
func (r instanceRegistration) again(tx *state.Tx, cluster string) (*model.Instance, error) {
	i, ok, err := r.ecs.findInstance(&tx.Snapshot, cluster, r.ref)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, instanceNotFound()
	}
	if err := r.succeeds(i); err != nil {
		return nil, err
	}
	told := r.told
	told.CPU, told.Memory = i.CPU, i.Memory
	told.ReservedPorts, told.ReservedUDPPorts = i.ReservedPorts, i.ReservedUDPPorts
	told.Attributes = slices.DeleteFunc(slices.Clone(told.Attributes), func(x model.Attribute) bool { return x.Custom })
	n := lifecycle.Reregister(i, told)
	if n.Tags = setTags(i.Tags, r.tags); len(n.Tags) > maxTags {
		return nil, invalid("The resource would have %d tags; it can have at most %d.", len(n.Tags), maxTags)
	}
	tx.PutInstance(n)
	return n, nil
}

// succeeds tells whether what registers can be the instance that was registered before.
func (r instanceRegistration) succeeds(i *model.Instance) error {
	switch {
	case i.Status == model.Inactive:
		return instanceInactive(i)
	case !i.Foreign:
		return refused("Container instance %s is this machine's own, and Steady's agent serves it: leave containerInstanceArn out to register another one.", i.ID)
	case i.EC2InstanceID != r.told.EC2InstanceID:
		return refused("Container instance %s was previously registered as %s, not as %s: leave containerInstanceArn out to register another one.",
			i.ID, cmp.Or(i.EC2InstanceID, noIdentity), cmp.Or(r.told.EC2InstanceID, noIdentity))
	}
	before, had := i.Attribute(instanceType)
	if now, _ := r.told.Attribute(instanceType); had && now != before {
		return refused("Container instance type changes are not supported. Container instance %s was previously registered as %s.", i.ID, before)
	}
	for _, x := range r.told.Attributes {
		if x.Custom && !slices.Contains(i.Attributes, x) {
			return invalid("Attribute %q can be registered with a new container instance only: use PutAttributes to set it on %s.", x.Name, i.ID)
		}
	}
	return nil
}
