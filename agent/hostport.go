package agent

import (
	"context"
	"slices"
	"sync"

	"steady/model"
)

// hostPorts are the ports of the instance that its tasks ask for by number. As with the
// ECS agent a task waits, first come first served, until those that it asks for have
// been given back by the tasks that held them: "resources of stopping tasks are still
// held".
type hostPorts struct {
	mu     sync.Mutex
	claims []*claim // oldest first
}

// claim is what one task asks for.
type claim struct {
	ports   []model.HostPort
	granted chan struct{} // closed when they are the task's
	given   bool
}

// ask notes what a task asks for.
func (h *hostPorts) ask(ports []model.HostPort) *claim {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := &claim{ports: ports, granted: make(chan struct{})}
	h.claims = append(h.claims, c)
	h.grant()
	return c
}

// giveBack ends a claim; it may be repeated.
func (h *hostPorts) giveBack(c *claim) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims = slices.DeleteFunc(h.claims, func(x *claim) bool { return x == c })
	h.grant()
}

// grant gives to each claim what no older one asks for.
func (h *hostPorts) grant() {
	asked := map[model.HostPort]bool{}
	for _, c := range h.claims {
		free := !slices.ContainsFunc(c.ports, func(p model.HostPort) bool { return asked[p] })
		if free && !c.given {
			c.given = true
			close(c.granted)
		}
		for _, p := range c.ports {
			asked[p] = true
		}
	}
}

// of is the host ports of a task as its resource. The task gets its turn here.
func (h *hostPorts) of(t *model.Task) resource {
	c := h.ask(t.HostPorts)
	return resource{
		name: "host ports",
		make: func(ctx context.Context) error {
			select {
			case <-c.granted:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		giveBack: func(context.Context) error {
			h.giveBack(c)
			return nil
		},
	}
}
