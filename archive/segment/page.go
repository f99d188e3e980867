package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// maxPage bounds what is believed of a page's size.
const maxPage = 256 << 20

var decoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage))
	if err != nil {
		panic(err) // the options are constants
	}
	return d
}}

// Reader reads one file. One goroutine at a time may use it.
type Reader struct {
	*File
	*buffers
	file *os.File
}

// buffers are what a Reader unpacks into. They are used again, so nothing that a Reader
// gives away may point into them.
type buffers struct {
	source  thrift.BytesReader
	headers *thrift.Decoder
	packed  []byte // the last page of messages as it is in the file
	raw     []byte // the last page
	text    []byte // values of the last page that has them in place
	offsets []uint32
	levels  []uint8
	codes   []int32
	places  []int32 // by row of a page: the place of its value, -1 without one
	renew   []int32
	met     []bool
	numbers []int64
	every   []int32         // 0, 1, 2 and so on; not to be changed
	free    []*openedColumn // not in use
	open    map[*chunk]*openedColumn
}

var bufferPool = sync.Pool{New: func() any {
	source := protocol.NewReaderFromBytes(nil)
	return &buffers{source: source, headers: thrift.NewDecoder(source), open: map[*chunk]*openedColumn{}}
}}

// Reader opens the file for reading.
func (f *File) Reader() (*Reader, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, fmt.Errorf("read a segment: %w", err)
	}
	return &Reader{f, bufferPool.Get().(*buffers), file}, nil
}

// Close closes the file. The reader is of no use then.
func (r *Reader) Close() error {
	r.done()
	bufferPool.Put(r.buffers)
	r.buffers = nil
	return r.file.Close()
}

// done gives back the columns of a row group that was read.
func (r *Reader) done() {
	for c, col := range r.open {
		r.giveBack(c, col)
	}
}

func (r *Reader) giveBack(c *chunk, col *openedColumn) {
	delete(r.open, c)
	if cap(col.packed)+cap(col.text) <= maxKept && len(r.free) < maxFree {
		r.free = append(r.free, col)
	}
}

// maxKept is how large a column's buffers may be to be kept for others, and maxFree how
// many are.
const (
	maxKept = 1 << 20
	maxFree = 4
)

// rowsOf are all rows of a group. They are not to be changed.
func (b *buffers) rowsOf(g *group) []int32 {
	for i := len(b.every); i < g.rows; i++ {
		b.every = append(b.every, int32(i))
	}
	return b.every[:g.rows]
}

func (r *Reader) read(s span) ([]byte, error) { return r.readInto(nil, s) }

func (r *Reader) readInto(b []byte, s span) ([]byte, error) {
	b = slices.Grow(b[:0], int(s.length))[:s.length]
	if _, err := r.file.ReadAt(b, s.at); err != nil {
		return nil, err
	}
	return b, nil
}

// header reads the header of the page at the head of b.
func (r *Reader) header(b []byte) (h format.PageHeader, body, rest []byte, err error) {
	r.source.ResetBytes(b)
	if err := r.headers.Decode(&h); err != nil {
		return h, nil, nil, fmt.Errorf("page header: %w", err)
	}
	b = b[r.source.BytesRead():]
	n, raw := int(h.CompressedPageSize), int(h.UncompressedPageSize)
	if n < 0 || n > len(b) || raw < 0 || raw > maxPage {
		return h, nil, nil, errors.New("a page does not fit its column")
	}
	return h, b[:n], b[n:], nil
}

// sound checks a page and unpacks it into buffer.
func sound(body []byte, sum uint32, packed bool, raw int, buffer []byte) ([]byte, error) {
	if crc32.ChecksumIEEE(body) != sum {
		return nil, errors.New("the checksum of a page is wrong")
	}
	if !packed {
		return body, nil
	}
	d := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(d)
	body, err := d.DecodeAll(body, slices.Grow(buffer[:0], raw))
	if err == nil && len(body) != raw {
		err = errors.New("a page has another size than it says")
	}
	return body, err
}

// integers reads a column of numbers of some rows.
func (r *Reader) integers(g *group, name string, rows []int32) ([]int64, error) {
	col, err := r.begin(g, &g.chunks[r.fields[name]], true)
	if err != nil {
		return nil, err
	}
	out := make([]int64, 0, len(rows))
	err = col.each(rows, func(p *dataPage, rows []int32) error {
		body, err := r.unpack(p, col)
		if err != nil {
			return err
		}
		r.numbers, err = (&delta.BinaryPackedEncoding{}).DecodeInt64(r.numbers[:0], body)
		if err != nil || len(r.numbers) != p.rows {
			return errors.Join(errors.New("a page has not as many rows as it says"), err)
		}
		for _, row := range rows {
			out = append(out, r.numbers[int(row)-p.first])
		}
		return nil
	})
	return out, err
}

var errShort = errors.New("a page ends within a value")

// nextValue takes a value behind the four bytes of its length.
func nextValue(b []byte) (value, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errShort
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if b = b[4:]; n > uint64(len(b)) {
		return nil, nil, errShort
	}
	return b[:n], b[n:], nil
}

// mayHold asks the bloom filter of a column for any of some texts.
func (r *Reader) mayHold(c *chunk, texts []string) (bool, error) {
	if c.bloom.length == 0 {
		return true, nil
	}
	var h format.BloomFilterHeader
	b, err := r.read(c.bloom)
	if err != nil {
		return false, err
	}
	r.source.ResetBytes(b)
	if err := r.headers.Decode(&h); err != nil {
		return false, fmt.Errorf("bloom filter: %w", err)
	}
	if b = b[r.source.BytesRead():]; crc32.ChecksumIEEE(b) != c.bloomSum {
		return false, errors.New("the checksum of a bloom filter is wrong")
	}
	filter := bloom.MakeSplitBlockFilter(b)
	return slices.ContainsFunc(texts, func(t string) bool { return filter.Check(xxhash.Sum64String(t)) }), nil
}
