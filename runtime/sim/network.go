package sim

import (
	"context"
	"maps"
	"net/netip"

	"steady/runtime"
)

// CreateNetwork notes a network.
func (r *Runtime) CreateNetwork(ctx context.Context, name string, labels map[string]string) error {
	if err := ctx.Err(); err != nil {
		return ended("ContainerNetworkingError", name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, there := r.networks[name]; !there {
		r.networks[name] = maps.Clone(labels)
	}
	return nil
}

// Subnet tells the range that all addresses are from.
func (r *Runtime) Subnet(ctx context.Context, name string) (netip.Prefix, error) {
	if err := ctx.Err(); err != nil {
		return netip.Prefix{}, ended("ContainerNetworkingError", name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, there := r.networks[name]; !there && name != "bridge" {
		return netip.Prefix{}, &runtime.Error{Kind: runtime.NotFound, Name: "ContainerNetworkingError", Detail: "Error response from daemon: network " + name + " not found"}
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10}), 8), nil
}

// RemoveNetworks forgets networks.
func (r *Runtime) RemoveNetworks(ctx context.Context, labels map[string]string) (removed int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, ended("ContainerNetworkingError", "", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, carried := range r.networks {
		if carries(carried, labels) && !r.inhabited(name) {
			delete(r.networks, name)
			removed++
		}
	}
	return removed, nil
}

// inhabited tells whether a running container is in a network.
func (r *Runtime) inhabited(network string) bool {
	for _, c := range r.containers {
		if c.network == network && c.run != nil {
			return true
		}
	}
	return false
}

// joins checks that what a container is to be in is there. As with Docker, the container
// whose network is shared must run.
func (r *Runtime) joins(c *container) (kind runtime.Kind, detail string) {
	shared, ok := runtime.SharedWith(c.network)
	switch {
	case c.network == "" || c.network == "host" || c.network == "none":
	case !ok && r.networks[c.network] == nil:
		return runtime.NotFound, "Error response from daemon: network " + c.network + " not found"
	case ok && (r.containers[shared] == nil || r.containers[shared].run == nil):
		return runtime.Other, "Error response from daemon: cannot join network of a non running container: " + shared
	}
	return runtime.Other, ""
}

// addressed tells whether a container has an address of its own.
func (c *container) addressed() bool {
	_, shared := runtime.SharedWith(c.network)
	return !shared && c.network != "host" && c.network != "none"
}
