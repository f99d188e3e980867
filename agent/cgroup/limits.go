package cgroup

import "strconv"

// Limits bound a task.
type Limits struct {
	CPU    int64 // the hard limit in 1/1024 of a processor; 0 is none
	Shares int64 // without one, the weight against other tasks; 0 leaves it
	Memory int64 // the hard limit in bytes; 0 is none
}

// The controllers that limits are of.
const (
	cpu    = "cpu"
	memory = "memory"
)

const (
	period    = 100_000 // µs, of a quota, as with the ECS agent
	leastTime = 1_000   // µs, of a quota that the kernel takes
	// Weights that the kernel takes.
	leastShares = 2
	mostShares  = 1 << 18
)

// setting is the value of one file of a cgroup.
type setting struct {
	controller  string
	file, value string
	optional    bool // a kernel without the file does by itself what it says
}

// settings are the files of a cgroup, in the order in which they are to be written.
func (l Limits) settings(unified bool) []setting {
	quota := strconv.FormatInt(max(l.CPU*period/1024, leastTime), 10)
	shares := min(max(l.Shares, leastShares), mostShares)
	var all []setting
	switch {
	case l.CPU > 0 && unified:
		all = append(all, setting{controller: cpu, file: "cpu.max", value: quota + " " + strconv.Itoa(period)})
	case l.CPU > 0:
		all = append(all,
			setting{controller: cpu, file: "cpu.cfs_period_us", value: strconv.Itoa(period)},
			setting{controller: cpu, file: "cpu.cfs_quota_us", value: quota})
	case l.Shares > 0 && unified:
		all = append(all, setting{controller: cpu, file: "cpu.weight", value: strconv.FormatInt(weight(shares), 10)})
	case l.Shares > 0:
		all = append(all, setting{controller: cpu, file: "cpu.shares", value: strconv.FormatInt(shares, 10)})
	}
	bytes := strconv.FormatInt(l.Memory, 10)
	switch {
	case l.Memory > 0 && unified:
		all = append(all, setting{controller: memory, file: "memory.max", value: bytes})
	case l.Memory > 0:
		all = append(all,
			// Before Linux 5.11 a cgroup did not count what those in it use by itself.
			setting{controller: memory, file: "memory.use_hierarchy", value: "1", optional: true},
			setting{controller: memory, file: "memory.limit_in_bytes", value: bytes})
	}
	return all
}

// weight is shares, 2 to 262,144, on the scale of version 2, 1 to 10,000, as the engine has
// it for containers.
func weight(shares int64) int64 {
	return 1 + (shares-leastShares)*9999/(mostShares-leastShares)
}
