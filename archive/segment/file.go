package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"steady/scan"
)

// DamageError says that a file cannot be read as what it should be.
type DamageError struct {
	Path string
	Err  error
}

func (e *DamageError) Error() string { return fmt.Sprintf("segment %s is damaged: %v", e.Path, e.Err) }
func (e *DamageError) Unwrap() error { return e.Err }

// File is what is known of a file from its footer. It may be used by several goroutines.
type File struct {
	Path   string
	Group  string
	groups []group
	fields map[string]int // place of each column in group.chunks
}

// group is a row group.
type group struct {
	rows             int
	minTime, maxTime int64
	bytes            int64 // of messages
	notPlain         int
	empties          []string // keys that may stand in messages without being in a column
	index            span     // of the messages' pages
	indexSum         uint32
	chunks           []chunk
}

type span struct {
	at     int64
	length int32
}

// chunk is a column of a row group.
type chunk struct {
	span
	packed   bool
	values   int // distinct ones
	kinds    kinds
	chars    charset
	bloom    span
	bloomSum uint32
}

// Open reads the footer of a file, which must have the checksum of its Info.
func Open(path string, sum uint32) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open a segment: %w", err)
	}
	defer f.Close()
	meta, size, err := footer(f, sum)
	if err != nil {
		return nil, &DamageError{path, err}
	}
	out := &File{Path: path, fields: map[string]int{}}
	if err := out.digest(meta, size); err != nil {
		return nil, &DamageError{path, err}
	}
	return out, nil
}

const tailLen = 8 // length of the footer, and the magic number

// footer reads the footer of a file, which must have a checksum.
func footer(f *os.File, sum uint32) (meta *format.FileMetaData, size int64, err error) {
	b, size, err := footerBytes(f)
	if err != nil {
		return nil, 0, err
	}
	if crc32.ChecksumIEEE(b) != sum {
		return nil, 0, errors.New("the checksum of its footer is wrong")
	}
	meta, err = decodeFooter(b)
	return meta, size, err
}

func footerBytes(f *os.File) (b []byte, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	size = info.Size()
	if size < int64(len(magic)+tailLen) {
		return nil, 0, fmt.Errorf("it has %d bytes", size)
	}
	var tail [tailLen]byte
	if _, err := f.ReadAt(tail[:], size-tailLen); err != nil {
		return nil, 0, err
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != magic || length > size-int64(len(magic)+tailLen) {
		return nil, 0, errors.New("it has no Parquet footer")
	}
	b = make([]byte, length)
	if _, err := f.ReadAt(b, size-tailLen-length); err != nil {
		return nil, 0, err
	}
	return b, size, nil
}

func decodeFooter(b []byte) (meta *format.FileMetaData, err error) {
	defer recovered(&err)
	meta = new(format.FileMetaData)
	if err := thrift.Unmarshal(&protocol, b, meta); err != nil {
		return nil, fmt.Errorf("its footer cannot be read: %w", err)
	}
	return meta, nil
}

// recovered makes an error of the panic of a decoder that was given nonsense.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("it cannot be decoded: %v", p)
	}
}

// digest takes from a footer what is needed, checking that it can be.
func (f *File) digest(meta *format.FileMetaData, size int64) error {
	for _, kv := range meta.KeyValueMetadata {
		if kv.Key == keyGroup {
			f.Group = kv.Value
		}
	}
	if len(meta.Schema) < 1+len(system) {
		return errors.New("it is not a segment of records")
	}
	for i, s := range meta.Schema[1:] {
		f.fields[s.Name] = i
	}
	for _, rg := range meta.RowGroups {
		g := group{rows: int(rg.NumRows), chunks: make([]chunk, 0, len(rg.Columns))}
		if len(rg.Columns) != len(meta.Schema)-1 || rg.NumRows < 1 || rg.NumRows > maxRows {
			return errors.New("a row group does not fit its schema")
		}
		for i := range rg.Columns {
			if err := g.add(&rg.Columns[i], size); err != nil {
				return fmt.Errorf("column %s: %w", meta.Schema[1+i].Name, err)
			}
		}
		times := rg.Columns[f.fields[scan.Timestamp]].MetaData.Statistics
		if len(times.MinValue) != 8 || len(times.MaxValue) != 8 {
			return errors.New("a row group does not say its times")
		}
		g.minTime = int64(binary.LittleEndian.Uint64(times.MinValue))
		g.maxTime = int64(binary.LittleEndian.Uint64(times.MaxValue))
		f.groups = append(f.groups, g)
	}
	return nil
}

// maxRows bounds what is believed of a row group.
const maxRows = 1 << 20

func (g *group) add(c *format.ColumnChunk, size int64) error {
	m := &c.MetaData
	at := m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		at = m.DictionaryPageOffset
	}
	out := chunk{span: span{at, int32(m.TotalCompressedSize)}, packed: m.Codec == format.Zstd}
	out.bloom = span{m.BloomFilterOffset, m.BloomFilterLength}
	for _, kv := range m.KeyValueMetadata {
		var err error
		switch kv.Key {
		case keyNotes:
			var n notes
			n, err = parseNotes(kv.Value)
			out.values, out.kinds, out.chars, out.bloomSum = n.values, n.kinds, n.chars, n.bloomSum
		case keyBytes:
			_, err = fmt.Sscan(kv.Value, &g.bytes, &g.notPlain, &g.indexSum)
			g.index = span{c.OffsetIndexOffset, c.OffsetIndexLength}
		case keyEmpties:
			g.empties = strings.Split(kv.Value, "\n")
		}
		if err != nil {
			return err
		}
	}
	for _, s := range []span{out.span, out.bloom, g.index} {
		if s.at < 0 || s.length < 0 || s.at+int64(s.length) > size {
			return errors.New("it lies outside of the file")
		}
	}
	g.chunks = append(g.chunks, out)
	return nil
}

// RowGroups is the number of row groups.
func (f *File) RowGroups() int { return len(f.groups) }

// Span is the time of the oldest and the newest record of a row group.
func (f *File) Span(i int) (first, last int64) { return f.groups[i].minTime, f.groups[i].maxTime }

// Records is how many records a row group has, and how many bytes of messages.
func (f *File) Records(i int) (records, bytes int64) {
	return int64(f.groups[i].rows), f.groups[i].bytes
}
