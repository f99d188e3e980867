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
		checkRole(in.TaskRoleArn),
		checkRole(in.ExecutionRoleArn),
	); err != nil {
		return types.TaskOverride{}, err
	}
	seen := map[string]bool{}
	for i := range in.ContainerOverrides {
		o := &in.ContainerOverrides[i]
		if err := checkContainerOverride(o, d); err != nil {
			return types.TaskOverride{}, err
		}
		if seen[*o.Name] {
			return types.TaskOverride{}, invalid("Container '%s' is overridden more than once: put all of its overrides into one.", *o.Name)
		}
		seen[*o.Name] = true
	}
	if err := checkOverriddenFiles(in, d); err != nil {
		return types.TaskOverride{}, err
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
	return first(checkOverriddenMemory(o, defined), checkResourceRequirements(o.Name, o.ResourceRequirements))
}

// checkOverriddenMemory checks the two limits that the container will have, of which one
// may still be its definition's.
func checkOverriddenMemory(o *types.ContainerOverride, defined types.ContainerDefinition) error {
	c := types.ContainerDefinition{Name: o.Name, Memory: o.Memory, MemoryReservation: o.MemoryReservation}
	if o.Memory == nil && o.MemoryReservation == nil {
		return nil
	}
	if c.Memory == nil {
		c.Memory = defined.Memory
	}
	if c.MemoryReservation == nil {
		c.MemoryReservation = defined.MemoryReservation
	}
	return checkContainerMemory(&c)
}

// checkOverriddenFiles checks the environment files that stand in place of the
// definition's, which are fetched under the execution role that the task will have.
func checkOverriddenFiles(in *types.TaskOverride, d *model.TaskDefinition) error {
	role := aws.ToString(in.ExecutionRoleArn) != "" || aws.ToString(d.Spec.ExecutionRoleArn) != ""
	files := map[string]int{}
	for _, c := range d.Containers() {
		files[aws.ToString(c.Name)] = len(c.EnvironmentFiles)
	}
	for _, o := range in.ContainerOverrides {
		if len(o.EnvironmentFiles) == 0 {
			continue
		}
		if err := checkEnvironmentFiles(&types.ContainerDefinition{Name: o.Name, EnvironmentFiles: o.EnvironmentFiles}, role); err != nil {
			return err
		}
		files[aws.ToString(o.Name)] = len(o.EnvironmentFiles)
	}
	sum := 0
	for _, n := range files {
		sum += n
	}
	if sum > maxEnvironmentFiles {
		return refused("A task can have at most %d environment files; %d are given.", maxEnvironmentFiles, sum)
	}
	return nil
}
