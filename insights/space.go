package insights

import (
	"strings"

	"steady/insights/column"
	"steady/scan"
)

// space is what names mean between two commands that make wholly new rows, such as
// stats: log events have all fields that occur; other rows what was made.
type space struct {
	slots  []slot
	layout *column.Layout // what frames must know of the slots
	names  map[string]int // what a name means behind the commands compiled so far
	texts  map[string]int // expressions that already are columns, by their text
	events bool
	// shown are the columns of results unless display says which: nil until a
	// command names some.
	shown    []heading
	explicit bool // shown is not merely what log events show by default
	// needed are the slots that rows must still have when they are collected for
	// commands that need all of them together.
	collected bool
	needed    map[int]bool
	// joined are the aliases of a join and its right side.
	joined *joined
}

// slot is the place of a column in frames.
type slot struct {
	name string
	late bool // set by a step behind the collection
}

// heading is a column of the results.
type heading struct {
	name string
	slot int
}

func newSpace(events bool) *space {
	return &space{layout: &column.Layout{Time: -1}, names: map[string]int{}, texts: map[string]int{}, events: events, needed: map[int]bool{}}
}

// find is the slot of a name, if it means something here.
func (s *space) find(name string) (int, bool) {
	if i, ok := s.names[name]; ok {
		s.use(i)
		return i, true
	}
	if s.joined != nil {
		if i, ok := s.joined.find(s, name); ok {
			return i, true
		}
	}
	if !s.events {
		return 0, false
	}
	i := s.add(slot{name: name})
	s.layout.Sources[i] = name
	s.names[name] = i
	s.use(i)
	return i, true
}

// computed is the slot of a name, where steps have set it.
func (s *space) computed(name string) (int, bool) {
	i, ok := s.names[name]
	if !ok || s.source(i) != "" {
		return 0, false
	}
	s.use(i)
	return i, true
}

func (s *space) use(i int) {
	if s.collected && !s.slots[i].late {
		s.needed[i] = true
	}
}

func (s *space) add(n slot) int {
	s.slots = append(s.slots, n)
	s.layout.Sources = append(s.layout.Sources, "")
	return len(s.slots) - 1
}

// define makes a new column of a name.
func (s *space) define(name string) int {
	i := s.add(slot{name: name, late: s.collected})
	s.names[name] = i
	if name == scan.Timestamp {
		s.layout.Time = i
	}
	return i
}

// show adds a column to the results, in the place of one of the same name.
func (s *space) show(name string, slot int) {
	s.explicit = true
	for i, c := range s.shown {
		if c.name == name {
			s.shown[i].slot = slot
			return
		}
	}
	s.shown = append(s.shown, heading{name, slot})
}

// prefix finds the longest computed column whose name, followed by a dot, a path
// begins with: the map that the rest of the path is looked up in.
func (s *space) prefix(segments []string) (slot, rest int, ok bool) {
	for n := len(segments) - 1; n > 0; n-- {
		if i, ok := s.computed(strings.Join(segments[:n], ".")); ok {
			return i, n, true
		}
	}
	return 0, 0, false
}

// fields are the fields of log events that have slots, but for their time.
func (s *space) fields() []string {
	var all []string
	for _, source := range s.layout.Sources {
		if source != "" && source != scan.Timestamp {
			all = append(all, source)
		}
	}
	return all
}

// source is the field of log events that a slot has, or empty.
func (s *space) source(slot int) string { return s.layout.Sources[slot] }
