package archive

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/s2"
)

// Batch is records for one stream, in any order of time.
type Batch struct {
	Group, Stream string // made where they are missing
	Class         Class
	// Entity is the context of the stream, shown as the fields @entity.NAME. It is kept
	// with the stream, and replaces what was there; nil keeps that.
	Entity map[string]string
	// Origin and Number make a batch arrive exactly once: one whose Number is not above
	// the highest accepted of its Origin is left out. An Origin of "" is none.
	Origin  string
	Number  uint64
	Records []Record
}

// Record is one log event.
type Record struct {
	Time int64 // ms since the epoch
	// Message is kept byte for byte, but for what is not UTF-8: that becomes U+FFFD, as
	// no API could tell it.
	Message string
}

// What a frame's payload starts with.
const (
	frameBatch  = 1
	frameChange = 2
)

var errMalformed = errors.New("a frame that this version does not understand")

// header is the part of a batch that is stored as JSON before its records.
type header struct {
	Group    string            `json:"g"`
	Stream   string            `json:"s"`
	Class    Class             `json:"c"`
	Entity   map[string]string `json:"e,omitempty"`
	Origin   string            `json:"o,omitempty"`
	Number   uint64            `json:"n,omitempty"`
	Ingested int64             `json:"i"` // ms since the epoch
}

func (b Batch) header(ingested int64) header {
	return header{b.Group, b.Stream, b.Class, b.Entity, b.Origin, b.Number, ingested}
}

// encode makes a frame's payload of a batch, which ends with the packed messages:
//
//	byte    1
//	uvarint length of the header, and the header in JSON
//	uvarint number of records
//	varint  time of each, less that of the one before
//	uvarint length of each message
//	        the messages, as one S2 block
func encode(b Batch, ingested int64) (payload, packed []byte) {
	h, err := json.Marshal(b.header(ingested))
	if err != nil {
		panic(err) // strings and numbers only
	}
	text := texts.Get().(*[]byte)
	defer texts.Put(text)
	*text = (*text)[:0]
	for _, r := range b.Records {
		*text = append(*text, r.Message...)
	}
	pack := packs.Get().(*[]byte)
	defer packs.Put(pack)
	*pack = s2.Encode((*pack)[:cap(*pack)], *text)

	out := make([]byte, 0, 32+len(h)+8*len(b.Records)+len(*pack))
	out = append(out, frameBatch)
	out = binary.AppendUvarint(out, uint64(len(h)))
	out = append(out, h...)
	out = binary.AppendUvarint(out, uint64(len(b.Records)))
	before := int64(0)
	for _, r := range b.Records {
		out = binary.AppendVarint(out, r.Time-before)
		before = r.Time
	}
	for _, r := range b.Records {
		out = binary.AppendUvarint(out, uint64(len(r.Message)))
	}
	out = append(out, *pack...)
	return out, out[len(out)-len(*pack):]
}

// Buffers for encode.
var (
	texts = sync.Pool{New: func() any { return new([]byte) }}
	packs = sync.Pool{New: func() any { return new([]byte) }}
)

// decode reads what encode wrote, and gives the packed messages too.
func decode(b []byte) (header, []Record, []byte, error) {
	p := payload{b: b[1:]}
	var h header
	if err := json.Unmarshal(p.bytes(p.uvarint()), &h); err != nil || p.bad {
		return h, nil, nil, errors.Join(errMalformed, err)
	}
	n := p.uvarint()
	if n > uint64(len(p.b)) {
		return h, nil, nil, errMalformed
	}
	records := make([]Record, n)
	before := int64(0)
	for i := range records {
		before += p.varint()
		records[i].Time = before
	}
	lengths := make([]uint64, n)
	for i := range lengths {
		lengths[i] = p.uvarint()
	}
	if p.bad {
		return h, nil, nil, errMalformed
	}
	raw, err := s2.Decode(nil, p.b)
	if err != nil {
		return h, nil, nil, errors.Join(errMalformed, err)
	}
	text := string(raw)
	for i, l := range lengths {
		if l > uint64(len(text)) {
			return h, nil, nil, errMalformed
		}
		records[i].Message, text = text[:l], text[l:]
	}
	if text != "" {
		return h, nil, nil, errMalformed
	}
	return h, records, p.b, nil
}

// payload reads numbers; bad says that there were too few bytes.
type payload struct {
	b   []byte
	bad bool
}

func (p *payload) uvarint() uint64 {
	v, n := binary.Uvarint(p.b)
	p.pass(n)
	return v
}

func (p *payload) varint() int64 {
	v, n := binary.Varint(p.b)
	p.pass(n)
	return v
}

func (p *payload) pass(n int) {
	if n <= 0 {
		p.bad, p.b = true, nil
		return
	}
	p.b = p.b[n:]
}

func (p *payload) bytes(n uint64) []byte {
	if n > uint64(len(p.b)) {
		p.bad, p.b = true, nil
		return nil
	}
	out := p.b[:n]
	p.b = p.b[n:]
	return out
}

// Limits of what a batch may be.
const (
	maxName     = 512
	maxMessages = 128 << 20
)

// check says what is wrong with a batch, and gives it as it is stored.
func check(b Batch) (Batch, error) {
	if b.Group == "" || b.Stream == "" || len(b.Group) > maxName || len(b.Stream) > maxName {
		return b, fmt.Errorf("append to the archive: group %q and stream %q must have 1 to %d bytes", b.Group, b.Stream, maxName)
	}
	if b.Class < Telemetry || b.Class > Events {
		return b, fmt.Errorf("append to the archive: there is no class %d", int(b.Class))
	}
	size, copied := 0, false
	for i, r := range b.Records {
		size += len(r.Message)
		if utf8.ValidString(r.Message) {
			continue
		}
		if !copied {
			b.Records, copied = slices.Clone(b.Records), true
		}
		b.Records[i].Message = strings.ToValidUTF8(r.Message, "\uFFFD")
	}
	if size > maxMessages {
		return b, fmt.Errorf("append to the archive: a batch of %d bytes; the most is %d", size, maxMessages)
	}
	b.Entity = maps.Clone(b.Entity)
	return b, nil
}
