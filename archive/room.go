package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// Health is how the archive fares.
type Health struct {
	// Damaged are files, or pieces of them, that could not be read and were left out.
	Damaged []string
	// Refused says which classes are not accepted for want of room, and why.
	Refused map[Class]string
	// Failing says since when and why records cannot be sealed into segments, "" while
	// they can; Unsealed is how many bytes of messages are only in the journal.
	Failing  string
	Unsealed int64
	// Segments is how many sealed files there are.
	Segments int
	// Bytes is what the archive's files take.
	Bytes int64
}

// Health tells how the archive fares.
func (a *Archive) Health() Health {
	bytes, err := a.used()
	a.lookAgain()
	a.mu.Lock()
	defer a.mu.Unlock()
	h := Health{Damaged: slices.Clone(a.health.Damaged), Segments: len(a.segments), Bytes: bytes, Refused: map[Class]string{}}
	h.Unsealed = a.unsealed()
	if f := a.failing; f != nil {
		h.Failing = fmt.Sprintf("since %s, after %d attempts: %v", f.since.UTC().Format(time.RFC3339), f.attempts, f.err)
	}
	if err != nil {
		h.Damaged = append(h.Damaged, err.Error())
	}
	for c, why := range a.refused {
		if why != "" {
			h.Refused[Class(c)] = why
		}
	}
	return h
}

// lookAgain asks whether classes that were refused still are.
func (a *Archive) lookAgain() {
	a.mu.Lock()
	refused := a.refused
	a.mu.Unlock()
	for c, before := range refused {
		if before == "" {
			continue
		}
		if why, err := a.lacks(Class(c)); err == nil {
			a.tellRefusal(Class(c), why)
		}
	}
}

// used is what the archive's files take, without what is damaged.
func (a *Archive) used() (int64, error) {
	total := int64(0)
	a.mu.Lock()
	for _, s := range a.segments {
		total += s.Size
	}
	a.mu.Unlock()
	err := filepath.WalkDir(filepath.Join(a.dir, journalDir), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

// diskOf says what the disk of a folder has.
func diskOf(dir string) (free, size int64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("ask how much room the disk of %s has: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}

const defaultReserve = 1 << 30

// share is the part of the reserve that must be free for a class: telemetry gives way
// first, then logs, and events when next to nothing is left.
var share = [classes]float64{Telemetry: 1, Logs: 0.5, Events: 0.1}

// room says why there is none for some batches.
func (r *round) room(batches []Batch) error {
	for _, b := range batches {
		why, asked := r.lacking[b.Class]
		if !asked {
			var err error
			if why, err = r.archive.lacks(b.Class); err != nil {
				r.archive.log.Error("going on without knowing how much room there is", "err", err)
			}
			r.lacking[b.Class] = why
			r.archive.tellRefusal(b.Class, why)
		}
		if why != "" {
			return &FullError{b.Class, why}
		}
	}
	return nil
}

// reserve is what the disk has free, and how much of that must stay so for a class.
func (a *Archive) reserve(c Class) (free, need int64, err error) {
	free, size, err := a.options.disk(a.dir)
	if err != nil {
		return 0, 0, err
	}
	reserve := a.options.Reserve
	if reserve <= 0 {
		reserve = min(defaultReserve, size/20)
	}
	return free, int64(share[c] * float64(reserve)), nil
}

// lacks says what a class lacks, or "".
func (a *Archive) lacks(c Class) (string, error) {
	free, need, err := a.reserve(c)
	if err != nil {
		return "", err
	}
	if free < need {
		return fmt.Sprintf("the disk has %d bytes free, and %d must be; make room on it", free, need), nil
	}
	if why := a.lacksSealing(c); why != "" {
		return why, nil
	}
	if held := a.heldAbove(c); a.options.MaxBytes > 0 && held > a.options.MaxBytes*3/4 {
		return fmt.Sprintf("more important records take %d of the %d bytes that the archive may have; raise --archive-max, or shorten the retention of their log groups", held, a.options.MaxBytes), nil
	}
	return "", nil
}

// heldAbove is what segments take that do not give way to a class.
func (a *Archive) heldAbove(c Class) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	held := int64(0)
	for _, s := range a.segments {
		if s.class > c {
			held += s.Size
		}
	}
	return held
}

// tellRefusal logs when a class begins or ceases to be refused.
func (a *Archive) tellRefusal(c Class, why string) {
	a.mu.Lock()
	before := a.refused[c]
	a.refused[c] = why
	a.mu.Unlock()
	switch {
	case before == "" && why != "":
		a.log.Error("records are refused for want of room", "class", c.String(), "reason", why)
	case before != "" && why == "":
		a.log.Info("records are accepted again", "class", c.String())
	}
}

// writeFailed is the error of batches that could not be written.
func (a *Archive) writeFailed(err error, batches []Batch) error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	lowest := Events
	for _, b := range batches {
		lowest = min(lowest, b.Class)
	}
	a.refused[lowest] = "the disk is full; make room on it"
	return &FullError{lowest, err.Error() + "; make room on the disk"}
}
