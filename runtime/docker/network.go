package docker

import (
	"context"
	"fmt"
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
