package table

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/klauspost/compress/s2"
)

// blockLen is how much text is compressed at once.
const blockLen = 128 << 10

// messages keeps texts in order: whole blocks compressed, the newest as they are.
type messages struct {
	blocks []block
	open   strings.Builder
	ends   []uint32 // in open
	held   int
}

type block struct {
	packed []byte
	ends   []uint32 // where each message ends in the unpacked block
}

func (m *messages) add(text string) {
	if m.open.Len()+len(text) > blockLen {
		m.pack()
	}
	m.open.WriteString(text)
	m.ends = append(m.ends, uint32(m.open.Len()))
}

// pack compresses what is open.
func (m *messages) pack() {
	if len(m.ends) == 0 {
		return
	}
	m.keep(bytes.Clone(s2.Encode(nil, []byte(m.open.String()))), m.ends)
	m.ends = nil
	m.open = strings.Builder{}
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

func (m *messages) size() int { return m.held + m.open.Cap() + 4*cap(m.ends) }

func (m *messages) view() Messages {
	return Messages{m.blocks, m.open.String(), m.ends}
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
		split(string(raw), b.ends, tell)
	}
	split(m.open, m.ends, tell)
	return nil
}

// All are the messages in order.
func (m Messages) All() ([]string, error) {
	var all []string
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
