package docker

import (
	"strings"
	"testing"

	"steady/runtime"
)

// A range that does not fit is refused: the engine would publish ports that are in no row,
// and the binding that is told would be of ports that are somebody else's.
func TestARangeThatDoesNotFitIsRefused(t *testing.T) {
	r := &Runtime{}
	ports, err := r.inARow([]runtime.Port{{ContainerPort: 1, Count: 65535, Protocol: "tcp"}})
	if err == nil || !strings.Contains(err.Error(), "65535 contiguous host ports are unavailable") {
		t.Errorf("%+v, %v", ports, err)
	}
}

// The engine hands out ports from the beginning of the range on: who began there as well
// would choose what the next container gets.
func TestRowsBeginAnywhere(t *testing.T) {
	begin := map[int]bool{}
	for range 20 {
		begin[new(rows).find(1, "tcp")] = true
	}
	if begin[0] || len(begin) < 10 {
		t.Errorf("20 installations begin at %v", begin)
	}
}

func TestPortsInARow(t *testing.T) {
	r := &Runtime{}
	ports, err := r.inARow([]runtime.Port{{ContainerPort: 80}, {ContainerPort: 100, Count: 5, Protocol: "tcp"}, {ContainerPort: 200, Count: 5, Protocol: "udp"}, {ContainerPort: 300, Count: 2, HostPort: 9}})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := ports[1].HostPort, ports[2].HostPort; ports[0].HostPort != 0 || a == 0 || b == 0 || a < b+5 && b < a+5 || ports[3].HostPort != 9 {
		t.Errorf("%+v", ports)
	}
}
