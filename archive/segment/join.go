package segment

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"steady/scan"
)

// Append copies all row groups of a file, without unpacking them. info is that of the
// file.
func (w *Writer) Append(f *File, info Info) error {
	r, err := os.Open(f.Path)
	if err != nil {
		return fmt.Errorf("join segments: %w", err)
	}
	defer r.Close()
	meta, _, err := footer(r, info.Footer)
	if err != nil {
		return &DamageError{f.Path, err}
	}
	for i := range meta.RowGroups {
		if err := w.copy(r, &meta.RowGroups[i]); err != nil {
			return fmt.Errorf("join segment %s: %w", f.Path, err)
		}
	}
	i := &w.info
	i.Records += info.Records
	i.RowGroups += info.RowGroups
	i.Bytes += info.Bytes
	i.MinTime, i.MaxTime = min(i.MinTime, info.MinTime), max(i.MaxTime, info.MaxTime)
	i.MinNumber, i.MaxNumber = min(i.MinNumber, info.MinNumber), max(i.MaxNumber, info.MaxNumber)
	return nil
}

func (w *Writer) copy(r *os.File, rg *format.RowGroup) error {
	g := rowGroup{map[string]*format.ColumnChunk{}, rg.NumRows}
	for i := range rg.Columns {
		c := rg.Columns[i]
		m := &c.MetaData
		name := m.PathInSchema[0]
		if m.Statistics.NullCount == rg.NumRows {
			continue // written for the sake of the file's other row groups
		}
		start := m.DataPageOffset
		if m.DictionaryPageOffset > 0 {
			start = m.DictionaryPageOffset
		}
		by := w.at - start
		if err := w.take(r, start, m.TotalCompressedSize); err != nil {
			return err
		}
		m.DataPageOffset += by
		if m.DictionaryPageOffset > 0 {
			m.DictionaryPageOffset += by
		}
		if name == scan.Message {
			if err := w.copyIndex(r, &c, by); err != nil {
				return err
			}
		}
		if m.BloomFilterLength > 0 {
			at := w.at
			if err := w.take(r, m.BloomFilterOffset, int64(m.BloomFilterLength)); err != nil {
				return err
			}
			m.BloomFilterOffset = at
		}
		g.columns[name] = &c
	}
	w.groups = append(w.groups, g)
	return nil
}

// take copies bytes of another file to the end of this one.
func (w *Writer) take(r io.ReaderAt, at, length int64) error {
	if err := w.ask(length); err != nil {
		return err
	}
	n, err := io.Copy(w.buffer, io.NewSectionReader(r, at, length))
	w.at += n
	if err == nil && n < length {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// copyIndex writes the index of a column's pages, which have moved by some bytes.
func (w *Writer) copyIndex(r io.ReaderAt, c *format.ColumnChunk, by int64) error {
	b := make([]byte, c.OffsetIndexLength)
	if _, err := r.ReadAt(b, c.OffsetIndexOffset); err != nil {
		return err
	}
	var index format.OffsetIndex
	if err := thrift.Unmarshal(&protocol, b, &index); err != nil {
		return fmt.Errorf("index of pages: %w", err)
	}
	for i := range index.PageLocations {
		index.PageLocations[i].Offset += by
	}
	e := w.enc
	e.out, e.offset = e.out[:0], w.at
	sum, err := e.index(c, &index)
	if err != nil {
		return err
	}
	for i, kv := range c.MetaData.KeyValueMetadata {
		if parts := strings.Fields(kv.Value); kv.Key == keyBytes && len(parts) == 3 {
			parts[2] = strconv.FormatUint(uint64(sum), 10)
			c.MetaData.KeyValueMetadata[i].Value = strings.Join(parts, " ")
		}
	}
	return w.write(e.out)
}
