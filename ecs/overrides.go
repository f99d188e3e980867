package ecs

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
)

const maxOverrides = 8192 // characters

// readOverrides checks the overrides of a task against its definition. The task's
// own cpu and memory become plain numbers.
func readOverrides(in *types.TaskOverride, d *model.TaskDefinition) (types.TaskOverride, error) {
	if in == nil {
		return types.TaskOverride{}, nil
	}
	if err := first(
		refuse(overrideMembers, in, "the request"),
		checkOverridesLength(in),
	); err != nil {
		return types.TaskOverride{}, err
	}
	for i := range in.ContainerOverrides {
		if err := checkContainerOverride(&in.ContainerOverrides[i], d); err != nil {
			return types.TaskOverride{}, err
		}
	}
	o := *in
	cpu, err := taskCPU(in.Cpu)
	if err != nil {
		return o, err
	}
	memory, err := taskMemory(in.Memory)
	if err != nil {
		return o, err
	}
	o.Cpu, o.Memory = nil, nil
	if cpu > 0 {
		o.Cpu = aws.String(strconv.Itoa(cpu))
	}
	if memory > 0 {
		o.Memory = aws.String(strconv.Itoa(memory))
	}
	return o, nil
}

// checkOverridesLength: "a total of 8192 characters are allowed for overrides".
func checkOverridesLength(in *types.TaskOverride) error {
	b, err := awsapi.Encode(in)
	if err != nil {
		return err
	}
	if len(b) > maxOverrides {
		return invalid("The overrides have %d characters; at most %d are allowed.", len(b), maxOverrides)
	}
	return nil
}

func checkContainerOverride(o *types.ContainerOverride, d *model.TaskDefinition) error {
	name := aws.ToString(o.Name)
	defined, ok := d.Container(name)
	if !ok {
		return invalid("Override for container named %s is not a container in the TaskDefinition.", name)
	}
	for _, e := range o.Environment {
		if n := aws.ToString(e.Name); n == "" || strings.ContainsAny(n, "=\x00") {
			return invalid("The override of container '%s' has an environment variable with the name %q.", name, n)
		}
		if slices.ContainsFunc(defined.Secrets, func(s types.Secret) bool { return aws.ToString(s.Name) == *e.Name }) {
			return refused("The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.", *e.Name)
		}
	}
	if aws.ToInt32(o.Cpu) < 0 {
		return invalid("The override of container '%s' has a negative cpu.", name)
	}
	for _, m := range []*int32{o.Memory, o.MemoryReservation} {
		if m != nil && *m < minContainerMemory {
			return invalid("The override of container '%s' has a memory or memoryReservation of less than %d MiB.", name, minContainerMemory)
		}
	}
	if err := checkResourceRequirements(o.Name, o.ResourceRequirements); err != nil {
		return err
	}
	return refuse(containerOverrideMembers, o, "the override of container '"+name+"'")
}
