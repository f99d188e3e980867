package cgroup

import (
	"slices"
	"strconv"
	"strings"
)

// hierarchy is a tree of cgroups that is mounted on this machine.
type hierarchy struct {
	dir     string
	device  string   // "0:28"
	root    string   // the cgroup that is seen there: "/" is the first of all
	unified bool     // of version 2
	options []string // of version 1, its controllers among them
}

// has tells whether the cgroups here have a controller. A hierarchy of version 2 has those
// that none of version 1 has taken.
func (h hierarchy) has(controller string, unified bool) bool {
	return h.unified == unified && (unified || slices.Contains(h.options, controller))
}

// mounted finds the hierarchies in /proc/PID/mountinfo, each once.
func mounted(mountinfo string) []hierarchy {
	var all []hierarchy
	known := map[string]bool{}
	for line := range strings.Lines(mountinfo) {
		mount, system, _ := strings.Cut(line, " - ")
		at, of := strings.Fields(mount), strings.Fields(system)
		if len(at) < 5 || len(of) < 3 || of[0] != "cgroup" && of[0] != "cgroup2" || known[at[2]] {
			continue
		}
		known[at[2]] = true
		all = append(all, hierarchy{
			dir: plain(at[4]), device: at[2], root: plain(at[3]), unified: of[0] == "cgroup2", options: strings.Split(of[2], ","),
		})
	}
	return all
}

// plain is a path in which blanks are written in octal digits.
func plain(field string) string {
	var b strings.Builder
	for i := 0; i < len(field); i++ {
		if field[i] == '\\' && i+3 < len(field) {
			if n, err := strconv.ParseUint(field[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(field[i])
	}
	return b.String()
}
