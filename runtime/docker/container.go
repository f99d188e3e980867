package docker

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// minCPUShares is the least weight that the kernel takes. ECS: "null and zero CPU
// values are passed to Docker as 2".
const minCPUShares = 2

// Create makes a container. An image that is not there is not pulled: Pull comes first.
// What the engine says that it will not honour is logged.
func (r *Runtime) Create(ctx context.Context, spec runtime.Spec) (string, error) {
	const name = "CannotCreateContainerError"
	ports, err := r.inARow(spec.Ports)
	if err != nil {
		return "", failure(name, spec.Name, err)
	}
	spec.Ports = ports
	config, host, err := configOf(spec)
	if err != nil {
		return "", failure(name, spec.Name, err)
	}
	res, err := r.engine.ContainerCreate(ctx, client.ContainerCreateOptions{Name: spec.Name, Config: config, HostConfig: host})
	if errdefs.IsConflict(err) {
		return "", &runtime.Error{Kind: runtime.Exists, Name: name, Detail: err.Error()}
	}
	if err != nil {
		return "", failure(name, spec.Name, err)
	}
	for _, w := range res.Warnings {
		slog.Warn("the engine warns of a container that it made", "container", spec.Name, "warning", w)
	}
	return res.ID, nil
}

// healthConfig is the check that a container gets. ECS "does not monitor Docker health
// checks that are embedded in an image": without one of its own it gets NONE.
func healthConfig(h *runtime.HealthCheck) *container.HealthConfig {
	if h == nil {
		return &container.HealthConfig{Test: []string{"NONE"}}
	}
	return &container.HealthConfig{
		Test: h.Test, Interval: h.Interval, Timeout: h.Timeout,
		StartPeriod: h.StartPeriod, Retries: h.Retries,
	}
}

// portMap publishes ports on every IPv4 address of the machine. Host port 0 lets the
// engine choose from the ephemeral range, as ECS's dynamic host port mapping does.
func portMap(ports []runtime.Port) (network.PortSet, network.PortMap, error) {
	exposed, bindings := network.PortSet{}, network.PortMap{}
	for _, p := range ports {
		count := max(p.Count, 1)
		if p.ContainerPort < 1 || p.ContainerPort+count-1 > 65535 || p.HostPort < 0 || p.HostPort+count-1 > 65535 {
			return nil, nil, fmt.Errorf("publish %d container ports from %d on host ports from %d: ports are 1 to 65535", count, p.ContainerPort, p.HostPort)
		}
		protocol := network.TCP
		if p.Protocol != "" {
			protocol = network.IPProtocol(p.Protocol)
		}
		for i := range count {
			port, _ := network.PortFrom(uint16(p.ContainerPort+i), protocol)
			host := 0
			if p.HostPort > 0 {
				host = p.HostPort + i
			}
			exposed[port] = struct{}{}
			bindings[port] = append(bindings[port], network.PortBinding{
				HostIP:   netip.IPv4Unspecified(),
				HostPort: strconv.Itoa(host),
			})
		}
	}
	return exposed, bindings, nil
}

// Start starts a container. One that cannot start (no such command, a host port that
// is taken) stays created, for its caller to remove. Of many the engine is given a few
// at a time.
func (r *Runtime) Start(ctx context.Context, id string) error {
	const name = "CannotStartContainerError"
	over, err := r.starts.take(ctx)
	if err != nil {
		return failure(name, id, err)
	}
	defer over()
	if _, err := r.engine.ContainerStart(ctx, id, client.ContainerStartOptions{}); err != nil {
		return failure(name, id, err)
	}
	return nil
}

// Stop lets the engine send the image's stop signal, wait and kill. The engine counts
// grace in whole seconds: it is rounded up, and at least one (the ECS agent's least
// stop time-out).
func (r *Runtime) Stop(ctx context.Context, id string, grace time.Duration) error {
	seconds := max(1, int((grace+time.Second-1)/time.Second))
	if _, err := r.engine.ContainerStop(ctx, id, client.ContainerStopOptions{Timeout: &seconds}); err != nil {
		return failure("CannotStopContainerError", id, err)
	}
	return nil
}

// Remove kills and removes a container with its anonymous volumes. While another
// caller's removal is in progress it waits for that one.
func (r *Runtime) Remove(ctx context.Context, id string) error {
	const name = "CannotRemoveContainerError"
	_, err := r.engine.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	switch {
	case err == nil || errdefs.IsNotFound(err):
		return nil
	case !errdefs.IsConflict(err):
		return failure(name, id, err)
	}
	gone := r.engine.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionRemoved})
	select {
	case <-gone.Result:
		return nil
	case err := <-gone.Error:
		if errdefs.IsNotFound(err) {
			return nil
		}
		return failure(name, id, err)
	case <-ctx.Done():
		return failure(name, id, ctx.Err())
	}
}
