package segment

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
	"slices"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"steady/archive/table"
	"steady/scan"
)

const (
	// smallest is the size from which a column is compressed at all.
	smallest = 128
	// pageLen is about how many bytes of messages share a page, and are compressed and
	// read together.
	pageLen = 1 << 20
	// bloomFrom is the number of values from which a column may have a bloom filter;
	// looking through fewer costs no more than asking the filter.
	bloomFrom = 128
	// bloomBits is how many bits of a filter a value gets: 1 in 100 absent values is
	// taken for present.
	bloomBits = 10
)

// Variables only for tests, whose pages are small.
var (
	// pageRows is how many rows of a field or of numbers share a page.
	pageRows = 16384
	// pageRuns is from how many changes of the value on a column with a dictionary is
	// divided into pages.
	pageRuns = 1024
)

var protocol thrift.CompactProtocol

// encoder makes column chunks. Its buffers are used again.
type encoder struct {
	out            []byte        // the row group so far
	offset         int64         // where out begins in the file
	zstd           *zstd.Encoder // of the column that is being written: one of the next two
	fast, thorough *zstd.Encoder
	effort         Effort
	raw            []byte
	packed         []byte
	levels         []byte
	codes          []int32
	all            []byte   // the values of all rows
	offsets        []uint32 // of each in it
	renew          []int32  // new code of each old one, from 1
	order          []uint16 // old code of each new one
}

// encoders are those that are not in use, by effort: their tables and buffers are large.
var encoders [2]sync.Pool

func newEncoder(effort Effort) (*encoder, error) {
	if e, ok := encoders[effort].Get().(*encoder); ok {
		return e, nil
	}
	e := &encoder{effort: effort}
	var err error
	if effort == Fast {
		// What is written so is soon merged: it need not be small.
		e.fast, err = newZstd(zstd.SpeedFastest, zstd.WithNoEntropyCompression(true))
		e.zstd, e.thorough = e.fast, e.fast
		return e, err
	}
	if e.fast, err = newZstd(zstd.SpeedFastest, zstd.WithAllLitEntropyCompression(true)); err != nil {
		return nil, err
	}
	e.zstd = e.fast
	e.thorough, err = newZstd(zstd.SpeedBetterCompression, zstd.WithAllLitEntropyCompression(true))
	return e, err
}

func newZstd(level zstd.EncoderLevel, more ...zstd.EOption) (*zstd.Encoder, error) {
	options := append(more, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	z, err := zstd.NewWriter(nil, options...)
	if err != nil {
		return nil, fmt.Errorf("make a zstd encoder: %w", err)
	}
	return z, nil
}

func (e *encoder) at() int64 { return e.offset + int64(len(e.out)) }

// begin makes the metadata of a column chunk that starts here. Columns of few bytes are
// not compressed.
func (e *encoder) begin(name string, kind format.Type, rows, size int) *format.ColumnChunk {
	c := &format.ColumnChunk{MetaData: format.ColumnMetaData{
		Type: kind, PathInSchema: []string{name}, Codec: format.Zstd, NumValues: int64(rows),
	}}
	if size < smallest {
		c.MetaData.Codec = format.Uncompressed
	}
	return c
}

// page writes e.raw as a page with that header.
func (e *encoder) page(c *format.ColumnChunk, h format.PageHeader) {
	body := e.raw
	if c.MetaData.Codec == format.Zstd {
		e.packed = e.zstd.EncodeAll(e.raw, e.packed[:0])
		body = e.packed
	}
	h.UncompressedPageSize = int32(len(e.raw))
	h.CompressedPageSize = int32(len(body))
	h.CRC = int32(crc32.ChecksumIEEE(body))
	head, err := thrift.Marshal(&protocol, &h)
	if err != nil {
		panic(fmt.Sprintf("encode a page header: %v", err)) // it holds numbers only
	}
	e.out = append(append(e.out, head...), body...)
	c.MetaData.TotalUncompressedSize += int64(len(head) + len(e.raw))
	c.MetaData.TotalCompressedSize += int64(len(head) + len(body))
}

func (e *encoder) dataPage(c *format.ColumnChunk, values int, encoding format.Encoding) {
	if c.MetaData.DataPageOffset == 0 {
		c.MetaData.DataPageOffset = e.at()
		c.MetaData.Encoding = append(c.MetaData.Encoding, encoding, format.RLE)
	}
	e.page(c, format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(format.DataPageHeader{
		NumValues: int32(values), Encoding: encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
	})})
}

// integers writes a column of numbers that every row has.
func (e *encoder) integers(name string, values []int64) (*format.ColumnChunk, error) {
	c := e.begin(name, format.Int64, len(values), smallest)
	for page := range slices.Chunk(values, pageRows) {
		raw, err := (&delta.BinaryPackedEncoding{}).EncodeInt64(e.raw[:0], page)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", name, err)
		}
		e.raw = raw
		e.dataPage(c, len(page), format.DeltaBinaryPacked)
	}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	c.MetaData.Statistics.MinValue = binary.LittleEndian.AppendUint64(nil, uint64(low))
	c.MetaData.Statistics.MaxValue = binary.LittleEndian.AppendUint64(nil, uint64(high))
	return c, nil
}

// texts writes a column of texts that every row has, in pages with an index.
func (e *encoder) texts(name string, values []string) (*format.ColumnChunk, format.OffsetIndex) {
	c := e.begin(name, format.ByteArray, len(values), smallest)
	var index format.OffsetIndex
	e.zstd = e.thorough
	defer func() { e.zstd = e.fast }()
	e.raw = e.raw[:0]
	first := 0
	for i, v := range values {
		e.raw = appendText(e.raw, v)
		if len(e.raw) < pageLen && i < len(values)-1 {
			continue
		}
		at := e.at()
		e.dataPage(c, i+1-first, format.Plain)
		index.PageLocations = append(index.PageLocations, format.PageLocation{
			Offset: at, CompressedPageSize: int32(e.at() - at), FirstRowIndex: int64(first),
		})
		first = i + 1
		e.raw = e.raw[:0]
	}
	return c, index
}

func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
}

// column writes a field of a table, its rows in the order of rows. A field of many
// values that hardly ever come back has its values in place, each less what it begins
// with like the one before; others have a dictionary.
func (e *encoder) column(name string, col table.Column, rows []int32, required bool) (*format.ColumnChunk, notes, error) {
	e.collect(col, rows)
	size := 0
	for _, old := range e.order {
		size += 4 + len(col.Value(int(old)).Text)
	}
	c := e.begin(name, format.ByteArray, len(rows), size+len(e.codes)/8)
	c.MetaData.Statistics.NullCount = int64(len(rows) - len(e.codes))
	found := e.note(c, col)
	if !found.identifies() { // identifiers are random: nothing makes them smaller
		e.zstd = e.thorough
		defer func() { e.zstd = e.fast }()
	}
	runs := e.runs()
	inPlace := e.inPlace(found, runs)
	if !inPlace {
		e.raw = e.appendValues(e.raw[:0], col)
		c.MetaData.DictionaryPageOffset = e.at()
		c.MetaData.Encoding = append(c.MetaData.Encoding, format.Plain)
		e.page(c, format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
			NumValues: int32(len(e.order)), Encoding: format.Plain,
		})})
	}
	encoding := format.RLEDictionary
	if inPlace {
		encoding = format.DeltaByteArray
	}
	for first, codes := 0, e.codes; first < len(rows); {
		n := min(pageRows, len(rows)-first)
		if !inPlace && runs < pageRuns {
			n = len(rows) // small without being divided
		}
		present := 0
		for _, l := range e.levels[first : first+n] {
			present += int(l)
		}
		if err := e.values(col, e.levels[first:first+n], codes[:present], required, inPlace); err != nil {
			return nil, found, fmt.Errorf("encode %s: %w", name, err)
		}
		e.dataPage(c, n, encoding)
		first, codes = first+n, codes[present:]
	}
	return c, found, nil
}

// runs is how often the value is another than in the row before.
func (e *encoder) runs() int {
	n := 0
	for i, code := range e.codes {
		if i == 0 || code != e.codes[i-1] {
			n++
		}
	}
	return n
}

// values puts into e.raw a page of rows: which have the field, and their values.
func (e *encoder) values(col table.Column, levels []byte, codes []int32, required, inPlace bool) error {
	e.raw = e.raw[:0]
	if !required {
		if err := e.appendLevels(levels); err != nil {
			return err
		}
	}
	var err error
	if inPlace {
		e.packed, err = e.deltas(col, codes)
	} else {
		width := codeWidth(codes)
		e.raw = append(e.raw, byte(width))
		e.packed, err = (&rle.Encoding{BitWidth: width}).EncodeInt32(e.packed[:0], codes)
	}
	e.raw = append(e.raw, e.packed...)
	return err
}

// inPlace says that a column needs less room without a dictionary: it has many values,
// and rows of the same one stand together.
func (e *encoder) inPlace(n notes, runs int) bool {
	if len(e.order) < bloomFrom || len(n.kinds) != 1 || 8*len(e.order) < len(e.codes) {
		return false
	}
	return 4*runs <= 5*len(e.order)
}

// codeWidth is how many bits codes are written with: a power of two, or whole bytes, so
// that codes that come back are bytes that come back, which zstd finds.
func codeWidth(codes []int32) int {
	top := int32(0)
	for _, c := range codes {
		top = max(top, c)
	}
	switch n := bits.Len32(uint32(top)); {
	case n <= 2:
		return n
	case n <= 4:
		return 4
	default:
		return (n + 7) / 8 * 8
	}
}

// deltas encodes the values of codes.
func (e *encoder) deltas(col table.Column, codes []int32) ([]byte, error) {
	e.all, e.offsets = e.all[:0], append(e.offsets[:0], 0)
	for _, code := range codes {
		e.all = append(e.all, stored(col.Value(int(e.order[code])))...)
		e.offsets = append(e.offsets, uint32(len(e.all)))
	}
	return (&delta.ByteArrayEncoding{}).EncodeByteArray(e.packed[:0], e.all, e.offsets)
}

// collect puts the column's codes in the order of rows, numbering the values anew as
// they come, so that only those that occur are written.
func (e *encoder) collect(col table.Column, rows []int32) {
	e.codes, e.order, e.levels = e.codes[:0], e.order[:0], e.levels[:0]
	e.renew = append(e.renew[:0], make([]int32, col.Len()+1)...)
	for _, row := range rows {
		if int(row) >= len(col.Codes) || col.Codes[row] == 0 {
			e.levels = append(e.levels, 0)
			continue
		}
		old := col.Codes[row]
		if e.renew[old] == 0 {
			e.order = append(e.order, old)
			e.renew[old] = int32(len(e.order))
		}
		e.levels = append(e.levels, 1)
		e.codes = append(e.codes, e.renew[old]-1)
	}
}

func (e *encoder) appendValues(b []byte, col table.Column) []byte {
	for _, old := range e.order {
		b = appendText(b, stored(col.Value(int(old))))
	}
	return b
}

// stored is a value's text in a file: null has its word.
func stored(v scan.Value) string {
	if v.Kind == scan.Null {
		return nullText
	}
	return v.Text
}

// appendLevels says in e.raw which rows have the field: 1 and 0.
func (e *encoder) appendLevels(rows []byte) error {
	levels, err := (&rle.Encoding{BitWidth: 1}).EncodeLevels(e.packed[:0], rows)
	if err != nil {
		return err
	}
	e.packed = levels
	e.raw = binary.LittleEndian.AppendUint32(e.raw, uint32(len(levels)))
	e.raw = append(e.raw, levels...)
	return nil
}

// absent writes a column that no row of the group has.
func (e *encoder) absent(name string, rows int) (*format.ColumnChunk, error) {
	c, _, err := e.column(name, table.Column{}, make([]int32, rows), false)
	return c, err
}

// note collects what readers can use of the values that are about to be written.
func (e *encoder) note(c *format.ColumnChunk, col table.Column) notes {
	var n notes
	var low, high string
	for i, old := range e.order {
		v := col.Value(int(old))
		n.add(v)
		text := stored(v)
		if i == 0 || text < low {
			low = text
		}
		if i == 0 || text > high {
			high = text
		}
	}
	n.values = len(e.order)
	if len(e.order) > 0 && len(low) <= maxBoundLen && len(high) <= maxBoundLen {
		c.MetaData.Statistics.MinValue, c.MetaData.Statistics.MaxValue = []byte(low), []byte(high)
	}
	if n.values >= bloomFrom && n.identifies() {
		n.bloom = make(bloom.SplitBlockFilter, bloom.NumSplitBlocksOf(int64(n.values), bloomBits))
		for _, old := range e.order {
			n.bloom.Insert(xxhash.Sum64String(stored(col.Value(int(old)))))
		}
		n.bloomSum = crc32.ChecksumIEEE(n.bloom.Bytes())
	}
	return n
}

// maxBoundLen is the longest text that is written as a column's least or greatest.
const maxBoundLen = 64
