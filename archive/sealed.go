package archive

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"steady/archive/segment"
)

// sealed is a segment that is in the catalog.
type sealed struct {
	segment.Info
	name  string // of its file, below the folder of segments
	path  string
	class Class

	once sync.Mutex
	file *segment.File // nil until it is first needed

	// Both are guarded by Archive.mu.
	readers int  // scans that have it
	dropped bool // to be removed after the last of them
	aside   bool // moved aside as damaged
}

// open reads the segment's footer where that has not been done yet.
func (s *sealed) open() (*segment.File, error) {
	s.once.Lock()
	defer s.once.Unlock()
	if s.file != nil {
		return s.file, nil
	}
	f, err := segment.Open(s.path, s.Footer)
	if errors.Is(err, fs.ErrNotExist) {
		err = &segment.DamageError{Path: s.path, Err: errors.New("the file is gone")}
	}
	if err != nil {
		return nil, err
	}
	s.file = f
	return f, nil
}

// release ends a scan's use of segments.
func (a *Archive) release(segments []*sealed) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range segments {
		s.readers--
		if s.dropped && s.readers == 0 && !s.aside {
			a.remove(s)
		}
	}
}

// discard removes the file of a segment that no longer counts, once nobody reads it.
// a.mu is held.
func (a *Archive) discard(s *sealed) {
	s.dropped = true
	if s.readers == 0 {
		a.remove(s)
	}
}

func (a *Archive) remove(s *sealed) {
	if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.log.Error("a segment that is no longer needed could not be removed, the next start will", "file", s.path, "err", err)
	}
}

// replace takes segments off the catalog, on disk and in memory, and puts others in
// their place.
func (a *Archive) replace(old, added []*sealed) error {
	if err := a.store.swap(names(old), rowsOf(added), nil); err != nil {
		return err
	}
	a.mu.Lock()
	a.segments = slices.DeleteFunc(a.segments, func(s *sealed) bool { return slices.Contains(old, s) })
	for _, s := range old {
		if !s.dropped {
			a.discard(s)
		}
	}
	stale := a.adopt(added)
	a.mu.Unlock()
	return a.forget(stale)
}

// adopt makes segments visible, and returns those whose group has been deleted
// meanwhile. a.mu is held.
func (a *Archive) adopt(added []*sealed) (stale []*sealed) {
	for _, s := range added {
		if g := a.catalog.groups[s.Group]; g == nil || s.MaxNumber < g.born {
			a.discard(s)
			stale = append(stale, s)
			continue
		}
		a.segments = append(a.segments, s)
	}
	return stale
}

// forget takes segments off the catalog on disk.
func (a *Archive) forget(segments []*sealed) error {
	if len(segments) == 0 {
		return nil
	}
	return a.store.swap(names(segments), nil, nil)
}

func names(segments []*sealed) []string {
	var names []string
	for _, s := range segments {
		names = append(names, s.name)
	}
	return names
}

func rowsOf(segments []*sealed) map[string]segmentRow {
	rows := map[string]segmentRow{}
	for _, s := range segments {
		rows[s.name] = segmentRow{s.Info, s.class}
	}
	return rows
}

// dropGroup drops the segments of a group that has been deleted. a.mu is held.
func (a *Archive) dropGroup(group string) {
	var gone []*sealed
	a.segments = slices.DeleteFunc(a.segments, func(s *sealed) bool {
		if s.Group == group {
			gone = append(gone, s)
		}
		return s.Group == group
	})
	if err := a.forget(gone); err != nil {
		// The journal has the deletion: the next start carries it out again.
		a.log.Error("the segments of a deleted log group are still on disk", "group", group, "err", err)
		return
	}
	for _, s := range gone {
		a.discard(s)
	}
}

// loadSegments takes in the catalog's segments at Open, and removes files that are in
// no catalog: what a crash left unfinished, or was done with.
func (a *Archive) loadSegments(rows map[string]segmentRow) error {
	for name, r := range rows {
		a.segments = append(a.segments, &sealed{name: name, path: filepath.Join(a.dir, segmentsDir, name), Info: r.Info, class: r.Class})
	}
	slices.SortFunc(a.segments, func(x, y *sealed) int { return strings.Compare(x.name, y.name) })
	root := filepath.Join(a.dir, segmentsDir)
	if err := os.MkdirAll(root, 0o700); err != nil {
		return fmt.Errorf("make the folder of segments: %w", err)
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if _, ok := rows[name]; ok {
			return nil
		}
		return os.Remove(path)
	})
}

func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
