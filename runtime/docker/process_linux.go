package docker

import (
	"net"
	"strings"

	"golang.org/x/sys/unix"
)

// process is who listens at the engine's socket, the engine itself or the init that hands
// it the socket; 0 where that is not of this machine, or not seen from this PID namespace.
func process(host string) int {
	name, ok := strings.CutPrefix(host, "unix://")
	if !ok {
		return 0
	}
	c, err := net.Dial("unix", name)
	if err != nil {
		return 0
	}
	defer c.Close()
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0
	}
	pid := 0
	raw.Control(func(fd uintptr) {
		if peer, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = int(peer.Pid)
		}
	})
	return pid
}
