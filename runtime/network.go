package runtime

import (
	"context"
	"net/netip"
)

// Networks are private networks of the machine: containers in the same one reach each
// other, and the machine reaches them, at addresses of their own. They have a name and a
// life of their own.
type Networks interface {
	// CreateNetwork makes a network. One of that name that is there already is left as it
	// is, also when several make it at once. Fails with an *Error named
	// ContainerNetworkingError.
	CreateNetwork(ctx context.Context, name string, labels map[string]string) error
	// Subnet tells the addresses of a network, IPv4; "bridge" is the default one. One whose
	// machine is another than this gives an error, a missing one that of Kind NotFound.
	Subnet(ctx context.Context, name string) (netip.Prefix, error)
	// RemoveNetworks removes the networks that carry all these labels and that no
	// container is in, and tells how many those were.
	RemoveNetworks(ctx context.Context, labels map[string]string) (int, error)
}
