package table

import (
	"bytes"
	"fmt"
	"sync"
	"unsafe"

	"github.com/klauspost/compress/s2"
)

// blockLen is how much text is compressed at once.
const blockLen = 128 << 10

// messages keeps texts in order: whole blocks compressed, the newest as they are.
type messages struct {
	blocks []block
	open   []byte   // only grows, so that what was read from it stays valid
	ends   []uint32 // in open
	held   int
	shown  bool // a view has open
}

type block struct {
	packed []byte
	ends   []uint32 // where each message ends in the unpacked block
}

func (m *messages) add(text string) {
	if len(m.open)+len(text) > blockLen {
		m.pack()
	}
	if need := len(m.open) + len(text); need > cap(m.open) {
		// A whole block soon: append's own steps are small.
		m.open = append(make([]byte, 0, max(need, min(blockLen, 4*cap(m.open)))), m.open...)
	}
	m.open = append(m.open, text...)
	m.ends = append(m.ends, uint32(len(m.open)))
}

// packs are buffers for pack.
var packs = sync.Pool{New: func() any { return new([]byte) }}

// pack compresses what is open.
func (m *messages) pack() {
	if len(m.ends) == 0 {
		return
	}
	buffer := packs.Get().(*[]byte)
	*buffer = s2.Encode((*buffer)[:cap(*buffer)], m.open)
	m.keep(bytes.Clone(*buffer), m.ends)
	packs.Put(buffer)
	m.ends = make([]uint32, 0, len(m.ends))
	if len(m.open) <= blockLen && !m.shown {
		m.open = m.open[:0] // nobody else has it
		return
	}
	m.open, m.shown = make([]byte, 0, min(cap(m.open), blockLen)), false
}

func (m *messages) keep(packed []byte, ends []uint32) {
	m.blocks = append(m.blocks, block{packed, ends})
	m.held += len(packed) + 4*len(ends)
}

// takes says whether a packed block is worth to be kept as it is.
func (m *messages) takes(packed []byte) bool { return len(packed) >= blockLen/16 }

func (m *messages) addPacked(packed []byte, rows []Row) {
	m.pack()
	ends, end := make([]uint32, len(rows)), uint32(0)
	for i := range rows {
		end += uint32(len(rows[i].Message))
		ends[i] = end
	}
	m.keep(packed, ends)
}

func (m *messages) size() int { return m.held + cap(m.open) + 4*cap(m.ends) }

func (m *messages) view() Messages {
	m.shown = true
	return Messages{m.blocks, unsafe.String(unsafe.SliceData(m.open), len(m.open)), m.ends}
}

// Messages are the texts of a view's records, in order.
type Messages struct {
	blocks []block
	open   string
	ends   []uint32
}

// Each tells the messages in order, without keeping more than a block in memory.
func (m Messages) Each(tell func(text string)) error {
	for _, b := range m.blocks {
		raw, err := s2.Decode(nil, b.packed)
		if err != nil {
			return fmt.Errorf("unpack messages that are in memory: %w", err)
		}
		split(unsafe.String(unsafe.SliceData(raw), len(raw)), b.ends, tell) // raw is nobody else's
	}
	split(m.open, m.ends, tell)
	return nil
}

// All are the messages in order.
func (m Messages) All() ([]string, error) {
	n := len(m.ends)
	for _, b := range m.blocks {
		n += len(b.ends)
	}
	all := make([]string, 0, n)
	err := m.Each(func(text string) { all = append(all, text) })
	return all, err
}

func split(text string, ends []uint32, tell func(string)) {
	start := uint32(0)
	for _, end := range ends {
		tell(text[start:end])
		start = end
	}
}
