package main

import (
	"fmt"

	"steady/archive"
)

// wrongWith says, a line each, what is wrong with the archive.
func wrongWith(h archive.Health) []string {
	var lines []string
	for _, c := range []archive.Class{archive.Events, archive.Logs, archive.Telemetry} {
		if why := h.Refused[c]; why != "" {
			lines = append(lines, fmt.Sprintf("the archive takes no %s: %s", c, why))
		}
	}
	if h.Failing != "" {
		lines = append(lines, fmt.Sprintf("the archive cannot seal records, %d bytes of them are only in its journal: %s", h.Unsealed, h.Failing))
	}
	for _, what := range h.Damaged {
		lines = append(lines, damagedLine+what)
	}
	return lines
}
