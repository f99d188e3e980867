// Package journal keeps frames of bytes in files, in order, durable and checksummed.
// It never looks into a frame.
//
// A journal is a folder of parts, NUMBER.journal, written one after the other. What was
// written is on disk when Write returns. A last frame that a crash cut short is cut off
// at Open; a frame that was damaged later is left out and told.
package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const suffix = ".journal"

// Journal is an open journal. One goroutine at a time may use it.
type Journal struct {
	dir    string
	file   *os.File
	part   uint64
	size   int64 // of the part that is written
	buffer []byte
	broken error
}

// Damage is a piece of a part that cannot be read any more.
type Damage struct {
	File       string // path of the part
	From, To   int64  // bytes of it
	TornAtTail bool   // an unfinished last write: nothing that was answered is in it
}

// Open reads the parts of dir from first on, oldest first, and calls read with each
// frame; parts before first are removed. The frame's payload is read's to keep. It
// returns a journal that goes on where the last part ends, and what could not be read.
func Open(dir string, first uint64, read func(part uint64, f Frame) error) (*Journal, []Damage, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the journal: %w", err)
	}
	parts, err := list(dir)
	if err != nil {
		return nil, nil, err
	}
	j := &Journal{dir: dir, part: max(first, 1)}
	var damages []Damage
	end := int64(0)
	for i, part := range parts {
		if part < first {
			if err := os.Remove(path(dir, part)); err != nil {
				return nil, nil, fmt.Errorf("remove a journal part that is sealed: %w", err)
			}
			continue
		}
		var found []Damage
		if found, end, err = replay(path(dir, part), i == len(parts)-1, func(f Frame) error { return read(part, f) }); err != nil {
			return nil, nil, err
		}
		damages = append(damages, found...)
		j.part = part
	}
	return j, damages, j.resume(end)
}

// resume opens the last part for writing after end, cutting what follows.
func (j *Journal) resume(end int64) error {
	f, err := os.OpenFile(path(j.dir, j.part), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	if err := f.Truncate(end); err != nil {
		return errors.Join(fmt.Errorf("cut the torn end of the journal: %w", err), f.Close())
	}
	if _, err := f.Seek(end, io.SeekStart); err != nil {
		return errors.Join(fmt.Errorf("open the journal: %w", err), f.Close())
	}
	if err := errors.Join(f.Sync(), SyncDir(j.dir)); err != nil {
		return errors.Join(fmt.Errorf("open the journal: %w", err), f.Close())
	}
	j.file, j.size = f, end
	return nil
}

// Write appends frames with one write and one fsync. When it fails, none of them is in
// the journal. After an fsync has failed nobody knows what is on disk: every later
// Write fails too, until the journal is opened again.
func (j *Journal) Write(frames ...Frame) error {
	if j.broken != nil {
		return j.broken
	}
	j.buffer = j.buffer[:0]
	for _, f := range frames {
		j.buffer = f.append(j.buffer)
	}
	if _, err := j.file.Write(j.buffer); err != nil {
		return fmt.Errorf("write the journal: %w", errors.Join(err, j.undo()))
	}
	if err := j.file.Sync(); err != nil {
		j.broken = fmt.Errorf("the journal could not be synced to disk, restart to read what is there: %w", err)
		return j.broken
	}
	j.size += int64(len(j.buffer))
	return nil
}

// undo cuts off what a failed write left.
func (j *Journal) undo() error {
	err := j.file.Truncate(j.size)
	if err == nil {
		_, err = j.file.Seek(j.size, io.SeekStart)
	}
	if err != nil {
		j.broken = fmt.Errorf("the journal could not be cut back after a failed write, restart to read what is there: %w", err)
	}
	return j.broken
}

// Rotate begins the next part.
func (j *Journal) Rotate() error {
	if j.broken != nil {
		return j.broken
	}
	old := j.file
	j.part++
	if err := j.resume(0); err != nil {
		j.part--
		return err
	}
	return old.Close()
}

// Drop removes a part of the journal in dir that is not the one that is written.
func Drop(dir string, part uint64) error {
	if err := os.Remove(path(dir, part)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("drop a journal part: %w", err)
	}
	return nil
}

// Part is the number of the part that is written.
func (j *Journal) Part() uint64 { return j.part }

// Size is the length of the part that is written, in bytes.
func (j *Journal) Size() int64 { return j.size }

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

func path(dir string, part uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%012d%s", part, suffix))
}

func list(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list the journal: %w", err)
	}
	var parts []uint64
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseUint(name, 10, 64); err == nil {
			parts = append(parts, n)
		}
	}
	slices.Sort(parts)
	return parts, nil
}

// SyncDir makes the names in a folder durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync a folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Start is a part of a journal and the number of its first sound frame.
type Start struct {
	Part, First uint64
	Newest      bool // no part follows it, not even an empty one
}

// Starts are the parts in dir that have a frame, oldest first. A dir that is not there has
// none.
func Starts(dir string) ([]Start, error) {
	parts, err := list(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var starts []Start
	for i, part := range parts {
		any, first := false, uint64(0)
		_, _, err := replay(path(dir, part), true, func(f Frame) error {
			if !any {
				any, first = true, f.Number
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if any {
			starts = append(starts, Start{part, first, i == len(parts)-1})
		}
	}
	return starts, nil
}
