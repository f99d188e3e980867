package docker

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// networkError is the ECS agent's name for what goes wrong with a container's network.
const networkError = "ContainerNetworkingError"

// CreateNetwork asks the engine for a bridge network with a range of addresses that the
// engine chooses. Engines before 25 make several of one name, if they are asked to: so
// one caller after the other looks first.
func (r *Runtime) CreateNetwork(ctx context.Context, name string, labels map[string]string) error {
	r.networks.Lock()
	defer r.networks.Unlock()
	found, err := r.engine.NetworkList(ctx, client.NetworkListOptions{Filters: make(client.Filters).Add("name", name)})
	if err != nil {
		return failure(networkError, name, err)
	}
	for _, n := range found.Items {
		if n.Name == name { // the filter finds parts of names
			return nil
		}
	}
	_, err = r.engine.NetworkCreate(ctx, name, client.NetworkCreateOptions{Driver: "bridge", Labels: labels})
	if err != nil && !errdefs.IsConflict(err) {
		return failure(networkError, name, err)
	}
	return nil
}

// Subnet asks the engine for the range of addresses of a network.
func (r *Runtime) Subnet(ctx context.Context, name string) (netip.Prefix, error) {
	if host := r.engine.DaemonHost(); !strings.HasPrefix(host, "unix:") && !strings.Contains(host, "//127.") && !strings.Contains(host, "//localhost") {
		return netip.Prefix{}, fmt.Errorf("network %s is on another machine, that of the Docker Engine at %s", name, host)
	}
	res, err := r.engine.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if err != nil {
		return netip.Prefix{}, failure(networkError, name, err)
	}
	for _, c := range res.Network.IPAM.Config {
		if c.Subnet.IsValid() && c.Subnet.Addr().Is4() {
			return c.Subnet.Masked(), nil
		}
	}
	return netip.Prefix{}, &runtime.Error{Name: networkError, Detail: "network " + name + " has no range of IPv4 addresses"}
}

// RemoveNetworks removes networks by their labels. The engine refuses to remove one that
// a container is in.
func (r *Runtime) RemoveNetworks(ctx context.Context, labels map[string]string) (removed int, err error) {
	found, err := r.engine.NetworkList(ctx, client.NetworkListOptions{Filters: labelFilter(labels)})
	if err != nil {
		return 0, fmt.Errorf("list networks labelled %v: %w", labels, err)
	}
	for _, n := range found.Items {
		_, err := r.engine.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
		switch {
		case err == nil:
			removed++
		case errdefs.IsNotFound(err) || strings.Contains(err.Error(), "has active endpoints"):
		default:
			return removed, failure(networkError, n.Name, err)
		}
	}
	return removed, nil
}

var _ runtime.Networks = (*Runtime)(nil)
