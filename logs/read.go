package logs

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"steady/scan"
)

// place is between two records of the archive: those that come before it in the order
// of time, and of arrival where times are equal, and the others.
type place struct {
	time int64 // ms since the epoch
	id   uint64
}

var (
	head = place{}
	end  = place{time: math.MaxInt64, id: math.MaxUint64}
)

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.time, q.time), cmp.Compare(p.id, q.id))
}

// String has 56 digits, as the tokens and event ids of CloudWatch do.
func (p place) String() string { return fmt.Sprintf("%020d%036d", p.time, p.id) }

func parsePlace(s string) (place, bool) {
	if len(s) != 56 || strings.Trim(s, "0123456789") != "" {
		return place{}, false
	}
	t, timeErr := strconv.ParseInt(s[:20], 10, 64)
	id, idErr := strconv.ParseUint(s[20:], 10, 64)
	return place{t, id}, timeErr == nil && idErr == nil
}

// event is a record as it is told.
type event struct {
	at       place // just before it
	stream   string
	message  string
	ingested int64 // ms since the epoch
}

func (e event) after() place { return place{e.at.time, e.at.id + 1} }

// reading asks for the first events of a log group between two places, or for the last
// ones.
type reading struct {
	group    string
	from, to place
	last     bool
	limit    int
	where    []scan.Condition
	keep     func(stream, message string) bool
	// most is how many records are looked at before the reading may end early; 0: no
	// limit.
	most int64
}

// read gives events oldest first, or with last newest first. It tells up to which
// place it has seen all.
func (a *API) read(ctx context.Context, r reading) (events []event, seen place, err error) {
	request := scan.Request{
		Groups: []string{r.group}, From: r.from.time, To: r.to.time, Where: r.where, Order: scan.OldestFirst,
		Fields: []string{scan.Message, scan.LogStream, scan.IngestionTime},
	}
	if r.last {
		request.Order = scan.NewestFirst
	}
	looked := int64(0)
	for block, err := range a.archive.Scan(ctx, request) {
		if err != nil {
			return nil, place{}, fmt.Errorf("read log group %s: %w", r.group, err)
		}
		events = r.take(events, block)
		looked += block.Work.Records
		if len(events) > r.limit {
			events = r.sorted(events)[:r.limit+1] // one more tells that there is more
			if r.done(events[r.limit-1].at.time, block.Bound) {
				return events[:r.limit], r.beyond(events[r.limit-1]), nil
			}
		}
		if r.most > 0 && looked > r.most && !r.last && block.Bound > r.from.time && block.Bound < r.to.time {
			events = slices.DeleteFunc(r.sorted(events), func(e event) bool { return e.at.time >= block.Bound })
			return events[:min(len(events), r.limit)], place{time: block.Bound}, nil
		}
	}
	events = r.sorted(events)
	if len(events) > r.limit {
		return events[:r.limit], r.beyond(events[r.limit-1]), nil
	}
	if r.last {
		return events, r.from, nil
	}
	return events, r.to, nil
}

// readNear is read for those who want the events next to one end: it looks at more and
// more time, so that a few events of many cost little.
func (a *API) readNear(ctx context.Context, r reading) (events []event, err error) {
	if r.from.compare(r.to) >= 0 {
		return nil, nil
	}
	for width := int64(1000); ; width *= 8 {
		near := r
		near.limit -= len(events)
		if r.last {
			near.from = later(r.from, place{time: r.to.time - width})
		} else {
			near.to = earlier(r.to, place{time: r.from.time + width})
		}
		some, _, err := a.read(ctx, near)
		if err != nil {
			return nil, err
		}
		events = append(events, some...)
		if len(events) == r.limit || near.from == r.from && near.to == r.to {
			return events, nil
		}
		if r.last {
			r.to = near.from
		} else {
			r.from = near.to
		}
	}
}

// take adds the rows of a block that are asked for.
func (r reading) take(events []event, b *scan.Block) []event {
	for row, t := range b.Times {
		at := place{t, b.IDs[row]}
		if at.compare(r.from) < 0 || at.compare(r.to) >= 0 {
			continue
		}
		stream, message := text(b, scan.LogStream, row), text(b, scan.Message, row)
		if r.keep(stream, message) {
			ingested, _ := strconv.ParseInt(text(b, scan.IngestionTime, row), 10, 64)
			events = append(events, event{at, stream, message, ingested})
		}
	}
	return events
}

func text(b *scan.Block, field string, row int) string {
	c := b.Columns[field]
	if c == nil || c.Codes[row] < 0 {
		return ""
	}
	return c.Values[c.Codes[row]].Text
}

func (r reading) sorted(events []event) []event {
	slices.SortFunc(events, func(a, b event) int {
		if r.last {
			return b.at.compare(a.at)
		}
		return a.at.compare(b.at)
	})
	return events
}

// done tells whether no later block can have an event that belongs before one of that
// time.
func (r reading) done(time, bound int64) bool {
	if r.last {
		return bound < time
	}
	return bound > time
}

// beyond is the place on the other side of an event.
func (r reading) beyond(e event) place {
	if r.last {
		return e.at
	}
	return e.after()
}

// fitting is how many of the events fit into a reply of a mebibyte; at least one.
func fitting(events []event) int {
	size := 0
	for i, e := range events {
		if size += len(e.message) + eventExtra; size > maxBatch && i > 0 {
			return i
		}
	}
	return len(events)
}
