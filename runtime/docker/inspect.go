package docker

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// listWorkers is how many containers List looks at together.
const listWorkers = 8

// Inspect looks at one container.
func (r *Runtime) Inspect(ctx context.Context, id string) (runtime.Container, error) {
	res, err := r.engine.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return runtime.Container{}, failure("CannotInspectContainerError", id, err)
	}
	c := fromEngine(res.Container)
	c.OOMKilled = c.OOMKilled || r.outOfMemory(ctx, res.Container, c)
	return c, nil
}

// List finds containers by their labels and inspects each, because the engine's own
// list lacks exit codes and times. One that vanishes meanwhile is left out.
func (r *Runtime) List(ctx context.Context, labels map[string]string) ([]runtime.Container, error) {
	found, err := r.engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: labelFilter(labels)})
	if err != nil {
		return nil, fmt.Errorf("list containers labelled %v: %w", labels, err)
	}
	all := make([]runtime.Container, len(found.Items))
	errs := make([]error, len(found.Items))
	var wg sync.WaitGroup
	slots := make(chan struct{}, listWorkers)
	for i, c := range found.Items {
		slots <- struct{}{}
		wg.Go(func() {
			all[i], errs[i] = r.Inspect(ctx, c.ID)
			<-slots
		})
	}
	wg.Wait()
	present := all[:0]
	for i := range all {
		if errs[i] == nil {
			present = append(present, all[i])
			continue
		}
		if e, ok := errs[i].(*runtime.Error); !ok || e.Kind != runtime.NotFound {
			return nil, errs[i]
		}
	}
	return present, nil
}

// labelFilter selects containers that carry all these labels.
func labelFilter(labels map[string]string) client.Filters {
	f := make(client.Filters)
	for k, v := range labels {
		f.Add("label", k+"="+v)
	}
	return f
}

// fromEngine keeps of the engine's description what the seam speaks of.
func fromEngine(in container.InspectResponse) runtime.Container {
	c := runtime.Container{ID: in.ID, Name: strings.TrimPrefix(in.Name, "/"), ImageID: in.Image, CreatedAt: timeOf(in.Created)}
	for _, m := range in.Mounts {
		c.Mounts = append(c.Mounts, runtime.Mount{Volume: m.Name, Source: m.Source, Target: m.Destination, ReadOnly: !m.RW})
	}
	if in.Config != nil {
		c.Image, c.Labels = in.Config.Image, in.Config.Labels
	}
	if in.State == nil {
		return c
	}
	c.State = stateOf(in.State.Status)
	c.Error = in.State.Error
	c.OOMKilled = in.State.OOMKilled
	c.StartedAt = timeOf(in.State.StartedAt)
	c.FinishedAt = timeOf(in.State.FinishedAt)
	// A container that failed to start carries the shell's code for that (127) while
	// it is still "created"; ECS has no exit code for a container that never ran.
	if c.State == runtime.Exited {
		c.ExitCode = in.State.ExitCode
	}
	// Of a container that has ended the engine says "unhealthy", whatever it was.
	if c.State == runtime.Running {
		healthOf(in.State.Health, &c)
	}
	if c.State == runtime.Running && in.NetworkSettings != nil {
		c.Ports = portsOf(in.NetworkSettings.Ports)
		c.Address, c.MAC = addressOf(in.NetworkSettings.Networks)
	}
	return c
}

// stateOf maps the engine's seven states to three. A paused container still has its
// processes; a dead one is an exited one whose removal failed.
func stateOf(s container.ContainerState) runtime.State {
	switch s {
	case container.StateCreated:
		return runtime.Created
	case container.StateRunning, container.StatePaused, container.StateRestarting:
		return runtime.Running
	}
	return runtime.Exited
}

// healthOf notes what the checks say, and how the last of them ended.
func healthOf(h *container.Health, c *runtime.Container) {
	if h == nil {
		return
	}
	switch h.Status {
	case container.Starting:
		c.Health = runtime.Starting
	case container.Healthy:
		c.Health = runtime.Healthy
	case container.Unhealthy:
		c.Health = runtime.Unhealthy
	default:
		return
	}
	if n := len(h.Log); n > 0 && h.Log[n-1] != nil {
		output := strings.TrimSpace(h.Log[n-1].Output)
		c.HealthOutput = strings.ToValidUTF8(output[max(0, len(output)-runtime.HealthOutputBytes):], "")
		c.HealthExitCode = h.Log[n-1].ExitCode
	}
}

// timeOf reads the engine's time; "0001-01-01T00:00:00Z" is its "never".
func timeOf(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t
}

// addressOf is where a container is in the first of its networks, by name, in which it
// has an address.
func addressOf(networks map[string]*network.EndpointSettings) (address, mac string) {
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if n := networks[name]; n != nil && n.IPAddress.IsValid() && !n.IPAddress.IsUnspecified() {
			return n.IPAddress.String(), n.MacAddress.String()
		}
	}
	return "", ""
}

// portsOf is the IPv4 bindings, in a fixed order. An engine that also publishes on
// IPv6 lists the same port twice.
func portsOf(bound network.PortMap) []runtime.Port {
	var ports []runtime.Port
	for port, bindings := range bound {
		for _, b := range bindings {
			host, err := strconv.Atoi(b.HostPort)
			if err != nil || b.HostIP.Is6() {
				continue
			}
			ports = append(ports, runtime.Port{ContainerPort: int(port.Num()), HostPort: host, Protocol: string(port.Proto())})
		}
	}
	slices.SortFunc(ports, func(a, b runtime.Port) int {
		return cmp.Or(cmp.Compare(a.ContainerPort, b.ContainerPort), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.HostPort, b.HostPort))
	})
	return slices.Compact(ports)
}
