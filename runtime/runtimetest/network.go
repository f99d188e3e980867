package runtimetest

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"steady/runtime"
)

// network makes a network that is removed when the test ends.
func (s *suite) network(t *testing.T) (name string, labels map[string]string) {
	t.Helper()
	name = fmt.Sprintf("steady-test-%d", time.Now().UnixNano())
	labels = map[string]string{Label: s.run, Label + ".name": s.name(t)}
	must(t, s.rt.CreateNetwork(within(t), name, labels))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if _, err := s.rt.RemoveNetworks(ctx, labels); err != nil {
			t.Errorf("remove network %s: %v", name, err)
		}
	})
	return name, labels
}

// in describes a container that serves in a network, and publishes nothing.
func (s *suite) in(t *testing.T, mode string) runtime.Spec {
	spec := s.spec(t, serves)
	spec.Ports, spec.Network.Mode = nil, mode
	return spec
}

// networks: one container holds an address in a network, others share it.
func networks(t *testing.T, s *suite) {
	name, labels := s.network(t)
	holder := s.create(t, s.in(t, name))
	must(t, s.rt.Start(within(t), holder))
	c := s.inspect(t, holder)
	if c.Address == "" || c.MAC == "" {
		t.Errorf("in a network of its own: address %q, MAC %q", c.Address, c.MAC)
	}
	subnet, err := s.rt.Subnet(within(t), name)
	must(t, err)
	if at, err := netip.ParseAddr(c.Address); err != nil || !subnet.Contains(at) {
		t.Errorf("address %s is not of its network, %s", c.Address, subnet)
	}
	_, err = s.rt.Subnet(within(t), name+"-missing")
	wantError(t, err, "ContainerNetworkingError", runtime.NotFound)
	shared := s.create(t, s.in(t, runtime.Joining(holder)))
	must(t, s.rt.Start(within(t), shared))
	if c := s.inspect(t, shared); c.Address != "" {
		t.Errorf("in another container's network: address %q", c.Address)
	}
	if n, err := s.rt.RemoveNetworks(within(t), labels); err != nil || n != 0 {
		t.Errorf("removed %d networks that are in use, %v", n, err)
	}
	must(t, s.rt.Remove(within(t), shared))
	must(t, s.rt.Remove(within(t), holder))
	if n, err := s.rt.RemoveNetworks(within(t), labels); err != nil || n != 1 {
		t.Errorf("removed %d networks, %v", n, err)
	}
	alone := s.create(t, s.in(t, name))
	wantError(t, s.rt.Start(within(t), alone), "CannotStartContainerError", runtime.NotFound)
	for _, mode := range []string{"host", "none"} {
		id := s.create(t, s.in(t, mode))
		if mode == "none" { // with "host" its port may be taken on this machine
			must(t, s.rt.Start(within(t), id))
		}
		if c := s.inspect(t, id); c.Address != "" {
			t.Errorf("in mode %s: address %q", mode, c.Address)
		}
	}
}

// networkOnce: several that make a network at once make one.
func networkOnce(t *testing.T, s *suite) {
	name, labels := s.network(t)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if err := s.rt.CreateNetwork(within(t), name, labels); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n, err := s.rt.RemoveNetworks(within(t), labels); err != nil || n != 1 {
		t.Errorf("removed %d networks, %v", n, err)
	}
}
