package main

import (
	"strings"
	"testing"
	"time"

	"steady/monitor"
)

// Tasks that run something else are not counted for the revision that is to run.
func TestStatusTellsRevisionsApart(t *testing.T) {
	s := monitor.Standing{Service: "web", State: "deploying", Revision: "web:2", Desired: 2, Running: 2}
	var page, table strings.Builder
	printStanding(&page, s, time.Now())
	printStandings(&table, []monitor.Standing{s}, time.Now())
	if want := "Service web is deploying on web:2: 0 of 2 tasks run it, and 2 of what was before still run.\n"; !strings.HasPrefix(page.String(), want) {
		t.Error(page.String())
	}
	if !strings.Contains(table.String(), "0+2 old") {
		t.Error(table.String())
	}
	s.State, s.Current = "steady", 2
	if got := headline(s); got != "Service web is steady on web:2: 2 of 2 tasks run." {
		t.Error(got)
	}
}
