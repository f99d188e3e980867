package docker

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"steady/runtime"
)

// The ephemeral range where the kernel does not tell it (ECS: "49153 through 65535").
const (
	firstEphemeral = 49153
	lastEphemeral  = 65535
)

// rows finds host ports in a row, which the engine does not choose by itself. As in the
// ECS agent, what is free now may be taken when the container starts, which fails then;
// going round the range, from anywhere in it, makes that rare: the engine hands out ports
// from the beginning of the range on, and so did every other Steady.
type rows struct {
	mu   sync.Mutex
	next int
}

// inARow gives host ports to those that ask for several dynamic ones. Left to itself the
// engine would choose ports that are in no row.
func (r *Runtime) inARow(ports []runtime.Port) ([]runtime.Port, error) {
	ports = slices.Clone(ports)
	for i := range ports {
		p := &ports[i]
		if p.Count <= 1 || p.HostPort != 0 {
			continue
		}
		if p.HostPort = r.rows.find(p.Count, p.Protocol); p.HostPort == 0 {
			return nil, fmt.Errorf("%d contiguous host ports are unavailable", p.Count)
		}
	}
	return ports, nil
}

// find returns the first of n free ports in a row, 0 if there are none.
func (r *rows) find(n int, protocol string) int {
	first, last := ephemeral(os.ReadFile)
	if n > last-first+1 {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next < first || r.next > last {
		r.next = first + rand.IntN(last-first+1)
	}
	for tried, in := 0, 0; tried <= last-first+n; tried++ {
		if r.next+n-in-1 > last {
			r.next, in = first, 0
		}
		if free(r.next, protocol) {
			in++
		} else {
			in = 0
		}
		r.next++
		if in == n {
			return r.next - n
		}
	}
	return 0
}

// ephemeral is the range from which the kernel gives ports.
func ephemeral(read func(string) ([]byte, error)) (first, last int) {
	b, err := read("/proc/sys/net/ipv4/ip_local_port_range")
	fields := strings.Fields(string(b))
	if err != nil || len(fields) != 2 {
		return firstEphemeral, lastEphemeral
	}
	first, err1 := strconv.Atoi(fields[0])
	last, err2 := strconv.Atoi(fields[1])
	if err1 != nil || err2 != nil || first < 1 || last > 65535 || first > last {
		return firstEphemeral, lastEphemeral
	}
	return first, last
}

// free tells whether nothing on this machine listens on a port.
func free(port int, protocol string) bool {
	address := ":" + strconv.Itoa(port)
	if protocol == "udp" {
		c, err := net.ListenPacket("udp4", address)
		if err != nil {
			return false
		}
		return c.Close() == nil
	}
	l, err := net.Listen("tcp4", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
