package sim

import (
	"testing"
	"testing/synctest"
	"time"

	"steady/runtime"
)

// A start that was under way when its caller was killed must not start the container
// again that the next caller has started and stopped.
func TestTwoStartsUnderWayStartOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		id := create(t, r, "start=10s")
		first := make(chan error)
		go func() { first <- r.Start(t.Context(), id) }()
		time.Sleep(5 * time.Second)
		second := make(chan error)
		go func() { second <- r.Start(t.Context(), id) }()
		if err := <-first; err != nil {
			t.Fatal(err)
		}
		if err := r.Stop(t.Context(), id, time.Second); err != nil {
			t.Fatal(err)
		}
		if err := <-second; err != nil {
			t.Fatal(err)
		}
		if c := look(t, r, id); c.State != runtime.Exited {
			t.Fatalf("the container is %s", c.State)
		}
	})
}

func TestContainersOfAMachineHaveAddressesOfTheirOwn(t *testing.T) {
	r := New(Options{})
	seen := map[string]bool{}
	for range 300 {
		c := look(t, r, play(t, r, ""))
		if seen[c.Address] || seen[c.MAC] || c.Address == "" || c.MAC == "" {
			t.Fatalf("address %q, MAC %q", c.Address, c.MAC)
		}
		seen[c.Address], seen[c.MAC] = true, true
	}
}
