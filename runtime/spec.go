package runtime

import "strings"

// Network is where a container is in the network, and what it calls the others.
type Network struct {
	// Mode is "host", "none", "container:<id>" for the network of another container, or
	// the name of a network; empty is the default bridge.
	Mode     string
	Hostname string
	DNS      []string // addresses of name servers
	Search   []string // domains in which names without a dot are looked for
	Hosts    []Host   // names that need no name server
	// Links are containers of the default bridge that this one reaches by a name, each
	// "container" or "container:alias". They have to run before it starts.
	Links []string
}

// Joining is the network mode that shares the network of another container.
func Joining(container string) string { return "container:" + container }

// SharedWith tells which container's network a mode shares, if any.
func SharedWith(mode string) (container string, ok bool) {
	return strings.CutPrefix(mode, "container:")
}

// Host is a name and its address.
type Host struct{ Name, Address string }

// Namespaces are what else a container shares with its machine or with another container.
type Namespaces struct {
	PID string // empty: its own; "host"; "container:<id>"
	// IPC is empty for the runtime's default, "private", "none" for one without shared
	// memory, "host", "shareable" for one of its own that others may join, or
	// "container:<id>" to join it.
	IPC string
}

// Files are what a container sees in its file system beside its image.
type Files struct {
	ReadonlyRoot bool // its own layer cannot be written
	Mounts       []Mount
	// VolumesFrom are containers whose mounts it gets, each "container", "container:ro"
	// or "container:rw".
	VolumesFrom []string
	Tmpfs       []Tmpfs
	Devices     []Device
	// SharedMemory is the size of /dev/shm in bytes; 0 is the runtime's default.
	SharedMemory int64
}

// Mount is a directory or a volume in a container: either Source or Volume is given.
type Mount struct {
	Source   string // a path of the machine; a directory is made where there is none
	Volume   string // the name of a volume
	Target   string // a path in the container
	ReadOnly bool
}

// Tmpfs is a file system in memory.
type Tmpfs struct {
	Target  string
	Bytes   int64
	Options []string // of mount: "noexec", "mode=700", …
}

// Device is a device of the machine in a container.
type Device struct {
	Source      string // on the machine
	Target      string // in the container; empty: as on the machine
	Permissions string // of r, w, m; empty: all three
}

// Process is what the processes of a container may do, and how they start.
type Process struct {
	Init        bool // an init process reaps and forwards signals
	Terminal    bool // a pseudo-terminal: stdout and stderr are one
	Interactive bool // stdin is open
	Privileged  bool
	CapAdd      []string
	CapDrop     []string
	// SecurityOptions are the engine's: "no-new-privileges", "label:…", "apparmor:…".
	SecurityOptions []string
	Ulimits         []Ulimit
	Sysctls         map[string]string // kernel parameters of the container's namespaces
	// Swap is how much more than Memory may be swapped out, in bytes; nil leaves it to the
	// runtime, and -1 does not bound it.
	Swap       *int64
	Swappiness *int64 // 0 to 100; nil leaves it to the runtime
}

// Ulimit is a resource limit of the processes.
type Ulimit struct {
	Name       string // "nofile", …
	Soft, Hard int64  // -1 is no limit
}

// Log is where the engine puts what a container writes. An empty Driver is one that the
// runtime can read back, bounded.
type Log struct {
	Driver  string
	Options map[string]string
}
