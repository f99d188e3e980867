package archive

import (
	"context"
	"maps"
	"sync"
	"time"

	"steady/archive/table"
)

// part is what a part of the journal holds, in memory, until it is sealed.
type part struct {
	number uint64
	tables map[string][]*table.Table // by group, in order; only the last one may have room
	// coming counts batches that are on disk and not in a table yet.
	coming  sync.WaitGroup
	records int
	bytes   int64 // of messages
	byClass [classes]int64
	since   time.Time // when its first record came
	// checkpoint is the catalog's change, once the part is no longer written.
	checkpoint *checkpoint
	// needs is how many bytes its segments take at least, once an attempt to seal it has
	// found no room for them. The sealer's.
	needs  int64
	sealed chan struct{} // closed once it is
}

func newPart(number uint64) *part {
	return &part{number: number, tables: map[string][]*table.Table{}, sealed: make(chan struct{})}
}

// Bounds of a part, for what it takes in memory.
const (
	partBytes   = 64 << 20
	partRecords = 200_000
)

func (p *part) count(c Class, records int, bytes int64) {
	if p.since.IsZero() {
		p.since = time.Now()
	}
	p.records += records
	p.bytes += bytes
	p.byClass[c] += bytes
}

// class is the one that most of the part is of.
func (p *part) class() (most Class) {
	for c, bytes := range p.byClass {
		if bytes >= p.byClass[most] {
			most = Class(c)
		}
	}
	return most
}

// changed says that the part has something to seal: records, or a change of the catalog.
func (p *part) changed() bool { return !p.since.IsZero() }

// table is the table of a group that has room. a.mu is held.
func (p *part) table(group string) *table.Table {
	tables := p.tables[group]
	if len(tables) == 0 || tables[len(tables)-1].Full() {
		tables = append(tables, table.New(group))
		p.tables[group] = tables
	}
	return tables[len(tables)-1]
}

// full says that a part should be sealed.
func (a *Archive) full(p *part) bool {
	limit := int64(partBytes)
	if a.options.MaxBytes > 0 {
		limit = min(limit, a.options.MaxBytes/8)
	}
	return p.bytes >= limit || p.records >= partRecords
}

// old says that a part has been open for long enough.
func (a *Archive) old(p *part) bool {
	return p.changed() && time.Since(p.since) >= a.options.SealAfter
}

// rotate begins a new part of the journal and hands the old one to be sealed. It waits
// until the one before has been; while that cannot be, the old part goes on.
func (a *Archive) rotate() {
	if !a.turn() {
		return
	}
	if err := a.journal.Rotate(); err != nil {
		a.log.Error("could not begin a new part of the journal, going on in the old one", "err", err)
		a.sealed <- struct{}{}
		return
	}
	a.mu.Lock()
	a.succeed(a.journal.Part())
	old := a.sealing
	a.mu.Unlock()
	a.toSeal <- old
}

// succeed makes a new part the active one, and the active one that which is sealed. a.mu
// is held, but at Open.
func (a *Archive) succeed(number uint64) {
	a.sealing, a.active = a.active, newPart(number)
	a.sealing.checkpoint = a.catalog.checkpoint()
	a.sealing.checkpoint.part = number
}

// replayPart begins a part that is found at Open. There are two at most, one that was
// being sealed and one that was written, unless the disk had failed: then the oldest is
// sealed now.
func (a *Archive) replayPart(number uint64) error {
	switch {
	case a.active == nil:
		a.active = newPart(number)
		return nil
	case a.sealing != nil:
		if err := a.seal(a.sealing); err != nil {
			return err
		}
	}
	a.succeed(number)
	return nil
}

// Seal has what is in the journal now written to segments, without waiting for more.
func (a *Archive) Seal(ctx context.Context) error {
	if err := a.wait(ctx); err != nil { // for what is being sealed already
		return err
	}
	if err := a.submit(ctx, &request{seal: true}); err != nil {
		return err
	}
	return a.wait(ctx)
}

// wait waits until nothing is being sealed.
func (a *Archive) wait(ctx context.Context) error {
	a.mu.Lock()
	p := a.sealing
	a.mu.Unlock()
	if p == nil {
		return nil
	}
	select {
	case <-p.sealed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-a.halted:
		return ErrClosed
	}
}

// checkpoint takes what has changed since the last one.
func (c *catalog) checkpoint() *checkpoint {
	cp := &checkpoint{
		next: c.next, deleted: c.dirty.deleted,
		groups: map[string]groupRow{}, streams: map[streamKey]*Stream{}, origins: map[string]uint64{},
	}
	for name := range c.dirty.groups {
		if g := c.groups[name]; g != nil {
			cp.groups[name] = groupRow{g.value(), g.born, maps.Clone(g.cleared)}
		}
	}
	for k := range c.dirty.streams {
		g := c.groups[k.group]
		if g == nil {
			continue // deleted with its group
		}
		cp.streams[k] = nil
		if s := g.streams[k.stream]; s != nil {
			v := *s
			cp.streams[k] = &v
		}
	}
	for o := range c.dirty.origins {
		if n, ok := c.origins[o]; ok {
			cp.origins[o] = n
		} else {
			cp.forgotten = append(cp.forgotten, o)
		}
	}
	c.dirty = newDirty()
	return cp
}

// dirty names what has changed in a catalog.
type dirty struct {
	deleted []string
	groups  map[string]bool
	streams map[streamKey]bool
	origins map[string]bool
}

func newDirty() dirty {
	return dirty{groups: map[string]bool{}, streams: map[streamKey]bool{}, origins: map[string]bool{}}
}
