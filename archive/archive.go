// Package archive keeps log events and lifecycle events, durable and queryable, in open
// files. It never interprets a record beyond finding the fields of its JSON.
//
// What Append has accepted is on disk, in a journal, and is visible to Scan at once.
// docs/archive.md describes the files.
package archive

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"steady/archive/journal"
	"steady/archive/table"
)

// Options of an archive. The zero value is of use.
type Options struct {
	// MaxBytes is the most that the archive's files may take. Beyond it the oldest
	// records of the least important class are removed. 0 is no limit.
	MaxBytes int64
	// Log is told what an operator should know. Nil is slog.Default.
	Log *slog.Logger
	// Account is the AWS account id that stands in @log.
	Account string
}

// Class says which records give way first when room runs out: the lower ones.
type Class int

const (
	Telemetry Class = iota
	Logs
	Events
)

// String is the word for a class in logs and errors.
func (c Class) String() string { return [...]string{"telemetry", "logs", "events"}[c] }

// Archive is an open archive. Its methods may be called from several goroutines.
type Archive struct {
	dir     string
	options Options
	log     *slog.Logger

	queue   queue
	done    chan struct{} // the committer has ended
	journal *journal.Journal

	mu        sync.Mutex
	catalog   catalog
	tables    map[string][]*table.Table // by group, in order; the last one may have room
	followers map[*Follower]bool
	health    Health
}

// Open opens the archive in a folder, making it where there is none.
func Open(dir string, o Options) (*Archive, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	a := &Archive{
		dir: dir, options: o, log: o.Log.With("archive", dir),
		done:    make(chan struct{}),
		catalog: newCatalog(), tables: map[string][]*table.Table{}, followers: map[*Follower]bool{},
	}
	a.queue.wake = make(chan struct{}, 1)
	j, damages, err := journal.Open(filepath.Join(dir, "journal"), 0, a.replay)
	if err != nil {
		return nil, fmt.Errorf("open the archive in %s: %w", dir, err)
	}
	a.journal = j
	for _, d := range damages {
		a.damaged(d)
	}
	go a.commit()
	return a, nil
}

// Close ends the archive, after what is being appended has been answered.
func (a *Archive) Close() error {
	if !a.queue.close() {
		return errors.New("the archive is closed already")
	}
	<-a.done
	a.mu.Lock()
	defer a.mu.Unlock()
	for f := range a.followers {
		f.end()
	}
	return a.journal.Close()
}

func (a *Archive) damaged(d journal.Damage) {
	if d.TornAtTail {
		a.log.Info("cut off what a crash left unfinished at the end of the journal", "file", d.File, "from", d.From, "bytes", d.To-d.From)
		return
	}
	a.log.Error("a piece of the journal is damaged; its records are lost, the others are there", "file", d.File, "from", d.From, "bytes", d.To-d.From)
	a.health.Damaged = append(a.health.Damaged, fmt.Sprintf("%s: bytes %d to %d", d.File, d.From, d.To))
}

func now() int64 { return time.Now().UnixMilli() }

// Health is how the archive fares.
type Health struct {
	// Damaged are files, or pieces of them, that could not be read and were left out.
	Damaged []string
	// Refused are the classes that are not accepted for want of room.
	Refused []Class
	// Bytes is what the archive's files take.
	Bytes int64
}

// Health tells how the archive fares.
func (a *Archive) Health() Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.health
}
