package archive

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"steady/archive/segment"
	"steady/archive/table"
	"steady/scan"
)

// unit is a piece of the archive that becomes one block: a table in memory, or a row
// group of a segment.
type unit struct {
	group       string
	from        int64 // where the group's records have not expired
	first, last int64 // times of its records
	view        *table.View
	sealed      *sealed
	file        *segment.File
	rowGroup    int
}

// snapshot is what there was at one moment.
type snapshot struct {
	tables   []*table.Table
	segments []*sealed
	from     map[string]int64 // by group
	missing  scan.Work
}

// Scan implements scan.Source. A segment that turns out to be damaged is moved aside,
// and the scan goes on without it: its records are told as skipped, by this scan and by
// all that would have looked at them.
func (a *Archive) Scan(ctx context.Context, r scan.Request) iter.Seq2[*scan.Block, error] {
	return func(yield func(*scan.Block, error) bool) {
		snap := a.snapshot(r)
		defer a.release(snap.segments)
		units, skipped, err := a.units(snap, r)
		if err != nil {
			yield(nil, err)
			return
		}
		order(units, r.Order)
		a.run(ctx, units, r, skipped, yield)
	}
}

// snapshot takes the tables and segments that a request may find something in. The
// segments must be released.
func (a *Archive) snapshot(r scan.Request) snapshot {
	s := snapshot{from: map[string]int64{}}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range r.Groups {
		g := a.catalog.groups[name]
		if _, twice := s.from[name]; twice || g == nil {
			continue
		}
		s.from[name] = r.From
		if before, ok := g.cutoff(time.Now()); ok {
			s.from[name] = max(r.From, before)
		}
		s.tables = append(s.tables, a.tablesOf(name)...)
	}
	for _, seg := range a.segments {
		if from, ok := s.from[seg.Group]; ok && seg.MaxTime >= from && seg.MinTime <= r.To {
			seg.readers++
			s.segments = append(s.segments, seg)
		}
	}
	s.missing = a.missing(s, r)
	return s
}

// units lists what must be read, and what need not be.
func (a *Archive) units(s snapshot, r scan.Request) (units []unit, skipped scan.Work, err error) {
	skipped = s.missing
	for _, t := range s.tables {
		v := t.View(func(name string) bool { return needs(r, name) })
		if len(v.Times) == 0 {
			continue
		}
		first, last := v.Span()
		units = append(units, unit{group: t.Group, from: s.from[t.Group], first: first, last: last, view: &v})
	}
	for _, seg := range s.segments {
		f, err := seg.open()
		if err != nil {
			if err := a.damagedSegment(seg, err); err != nil {
				return nil, skipped, err
			}
			skipped.SkippedRecords += seg.Records
			skipped.SkippedBytes += seg.Bytes
			continue
		}
		for i := range f.RowGroups() {
			first, last := f.Span(i)
			units = append(units, unit{group: seg.Group, from: s.from[seg.Group], first: first, last: last, sealed: seg, file: f, rowGroup: i})
		}
	}
	units = slices.DeleteFunc(units, func(u unit) bool {
		if u.last >= u.from && u.first <= r.To {
			return false
		}
		records, bytes := u.size()
		skipped.SkippedRecords += records
		skipped.SkippedBytes += bytes
		return true
	})
	return units, skipped, nil
}

// needs says whether a field's values are needed, to show or to check.
func needs(r scan.Request, name string) bool {
	return r.AllFields || slices.Contains(r.Fields, name) ||
		slices.ContainsFunc(r.Where, func(c scan.Condition) bool { return c.Field == name })
}

func (u unit) size() (records, bytes int64) {
	if u.view != nil {
		return int64(len(u.view.Times)), u.view.Bytes
	}
	return u.file.Records(u.rowGroup)
}

func order(units []unit, o scan.Order) {
	slices.SortStableFunc(units, func(x, y unit) int {
		switch o {
		case scan.NewestFirst:
			return cmp.Compare(y.last, x.last)
		case scan.OldestFirst:
			return cmp.Compare(x.first, y.first)
		}
		return 0
	})
}

// bounds says for each unit what scan.Block.Bound says of those behind it.
func bounds(units []unit, o scan.Order) []int64 {
	out := make([]int64, len(units))
	newest, oldest := end(scan.NewestFirst), end(scan.OldestFirst)
	for i := len(units) - 1; i >= 0; i-- {
		out[i] = newest
		if o == scan.OldestFirst {
			out[i] = oldest
		}
		newest, oldest = max(newest, units[i].last), min(oldest, units[i].first)
	}
	return out
}
