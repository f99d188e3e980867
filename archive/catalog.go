package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Errors of groups and streams, to be asked for with errors.Is.
var (
	ErrExists   = errors.New("exists already")
	ErrNotFound = errors.New("does not exist")
)

// Group is a log group.
type Group struct {
	Name      string
	CreatedAt int64 // ms since the epoch
	// RetentionDays is how long records are kept after their time; 0 is for ever.
	RetentionDays int
	Tags          map[string]string
	Class         Class // of the latest batch
	// StoredBytes is what the messages of its records have, before compression.
	StoredBytes int64
}

// Stream is a log stream. Times are ms since the epoch, 0 while it is empty.
type Stream struct {
	Name          string
	CreatedAt     int64
	FirstEvent    int64
	LastEvent     int64
	LastIngestion int64
	Bytes         int64 // of the messages that it was given
	Entity        map[string]string
}

// catalog knows what there is, in memory. It is made of the journal.
type catalog struct {
	next    uint64            // number of the next record
	origins map[string]uint64 // highest accepted of each
	groups  map[string]*group
	dirty   dirty // what has changed since the last checkpoint
}

type group struct {
	Group
	born    uint64 // records before this number were of a group that has been deleted
	streams map[string]*Stream
	cleared map[string]uint64 // deleted streams: records before this number are gone
}

func newCatalog() catalog {
	return catalog{next: 1, origins: map[string]uint64{}, groups: map[string]*group{}, dirty: newDirty()}
}

// accept takes in what a batch says of its group, stream and origin, and tells the
// context of the stream.
func (c *catalog) accept(h header, records []Record) (entity map[string]string) {
	if h.Origin != "" {
		c.origins[h.Origin] = h.Number
		c.dirty.origins[h.Origin] = true
	}
	g := c.groups[h.Group]
	if g == nil {
		g = c.add(Group{Name: h.Group, CreatedAt: h.Ingested}, c.next)
	}
	if g.Class != h.Class {
		g.Class = h.Class
		c.dirty.groups[h.Group] = true
	}
	c.dirty.streams[streamKey{h.Group, h.Stream}] = true
	s := g.streams[h.Stream]
	if s == nil {
		s = g.add(h.Stream, h.Ingested)
	}
	if h.Entity != nil {
		s.Entity = h.Entity
	}
	for _, r := range records {
		if s.LastIngestion == 0 || r.Time < s.FirstEvent {
			s.FirstEvent = r.Time
		}
		s.LastEvent = max(s.LastEvent, r.Time)
		s.LastIngestion = h.Ingested
		s.Bytes += int64(len(r.Message))
	}
	return s.Entity
}

func (c *catalog) add(g Group, born uint64) *group {
	added := &group{Group: g, born: born, streams: map[string]*Stream{}, cleared: map[string]uint64{}}
	c.groups[g.Name] = added
	c.dirty.groups[g.Name] = true
	return added
}

func (g *group) add(stream string, at int64) *Stream {
	s := &Stream{Name: stream, CreatedAt: at}
	g.streams[stream] = s
	return s
}

// goneBefore is the number before which a stream's records have been deleted, with it
// or with its group.
func (c *catalog) goneBefore(group, stream string) uint64 {
	g := c.groups[group]
	if g == nil {
		return math.MaxUint64
	}
	return max(g.born, g.cleared[stream])
}

// change is a change of the catalog that no batch brings, as the journal has it.
type change struct {
	Op     string            `json:"op"`
	Group  string            `json:"g"`
	Stream string            `json:"s,omitempty"`
	At     int64             `json:"at,omitempty"`
	Days   int               `json:"d,omitempty"`
	Tags   map[string]string `json:"t,omitempty"`
	Class  Class             `json:"c,omitempty"`
	Origin string            `json:"o,omitempty"`
}

const (
	opCreateGroup  = "create group"
	opDeleteGroup  = "delete group"
	opRetention    = "set retention"
	opTags         = "set tags"
	opCreateStream = "create stream"
	opDeleteStream = "delete stream"
	opForgetOrigin = "forget origin"
)

func (c change) encode() []byte {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return append([]byte{frameChange}, b...)
}

func decodeChange(b []byte) (change, error) {
	var c change
	if err := json.Unmarshal(b[1:], &c); err != nil {
		return c, errors.Join(errMalformed, err)
	}
	return c, nil
}

// check says why a change is impossible.
func (c *catalog) check(ch change) error {
	g := c.groups[ch.Group]
	switch {
	case ch.Op == opForgetOrigin:
		return nil
	case ch.Op == opCreateGroup && g != nil:
		return fmt.Errorf("log group %s %w", ch.Group, ErrExists)
	case ch.Op == opCreateGroup:
		return nil
	case g == nil:
		return fmt.Errorf("log group %s %w", ch.Group, ErrNotFound)
	}
	s := g.streams[ch.Stream]
	switch {
	case ch.Op == opCreateStream && s != nil:
		return fmt.Errorf("log stream %s of log group %s %w", ch.Stream, ch.Group, ErrExists)
	case ch.Op == opDeleteStream && s == nil:
		return fmt.Errorf("log stream %s of log group %s %w", ch.Stream, ch.Group, ErrNotFound)
	}
	return nil
}

// apply carries out a change that check allows. next is the number of the next record.
func (c *catalog) apply(ch change, next uint64) error {
	if ch.Op == opCreateGroup {
		c.add(Group{Name: ch.Group, CreatedAt: ch.At, RetentionDays: ch.Days, Tags: ch.Tags, Class: ch.Class}, next)
		return nil
	}
	if ch.Op == opForgetOrigin {
		delete(c.origins, ch.Origin)
		c.dirty.origins[ch.Origin] = true
		return nil
	}
	g := c.groups[ch.Group]
	if g == nil {
		return fmt.Errorf("%w: %s of log group %s, which is not there", errMalformed, ch.Op, ch.Group)
	}
	c.dirty.groups[ch.Group] = true
	switch ch.Op {
	case opDeleteGroup:
		delete(c.groups, ch.Group)
		c.dirty.deleted = append(c.dirty.deleted, ch.Group)
	case opRetention:
		g.RetentionDays = ch.Days
	case opTags:
		g.Tags = ch.Tags
	case opCreateStream:
		g.add(ch.Stream, ch.At)
		c.dirty.streams[streamKey{ch.Group, ch.Stream}] = true
	case opDeleteStream:
		delete(g.streams, ch.Stream)
		g.cleared[ch.Stream] = next
		c.dirty.streams[streamKey{ch.Group, ch.Stream}] = true
	default:
		return fmt.Errorf("%w: %q", errMalformed, ch.Op)
	}
	return nil
}

func (g *group) value() Group {
	v := g.Group
	v.Tags = maps.Clone(v.Tags)
	return v
}

func (g *group) sorted() []Stream {
	streams := make([]Stream, 0, len(g.streams))
	for _, s := range g.streams {
		v := *s
		v.Entity = maps.Clone(v.Entity)
		streams = append(streams, v)
	}
	slices.SortFunc(streams, func(a, b Stream) int { return strings.Compare(a.Name, b.Name) })
	return streams
}
