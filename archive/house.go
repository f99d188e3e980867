package archive

import (
	"cmp"
	"slices"
	"time"
)

// keepHouse removes what has expired and what is too much, and joins small segments.
// At rest is when nothing has been sealed for a while.
func (a *Archive) keepHouse(atRest bool) {
	few := mergeAt
	if atRest {
		few = mergeAtRest
	}
	a.house.Lock()
	defer a.house.Unlock()
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"remove expired records", a.expire},
		{"keep the archive within its size", a.shrink},
		{"join small segments", func() error { return a.compact(few) }},
	} {
		if err := step.do(); err != nil {
			a.log.Error("could not "+step.what+", trying again later", "err", err)
		}
	}
}

// cutoff is the time before which a group's records have expired, or ok is false.
func (g *group) cutoff(now time.Time) (ms int64, ok bool) {
	if g.RetentionDays <= 0 {
		return 0, false
	}
	return now.AddDate(0, 0, -g.RetentionDays).UnixMilli(), true
}

// expire removes segments whose every record is older than its group's retention. The
// expired records of others are not shown any more.
func (a *Archive) expire() error {
	a.mu.Lock()
	var gone []*sealed
	for _, s := range a.segments {
		if g := a.catalog.groups[s.Group]; g != nil {
			if before, ok := g.cutoff(time.Now()); ok && s.MaxTime < before {
				gone = append(gone, s)
			}
		}
	}
	a.mu.Unlock()
	if len(gone) == 0 {
		return nil
	}
	return a.replace(gone, nil)
}

// shrink removes the oldest segments of the least important class while there is too
// much.
func (a *Archive) shrink() error {
	if a.options.MaxBytes <= 0 {
		return nil
	}
	used, err := a.used()
	if err != nil {
		return err
	}
	a.mu.Lock()
	all := slices.Clone(a.segments)
	a.mu.Unlock()
	slices.SortFunc(all, func(x, y *sealed) int {
		return cmp.Or(cmp.Compare(x.class, y.class), cmp.Compare(x.MaxTime, y.MaxTime))
	})
	var gone []*sealed
	for _, s := range all {
		if used <= a.options.MaxBytes {
			break
		}
		used -= s.Size
		gone = append(gone, s)
	}
	if len(gone) == 0 {
		return nil
	}
	for _, s := range gone {
		a.log.Warn("records were removed to keep the archive within its size",
			"group", s.Group, "class", s.class.String(), "records", s.Records, "until", time.UnixMilli(s.MaxTime).UTC())
	}
	return a.replace(gone, nil)
}
