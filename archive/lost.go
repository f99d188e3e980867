package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"steady/scan"
)

// asideOf is where the file of a damaged segment is moved to.
func (a *Archive) asideOf(name string) string {
	return filepath.Join(a.dir, damagedDir, strings.ReplaceAll(name, string(filepath.Separator), "_"))
}

// loadDamaged reports what was moved aside before. A segment whose file is there no more
// is given up: its records are not missed any longer.
func (a *Archive) loadDamaged() error {
	lost, err := a.store.lost(func(name string) bool {
		_, err := os.Stat(a.asideOf(name))
		return !errors.Is(err, fs.ErrNotExist)
	})
	if err != nil {
		return fmt.Errorf("read which segments are lost: %w", err)
	}
	whose := map[string]string{}
	for name, row := range lost {
		a.lost = append(a.lost, row.Info)
		whose[a.asideOf(name)] = fmt.Sprintf(" with %d records of %s", row.Records, row.Group)
	}
	files, err := filepath.Glob(filepath.Join(a.dir, damagedDir, "*"))
	for _, f := range files {
		a.health.Damaged = append(a.health.Damaged, f+whose[f]+": moved aside before the last start")
	}
	return err
}

// quarantine moves a damaged segment aside and goes on without it.
func (a *Archive) quarantine(s *sealed, cause error) error {
	aside := a.asideOf(s.name)
	a.mu.Lock()
	if s.dropped {
		a.mu.Unlock()
		return nil
	}
	s.dropped, s.aside = true, true
	a.segments = slices.DeleteFunc(a.segments, func(x *sealed) bool { return x == s })
	a.lost = append(a.lost, s.Info)
	a.health.Damaged = append(a.health.Damaged, fmt.Sprintf("%s with %d records of %s: %v", aside, s.Records, s.Group, cause))
	a.mu.Unlock()
	a.log.Error("a segment is damaged; it was moved aside, and its records are missing from now on",
		"file", s.path, "moved", aside, "group", s.Group, "records", s.Records, "err", cause)
	err := os.MkdirAll(filepath.Dir(aside), 0o700)
	if err == nil {
		err = os.Rename(s.path, aside)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, a.store.lose(s.name, segmentRow{s.Info, s.class})); err != nil {
		return fmt.Errorf("move the damaged segment %s aside: %w", s.path, err)
	}
	return nil
}

// missing is what a request does not find that is lost. a.mu is held.
func (a *Archive) missing(s snapshot, r scan.Request) (missing scan.Work) {
	for _, l := range a.lost {
		from, ok := s.from[l.Group]
		if ok && l.MaxTime >= from && l.MinTime <= r.To && l.MaxNumber >= a.catalog.groups[l.Group].born {
			missing.SkippedRecords += l.Records
			missing.SkippedBytes += l.Bytes
		}
	}
	return missing
}
