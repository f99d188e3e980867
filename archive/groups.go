package archive

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CreateGroup makes a log group of g's Name, RetentionDays, Tags and Class; CreatedAt is
// now where it is 0. Fails with ErrExists.
func (a *Archive) CreateGroup(ctx context.Context, g Group) error {
	if g.Name == "" || len(g.Name) > maxName {
		return fmt.Errorf("create a log group: the name must have 1 to %d bytes", maxName)
	}
	if g.CreatedAt == 0 {
		g.CreatedAt = now()
	}
	return a.submit(ctx, &request{change: &change{
		Op: opCreateGroup, Group: g.Name, At: g.CreatedAt, Days: g.RetentionDays, Tags: maps.Clone(g.Tags), Class: g.Class,
	}})
}

// DeleteGroup removes a log group with all its records. Fails with ErrNotFound.
func (a *Archive) DeleteGroup(ctx context.Context, name string) error {
	return a.submit(ctx, &request{change: &change{Op: opDeleteGroup, Group: name}})
}

// SetRetention says how many days after their time a group's records are kept; 0 is for
// ever. Fails with ErrNotFound.
func (a *Archive) SetRetention(ctx context.Context, group string, days int) error {
	return a.submit(ctx, &request{change: &change{Op: opRetention, Group: group, Days: max(days, 0)}})
}

// SetTags gives a group these tags and no others. Fails with ErrNotFound.
func (a *Archive) SetTags(ctx context.Context, group string, tags map[string]string) error {
	return a.submit(ctx, &request{change: &change{Op: opTags, Group: group, Tags: maps.Clone(tags)}})
}

// CreateStream makes an empty log stream. Fails with ErrNotFound where there is no such
// group, and with ErrExists.
func (a *Archive) CreateStream(ctx context.Context, group, name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("create a log stream: the name must have 1 to %d bytes", maxName)
	}
	return a.submit(ctx, &request{change: &change{Op: opCreateStream, Group: group, Stream: name, At: now()}})
}

// DeleteStream removes a log stream with all its records. Fails with ErrNotFound.
func (a *Archive) DeleteStream(ctx context.Context, group, name string) error {
	return a.submit(ctx, &request{change: &change{Op: opDeleteStream, Group: group, Stream: name}})
}

// Group tells of a log group.
func (a *Archive) Group(name string) (Group, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	g, ok := a.catalog.groups[name]
	if !ok {
		return Group{}, false
	}
	v := g.value()
	v.StoredBytes = a.storedBytes()[name]
	return v, true
}

// Groups tells of all log groups, by name.
func (a *Archive) Groups() []Group {
	a.mu.Lock()
	defer a.mu.Unlock()
	stored := a.storedBytes()
	groups := make([]Group, 0, len(a.catalog.groups))
	for name, g := range a.catalog.groups {
		v := g.value()
		v.StoredBytes = stored[name]
		groups = append(groups, v)
	}
	slices.SortFunc(groups, func(x, y Group) int { return strings.Compare(x.Name, y.Name) })
	return groups
}

// storedBytes is what the messages of each group have. a.mu is held.
func (a *Archive) storedBytes() map[string]int64 {
	bytes := map[string]int64{}
	for _, s := range a.segments {
		bytes[s.Group] += s.Bytes
	}
	for _, p := range []*part{a.sealing, a.active} {
		if p == nil {
			continue
		}
		for group, tables := range p.tables {
			for _, t := range tables {
				bytes[group] += t.Bytes()
			}
		}
	}
	return bytes
}

// Streams tells of a group's log streams, by name. Fails with ErrNotFound.
func (a *Archive) Streams(group string) ([]Stream, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	g, ok := a.catalog.groups[group]
	if !ok {
		return nil, fmt.Errorf("log group %s %w", group, ErrNotFound)
	}
	return g.sorted(), nil
}

// change carries out a change of the catalog that is on disk. a.mu is held, but at Open.
func (a *Archive) change(c change, next uint64) {
	if err := a.catalog.apply(c, next); err != nil {
		a.log.Error("a change in the journal could not be carried out", "err", err)
		return
	}
	if c.Op != opDeleteGroup {
		return
	}
	delete(a.active.tables, c.Group)
	if a.sealing != nil {
		delete(a.sealing.tables, c.Group)
	}
	a.dropGroup(c.Group)
}
