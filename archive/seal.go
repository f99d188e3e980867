package archive

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"steady/archive/journal"
	"steady/archive/segment"
	"steady/archive/table"
)

const (
	journalDir  = "journal"
	segmentsDir = "segments"
	damagedDir  = "damaged"
	temporary   = ".tmp"
	// houseEvery is how often what has expired is looked for.
	houseEvery = time.Minute
	// quiet is how long no part must have come for segments to be merged: while records
	// come fast, they go first.
	quiet = time.Second
	// backlog is how many segments there may be before they are merged all the same.
	backlog = 1000
)

// sealer is the loop that seals parts, one after the other, and keeps house when no
// more come for a while.
func (a *Archive) sealer() {
	defer close(a.sealerDone)
	house, atRest := time.NewTimer(quiet), false
	defer house.Stop()
	for {
		select {
		case p := <-a.toSeal:
			if !a.sealFinally(p) {
				return
			}
			a.sealed <- struct{}{}
			a.shrinkNow()
			house.Reset(quiet)
			if atRest = false; !a.behind() {
				continue
			}
		case <-house.C:
			house.Reset(houseEvery)
		case <-a.halted:
			return
		}
		a.keepHouse(atRest)
		atRest = true
	}
}

func (a *Archive) shrinkNow() {
	a.house.Lock()
	defer a.house.Unlock()
	if err := a.shrink(); err != nil {
		a.log.Error("could not keep the archive within its size, trying again later", "err", err)
	}
}

// behind says that there are so many segments that joining them cannot wait.
func (a *Archive) behind() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.segments) > backlog
}

// seal writes a part's records to segments and drops it from the journal. Until the
// catalog's transaction the journal has the records, from then on the segments have
// them; memory changes over in one step. What a crash leaves behind is removed at Open.
func (a *Archive) seal(p *part) error {
	p.coming.Wait()
	added, err := a.writeSegments(p)
	if err == nil {
		err = a.commitSealed(p, added)
	}
	if err != nil {
		return err
	}
	err = a.at("sealed")
	if err == nil {
		err = journal.Drop(filepath.Join(a.dir, journalDir), p.number)
	}
	if err != nil {
		a.log.Error("a sealed part of the journal could not be removed, the next start will", "part", p.number, "err", err)
	}
	return nil
}

// writeSegments writes a part's segments, or none: what an attempt has written that fails
// is removed, as others need the room.
func (a *Archive) writeSegments(p *part) (added []*sealed, err error) {
	defer func() {
		if err != nil {
			for _, s := range added {
				os.Remove(s.path)
			}
		}
	}()
	room := a.roomToSeal(p)
	if err := room(p.needs); err != nil {
		return nil, err
	}
	a.mu.Lock()
	groups := maps.Clone(p.tables)
	a.mu.Unlock()
	written := int64(0)
	for group, tables := range groups {
		for i, t := range tables {
			v := t.View(nil)
			if len(v.Times) == 0 || a.deletedSince(group, slices.Max(v.IDs)) {
				continue
			}
			s, err := a.writeSegment(group, fmt.Sprintf("%012d-%d", p.number, i), segment.Fast, func(w *segment.Writer) error {
				w.Room = func(bytes int64) error {
					err := room(bytes)
					if err != nil {
						p.needs = written + bytes
					}
					return err
				}
				return w.Add(v)
			})
			if err != nil {
				return added, err
			}
			added, written = append(added, s), written+s.Size
			if err := a.at("segment written"); err != nil {
				return added, err
			}
		}
	}
	return added, nil
}

// writeSegment has a file written under a temporary name, and gives it its own once it
// is on disk.
func (a *Archive) writeSegment(group, name string, effort segment.Effort, fill func(*segment.Writer) error) (*sealed, error) {
	dir := filepath.Join(a.dir, segmentsDir, escape(group))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("seal records of %s: %w", group, err)
	}
	path := filepath.Join(dir, name+".parquet")
	w, err := segment.Create(path+temporary, group, effort)
	if err != nil {
		return nil, err
	}
	if err := fill(w); err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	info, err := w.Close()
	if err != nil {
		return nil, errors.Join(err, os.Remove(path+temporary))
	}
	if err := os.Rename(path+temporary, path); err != nil {
		return nil, fmt.Errorf("seal records of %s: %w", group, err)
	}
	if err := a.at("segment named"); err != nil {
		return nil, err
	}
	if err := errors.Join(journal.SyncDir(dir), journal.SyncDir(filepath.Dir(dir))); err != nil {
		return nil, err
	}
	return &sealed{name: filepath.Join(escape(group), name+".parquet"), path: path, Info: info, class: a.class(group)}, nil
}

func (a *Archive) commitSealed(p *part, added []*sealed) error {
	if err := a.at("before commit"); err != nil {
		return err
	}
	if err := a.store.swap(nil, rowsOf(added), p.checkpoint); err != nil {
		return err
	}
	if err := a.at("committed"); err != nil {
		return err
	}
	a.mu.Lock()
	stale := a.adopt(added)
	a.sealing = nil
	a.mu.Unlock()
	close(p.sealed)
	if err := a.forget(stale); err != nil {
		a.log.Error("segments of a deleted log group are still in the catalog", "err", err)
	}
	return nil
}

// deletedSince says that a group was deleted after its record of that number.
func (a *Archive) deletedSince(group string, number uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.catalog.groups[group]
	return g == nil || number < g.born
}

func (a *Archive) class(group string) Class {
	a.mu.Lock()
	defer a.mu.Unlock()
	if g := a.catalog.groups[group]; g != nil {
		return g.Class
	}
	return Logs
}

// escape makes a folder's name of a group's.
func escape(group string) string {
	name := strings.ReplaceAll(url.PathEscape(group), ".", "%2E")
	if len(name) > 200 {
		return fmt.Sprintf("%s-%016x", name[:180], hash(group))
	}
	return name
}

// at is where a test may have the archive die.
func (a *Archive) at(point string) error {
	if a.options.failAt == nil {
		return nil
	}
	return a.options.failAt(point)
}

// tablesOf are the tables that hold a group's records, the oldest part's first. a.mu is
// held.
func (a *Archive) tablesOf(group string) []*table.Table {
	var tables []*table.Table
	if a.sealing != nil {
		tables = append(tables, a.sealing.tables[group]...)
	}
	return append(tables, a.active.tables[group]...)
}
