package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/s2"

	"steady/model"
)

// Events are many and alike, and stay for a moment only: as JSON within JSON they would
// be most of what is written. pack makes of them one block in the format S2:
//
//	uvarint number of the first event
//	uvarint number of events
//	for each: uvarint length and name of the cluster, varint time in ns since the epoch,
//	          uvarint length and JSON of the event
func (o *Outgoing) pack() []byte {
	size := 2 * binary.MaxVarintLen64
	for _, e := range o.Events {
		size += len(e.Cluster) + len(e.JSON) + 3*binary.MaxVarintLen64
	}
	raw := make([]byte, 0, size)
	raw = binary.AppendUvarint(raw, o.Number)
	raw = binary.AppendUvarint(raw, uint64(len(o.Events)))
	for _, e := range o.Events {
		raw = binary.AppendUvarint(raw, uint64(len(e.Cluster)))
		raw = append(raw, e.Cluster...)
		raw = binary.AppendVarint(raw, e.At.UnixNano())
		raw = binary.AppendUvarint(raw, uint64(len(e.JSON)))
		raw = append(raw, e.JSON...)
	}
	return s2.Encode(nil, raw)
}

var errPacked = errors.New("the events are damaged")

// unpack reads what pack has made.
func unpack(value []byte) (*Outgoing, error) {
	raw, err := s2.Decode(nil, value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPacked, err)
	}
	p := packed{rest: raw}
	o := &Outgoing{Number: p.uvarint()}
	for n := p.uvarint(); n > 0 && !p.bad; n-- {
		e := model.Event{Cluster: string(p.bytes()), At: p.time()}
		e.JSON = p.bytes()
		o.Events = append(o.Events, e)
	}
	if p.bad || len(p.rest) > 0 {
		return nil, errPacked
	}
	return o, nil
}

// packed reads parts; bad says that one was not there.
type packed struct {
	rest []byte
	bad  bool
}

func (p *packed) skip(n int) {
	if n <= 0 {
		p.bad, p.rest = true, nil
		return
	}
	p.rest = p.rest[n:]
}

func (p *packed) uvarint() uint64 {
	v, n := binary.Uvarint(p.rest)
	p.skip(n)
	return v
}

func (p *packed) time() time.Time {
	v, n := binary.Varint(p.rest)
	p.skip(n)
	return time.Unix(0, v).UTC()
}

func (p *packed) bytes() []byte {
	n := p.uvarint()
	if n > uint64(len(p.rest)) {
		p.bad, p.rest = true, nil
		return nil
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n:]
	return b
}
