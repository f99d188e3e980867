package model

import (
	"fmt"
	"strconv"
	"strings"
)

// PortRange is several ports in a row, both ends included.
type PortRange struct{ First, Last int }

// ParsePortRange reads a containerPortRange, "8000-8010": "valid values are between 1 and
// 65535", and "the first port in the range must be less than the last port".
func ParsePortRange(s string) (PortRange, error) {
	first, last, found := strings.Cut(s, "-")
	r := PortRange{port(first), port(last)}
	if !found || r.First == 0 || r.Last == 0 || r.First >= r.Last {
		return PortRange{}, fmt.Errorf("%q is not a range of ports: use FIRST-LAST, both from 1 to 65535, the first less than the last", s)
	}
	return r, nil
}

// port reads the decimal digits of a port, 0 if they are not of one.
func port(s string) int {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || s[0] == '+' {
		return 0
	}
	return int(n)
}

// Len is the number of ports.
func (r PortRange) Len() int { return r.Last - r.First + 1 }

// String is the range as the API writes it.
func (r PortRange) String() string { return strconv.Itoa(r.First) + "-" + strconv.Itoa(r.Last) }

// Overlaps tells whether a port is in both.
func (r PortRange) Overlaps(o PortRange) bool { return r.First <= o.Last && o.First <= r.Last }
