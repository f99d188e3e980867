// Package archive keeps log events and lifecycle events, durable and queryable, in open
// files. It never interprets a record beyond finding the fields of its JSON.
//
// What Append has accepted is on disk, in a journal, and is visible to Scan at once.
// In the background the journal is sealed into Parquet segments. docs/archive.md
// describes the files.
package archive

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"steady/archive/journal"
	"steady/archive/segment"
)

// Options of an archive. The zero value is of use.
type Options struct {
	// MaxBytes is the most that the archive's files may take. Beyond it the oldest
	// records of the least important class are removed. 0 is no limit.
	MaxBytes int64
	// Reserve is how many bytes of the disk must be free for telemetry to be accepted.
	// Logs are accepted down to half of it, events down to a tenth. 0 is 1 GiB, or a
	// twentieth of the disk if that is less.
	Reserve int64
	// SealAfter is how long records stay in the journal at most before they are sealed
	// into segments. 0 is five minutes.
	SealAfter time.Duration
	// Log is told what an operator should know. Nil is slog.Default.
	Log *slog.Logger
	// Account is the AWS account id that stands in @log.
	Account string

	// For tests: what the disk has, and where the archive dies.
	disk   func(dir string) (free, size int64, err error)
	failAt func(point string) error
}

// Class says which records give way first when room runs out: the lower ones.
type Class int

const (
	Telemetry Class = iota
	Logs
	Events
	classes
)

// String is the word for a class in logs and errors.
func (c Class) String() string { return [...]string{"telemetry", "logs", "events"}[c] }

// Archive is an open archive. Its methods may be called from several goroutines.
type Archive struct {
	dir     string
	options Options
	log     *slog.Logger

	queue         queue
	journal       *journal.Journal // the committer's
	store         *store
	toSeal        chan *part    // to the sealer
	sealed        chan struct{} // has a token while nothing is being sealed
	cannotSeal    chan struct{} // gets a token when sealing has failed
	halted        chan struct{} // closed by Close
	committerDone chan struct{}
	sealerDone    chan struct{}

	house sync.Mutex // held by whoever rewrites or removes segments

	mu        sync.Mutex
	catalog   catalog
	active    *part // which the committer writes
	sealing   *part // which the sealer writes, or nil
	segments  []*sealed
	lost      []segment.Info // of those that were moved aside as damaged
	followers map[*Follower]bool
	health    Health
	failing   *failure        // nil while parts can be sealed
	refused   [classes]string // why, or ""
}

// Open opens the archive in a folder, making it where there is none. It fails with
// ErrHeld when another process has it open.
func Open(dir string, o Options) (*Archive, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.SealAfter <= 0 {
		o.SealAfter = 5 * time.Minute
	}
	if o.disk == nil {
		o.disk = diskOf
	}
	a := &Archive{
		dir: dir, options: o, log: o.Log.With("archive", dir), followers: map[*Follower]bool{},
		queue: queue{wake: make(chan struct{}, 1)}, toSeal: make(chan *part, 1), sealed: make(chan struct{}, 1), cannotSeal: make(chan struct{}, 1),
		halted: make(chan struct{}), committerDone: make(chan struct{}), sealerDone: make(chan struct{}),
	}
	if err := a.load(); err != nil {
		return nil, fmt.Errorf("open the archive in %s: %w", dir, err)
	}
	go a.commit()
	go a.sealer()
	return a, nil
}

// load reads what the folder has.
func (a *Archive) load() error {
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return err
	}
	catalog, first, segments, err := a.openCatalog()
	if err == nil {
		a.catalog = catalog
		err = errors.Join(a.loadSegments(segments), a.loadDamaged())
	}
	if err == nil {
		err = a.openJournal(first)
	}
	if err != nil && a.store != nil {
		err = errors.Join(err, a.store.close())
	}
	return err
}

func (a *Archive) openJournal(first uint64) error {
	j, damages, err := journal.Open(filepath.Join(a.dir, journalDir), first, a.replay)
	if err != nil {
		return err
	}
	if a.active == nil || a.active.number != j.Part() {
		if err := a.replayPart(j.Part()); err != nil {
			return errors.Join(err, j.Close())
		}
	}
	a.journal = j
	for _, d := range damages {
		a.damaged(d)
	}
	if a.sealing != nil {
		a.toSeal <- a.sealing
	} else {
		a.sealed <- struct{}{}
	}
	return nil
}

// Close ends the archive, after what is being appended has been answered.
func (a *Archive) Close() error {
	if !a.queue.close() {
		return ErrClosed
	}
	close(a.halted)
	<-a.committerDone
	<-a.sealerDone
	a.mu.Lock()
	for f := range a.followers {
		f.end()
	}
	a.mu.Unlock()
	return errors.Join(a.journal.Close(), a.store.close())
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
