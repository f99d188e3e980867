package docker

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	goruntime "runtime"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"

	"steady/runtime"
)

// defaultLog bounds what a container can write: without it a chatty task fills the disk.
// Three files, so that a rotation leaves a reader of Output time to come after.
//
// Of the drivers that can be read back json-file is the one that every engine has and
// can follow through a rotation: the 20.10 engine's reader of "local" breaks off there.
var defaultLog = container.LogConfig{
	Type:   "json-file",
	Config: map[string]string{"max-size": "10m", "max-file": "3"},
}

// logConfig is the driver that was asked for. What json-file is not told of its bounds is
// the default.
func logConfig(l runtime.Log) container.LogConfig {
	config := container.LogConfig{Type: l.Driver, Config: map[string]string{}}
	if l.Driver == "" || l.Driver == defaultLog.Type {
		config.Type = defaultLog.Type
		maps.Copy(config.Config, defaultLog.Config)
	}
	maps.Copy(config.Config, l.Options)
	return config
}

// fileBytes is what one file of a log holds before the engine begins the next; without a
// bound it never does.
func fileBytes(l container.LogConfig) float64 {
	size := strings.TrimRight(strings.ToLower(l.Config["max-size"]), "ib")
	number, unit := strings.TrimRight(size, "kmgt"), 1.0
	if len(number) < len(size) {
		unit = map[byte]float64{'k': 1e3, 'm': 1e6, 'g': 1e9, 't': 1e12}[size[len(number)]]
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || n <= 0 {
		return math.Inf(1)
	}
	return n * unit
}

// nanoCPUs is a hard limit in the engine's unit. The kernel takes none below a hundredth
// of a processor, and the engine none above what the machine has, which bounds it anyway.
func nanoCPUs(units int64, processors int) int64 {
	if units <= 0 || units >= int64(processors)*1024 {
		return 0
	}
	return max(units*1e9/1024, 1e7)
}

// configOf puts a specification into the engine's words.
func configOf(s runtime.Spec) (*container.Config, *container.HostConfig, error) {
	exposed, bindings, err := portMap(s.Ports)
	if err != nil {
		return nil, nil, err
	}
	dns, err := addresses(s.Network.DNS)
	if err != nil {
		return nil, nil, err
	}
	config := &container.Config{
		Image:        s.Image,
		Entrypoint:   s.Entrypoint,
		Cmd:          s.Command,
		Env:          s.Env,
		WorkingDir:   s.WorkingDir,
		User:         s.User,
		Labels:       s.Labels,
		ExposedPorts: exposed,
		Healthcheck:  healthConfig(s.HealthCheck),
		StopSignal:   s.StopSignal,
		Hostname:     s.Network.Hostname,
		Tty:          s.Process.Terminal,
		OpenStdin:    s.Process.Interactive,
	}
	host := &container.HostConfig{
		LogConfig:      logConfig(s.Log),
		PortBindings:   bindings,
		RestartPolicy:  container.RestartPolicy{Name: container.RestartPolicyDisabled},
		NetworkMode:    container.NetworkMode(s.Network.Mode),
		DNS:            dns,
		DNSSearch:      s.Network.Search,
		ExtraHosts:     extraHosts(s.Network.Hosts),
		Links:          s.Network.Links,
		PidMode:        container.PidMode(s.Namespaces.PID),
		IpcMode:        container.IpcMode(s.Namespaces.IPC),
		ReadonlyRootfs: s.Files.ReadonlyRoot,
		Binds:          binds(s.Files.Mounts),
		VolumesFrom:    s.Files.VolumesFrom,
		Tmpfs:          tmpfs(s.Files.Tmpfs),
		ShmSize:        s.Files.SharedMemory,
		Privileged:     s.Process.Privileged,
		CapAdd:         s.Process.CapAdd,
		CapDrop:        s.Process.CapDrop,
		SecurityOpt:    s.Process.SecurityOptions,
		Sysctls:        s.Process.Sysctls,
		Resources:      resources(s),
	}
	if s.Process.Init {
		host.Init = &s.Process.Init
	}
	return config, host, nil
}

func resources(s runtime.Spec) container.Resources {
	r := container.Resources{
		CPUShares:         max(s.CPUShares, minCPUShares),
		NanoCPUs:          nanoCPUs(s.CPUs, goruntime.NumCPU()),
		Memory:            s.Memory,
		MemoryReservation: s.MemoryReservation,
		CgroupParent:      s.Cgroup,
		MemorySwappiness:  s.Process.Swappiness,
		Devices:           devices(s.Files.Devices),
	}
	switch swap := s.Process.Swap; {
	case swap == nil:
	case *swap < 0:
		r.MemorySwap = -1
	default:
		r.MemorySwap = s.Memory + *swap // the engine counts both together
	}
	for _, u := range s.Process.Ulimits {
		r.Ulimits = append(r.Ulimits, &container.Ulimit{Name: u.Name, Soft: u.Soft, Hard: u.Hard})
	}
	return r
}

func addresses(texts []string) ([]netip.Addr, error) {
	var all []netip.Addr
	for _, t := range texts {
		a, err := netip.ParseAddr(t)
		if err != nil {
			return nil, fmt.Errorf("the name server %q is not an address: %w", t, err)
		}
		all = append(all, a)
	}
	return all, nil
}

func extraHosts(hosts []runtime.Host) []string {
	var all []string
	for _, h := range hosts {
		all = append(all, h.Name+":"+h.Address)
	}
	return all
}

// binds mounts directories and volumes. The engine makes a directory that is not there,
// and fills an empty volume with what the image has in its place.
func binds(mounts []runtime.Mount) []string {
	var all []string
	for _, m := range mounts {
		bind := m.Source + m.Volume + ":" + m.Target
		if m.ReadOnly {
			bind += ":ro"
		}
		all = append(all, bind)
	}
	return all
}

func tmpfs(mounts []runtime.Tmpfs) map[string]string {
	all := map[string]string{}
	for _, t := range mounts {
		options := t.Options
		if t.Bytes > 0 {
			options = append(options[:len(options):len(options)], "size="+strconv.FormatInt(t.Bytes, 10))
		}
		all[t.Target] = strings.Join(options, ",")
	}
	return all
}

func devices(list []runtime.Device) []container.DeviceMapping {
	var all []container.DeviceMapping
	for _, d := range list {
		m := container.DeviceMapping{PathOnHost: d.Source, PathInContainer: d.Target, CgroupPermissions: d.Permissions}
		if m.PathInContainer == "" {
			m.PathInContainer = d.Source
		}
		if m.CgroupPermissions == "" {
			m.CgroupPermissions = "rwm"
		}
		all = append(all, m)
	}
	return all
}
