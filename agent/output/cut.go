package output

import "time"

// cut tells how many of the events, counted from the first, may be kept now, and through
// what time they then hold every line: no line that is in a later event, or in none yet
// (open, the oldest of those; zero if there is none), or still to come (none of those is
// older than settled), may be as old. The lines of stdout and of stderr are each in the
// order of their times, but not together.
func cut(events []event, open, settled time.Time) (n int, through time.Time) {
	oldest := make([]time.Time, len(events)+1) // of the lines from each event on
	oldest[len(events)] = settled
	if !open.IsZero() {
		oldest[len(events)] = earlier(open, settled)
	}
	for i := len(events) - 1; i >= 0; i-- {
		oldest[i] = earlier(events[i].first, oldest[i+1])
	}
	var newest time.Time
	for i, e := range events {
		newest = later(newest, e.last)
		if newest.Before(oldest[i+1]) {
			n, through = i+1, newest
		}
	}
	return n, through
}
