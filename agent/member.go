package agent

import (
	"maps"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/firelens"
	"steady/model"
	"steady/runtime"
)

// containerName is the runtime's name for a container of a task.
func containerName(t *model.Task, d *model.TaskDefinition, container string) string {
	return "ecs-" + d.Family + "-" + strconv.Itoa(d.Revision) + "-" + container + "-" + t.ID
}

// naming is how a container is named, and what it finds by name.
func naming(t *model.Task, d *model.TaskDefinition, c types.ContainerDefinition) runtime.Network {
	n := runtime.Network{Hostname: aws.ToString(c.Hostname), DNS: c.DnsServers, Search: c.DnsSearchDomains}
	if aws.ToBool(c.DisableNetworking) {
		n.Mode = "none"
	}
	for _, h := range c.ExtraHosts {
		n.Hosts = append(n.Hosts, runtime.Host{Name: aws.ToString(h.Hostname), Address: aws.ToString(h.IpAddress)})
	}
	for _, l := range c.Links {
		name, alias := model.Link(l)
		n.Links = append(n.Links, containerName(t, d, name)+":"+alias)
	}
	return n
}

// files are what a container sees beside its image.
func files(t *model.Task, d *model.TaskDefinition, c types.ContainerDefinition) runtime.Files {
	f := runtime.Files{ReadonlyRoot: aws.ToBool(c.ReadonlyRootFilesystem), Mounts: mounts(t, d, c)}
	for _, v := range c.VolumesFrom {
		from := containerName(t, d, aws.ToString(v.SourceContainer))
		if aws.ToBool(v.ReadOnly) {
			from += ":ro"
		}
		f.VolumesFrom = append(f.VolumesFrom, from)
	}
	l := c.LinuxParameters
	if l == nil {
		return f
	}
	f.SharedMemory = int64(aws.ToInt32(l.SharedMemorySize)) << 20
	for _, x := range l.Tmpfs {
		f.Tmpfs = append(f.Tmpfs, runtime.Tmpfs{Target: aws.ToString(x.ContainerPath), Bytes: int64(x.Size) << 20, Options: x.MountOptions})
	}
	for _, x := range l.Devices {
		f.Devices = append(f.Devices, runtime.Device{
			Source: aws.ToString(x.HostPath), Target: aws.ToString(x.ContainerPath), Permissions: permissions(x.Permissions),
		})
	}
	return f
}

// permissions of a device; "by default, the container has permissions for read, write,
// and mknod".
func permissions(given []types.DeviceCgroupPermission) string {
	all := ""
	for _, p := range given {
		all += string(p[:1])
	}
	return all
}

// process is what the processes of a container may do.
func process(c types.ContainerDefinition) runtime.Process {
	p := runtime.Process{
		Terminal: aws.ToBool(c.PseudoTerminal), Interactive: aws.ToBool(c.Interactive), Privileged: aws.ToBool(c.Privileged),
		SecurityOptions: c.DockerSecurityOptions,
	}
	for _, u := range c.Ulimits {
		p.Ulimits = append(p.Ulimits, runtime.Ulimit{Name: string(u.Name), Soft: int64(u.SoftLimit), Hard: int64(u.HardLimit)})
	}
	for _, s := range c.SystemControls {
		if p.Sysctls == nil {
			p.Sysctls = map[string]string{}
		}
		p.Sysctls[aws.ToString(s.Namespace)] = aws.ToString(s.Value)
	}
	l := c.LinuxParameters
	if l == nil {
		return p
	}
	p.Init = aws.ToBool(l.InitProcessEnabled)
	if k := l.Capabilities; k != nil {
		p.CapAdd, p.CapDrop = k.Add, k.Drop
	}
	if l.MaxSwap != nil { // "if a value is not specified for maxSwap then swappiness is ignored"
		swap := int64(*l.MaxSwap) << 20
		p.Swap = &swap
		if l.Swappiness != nil {
			swappiness := int64(*l.Swappiness)
			p.Swappiness = &swappiness
		}
	}
	return p
}

// logDriver is the engine's driver for what a container writes. That of awslogs is Steady
// itself, which reads it back from the engine.
func logDriver(c types.ContainerDefinition) runtime.Log {
	l := c.LogConfiguration
	if l == nil || l.LogDriver == types.LogDriverAwslogs || firelens.Routed(c) { // see route
		return engineLog(c)
	}
	log := runtime.Log{Driver: string(l.LogDriver), Options: maps.Clone(l.Options)}
	switch l.LogDriver {
	case types.LogDriverFluentd, types.LogDriverGelf, types.LogDriverSplunk, types.LogDriverSyslog:
		withoutWaiting(&log)
	}
	return log
}

// withoutWaiting is ECS's default since June 2025, "mode: non-blocking" with
// "max-buffer-size: 10m": a log server that does not answer does not stop a container.
func withoutWaiting(log *runtime.Log) {
	if log.Options == nil {
		log.Options = map[string]string{}
	}
	if log.Options["mode"] == "" {
		log.Options["mode"] = "non-blocking"
	}
	if log.Options["mode"] == "non-blocking" && log.Options["max-buffer-size"] == "" {
		log.Options["max-buffer-size"] = "10m"
	}
}

// readBack tells whether what a container writes can be had from the engine. Of a driver
// that sends it elsewhere the engine keeps a copy, unless it is told not to.
func readBack(c types.ContainerDefinition) bool {
	l := c.LogConfiguration
	return l == nil || firelens.Routed(c) || l.LogDriver != "none" && l.Options["cache-disabled"] != "true"
}
