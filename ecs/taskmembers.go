package ecs

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Sizes of ephemeral storage (ECS API: "the minimum is 21 GiB and the maximum 200").
const (
	minEphemeralStorage = 21
	maxEphemeralStorage = 200
)

// checkTask checks what is said of the task as a whole, and what its containers say of
// each other and of it.
func checkTask(in *ecs.RegisterTaskDefinitionInput) error {
	return first(
		oneOf("pidMode", in.PidMode, in.PidMode.Values()...),
		oneOf("ipcMode", in.IpcMode, in.IpcMode.Values()...),
		checkPlatform(in.RuntimePlatform),
		checkEphemeralStorage(in),
		checkVolumes(in.Volumes),
		checkMounts(in.ContainerDefinitions, in.Volumes),
		checkLinks(in.ContainerDefinitions),
		checkDependencies(in.ContainerDefinitions),
		checkNamespaces(in),
		checkRanges(in),
		checkSwapOf(in),
		checkFirelens(in),
		checkSecrets(in),
	)
}

func checkRanges(in *ecs.RegisterTaskDefinitionInput) error {
	for i := range in.ContainerDefinitions {
		if err := checkPortRanges(&in.ContainerDefinitions[i], in.NetworkMode); err != nil {
			return err
		}
	}
	return nil
}

// checkSwapOf: "the value would be the sum of the container memory plus the maxSwap value".
func checkSwapOf(in *ecs.RegisterTaskDefinitionInput) error {
	for _, c := range in.ContainerDefinitions {
		if l := c.LinuxParameters; l != nil && l.MaxSwap != nil && c.Memory == nil && aws.ToString(in.Memory) == "" {
			return setting(c.Name, "'maxSwap' needs a 'memory' of the container or of the task, which it is added to.")
		}
	}
	return nil
}

// checkPlatform: containers here are Linux ones.
func checkPlatform(p *types.RuntimePlatform) error {
	if p == nil {
		return nil
	}
	if f := p.OperatingSystemFamily; f != "" && f != types.OSFamilyLinux && oneOf("", f, f.Values()...) == nil {
		return refused("runtimePlatform.operatingSystemFamily %s is not supported by Steady, which runs Linux containers: use LINUX", f)
	}
	return first(
		oneOf("operatingSystemFamily", p.OperatingSystemFamily, p.OperatingSystemFamily.Values()...),
		oneOf("cpuArchitecture", p.CpuArchitecture, p.CpuArchitecture.Values()...),
	)
}

// checkEphemeralStorage: tasks on Fargate have it; others use the disk of their instance.
func checkEphemeralStorage(in *ecs.RegisterTaskDefinitionInput) error {
	if in.EphemeralStorage == nil {
		return nil
	}
	fargate := false
	for _, c := range in.RequiresCompatibilities {
		fargate = fargate || c == types.CompatibilityFargate
	}
	switch size := in.EphemeralStorage.SizeInGiB; {
	case !fargate:
		return refused("ephemeralStorage is for tasks that are compatible with FARGATE only: remove it from the task definition, or add FARGATE to requiresCompatibilities")
	case size < minEphemeralStorage:
		return refused("EphemeralStorage size should be at least %d", minEphemeralStorage)
	case size > maxEphemeralStorage:
		return refused("EphemeralStorage size should be at most %d", maxEphemeralStorage)
	}
	return nil
}

// checkNamespaces: "for tasks that use the host IPC mode, IPC namespace related
// systemControls are not supported", and a host's network is not a container's to change.
func checkNamespaces(in *ecs.RegisterTaskDefinitionInput) error {
	for _, c := range in.ContainerDefinitions {
		for _, s := range c.SystemControls {
			name := aws.ToString(s.Namespace)
			if in.IpcMode == types.IpcModeHost && ofIPC(name) {
				return setting(c.Name, "The system control '%s' is not supported when ipcMode=host.", name)
			}
			if in.NetworkMode == types.NetworkModeHost && strings.HasPrefix(name, "net.") {
				return setting(c.Name, "The system control '%s' is not supported when networkMode=host.", name)
			}
		}
		if l := c.LinuxParameters; l != nil && l.SharedMemorySize != nil && in.IpcMode == types.IpcModeNone {
			return setting(c.Name, "'sharedMemorySize' is not supported when ipcMode=none, which has no /dev/shm.")
		}
	}
	return nil
}
