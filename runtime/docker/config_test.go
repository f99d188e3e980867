package docker

import (
	"slices"
	"testing"

	"github.com/moby/moby/client"

	"steady/runtime"
)

// What the engine says of a container is what was asked for.
func TestEveryMemberReachesTheEngine(t *testing.T) {
	r := needEngine(t)
	swap, swappiness := int64(16<<20), int64(7)
	id := create(t, r, func(s *runtime.Spec) {
		s.Memory, s.Cgroup = 64<<20, "/ecs/steady-test"
		s.StopSignal = "SIGUSR1"
		s.Network = runtime.Network{
			Hostname: "chosen", DNS: []string{"192.0.2.53"}, Search: []string{"example.test"},
			Hosts: []runtime.Host{{Name: "db", Address: "192.0.2.7"}},
		}
		s.Namespaces = runtime.Namespaces{PID: "host", IPC: "shareable"}
		s.Files = runtime.Files{
			ReadonlyRoot: true, SharedMemory: 24 << 20,
			Mounts:  []runtime.Mount{{Source: "/tmp", Target: "/here", ReadOnly: true}},
			Tmpfs:   []runtime.Tmpfs{{Target: "/scratch", Bytes: 1 << 20, Options: []string{"noexec"}}},
			Devices: []runtime.Device{{Source: "/dev/zero", Target: "/dev/nought", Permissions: "r"}, {Source: "/dev/null"}},
		}
		s.Process = runtime.Process{
			Init: true, Terminal: true, Interactive: true, Privileged: true, CapAdd: []string{"NET_ADMIN"}, CapDrop: []string{"CHOWN"},
			SecurityOptions: []string{"no-new-privileges"}, Ulimits: []runtime.Ulimit{{Name: "nofile", Soft: 12, Hard: 34}},
			Sysctls: map[string]string{"net.ipv4.ip_default_ttl": "42"}, Swap: &swap, Swappiness: &swappiness,
		}
		s.Log = runtime.Log{Driver: "json-file", Options: map[string]string{"max-size": "1m"}}
	})
	res, err := r.engine.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, h := res.Container.Config, res.Container.HostConfig
	for what, ok := range map[string]bool{
		"cgroup":          h.CgroupParent == "/ecs/steady-test",
		"stop signal":     c.StopSignal == "SIGUSR1",
		"hostname":        c.Hostname == "chosen",
		"terminal":        c.Tty && c.OpenStdin,
		"dns":             len(h.DNS) == 1 && h.DNS[0].String() == "192.0.2.53" && slices.Equal(h.DNSSearch, []string{"example.test"}),
		"hosts":           slices.Equal(h.ExtraHosts, []string{"db:192.0.2.7"}),
		"pid":             h.PidMode == "host",
		"ipc":             h.IpcMode == "shareable",
		"readonly":        h.ReadonlyRootfs,
		"shared memory":   h.ShmSize == 24<<20,
		"mounts":          slices.Equal(h.Binds, []string{"/tmp:/here:ro"}),
		"tmpfs":           h.Tmpfs["/scratch"] == "noexec,size=1048576",
		"devices":         len(h.Devices) == 2 && h.Devices[0].CgroupPermissions == "r" && h.Devices[1].PathInContainer == "/dev/null" && h.Devices[1].CgroupPermissions == "rwm",
		"init":            h.Init != nil && *h.Init,
		"privileged":      h.Privileged,
		"capabilities":    len(h.CapAdd) == 1 && len(h.CapDrop) == 1,
		"security":        slices.Contains(h.SecurityOpt, "no-new-privileges"),
		"ulimits":         len(h.Ulimits) == 1 && h.Ulimits[0].Soft == 12 && h.Ulimits[0].Hard == 34,
		"sysctls":         h.Sysctls["net.ipv4.ip_default_ttl"] == "42",
		"swap":            h.MemorySwap == 80<<20 && h.MemorySwappiness != nil && *h.MemorySwappiness == 7,
		"log":             h.LogConfig.Type == "json-file" && h.LogConfig.Config["max-size"] == "1m" && h.LogConfig.Config["max-file"] == "3",
		"default network": h.NetworkMode == "default" || h.NetworkMode == "bridge",
	} {
		if !ok {
			t.Errorf("%s: config %+v, host %+v", what, c, h)
		}
	}
}

// A container of the network and the processes of another sees them.
func TestContainersShareNamespaces(t *testing.T) {
	r := needEngine(t)
	first := create(t, r, func(s *runtime.Spec) { s.Namespaces.IPC = "shareable" })
	if err := r.Start(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := create(t, r, func(s *runtime.Spec) {
		s.Ports = nil
		s.Network.Mode = "container:" + first
		s.Namespaces = runtime.Namespaces{PID: "container:" + first, IPC: "container:" + first}
	})
	res, err := r.engine.ContainerInspect(t.Context(), second, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if h := res.Container.HostConfig; string(h.NetworkMode) != "container:"+first || string(h.PidMode) != "container:"+first || string(h.IpcMode) != "container:"+first {
		t.Errorf("%s, %s, %s", h.NetworkMode, h.PidMode, h.IpcMode)
	}
}

// What a terminal wrote is read back.
func TestOutputOfATerminal(t *testing.T) {
	r := needEngine(t)
	id := create(t, r, func(s *runtime.Spec) {
		s.Process.Terminal = true
		s.Env = []string{"STEADY_SAMPLE_CRASH=1", "STEADY_SAMPLE_SAY=one line"}
	})
	if err := r.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	untilExited(t, r, id)
	lines, err := r.Tail(t.Context(), id, 50)
	if err != nil || len(lines) < 2 || !slices.ContainsFunc(lines, func(l runtime.Line) bool { return l.Text == "one line" }) {
		t.Errorf("tail %+v, %v", lines, err)
	}
	told := 0
	for l, err := range r.Output(t.Context(), id, lines[0].At) {
		if err != nil || l.Partial || l.Text != lines[min(told, len(lines)-1)].Text {
			t.Errorf("line %d: %+v, %v", told, l, err)
		}
		told++
	}
	if told != len(lines) {
		t.Errorf("%d lines are told of %d", told, len(lines))
	}
}

func TestTheEphemeralRange(t *testing.T) {
	for text, want := range map[string][2]int{
		"32768\t60999\n": {32768, 60999}, "": {49153, 65535}, "1 x": {49153, 65535}, "9 8": {49153, 65535}, "0 70000": {49153, 65535},
	} {
		first, last := ephemeral(func(string) ([]byte, error) { return []byte(text), nil })
		if first != want[0] || last != want[1] {
			t.Errorf("%q: %d-%d", text, first, last)
		}
	}
}

func TestNanoCPUs(t *testing.T) {
	for _, c := range []struct {
		units      int64
		processors int
		want       int64
	}{
		{0, 2, 0}, {1, 2, 1e7}, {256, 2, 25e7}, {1024, 2, 1e9}, {2048, 2, 0}, {4096, 2, 0}, {2048, 4, 2e9},
	} {
		if got := nanoCPUs(c.units, c.processors); got != c.want {
			t.Errorf("%d units on %d processors: %d, want %d", c.units, c.processors, got, c.want)
		}
	}
}
