package ecs

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// setting is a refusal of a member of a container definition, in ECS's form.
func setting(container *string, format string, args ...any) error {
	return refused("Invalid setting for container '%s'. "+format, append([]any{*container}, args...)...)
}

// checkLinux checks what a container asks of the kernel.
func checkLinux(c *types.ContainerDefinition) error {
	return first(
		checkLinuxParameters(c),
		checkUlimits(c),
		checkSystemControls(c),
		checkSecurityOptions(c),
		checkResourceRequirements(c.Name, c.ResourceRequirements),
	)
}

func checkLinuxParameters(c *types.ContainerDefinition) error {
	l := c.LinuxParameters
	if l == nil {
		return nil
	}
	return first(checkCapabilities(c), checkDevices(c), checkTmpfs(c), checkSwap(c))
}

// capabilities are the values of linuxParameters.capabilities (ECS API).
var capabilities = strings.Fields("ALL AUDIT_CONTROL AUDIT_WRITE BLOCK_SUSPEND CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID " +
	"IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW " +
	"SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE " +
	"SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM")

func checkCapabilities(c *types.ContainerDefinition) error {
	k := c.LinuxParameters.Capabilities
	if k == nil {
		return nil
	}
	for _, name := range slices.Concat(k.Add, k.Drop) {
		if !slices.Contains(capabilities, name) {
			return setting(c.Name, "'%s' is not one of the Linux capabilities [%s].", name, strings.Join(capabilities, ","))
		}
	}
	return nil
}

func checkDevices(c *types.ContainerDefinition) error {
	for _, d := range c.LinuxParameters.Devices {
		if !path.IsAbs(aws.ToString(d.HostPath)) {
			return setting(c.Name, "The 'hostPath' of a device should be an absolute path.")
		}
		if p := aws.ToString(d.ContainerPath); p != "" && !path.IsAbs(p) {
			return setting(c.Name, "The 'containerPath' of device '%s' should be an absolute path.", *d.HostPath)
		}
		for _, p := range d.Permissions {
			if oneOf("permissions", p, p.Values()...) != nil {
				return setting(c.Name, "The 'permissions' of device '%s' should be of [read,write,mknod].", *d.HostPath)
			}
		}
	}
	return nil
}

// tmpfsOptions are the values of linuxParameters.tmpfs.mountOptions (ECS API). The last
// ones are given with a value, as in "mode=700".
var (
	tmpfsOptions = strings.Fields("defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime noatime " +
		"diratime nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave rslave relatime norelatime " +
		"strictatime nostrictatime")
	tmpfsValues = strings.Fields("mode uid gid nr_inodes nr_blocks mpol")
)

func checkTmpfs(c *types.ContainerDefinition) error {
	var targets []string
	for _, t := range c.LinuxParameters.Tmpfs {
		target := aws.ToString(t.ContainerPath)
		switch {
		case !path.IsAbs(target):
			return setting(c.Name, "The 'containerPath' of a tmpfs should be an absolute path.")
		case slices.Contains(targets, target):
			return setting(c.Name, "The tmpfs '%s' is given more than once.", target)
		case t.Size < 1:
			return setting(c.Name, "The 'size' of tmpfs '%s' should be at least 1 MiB.", target)
		}
		targets = append(targets, target)
		for _, o := range t.MountOptions {
			if name, value, with := strings.Cut(o, "="); !slices.Contains(tmpfsOptions, o) && !(with && value != "" && slices.Contains(tmpfsValues, name) && !strings.Contains(value, ",")) {
				return setting(c.Name, "'%s' is not one of the mount options of a tmpfs.", o)
			}
		}
	}
	return nil
}

// checkSwap: "accepted values are 0 or any positive integer" of maxSwap, and "whole
// numbers between 0 and 100" of swappiness.
func checkSwap(c *types.ContainerDefinition) error {
	l := c.LinuxParameters
	switch {
	case l.SharedMemorySize != nil && *l.SharedMemorySize < 1:
		return setting(c.Name, "'sharedMemorySize' should be at least 1 MiB.")
	case l.MaxSwap != nil && *l.MaxSwap < 0:
		return setting(c.Name, "'maxSwap' can not be negative.")
	case l.Swappiness != nil && (*l.Swappiness < 0 || *l.Swappiness > 100):
		return setting(c.Name, "'swappiness' should be from 0 to 100.")
	}
	return nil
}

func checkUlimits(c *types.ContainerDefinition) error {
	var names []types.UlimitName
	for _, u := range c.Ulimits {
		switch {
		case u.Name == "" || oneOf("ulimit", u.Name, u.Name.Values()...) != nil:
			return refused("Unrecognized ulimit name %s", u.Name)
		case slices.Contains(names, u.Name):
			return setting(c.Name, "The ulimit '%s' is given more than once.", u.Name)
		case u.HardLimit >= 0 && (u.SoftLimit > u.HardLimit || u.SoftLimit < 0):
			return setting(c.Name, "The 'softLimit' of ulimit '%s' should not be greater than its 'hardLimit'.", u.Name)
		}
		names = append(names, u.Name)
	}
	return nil
}

// ipcControls are the kernel parameters of an IPC namespace (ECS API).
var ipcControls = strings.Fields("kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax kernel.shmmni kernel.shm_rmid_forced")

func ofIPC(control string) bool {
	return slices.Contains(ipcControls, control) || strings.HasPrefix(control, "fs.mqueue.")
}

func checkSystemControls(c *types.ContainerDefinition) error {
	var names []string
	for _, s := range c.SystemControls {
		name := aws.ToString(s.Namespace)
		switch {
		case !ofIPC(name) && !strings.HasPrefix(name, "net."):
			return setting(c.Name, "The system control '%s' is not supported: its 'namespace' should be one of [%s], or begin with 'fs.mqueue.' or 'net.'.", name, strings.Join(ipcControls, ","))
		case slices.Contains(names, name):
			return setting(c.Name, "The system control '%s' is given more than once.", name)
		case aws.ToString(s.Value) == "":
			return setting(c.Name, "The system control '%s' has no 'value'.", name)
		}
		names = append(names, name)
	}
	return nil
}

// checkSecurityOptions: "no-new-privileges", "apparmor:PROFILE", "label:value"; the last
// one that ECS has, "credentialspec:", is for Windows and Active Directory.
func checkSecurityOptions(c *types.ContainerDefinition) error {
	for _, o := range c.DockerSecurityOptions {
		kind, value, _ := strings.Cut(o, ":")
		switch {
		case o == "no-new-privileges", value != "" && (kind == "apparmor" || kind == "label"):
		case kind == "credentialspec":
			return refused("dockerSecurityOptions credentialspec is not supported by Steady: remove it from container '%s'", *c.Name)
		default:
			return setting(c.Name, "'%s' is not a security option: use no-new-privileges, apparmor:PROFILE or label:VALUE.", o)
		}
	}
	return nil
}

// checkResourceRequirements: a number of GPUs; whether an instance has so many is asked
// when the task is placed.
func checkResourceRequirements(container *string, requirements []types.ResourceRequirement) error {
	for i, r := range requirements {
		if r.Type == types.ResourceTypeInferenceAccelerator {
			return refused("resourceRequirements of the type InferenceAccelerator is not supported: AWS has given it up; remove it from container '%s'", *container)
		}
		if r.Type != types.ResourceTypeGpu {
			return setting(container, "The 'type' of a resource requirement should be one of [GPU].")
		}
		if n, ok := quantity(r.Value, "\x00"); !ok || n == 0 {
			return setting(container, "The 'value' of the resource requirement GPU should be a number of GPUs.")
		}
		if i > 0 {
			return setting(container, "The resource requirement GPU is given more than once.")
		}
	}
	return nil
}

// checkNaming checks how a container is named and finds names. An address that the engine
// cannot read would make no container.
func checkNaming(c *types.ContainerDefinition) error {
	for _, s := range c.DnsServers {
		if _, err := netip.ParseAddr(s); err != nil {
			return setting(c.Name, "The DNS server '%s' should be an IP address.", s)
		}
	}
	for _, h := range c.ExtraHosts {
		name := aws.ToString(h.Hostname)
		if name == "" || strings.ContainsAny(name, ": \t\n") {
			return setting(c.Name, "'%s' is not a 'hostname' for an extra host.", name)
		}
		if _, err := netip.ParseAddr(aws.ToString(h.IpAddress)); err != nil {
			return setting(c.Name, "The 'ipAddress' of the extra host '%s' should be an IP address.", name)
		}
	}
	if aws.ToBool(c.DisableNetworking) && (len(c.PortMappings) > 0 || len(c.Links) > 0) {
		return setting(c.Name, "Port mappings and links are not supported when 'disableNetworking' is true.")
	}
	return nil
}
