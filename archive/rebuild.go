package archive

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	bbolt "go.etcd.io/bbolt"
	bberrors "go.etcd.io/bbolt/errors"

	"steady/archive/journal"
	"steady/archive/segment"
	"steady/scan"
)

// errCatalog says that the catalog is not what it should be.
var errCatalog = errors.New("the catalog is damaged")

// openCatalog opens the catalog and reads it. One that is damaged, empty or gone is made
// anew of the segments and the journal.
func (a *Archive) openCatalog() (c catalog, first uint64, segments map[string]segmentRow, err error) {
	c, first, segments, err = a.tryCatalog()
	switch {
	case err == nil && c.next == 1 && len(segments) == 0:
		// New, or not what it was: then there are segments that the journal does not have.
		all, _, err := a.sealedSegments()
		if err != nil || len(all) == 0 {
			return c, first, segments, err
		}
		return a.anew(fmt.Errorf("%w: it names no segments, and there are %d", errCatalog, len(all)))
	case !errors.Is(err, errCatalog):
		return c, first, segments, err
	}
	return a.anew(err)
}

func (a *Archive) anew(cause error) (c catalog, first uint64, segments map[string]segmentRow, err error) {
	if err := a.rebuild(cause); err != nil {
		return c, 0, nil, fmt.Errorf("make the catalog anew: %w", err)
	}
	return a.tryCatalog()
}

// sealedSegments are the segments that the journal does not have, and the first part of
// it that is not sealed.
func (a *Archive) sealedSegments() ([]foundFile, uint64, error) {
	all, err := a.findSegments()
	if err != nil {
		return nil, 0, err
	}
	starts, err := journal.Starts(filepath.Join(a.dir, journalDir))
	if err != nil {
		return nil, 0, err
	}
	all, part := sealedOf(all, starts)
	return all, part, nil
}

// tryCatalog opens the catalog unless it is open, and reads it. bbolt panics at pages that
// make no sense, and pages that are gone fault.
func (a *Archive) tryCatalog() (c catalog, first uint64, segments map[string]segmentRow, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errCatalog, p)
		}
	}()
	if a.store == nil {
		if err := readable(a.dir); err != nil {
			return c, 0, nil, asDamage(err)
		}
		if a.store, err = openStore(a.dir); err != nil {
			a.store = nil
			return c, 0, nil, asDamage(err)
		}
	}
	c, first, segments, err = a.store.load()
	return c, first, segments, asDamage(err)
}

// readable reads the whole catalog without changing it. bbolt looks through all pages when
// it opens a file to write, in a goroutine of its own, whose panic at one that makes no
// sense nobody could recover.
func readable(dir string) error {
	path := filepath.Join(dir, storeFile)
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true})
	if errors.Is(err, bberrors.ErrTimeout) {
		return ErrHeld
	}
	if err != nil {
		return err
	}
	s := &store{db}
	defer s.close()
	_, _, _, err = s.load()
	return err
}

// asDamage marks the errors that say that the catalog's content is wrong: not those of the
// disk or of permissions, for which making it anew is no cure.
func asDamage(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.Is(err, bberrors.ErrInvalid) || errors.Is(err, bberrors.ErrVersionMismatch) || errors.Is(err, bberrors.ErrChecksum) ||
		errors.Is(err, bberrors.ErrInvalidMapping) || errors.As(err, &syntax) || errors.As(err, &kind) {
		return fmt.Errorf("%w: %w", errCatalog, err)
	}
	return err
}

// foundFile is a segment's file that a rebuild has found.
type foundFile struct {
	name string // below the folder of segments
	info segment.Info
}

// rebuild makes the catalog anew. What only it knew is lost: retention and tags of groups,
// the context of streams, which streams were deleted, and how far each origin was, but for
// what the journal still tells.
func (a *Archive) rebuild(cause error) error {
	aside := filepath.Join(a.dir, damagedDir, fmt.Sprintf("%s-%d", storeFile, now()))
	a.log.Error("the archive's catalog is damaged; it is moved aside and made anew of the segments. Retention and tags of log groups are to be set again, deleted streams may be back, and what containers that are still there have written may come a second time",
		"err", cause, "moved", aside)
	if err := a.putAside(aside); err != nil {
		return err
	}
	all, part, err := a.sealedSegments()
	if err != nil {
		return err
	}
	if all, err = a.withoutMerged(all); err != nil {
		return err
	}
	cp := &checkpoint{part: part, next: 1, groups: map[string]groupRow{}, streams: map[streamKey]*Stream{}}
	rows := map[string]segmentRow{}
	for _, f := range all {
		// Nobody knows the class any more. Events is that which is not removed for room.
		rows[f.name] = segmentRow{f.info, Events}
		cp.next = max(cp.next, f.info.MaxNumber+1)
		if err := a.learn(cp, f); err != nil {
			return err
		}
	}
	if a.store, err = openStore(a.dir); err != nil {
		return err
	}
	return a.store.swap(nil, rows, cp)
}

func (a *Archive) putAside(aside string) error {
	if a.store != nil {
		// It may not even close.
		func() {
			defer func() { _ = recover() }()
			a.store.close()
		}()
		a.store = nil
	}
	if err := os.MkdirAll(filepath.Dir(aside), 0o700); err != nil {
		return err
	}
	err := os.Rename(filepath.Join(a.dir, storeFile), aside)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// findSegments looks at the files of segments. One that cannot be read is moved aside.
func (a *Archive) findSegments() ([]foundFile, error) {
	root := filepath.Join(a.dir, segmentsDir)
	files, err := filepath.Glob(filepath.Join(root, "*", "*.parquet"))
	if err != nil {
		return nil, err
	}
	var all []foundFile
	for _, file := range files {
		name, err := filepath.Rel(root, file)
		if err != nil {
			return nil, err
		}
		info, err := segment.Inspect(file)
		var damage *segment.DamageError
		if errors.As(err, &damage) {
			aside := filepath.Join(a.dir, damagedDir, strings.ReplaceAll(name, string(filepath.Separator), "_"))
			a.log.Error("a segment is damaged; it was moved aside, and its records are missing from now on", "file", file, "moved", aside, "err", err)
			if err := errors.Join(os.MkdirAll(filepath.Dir(aside), 0o700), os.Rename(file, aside)); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, foundFile{name, info})
	}
	return all, nil
}

// sealedOf leaves the segments whose records the journal does not have, and tells the
// first part of the journal that is not sealed. A part is sealed in one step: so a merged
// segment, which is made of sealed ones only, says that all of a part was.
func sealedOf(all []foundFile, starts []journal.Start) ([]foundFile, uint64) {
	part := uint64(0)
	first := uint64(math.MaxUint64)
	for i := len(starts) - 1; i >= 0; i-- {
		s := starts[i]
		over := slices.ContainsFunc(all, func(f foundFile) bool { return f.info.MinNumber < s.First && f.info.MaxNumber >= s.First })
		if over && !s.Newest {
			part = max(part, s.Part+1)
			break // sealed, and not removed yet
		}
		part, first = s.Part, s.First
	}
	return slices.DeleteFunc(all, func(f foundFile) bool { return f.info.MinNumber >= first }), part
}

// withoutMerged leaves out the segments that have been merged into another, whose records
// would be there twice. A record's number is in no two files else.
func (a *Archive) withoutMerged(all []foundFile) ([]foundFile, error) {
	times := func(f foundFile) int {
		_, n, _ := strings.Cut(strings.TrimSuffix(fileName(f.name), ".parquet"), "+")
		return number(n)
	}
	slices.SortFunc(all, func(x, y foundFile) int {
		return cmp.Or(cmp.Compare(times(y), times(x)), cmp.Compare(y.info.Records, x.info.Records))
	})
	var kept []foundFile
	for _, f := range all {
		twice := false
		for _, k := range kept {
			if k.info.Group != f.info.Group || k.info.MaxNumber < f.info.MinNumber || f.info.MaxNumber < k.info.MinNumber {
				continue
			}
			var err error
			if twice, err = a.share(f, k); err != nil {
				return nil, err
			}
			if twice {
				break
			}
		}
		if !twice {
			kept = append(kept, f)
		}
	}
	return kept, nil
}

// share says that two segments have a record in common.
func (a *Archive) share(x, y foundFile) (bool, error) {
	if x.info.Records > y.info.Records {
		x, y = y, x
	}
	has := map[uint64]bool{}
	err := a.readFound(x, func(rows *segment.Rows) bool {
		for _, id := range rows.IDs {
			has[id] = true
		}
		return true
	})
	if err != nil {
		return false, err
	}
	shared := false
	err = a.readFound(y, func(rows *segment.Rows) bool {
		shared = slices.ContainsFunc(rows.IDs, func(id uint64) bool { return has[id] })
		return !shared
	})
	return shared, err
}

// readFound tells the row groups of a segment. Damage of its pages is met again by
// whoever scans it, who moves it aside.
func (a *Archive) readFound(f foundFile, tell func(rows *segment.Rows) bool) error {
	file, err := segment.Open(filepath.Join(a.dir, segmentsDir, f.name), f.info.Footer)
	if err != nil {
		return err
	}
	r, err := file.Reader()
	if err != nil {
		return err
	}
	defer r.Close()
	q := &segment.Query{Request: scan.Request{From: math.MinInt64, To: math.MaxInt64, Fields: []string{scan.LogStream, scan.IngestionTime}}}
	for i := range file.RowGroups() {
		rows, err := r.Read(i, q)
		var damage *segment.DamageError
		if errors.As(err, &damage) {
			continue
		}
		if err != nil {
			return err
		}
		if rows != nil && !tell(rows) {
			return nil
		}
	}
	return nil
}

// learn takes the group and the streams of a segment into a checkpoint.
func (a *Archive) learn(cp *checkpoint, f foundFile) error {
	g, ok := cp.groups[f.info.Group]
	if !ok {
		g = groupRow{Group: Group{Name: f.info.Group, CreatedAt: f.info.MinTime, Class: Events}}
	}
	g.CreatedAt = min(g.CreatedAt, f.info.MinTime)
	cp.groups[f.info.Group] = g
	return a.readFound(f, func(rows *segment.Rows) bool {
		streams := rows.Columns[scan.LogStream]
		for i, at := range rows.Times {
			k := streamKey{f.info.Group, streams.Values[streams.Codes[i]].Text}
			s := cp.streams[k]
			if s == nil {
				s = &Stream{Name: k.stream, CreatedAt: at, FirstEvent: at}
				cp.streams[k] = s
			}
			s.CreatedAt, s.FirstEvent = min(s.CreatedAt, at), min(s.FirstEvent, at)
			s.LastEvent, s.LastIngestion = max(s.LastEvent, at), max(s.LastIngestion, rows.Ingested[i])
		}
		return true
	})
}
