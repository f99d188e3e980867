package ecs

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

const (
	fargateStorage     = 20  // GiB, the default of a task's ephemeral storage
	fargateStopTimeout = 120 // seconds
)

// fargateMemory is the table of Fargate's sizes: for CPU units, the MiB of memory that go
// with them, from a least to a greatest in steps.
var fargateMemory = map[int]struct{ least, greatest, step int }{
	512:   {1024, 4096, 1024},
	1024:  {2048, 8192, 1024},
	2048:  {4096, 16384, 1024},
	4096:  {8192, 30720, 1024},
	8192:  {16384, 61440, 4096},
	16384: {32768, 122880, 8192},
}

// checkFargateSize: "if you're using the Fargate launch type, cpu and memory are
// required", and only certain pairs of them are there.
func checkFargateSize(cpu, memory int) error {
	if cpu == 0 {
		return refused("Fargate requires that 'cpu' be defined at the task level.")
	}
	if memory == 0 {
		return refused("Fargate requires that 'memory' be defined at the task level.")
	}
	if cpu == 256 && slices.Contains([]int{512, 1024, 2048}, memory) {
		return nil // the one row without an even step
	}
	of, ok := fargateMemory[cpu]
	if !ok || memory < of.least || memory > of.greatest || (memory-of.least)%of.step != 0 {
		return refused("No Fargate configuration exists for given values: %d CPU, %d memory", cpu, memory)
	}
	return nil
}

// checkStorageOverride: "this parameter is only supported for tasks hosted on Fargate".
func checkStorageOverride(s *types.EphemeralStorage, launch types.LaunchType) error {
	switch {
	case s == nil:
		return nil
	case launch != types.LaunchTypeFargate:
		return invalid("The override of ephemeralStorage is supported for tasks on FARGATE only.")
	case s.SizeInGiB < minEphemeralStorage:
		return invalid("EphemeralStorage size should be at least %d", minEphemeralStorage)
	case s.SizeInGiB > maxEphemeralStorage:
		return invalid("EphemeralStorage size should be at most %d", maxEphemeralStorage)
	}
	return nil
}

// checkFargate tells why a task definition is not valid for Fargate.
func checkFargate(d *model.TaskDefinition) error {
	if d.Spec.NetworkMode != types.NetworkModeAwsvpc {
		return refused("Fargate only supports network mode ‘awsvpc’.")
	}
	if err := checkFargateSize(d.CPU, d.Memory); err != nil {
		return err
	}
	switch {
	case len(d.Spec.PlacementConstraints) > 0:
		return notOnFargate("constraints")
	case d.Spec.IpcMode != "":
		return notOnFargate("ipcMode")
	case d.Spec.PidMode != "" && d.Spec.PidMode != types.PidModeTask:
		return notOnFargate("pidMode " + string(d.Spec.PidMode))
	}
	for _, v := range d.Spec.Volumes {
		if v.Host != nil && aws.ToString(v.Host.SourcePath) != "" {
			return notOnFargate("sourcePath")
		}
		if v.DockerVolumeConfiguration != nil {
			return notOnFargate("dockerVolumeConfiguration")
		}
	}
	for _, c := range d.Containers() {
		if err := checkFargateContainer(d, c); err != nil {
			return err
		}
	}
	return nil
}

func notOnFargate(member string) error {
	return refused("Fargate compatible task definitions do not support %s", member)
}

func checkFargateContainer(d *model.TaskDefinition, c types.ContainerDefinition) error {
	role := aws.ToString(d.Spec.ExecutionRoleArn)
	switch {
	case c.FirelensConfiguration != nil && c.FirelensConfiguration.Options["config-file-type"] == "s3":
		return notOnFargate("firelensConfiguration with the config-file-type s3")
	case aws.ToBool(c.Privileged):
		return notOnFargate("privileged")
	case len(c.DockerSecurityOptions) > 0:
		return notOnFargate("dockerSecurityOptions")
	case aws.ToBool(c.DisableNetworking):
		return notOnFargate("disableNetworking")
	case len(c.ResourceRequirements) > 0:
		return notOnFargate("resourceRequirements")
	case slices.ContainsFunc(c.Ulimits, func(u types.Ulimit) bool { return u.Name != types.UlimitNameNofile }):
		return notOnFargate("ulimits other than nofile")
	case aws.ToInt32(c.StopTimeout) > fargateStopTimeout:
		return refused("Invalid setting for container '%s'. 'stopTimeout' should be at most %d on Fargate.", *c.Name, fargateStopTimeout)
	case role == "" && ofECR(c):
		return refused("Fargate requires task definition to have execution role ARN to support ECR images.")
	}
	if err := checkFargateLinux(c.LinuxParameters); err != nil {
		return err
	}
	if c.LogConfiguration == nil {
		return nil
	}
	switch c.LogConfiguration.LogDriver {
	case types.LogDriverAwslogs:
		if role == "" {
			return refused("Fargate requires task definition to have execution role ARN to support log driver awslogs.")
		}
		if c.LogConfiguration.Options["awslogs-stream-prefix"] == "" {
			return refused("Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.")
		}
	case types.LogDriverSplunk, types.LogDriverAwsfirelens:
	default:
		return notOnFargate("log driver " + string(c.LogConfiguration.LogDriver))
	}
	return nil
}

func checkFargateLinux(p *types.LinuxParameters) error {
	switch {
	case p == nil:
		return nil
	case len(p.Devices) > 0:
		return notOnFargate("devices")
	case p.SharedMemorySize != nil:
		return notOnFargate("sharedMemorySize")
	case len(p.Tmpfs) > 0:
		return notOnFargate("tmpfs")
	case p.MaxSwap != nil:
		return notOnFargate("maxSwap")
	case p.Swappiness != nil:
		return notOnFargate("swappiness")
	}
	if p.Capabilities != nil && slices.ContainsFunc(p.Capabilities.Add, func(name string) bool { return name != "SYS_PTRACE" }) {
		return notOnFargate("capabilities other than SYS_PTRACE")
	}
	return nil
}

// checkCompatibilities checks the launch types that a task definition is meant for.
func checkCompatibilities(required []types.Compatibility) error {
	for _, c := range required {
		if c == "" || oneOf("", c, c.Values()...) != nil {
			return oneOf("requiresCompatibilities", cmp.Or(c, "null"), c.Values()...)
		}
	}
	return nil
}

// setCompatibilities finds the launch types that a task definition is valid for, and
// refuses one that is not valid for what it requires.
func setCompatibilities(d *model.TaskDefinition) error {
	d.Spec.Compatibilities = compatibilities(d.Spec.NetworkMode)
	why := checkFargate(d)
	if why == nil {
		d.Spec.Compatibilities = append(d.Spec.Compatibilities, types.CompatibilityFargate)
	}
	for _, c := range d.Spec.RequiresCompatibilities {
		switch {
		case slices.Contains(d.Spec.Compatibilities, c):
		case c == types.CompatibilityFargate:
			return why
		default:
			return refused("The task definition is not valid for %s: its network mode is %s.", c, cmp.Or(d.Spec.NetworkMode, types.NetworkModeBridge))
		}
	}
	return nil
}
