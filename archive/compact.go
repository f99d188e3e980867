package archive

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"steady/archive/segment"
	"steady/archive/table"
	"steady/scan"
)

// Segments are made larger in two ways. Small ones are merged: their records are sorted
// and packed anew, which saves most of the space, as records that are alike come
// together. Then they are joined: their row groups are copied into one file, which
// keeps the number of files small.
const (
	// mergedRecords and mergedBytes are from where a segment is not merged any more.
	mergedRecords = table.MaxRows / 2
	mergedBytes   = 64 << 20
	// mergeAt is how many small segments are merged at once while records come, and
	// mergeAtRest once none have come for a while.
	mergeAt     = 6
	mergeAtRest = 2
	// joinAt is how many files of like size are joined.
	joinAt = 16
	// joinedGroups is how many row groups a file has at most.
	joinedGroups = 256
	// joinedColumns is how many columns a file may have to be joined: each row group has
	// all columns of its file.
	joinedColumns = 1000
)

// work is what to do next with the segments of a group.
type work struct {
	segments []*sealed
	merge    bool // or join
}

// plan finds something to do for a group's segments, which are in the order of their
// records; no segments is nothing. As many as few are worth to be merged.
func plan(segments []*sealed, few int) work {
	for i := range segments {
		run := segments[i:]
		records, bytes, largest, n := int64(0), int64(0), int64(0), 0
		for n < len(run) && small(run[n]) && records+run[n].Records <= table.MaxRows && bytes+run[n].Bytes <= 2*mergedBytes {
			records += run[n].Records
			bytes += run[n].Bytes
			largest = max(largest, run[n].Records)
			n++
		}
		// The largest is at most half of it: so a record is merged only as often as the
		// segment that it is in doubles.
		if done := records >= mergedRecords || bytes >= mergedBytes; (n >= few || n > 1 && done) && 2*largest <= records {
			return work{run[:n], true}
		}
	}
	for i := range segments {
		run := segments[i:]
		groups, n := 0, 0
		for n < len(run) && n < joinAt && !small(run[n]) && level(run[n]) == level(run[0]) && run[n].Columns <= joinedColumns && groups+run[n].RowGroups <= joinedGroups {
			groups += run[n].RowGroups
			n++
		}
		if n == joinAt {
			return work{run[:n], false}
		}
	}
	return work{}
}

func small(s *sealed) bool {
	return s.RowGroups == 1 && s.Records < mergedRecords && s.Bytes < mergedBytes
}

// level is 0 for files of up to 15 row groups, 1 up to 255, and so on.
func level(s *sealed) int { return int(math.Log(float64(max(s.RowGroups, 1))) / math.Log(joinAt)) }

// Compact merges and joins segments now, as the archive does by itself when it is quiet.
func (a *Archive) Compact() error {
	a.house.Lock()
	defer a.house.Unlock()
	return a.compact(mergeAtRest)
}

// compact does what there is to do, until a part waits to be sealed.
func (a *Archive) compact(few int) error {
	var errs []error
	for _, group := range a.crowded() {
		for !a.busy() {
			w := plan(a.segmentsOf(group), few)
			if len(w.segments) == 0 {
				break
			}
			if err := a.carryOut(w); err != nil {
				errs = append(errs, err)
				break
			}
		}
	}
	return errors.Join(errs...)
}

// crowded are the groups that have several segments.
func (a *Archive) crowded() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	count := map[string]int{}
	for _, s := range a.segments {
		count[s.Group]++
	}
	var groups []string
	for g, n := range count {
		if n > 1 {
			groups = append(groups, g)
		}
	}
	slices.Sort(groups)
	return groups
}

// segmentsOf are a group's segments in the order of their records.
func (a *Archive) segmentsOf(group string) []*sealed {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []*sealed
	for _, s := range a.segments {
		if s.Group == group {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(x, y *sealed) int { return cmp.Compare(x.MinNumber, y.MinNumber) })
	return out
}

// busy says that something more urgent waits.
func (a *Archive) busy() bool {
	select {
	case <-a.halted:
		return true
	default:
		return len(a.toSeal) > 0
	}
}

func (a *Archive) carryOut(w work) error {
	first := w.segments[0]
	// Files are named after the first one, and how often it has been rewritten.
	base, times, _ := strings.Cut(strings.TrimSuffix(fileName(first.name), ".parquet"), "+")
	name := fmt.Sprintf("%s+%03d", base, number(times)+1)
	fill := a.join
	if w.merge {
		fill = a.merge
	}
	room := a.roomOf(first.class)
	if err := room(sizeOf(w.segments)); err != nil {
		return err // before anything is read for it
	}
	added, err := a.writeSegment(first.Group, name, segment.Thorough, func(to *segment.Writer) error {
		to.Room = room
		return fill(to, w.segments)
	})
	if err != nil {
		return err
	}
	if err := a.at("compacted"); err != nil {
		return err
	}
	if added.Records == 0 {
		a.remove(added) // all that was in them has been deleted or has expired
		return a.replace(w.segments, nil)
	}
	return a.replace(w.segments, []*sealed{added})
}

// merge writes the records of small segments as one row group, without those that have
// been deleted.
func (a *Archive) merge(to *segment.Writer, segments []*sealed) error {
	group := segments[0].Group
	q := &segment.Query{Request: scan.Request{From: math.MinInt64, To: math.MaxInt64, AllFields: true}, Gone: a.gone(group, 0)}
	t := table.New(group)
	for _, s := range segments {
		rows, err := a.readAll(s, q)
		if err != nil {
			return err
		}
		if rows == nil {
			continue
		}
		piece := table.Piece{
			Times: rows.Times, Ingested: rows.Ingested, IDs: rows.IDs, Columns: rows.Columns,
			NotPlain: rows.NotPlain, Empties: rows.Empties,
		}
		if t.Merge(piece) {
			continue
		}
		if err := to.Add(t.View(nil)); err != nil {
			return err
		}
		t = table.New(group)
		t.Merge(piece)
	}
	return to.Add(t.View(nil))
}

// readAll reads the one row group of a small segment.
func (a *Archive) readAll(s *sealed, q *segment.Query) (*segment.Rows, error) {
	f, err := s.open()
	if err != nil {
		return nil, a.damagedSegment(s, err)
	}
	r, err := f.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	rows, err := r.Read(0, q)
	if err != nil {
		return nil, a.damagedSegment(s, err)
	}
	return rows, nil
}

// join copies the row groups of segments.
func (a *Archive) join(to *segment.Writer, segments []*sealed) error {
	for _, s := range segments {
		f, err := s.open()
		if err == nil {
			err = to.Append(f, s.Info)
		}
		if err != nil {
			// One that was damaged is moved aside; the others are joined the next time.
			return errors.Join(err, a.damagedSegment(s, err))
		}
	}
	return nil
}

// sizeOf is what files take.
func sizeOf(segments []*sealed) (bytes int64) {
	for _, s := range segments {
		bytes += s.Size
	}
	return bytes
}

func fileName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
