// Package segment keeps records of one log group in a Parquet file, and reads such files.
// It never knows what else there is.
//
// A file has a column for every field that occurs in it. Its pages, dictionaries, bloom
// filters and footer are plain Parquet, which other readers can read; what this one
// needs besides stands in key-value metadata (docs/archive.md).
package segment

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"steady/archive/table"
	"steady/scan"
)

// Number is the column that holds the number of each record.
const Number = "@number"

// Keys of the metadata.
const (
	keyGroup = "steady.group" // of the file: the log group's name
	keyNotes = "steady.notes" // of a column: notes
	// of @message: bytes of messages, how many are not flatten.Plain, and the CRC-32 of
	// the index of pages
	keyBytes = "steady.bytes"
	// of @message: keys of empty objects and lists in messages, a line each
	keyEmpties = "steady.empties"
)

// system columns, which every record has, in the order in which files have them.
var system = []string{scan.Timestamp, scan.IngestionTime, Number, scan.LogStream, scan.Message}

// Info sums up a file.
type Info struct {
	Group                string
	Records              int64
	MinTime, MaxTime     int64 // ms since the epoch
	MinNumber, MaxNumber uint64
	Bytes                int64 // of messages
	Size                 int64 // of the file
	RowGroups            int
	Columns              int
	Footer               uint32 // CRC-32
}

// Writer writes a file.
type Writer struct {
	file   *os.File
	buffer *bufio.Writer
	at     int64
	info   Info
	groups []rowGroup
	enc    *encoder

	// Room is asked before bytes are written whether there is room for so many, if it is
	// given; its error is that of the writer.
	Room func(bytes int64) error
}

// ask asks for room for more bytes.
func (w *Writer) ask(bytes int64) error {
	if w.Room == nil {
		return nil
	}
	return w.Room(int64(w.buffer.Buffered()) + bytes)
}

// rowGroup is a row group that is written: its columns by name.
type rowGroup struct {
	columns map[string]*format.ColumnChunk
	rows    int64
}

const magic = "PAR1"

// Effort is how hard a Writer tries to make messages small.
type Effort int

const (
	Fast     Effort = iota // for what is soon written anew
	Thorough               // half as fast, and a third smaller
)

// Create begins a file for records of a log group.
func Create(path, group string, effort Effort) (*Writer, error) {
	enc, err := newEncoder(effort)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write a segment: %w", err)
	}
	w := &Writer{file: f, buffer: bufio.NewWriterSize(f, 256<<10), enc: enc}
	w.info = Info{Group: group, MinTime: math.MaxInt64, MaxTime: math.MinInt64, MinNumber: math.MaxUint64}
	return w, w.write([]byte(magic))
}

func (w *Writer) write(b []byte) error {
	if err := w.ask(int64(len(b))); err != nil {
		return err
	}
	n, err := w.buffer.Write(b)
	w.at += int64(n)
	if err != nil {
		return fmt.Errorf("write segment %s: %w", w.file.Name(), err)
	}
	return nil
}

// Add writes the records of a view as a row group.
func (w *Writer) Add(v table.View) error {
	rows := order(v)
	if len(rows) == 0 {
		return nil
	}
	e := w.enc
	e.out, e.offset = e.out[:0], w.at
	g := rowGroup{map[string]*format.ColumnChunk{}, int64(len(rows))}
	if err := e.numbers(&g, v, rows); err != nil {
		return err
	}
	var filters []filter
	texts := func(name string, c table.Column, required bool) error {
		chunk, n, err := e.column(name, c, rows, required)
		if err != nil {
			return err
		}
		chunk.MetaData.KeyValueMetadata = []format.KeyValue{{Key: keyNotes, Value: n.String()}}
		g.columns[name] = chunk
		if n.bloom != nil {
			filters = append(filters, filter{chunk, n.bloom})
		}
		return nil
	}
	if err := texts(scan.LogStream, v.Streams, true); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(v.Fields)) {
		if err := texts(name, v.Fields[name], false); err != nil {
			return err
		}
	}
	if err := e.messages(&g, v, rows); err != nil {
		return err
	}
	if err := e.filters(filters); err != nil {
		return err
	}
	w.groups = append(w.groups, g)
	w.count(v)
	return w.write(e.out)
}

func (w *Writer) count(v table.View) {
	i := &w.info
	i.Records += int64(len(v.Times))
	i.RowGroups++
	i.Bytes += v.Bytes
	i.MinTime, i.MaxTime = min(i.MinTime, slices.Min(v.Times)), max(i.MaxTime, slices.Max(v.Times))
	i.MinNumber, i.MaxNumber = min(i.MinNumber, slices.Min(v.IDs)), max(i.MaxNumber, slices.Max(v.IDs))
}

// numbers writes the columns of numbers.
func (e *encoder) numbers(g *rowGroup, v table.View, rows []int32) error {
	for name, value := range map[string]func(row int32) int64{
		scan.Timestamp:     func(row int32) int64 { return v.Times[row] },
		scan.IngestionTime: func(row int32) int64 { return v.Ingested[row] },
		Number:             func(row int32) int64 { return int64(v.IDs[row]) },
	} {
		values := make([]int64, len(rows))
		for i, row := range rows {
			values[i] = value(row)
		}
		var err error
		if g.columns[name], err = e.integers(name, values); err != nil {
			return err
		}
	}
	return nil
}

// messages writes the messages and, behind them, the index of their pages.
func (e *encoder) messages(g *rowGroup, v table.View, rows []int32) error {
	all, err := v.Messages.All()
	if err != nil {
		return err
	}
	sorted := make([]string, len(rows))
	for i, row := range rows {
		sorted[i] = all[row]
	}
	chunk, index := e.texts(scan.Message, sorted)
	crc, err := e.index(chunk, &index)
	if err != nil {
		return err
	}
	chunk.MetaData.KeyValueMetadata = []format.KeyValue{{Key: keyBytes, Value: fmt.Sprintf("%d %d %d", v.Bytes, v.NotPlain, crc)}}
	if len(v.Empties) > 0 {
		kv := format.KeyValue{Key: keyEmpties, Value: strings.Join(v.Empties, "\n")}
		chunk.MetaData.KeyValueMetadata = append(chunk.MetaData.KeyValueMetadata, kv)
	}
	g.columns[scan.Message] = chunk
	return nil
}

// index writes an index of pages, and tells its checksum.
func (e *encoder) index(c *format.ColumnChunk, index *format.OffsetIndex) (uint32, error) {
	b, err := thrift.Marshal(&protocol, index)
	if err != nil {
		return 0, fmt.Errorf("encode the index of pages: %w", err)
	}
	c.OffsetIndexOffset, c.OffsetIndexLength = e.at(), int32(len(b))
	e.out = append(e.out, b...)
	return crc32.ChecksumIEEE(b), nil
}

type filter struct {
	chunk *format.ColumnChunk
	bits  bloom.SplitBlockFilter
}

// filters writes bloom filters behind their row group.
func (e *encoder) filters(filters []filter) error {
	for _, f := range filters {
		head, err := thrift.Marshal(&protocol, &format.BloomFilterHeader{
			NumBytes:    int32(len(f.bits.Bytes())),
			Algorithm:   format.BloomFilterAlgorithm{Value: &format.SplitBlockAlgorithm{}},
			Hash:        format.BloomFilterHash{Value: &format.XxHash{}},
			Compression: format.BloomFilterCompression{Value: &format.BloomFilterUncompressed{}},
		})
		if err != nil {
			return fmt.Errorf("encode a bloom filter: %w", err)
		}
		f.chunk.MetaData.BloomFilterOffset = e.at()
		f.chunk.MetaData.BloomFilterLength = int32(len(head) + len(f.bits.Bytes()))
		e.out = append(append(e.out, head...), f.bits.Bytes()...)
	}
	return nil
}

// near are fields that bring rows together that have much in common: rows of a segment
// are sorted by stream, then by these, then by time. It only saves space.
var near = []string{"detail.group", "detail.taskArn", "detail.containerInstanceArn", "TaskId"}

// order is the order in which a view's rows are written.
func order(v table.View) []int32 {
	rows := make([]int32, len(v.Times))
	keys := make([][1 + 4]uint16, len(v.Times))
	for i := range rows {
		rows[i] = int32(i)
		keys[i][0] = v.Streams.Codes[i]
	}
	for k, name := range near {
		for i, code := range v.Fields[name].Codes {
			keys[i][k+1] = code
		}
	}
	slices.SortFunc(rows, func(a, b int32) int {
		for k := range keys[a] {
			if x, y := keys[a][k], keys[b][k]; x != y {
				return cmp.Compare(x, y)
			}
		}
		return cmp.Or(cmp.Compare(v.Times[a], v.Times[b]), cmp.Compare(v.IDs[a], v.IDs[b]))
	})
	return rows
}

// Close writes the footer and syncs the file to disk.
func (w *Writer) Close() (Info, error) {
	defer encoders[w.enc.effort].Put(w.enc)
	err := w.finish()
	if err == nil {
		err = w.file.Sync()
	}
	if err = errors.Join(err, w.file.Close()); err != nil {
		return Info{}, fmt.Errorf("write segment %s: %w", w.file.Name(), err)
	}
	w.info.Size = w.at
	return w.info, nil
}

// Abort closes and removes the file.
func (w *Writer) Abort() error {
	return errors.Join(w.file.Close(), os.Remove(w.file.Name()))
}

func (w *Writer) finish() error {
	names := w.names()
	w.info.Columns = len(names)
	meta := format.FileMetaData{
		Version: 1, NumRows: w.info.Records, CreatedBy: "steady",
		Schema:           schema(names),
		KeyValueMetadata: []format.KeyValue{{Key: keyGroup, Value: w.info.Group}},
	}
	for range names {
		meta.ColumnOrders = append(meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	for i, g := range w.groups {
		rg, err := w.rowGroup(g, names)
		if err != nil {
			return err
		}
		rg.Ordinal = int16(i)
		meta.RowGroups = append(meta.RowGroups, rg)
	}
	footer, err := thrift.Marshal(&protocol, &meta)
	if err != nil {
		return fmt.Errorf("encode the footer: %w", err)
	}
	w.info.Footer = crc32.ChecksumIEEE(footer)
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	if err := w.write(append(footer, magic...)); err != nil {
		return err
	}
	return w.buffer.Flush()
}

// rowGroup is the footer's entry for a row group. A column that it lacks is written now,
// as empty.
func (w *Writer) rowGroup(g rowGroup, names []string) (format.RowGroup, error) {
	rg := format.RowGroup{NumRows: g.rows}
	for _, name := range names {
		c := g.columns[name]
		if c == nil {
			var err error
			w.enc.out, w.enc.offset = w.enc.out[:0], w.at
			if c, err = w.enc.absent(name, int(g.rows)); err != nil {
				return rg, err
			}
			if err := w.write(w.enc.out); err != nil {
				return rg, err
			}
		}
		rg.Columns = append(rg.Columns, *c)
		rg.TotalByteSize += c.MetaData.TotalUncompressedSize
		rg.TotalCompressedSize += c.MetaData.TotalCompressedSize
	}
	return rg, nil
}

// names are the columns of the file: the system's, then the fields by name.
func (w *Writer) names() []string {
	fields := map[string]bool{}
	for _, g := range w.groups {
		for name := range g.columns {
			fields[name] = !slices.Contains(system, name)
		}
	}
	maps.DeleteFunc(fields, func(_ string, field bool) bool { return !field })
	return append(slices.Clone(system), slices.Sorted(maps.Keys(fields))...)
}

func schema(names []string) []format.SchemaElement {
	out := []format.SchemaElement{{Name: "records", NumChildren: thrift.New(int32(len(names)))}}
	for _, name := range names {
		e := format.SchemaElement{Name: name, RepetitionType: thrift.New(format.Optional), Type: thrift.New(format.ByteArray)}
		if slices.Contains(system, name) {
			e.RepetitionType = thrift.New(format.Required)
		}
		switch name {
		case scan.Timestamp, scan.IngestionTime:
			e.Type = thrift.New(format.Int64)
			e.ConvertedType = thrift.New(deprecated.TimestampMillis)
			e.LogicalType = format.LogicalType{Value: &format.TimestampType{
				IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.MilliSeconds{}},
			}}
		case Number:
			e.Type = thrift.New(format.Int64)
		default:
			e.ConvertedType = thrift.New(deprecated.UTF8)
			e.LogicalType = format.LogicalType{Value: &format.StringType{}}
		}
		out = append(out, e)
	}
	return out
}
